"""What each binding uses of the interface: nothing that the library does not export, and all of it or a reason why not.

A new function of the library fails here until each binding has decided: it is used, or listed below with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
C_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
LUA_COMMENT = re.compile(r"--[^\n]*")
NO_COMMENT = re.compile(r"(?!)")
CALLED = re.compile(r"\b(claude_\w+)\s*\(")


def exported() -> set[str]:
    text = C_COMMENT.sub("", (ROOT / "capi" / "libclaude.map").read_text(encoding="utf-8"))
    return set(re.findall(r"\b(claude_\w+);", text))


# What no binding uses, and why.
COMMON = {
    "a request's body is JSON, which the language writes itself": """
        claude_block_add claude_block_container_upload claude_block_document_base64 claude_block_document_content
        claude_block_document_path claude_block_document_text claude_block_estimated_size_bytes
        claude_block_from_response claude_block_image_base64 claude_block_image_path claude_block_is_image
        claude_block_is_valid claude_block_is_valid_base64 claude_block_media_type
        claude_block_redacted_thinking claude_block_search_result claude_block_server_tool_use
        claude_block_set_cache_control claude_block_set_citations claude_block_set_context claude_block_set_field
        claude_block_set_title claude_block_text claude_block_thinking claude_block_tool_result
        claude_block_tool_use claude_block_type claude_block_validate claude_request_add_assistant_text
        claude_request_add_block claude_request_add_blocks claude_request_add_container_skill
        claude_request_add_mcp_server claude_request_add_message claude_request_add_response
        claude_request_add_stop_sequence claude_request_add_tool claude_request_add_tool_result
        claude_request_add_tool_result_block claude_request_add_user_text claude_request_add_user_with_image
        claude_request_add_user_with_images claude_request_append_block
        claude_request_set_cache_control claude_request_set_container claude_request_set_context_management
        claude_request_set_effort claude_request_set_inference_geo
        claude_request_set_max_tokens claude_request_set_model claude_request_set_output_schema
        claude_request_set_service_tier claude_request_set_speed claude_request_set_stream claude_request_set_system
        claude_request_set_system_blocks claude_request_set_system_with_cache claude_request_set_temperature
        claude_request_set_thinking claude_request_set_tool_choice claude_request_set_top_k claude_request_set_top_p
        claude_request_set_user_id claude_tool_json claude_tool_name claude_tool_server
        claude_tool_set_cache_control claude_tool_set_field claude_tool_set_strict claude_tool_simple
        claude_tool_to_json claude_tool_unref claude_tool_with_properties claude_tool_with_schema""",
    "an answer's JSON and headers are handed over whole, and looked into by the language": """
        claude_response_bool claude_response_count claude_response_double claude_response_header claude_response_id
        claude_response_int claude_response_model claude_response_stop_reason claude_response_usage""",
    "calls are started, then pulled or waited for in slices, so that the language stays in control": """
        claude_client_execute claude_client_stream""",
    "claude_event_view() brings it, and the language copies it": """
        claude_event_index claude_event_keep claude_event_ref claude_event_text claude_event_type claude_event_unref""",
    "an object of the language holds the one reference that there is": """
        claude_batch_builder_ref claude_block_ref claude_call_ref claude_client_ref claude_config_ref
        claude_loop_ref claude_models_ref claude_pages_ref claude_partial_ref claude_problems_ref claude_request_ref
        claude_runner_ref claude_secret_ref claude_stream_message_ref claude_text_buffer_ref claude_tool_ref""",
    "the object of the language knows": """
        claude_call_is_cancelled claude_call_is_running claude_call_state""",
    "streams are made by servers; for programs in C that make, read or join them by hand": """
        claude_event_block_start claude_event_block_start_text claude_event_block_start_thinking
        claude_event_block_start_tool_use claude_event_block_stop claude_event_citations_delta claude_event_error
        claude_event_from_json claude_event_input_json_delta claude_event_message_delta claude_event_message_start
        claude_event_message_stop claude_event_ping claude_event_signature_delta claude_event_text_delta
        claude_event_thinking_delta claude_event_validate claude_parse_events claude_stream_message_add
        claude_stream_message_add_block claude_stream_message_anomalies claude_stream_message_block_at
        claude_stream_message_block_count claude_stream_message_block_type claude_stream_message_empty
        claude_stream_message_has_content claude_stream_message_is_complete claude_stream_message_json
        claude_stream_message_new claude_stream_message_response claude_stream_message_text
        claude_stream_message_unref claude_stream_message_validate claude_text_buffer_add claude_text_buffer_due_at
        claude_text_buffer_flush claude_text_buffer_held claude_text_buffer_new claude_text_buffer_take
        claude_text_buffer_unref""",
    "not offered: figures for diagnosis": """
        claude_call_anomalies claude_call_attempts claude_call_buffered claude_call_dropped
        claude_secret_exposures""",
    "not offered: the options are listed in docs/options.md": "claude_option_at claude_option_json",
    "not offered: nobody has asked for it": "claude_client_trim claude_error_equal claude_secret_on_audit",
}
SIGNING = """claude_config_on_sign claude_sign_add_header claude_sign_body_sha256 claude_sign_header_at
    claude_sign_method claude_sign_url"""


@dataclass
class Binding:
    """A binding's sources with how they spell a function of the library, what they define themselves, and what they do
    not use beside what nobody does."""

    sources: dict[str, re.Pattern[str]]
    own: re.Pattern[str]
    unused: dict[str, str]

    def used(self) -> set[str]:
        found: set[str] = set()
        for pattern, function in self.sources.items():
            paths = sorted(ROOT.glob(pattern))
            assert paths, f"there is no {pattern}"
            for path in paths:
                comment = LUA_COMMENT if path.suffix == ".lua" else NO_COMMENT if path.suffix == ".py" else C_COMMENT
                found.update(function.findall(comment.sub("", path.read_text(encoding="utf-8"))))
        return {name for name in found if not self.own.fullmatch(name)}

    def left_out(self) -> list[str]:
        return [name for names in (*COMMON.values(), *self.unused.values()) for name in names.split()]


BINDINGS = {
    "python": Binding(
        {"bindings/python/src/libclaude/*.py": re.compile(r"\b_?lib\.(claude_\w+)"), "bindings/python/glue.h": CALLED},
        own=re.compile(r"claude_py_\w+"),
        unused={
            "events are pulled": "claude_request_on_event",
            "a request's body is made before the request": "claude_request_json claude_request_set_field",
            "claude_error_json() brings it": """
                claude_error_api_type claude_error_attempts claude_error_category claude_error_cause claude_error_code
                claude_error_error_code claude_error_feature claude_error_http_status claude_error_is_retryable
                claude_error_quota
                claude_error_message claude_error_request_id claude_error_retry_after_ms claude_error_user_code""",
            "claude_report_json() brings it": """
                claude_report_attempt_backoff_ms claude_report_attempt_code claude_report_attempt_count
                claude_report_attempt_duration_ms claude_report_attempt_endpoint claude_report_attempt_first_event_ms
                claude_report_attempt_http_status claude_report_attempt_limiter_wait_ms
                claude_report_attempt_request_id claude_report_attempt_started_ms claude_report_attempts
                claude_report_backoff_ms claude_report_breaker_state claude_report_duration_ms
                claude_report_endpoint_index claude_report_endpoint_url claude_report_failovers claude_report_features
                claude_report_limiter_wait_ms claude_report_retries claude_report_stopped_by
                claude_report_attempt_timing_us claude_report_generation claude_report_resends claude_report_snapshot
                claude_report_wire_attempts""",
            "claude_selftest_json() brings it": """
                claude_selftest_count claude_selftest_fix claude_selftest_ms claude_selftest_name
                claude_selftest_status claude_selftest_status_name claude_selftest_text claude_selftest_worst""",
            "claude_trail_json() brings it": """
                claude_trail_at claude_trail_count claude_trail_dropped claude_trail_frame_at""",
            "the options compression.enabled and compression.responses of a call say it": """
                claude_add_compression_headers""",
            "claude_health_json() brings it": """
                claude_health_count claude_health_error_text claude_health_http_status claude_health_response_ms
                claude_health_share claude_health_state claude_health_url""",
            "the text of a report is copied": "claude_report_ref claude_report_unref",
            "claude_metrics_json() brings it": "claude_metrics_errors claude_metrics_histogram claude_metrics_sum",
            "calls are started with flags, then waited for in slices": """
                claude_client_execute_with_circuit_breaker claude_client_execute_with_enterprise_features
                claude_client_execute_with_failover claude_client_execute_with_rate_limiting
                claude_client_execute_with_quota claude_client_execute_with_retries""",
            "the answer that an error carries says it": "claude_error_rate_limit",
            "the object of the language holds the one reference that there is": """
                claude_breaker_ref claude_curl_ref claude_diagnostics_ref claude_error_ref claude_failover_ref
                claude_health_ref claude_limiter_ref claude_metrics_ref claude_quota_ref
                claude_quota_reservation_ref claude_reservation_ref claude_selftest_ref claude_trail_ref
                claude_watcher_ref""",
            "a Loop knows its calls itself": "claude_loop_count",
            "Python's own poll() waits, because signals get through it": "claude_loop_wait",
            "answers are decoded whole": """
                claude_model_days_left claude_model_int claude_model_supports claude_model_text
                claude_response_cache_hit_ratio claude_response_cache_miss_reason claude_response_container_id
                claude_response_is_refusal claude_response_prompt_tokens claude_response_recommended_model
                claude_response_refusal_category claude_response_refusal_explanation claude_response_slice
                claude_response_tool_use_at claude_response_tool_use_count""",
            "claude_models_json() brings it": "claude_models_int claude_models_text",
            "claude_problems_json() brings it": """
                claude_problems_code claude_problems_constraint claude_problems_count claude_problems_error
                claude_problems_field claude_problems_fix claude_problems_left_out claude_problems_message
                claude_problems_tool claude_problems_value""",
            "claude_cost_of_json() says it of answers, too": """
                claude_cost_calculate claude_cost_of claude_cost_savings""",
            "a batch is made of a list of mappings": """
                claude_batch_builder_add claude_batch_builder_add_json claude_batch_builder_count
                claude_batch_builder_new claude_batch_builder_request claude_batch_builder_unref""",
            "pages and batches are asked for by the calls of each client, which wait in its own way": """
                claude_batch_wait claude_pages_new claude_pages_next claude_pages_next_item claude_pages_unref""",
            "bytes come in events": "claude_call_read",
            "the endpoint's own form and path say it": "claude_file_download_request claude_file_upload_request",
            "a mapping says all of a query": "claude_request_add_query claude_request_set_query",
            "a Page keeps the request that it came from": "claude_request_copy claude_request_endpoint",
            "Python must not run below C: a runner's tools are run between its steps": """
                claude_runner_add_tool claude_runner_pending_count claude_runner_result_block
                claude_runner_result_error claude_runner_result_json claude_runner_result_text claude_runner_run""",
            "iterating a runner gives the messages": "claude_runner_message",
            "not offered: nobody has asked for it": """
                claude_build_info claude_code_at claude_feature claude_model_context_check claude_partial_add
                claude_partial_add_event claude_partial_error_at claude_partial_is_complete claude_partial_json
                claude_partial_new claude_partial_unref claude_problems_code_at claude_problems_code_text
                claude_runner_request claude_runner_resume""",
        },
    ),
    "lua": Binding(
        {
            "bindings/lua/**/*.lua": re.compile(r"\bcore\.(claude_\w+)"),
            "swig/claude.i": re.compile(r"\b(claude_\w+)\s*\((?!claude_\w+_t \*)"),
            "swig/lua.i": re.compile(r"\b(claude_credential_\w+)\("),
        },
        own=re.compile(
            r"claude_(call|loop)_pull|claude_(notices|attempts|news|logs)_\w+|claude_expiries_(new|add)"
            r"|claude_(response|curl)_bytes"
        ),
        unused={
            "events are pulled": "claude_request_on_event",
            "the collector's finalizer drops it (CLAUDE_HANDLE in swig/claude.i)": """
                claude_batch_builder_unref claude_block_unref claude_breaker_unref claude_config_unref
                claude_curl_unref claude_diagnostics_unref claude_error_unref claude_failover_unref claude_file_unref
                claude_health_unref claude_limiter_unref claude_metrics_unref claude_models_unref claude_pages_unref
                claude_problems_unref claude_quota_unref claude_report_unref claude_request_unref
                claude_response_unref claude_secret_unref claude_selftest_unref claude_trail_unref""",
            "an object of Lua holds the one reference that there is": """
                claude_breaker_ref claude_curl_ref claude_diagnostics_ref claude_failover_ref claude_health_ref
                claude_limiter_ref claude_metrics_ref claude_quota_ref claude_quota_reservation_ref
                claude_reservation_ref claude_selftest_ref claude_trail_ref claude_watcher_ref""",
            "what is lent gets a reference in swig/claude.i (CLAUDE_LENT)": """
                claude_error_ref claude_file_ref claude_report_ref claude_response_ref""",
            "calls are started with flags, then waited for in slices": """
                claude_client_execute_with_circuit_breaker claude_client_execute_with_enterprise_features
                claude_client_execute_with_failover claude_client_execute_with_quota
                claude_client_execute_with_rate_limiting claude_client_execute_with_retries""",
            "claude_health_json() brings it": """
                claude_health_count claude_health_error_text claude_health_http_status claude_health_response_ms
                claude_health_state claude_health_url""",
            "claude_selftest_json() brings it": """
                claude_selftest_count claude_selftest_fix claude_selftest_ms claude_selftest_name
                claude_selftest_status claude_selftest_status_name claude_selftest_text claude_selftest_worst""",
            "claude_trail_json() brings it": """
                claude_trail_at claude_trail_count claude_trail_dropped claude_trail_frame_at""",
            "the generation tells of changes, so that who observes them runs above C": "claude_watcher_on_change",
            "the answer that an error carries says it": "claude_error_rate_limit",
            "swig/claude.i leaves out callbacks: Lua must not run, and fail, below C": f"""{SIGNING}
                claude_attempt_set_header claude_runner_result_block claude_runner_result_error
                claude_runner_result_json claude_runner_result_text""",
            "a runner's calls are handed out and answered between its steps": """
                claude_runner_add_tool claude_runner_message claude_runner_run""",
            "waiting is cut into slices, between which hooks run": "claude_batch_wait",
            "claude_problems_json() brings them": """
                claude_problems_code claude_problems_code_at claude_problems_code_text claude_problems_constraint
                claude_problems_count claude_problems_error claude_problems_field claude_problems_fix
                claude_problems_left_out claude_problems_message claude_problems_tool claude_problems_value""",
            "the function that is used does this, too": """
                claude_batch_builder_add_json claude_cost_calculate claude_cost_savings claude_pages_next_item
                claude_request_add_query claude_request_set_query claude_request_validate""",
            "blocks other than of files are tables of Lua": """
                claude_block_document_bytes claude_block_document_file_id claude_block_document_url
                claude_block_image_bytes claude_block_image_file_id claude_block_image_url""",
            "claude.core has it; nobody has asked for more": """
                claude_batch_builder_count claude_model_context_check claude_page_previous claude_partial_add
                claude_partial_add_event claude_partial_error_at claude_partial_is_complete claude_partial_json
                claude_partial_new claude_partial_unref claude_request_copy claude_schema_check
                claude_schema_transform""",
            "takes arrays of C; skills are made of directories, or forms": "claude_skill_create_request",
            "the functions for one field each are used": "claude_error_json",
            "answers are decoded out of claude_response_slice()": """
                claude_response_string claude_response_type""",
            "the kind of an event says it, or its JSON": "claude_event_name",
            "the LoopCall knows": "claude_call_is_paused",
            "claude_client_from_env() reads the environment": "claude_config_load_env",
            "not offered: nobody has asked for it": """
                claude_build_info claude_call_http_status claude_code_at claude_code_text
                claude_version""",
        },
    ),
    "go": Binding(
        {"bindings/go/*.go": re.compile(r"\bC\.(claude_\w+)\("), "bindings/go/glue.[ch]": CALLED},
        own=re.compile(r"claude_go_\w+|claude_code_t"),
        unused={
            "claude_error_json() brings it": """
                claude_error_api_type claude_error_attempts claude_error_category claude_error_error_code
                claude_error_feature claude_error_http_status claude_error_is_retryable claude_error_quota
                claude_error_request_id claude_error_retry_after_ms claude_error_user_code""",
            "claude_report_json() brings it": """
                claude_report_attempt_backoff_ms claude_report_attempt_code claude_report_attempt_count
                claude_report_attempt_duration_ms claude_report_attempt_endpoint claude_report_attempt_first_event_ms
                claude_report_attempt_http_status claude_report_attempt_limiter_wait_ms
                claude_report_attempt_request_id claude_report_attempt_started_ms claude_report_attempt_timing_us
                claude_report_attempts claude_report_generation claude_report_resends claude_report_snapshot
                claude_report_backoff_ms claude_report_breaker_state claude_report_duration_ms
                claude_report_endpoint_index claude_report_endpoint_url claude_report_failovers claude_report_features
                claude_report_limiter_wait_ms claude_report_retries claude_report_stopped_by
                claude_report_wire_attempts""",
            "the answer or error of a call has it": "claude_call_rate_limit claude_call_report claude_error_rate_limit",
            "calls are submitted with flags": """
                claude_client_execute_with_circuit_breaker claude_client_execute_with_enterprise_features
                claude_client_execute_with_failover claude_client_execute_with_quota
                claude_client_execute_with_rate_limiting claude_client_execute_with_retries""",
            "claude_health_json() brings it": """
                claude_health_count claude_health_error_text claude_health_http_status claude_health_response_ms
                claude_health_share claude_health_url""",
            "claude_selftest_json() brings it": """
                claude_selftest_count claude_selftest_fix claude_selftest_ms claude_selftest_name
                claude_selftest_text""",
            "claude_trail_json() brings it": """
                claude_trail_at claude_trail_count claude_trail_dropped claude_trail_frame_at""",
            "answers are copied, and do not keep what it needs; limiter.learn has calls do it": "claude_limiter_learn",
            "every call belongs to a loop, whose descriptor Go's own poller watches": """
                claude_batch_wait claude_call_next claude_call_read claude_call_wait claude_client_start
                claude_loop_count claude_loop_wait claude_pages_new claude_pages_next claude_pages_next_item
                claude_pages_unref""",
            "an answer is copied whole, so that nothing of C is held": """
                claude_error_ref claude_model_int claude_model_text claude_report_ref claude_report_unref
                claude_response_prompt_tokens claude_response_ref claude_response_slice claude_response_string
                claude_response_text claude_response_tool_use_at claude_response_tool_use_count claude_response_type""",
            "claude_problems_json() brings it": """
                claude_problems_code claude_problems_constraint claude_problems_count claude_problems_error
                claude_problems_field claude_problems_fix claude_problems_left_out claude_problems_message
                claude_problems_tool claude_problems_value""",
            "the function that is used does this, too": """
                claude_batch_builder_add claude_cost_calculate claude_cost_of claude_cost_savings
                claude_health_check_endpoint claude_models_builtin claude_partial_add_event claude_request_add_query
                claude_request_validate""",
            "Go must not run below C: a runner's tools are run between its steps": """
                claude_runner_add_tool claude_runner_message claude_runner_pending_count claude_runner_result_block
                claude_runner_result_error claude_runner_result_json claude_runner_result_text claude_runner_run
                claude_runner_turns""",
            "the object of the language holds the one reference that there is": """
                claude_breaker_ref claude_curl_ref claude_diagnostics_ref claude_failover_ref claude_file_ref
                claude_health_ref claude_limiter_ref claude_metrics_ref claude_quota_ref claude_quota_reservation_ref
                claude_reservation_ref claude_selftest_ref claude_trail_ref claude_watcher_ref""",
            "a key goes in and is never handed back": "claude_secret_expose",
            "not offered: signing hooks": SIGNING,
            "not offered: nobody has asked for it": """
                claude_batch_builder_count claude_call_header claude_call_http_status claude_call_is_paused
                claude_feature claude_partial_error_at claude_problems_code_at
                claude_problems_code_text claude_request_endpoint""",
        },
    ),
}

# ---- the tests


@pytest.mark.parametrize("name", BINDINGS)
def test_nothing_that_is_not_exported(name: str) -> None:
    assert BINDINGS[name].used() - exported() == set()


@pytest.mark.parametrize("name", BINDINGS)
def test_all_or_a_reason(name: str) -> None:
    binding = BINDINGS[name]
    unused = exported() - binding.used()
    listed = binding.left_out()
    assert sorted(unused - set(listed)) == [], "not used, and no reason is given"
    assert sorted(set(listed) - unused) == [], "a reason is given not to use what is used, or does not exist"
    assert len(listed) == len(set(listed)), "two reasons are given for one function"


def test_python_declares_all() -> None:
    text = C_COMMENT.sub("", (ROOT / "bindings/python/src/libclaude/claude.cdef").read_text(encoding="utf-8"))
    assert set(CALLED.findall(text)) - {"claude_event_fn"} == exported()
