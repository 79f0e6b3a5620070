"""Perl, Ruby and Tcl out of swig/claude.i: each sends messages, and does what the others do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from languages import ROOT, Module

if TYPE_CHECKING:
    from sandbox import Sandbox

NOTHING = "(nothing)"
# How each language says that a failure is one of the library's.
ERROR = {"perl": "Claude::Error", "ruby": "Claude::Error", "tcl": "CLAUDE"}


def test_message(module: Module, sandbox: Sandbox) -> None:
    """Also with a NUL, and characters of two, three and four bytes."""
    said = dict(module.run("message", sandbox.url))
    assert bytes.fromhex(said["text"]).decode() == "Echo: Gr\u00fc\u00dfe\0\u6f22\U0001f600"
    assert (said["status"], said["missing"]) == ("200", NOTHING)
    (request,) = sandbox.requests()
    assert request.json()["messages"] == [{"role": "user", "content": "Gr\u00fc\u00dfe\0\u6f22\U0001f600"}]


def test_stream(module: Module, sandbox: Sandbox) -> None:
    """Event by event; one that is kept outlives the others, a response its call."""
    assert module.run("stream", sandbox.url) == [
        ("end", "2"),
        ("event", NOTHING),
        ("text", "Echo: hi"),
        ("first", "message_start"),
        ("stop", "end_turn"),
    ]


def test_pull(module: Module, sandbox: Sandbox) -> None:
    sandbox.scenario("text")
    assert module.run("pull", sandbox.url) == [
        ("10", f"-1 {NOTHING}"),
        ("20", f"0 {NOTHING}"),
        ("40", f"-1 {NOTHING}"),
        ("30", "0 Hello"),
        ("30", "0 , "),
        ("30", "0 world!"),
        ("21", f"0 {NOTHING}"),
        ("11", f"-1 {NOTHING}"),
        ("12", f"-1 {NOTHING}"),
    ]


def test_loop(module: Module, sandbox: Sandbox) -> None:
    """The largest tag that there is comes back."""
    said = module.run("loop", sandbox.url)
    assert said == [("end", f"2 {2**64 - 1}"), ("text", "Echo: hi"), ("result", "Echo: hi")]


def test_api_error(module: Module, sandbox: Sandbox) -> None:
    sandbox.scenario("rate-limited")
    said = dict(module.run("api_error", sandbox.url))
    assert "50 requests per minute" in said.pop("message")
    assert said == {
        "name": "CLAUDE_E_RATE_LIMIT",
        "code": "-204",
        "category": "RateLimit",
        "http_status": "429",
        "api_type": "rate_limit_error",
        "retry_after_ms": "2000",
        "body": "rate_limit_error",
        "cause": NOTHING,
    }


def test_partial_message(module: Module, sandbox: Sandbox) -> None:
    """What had arrived outlives the error and its call."""
    sandbox.scenario("overloaded-in-stream")
    said = module.run("cut", sandbox.url)
    assert said == [("name", "CLAUDE_E_OVERLOADED"), ("partial", "Hello, wor")]


def argument(function: str, number: int, expected: str) -> str:
    return f"TypeError {function}: argument {number} must be {expected}"


def test_bad_input(module: Module, sandbox: Sandbox) -> None:
    """What the library refuses comes with its message, what cannot be handed to it with the language's own error."""
    library = f"{ERROR[module.language.name]}|CLAUDE_E_INVALID|"
    limit = "an integer that fits "
    expected = {
        "released": library + "client is NULL",
        "kind": argument("claude_client_execute", 1, "a claude_client_t"),
        "text": argument("claude_config_set_secret", 2, "a claude_secret_t"),
        "nul": argument("claude_request_set_model", 2, "a string without NUL"),
        "no_text": argument("claude_request_set_model", 2, "a string without NUL"),
        "nothing": argument("claude_request_add_user_text", 2, "a string"),
        "int64": argument("claude_request_set_max_tokens", 2, limit + "int64_t"),
        "uint32": argument("claude_client_start", 3, limit + "uint32_t"),
        "int32": argument("claude_request_set_stream", 2, limit + "int32_t"),
        "fraction": argument("claude_request_set_max_tokens", 2, limit + "int64_t"),
        "number": argument("claude_request_set_max_tokens", 2, limit + "int64_t"),
        "double": argument("claude_request_set_temperature", 2, "a number"),
        "flags": library + "flags has unknown bits: 128",
        "json": library + "JSON is not valid at offset 5: a value is expected here",
        "utf8": library + "message text is not valid UTF-8 at offset 0; convert it to UTF-8 first",
        "option": library + "unknown option timeout.totel_ms; did you mean timeout.total_ms?",
    }
    if module.language.name == "tcl":  # where everything is a string
        expected["no_text"] = library + "model is NULL"
        expected["nothing"] = library + "message text is empty; it needs at least one character"
    said = dict(module.run("bad_input", sandbox.url))
    assert "claude_client_trim" in said.pop("arity") or module.language.name == "ruby"
    assert said == expected
    assert sandbox.requests() == []


def test_values(module: Module, sandbox: Sandbox) -> None:
    """Integers of 64 bits are exact, texts keep their NULs, what is not there is nothing."""
    body: dict[str, Any] = {"type": "message", "role": "assistant", "content": [], "nul": "a\0b", "list": [1, "x y"]}
    body.update({"big": 2**53 + 1, "least": -(2**63), "most": 2**63 - 1, "half": 0.5, "yes": True})
    sandbox.scenario({"body_json": body})
    said = dict(module.run("values", sandbox.url))
    assert int(said.pop("version")) > 0
    assert said == {
        "big": str(2**53 + 1),
        "least": str(-(2**63)),
        "most": str(2**63 - 1),
        "missing": "-1",
        "fallback": str(-(2**63)),
        "half": "0.5",
        "yes": "1",
        "nul": "610062",
        "slice": '1 [1,"x y"]',
        "header": "0",
        "keep": NOTHING,
    }


def test_lifetime(module: Module, sandbox: Sandbox) -> None:
    """Nothing is left of thousands of handles and failures."""
    assert module.run("lifetime", sandbox.url) == [("files", "0"), ("memory", "steady")]


def test_leave(module: Module, sandbox: Sandbox) -> None:
    """A program that ends in the middle of its calls ends well."""
    assert module.run("leave", sandbox.url) == [("left", "1")]


def test_language(module: Module, sandbox: Sandbox) -> None:
    """What is dangerous in one language: threads of Perl, the collector of Ruby, names and interpreters of Tcl."""
    said = dict(module.run("special", sandbox.url))
    if module.language.name == "perl":
        assert said == {"thread": "200", "theirs": "failed", "client": "200"}
    elif module.language.name == "ruby":
        assert said.pop("error").startswith('Claude::Error|CLAUDE_E_INVALID|endpoint "no.such.endpoint" is not known')
        assert said == {"text": "Echo: hi"}
    else:
        assert said == {
            "more": "1",
            "foreign": argument("claude_loop_fd", 1, "a claude_loop_t"),
            "left": "0",
            "evaluated": argument("claude_client_trim", 1, "a claude_client_t"),
            "is_evaluated": "0",
        }


def test_api(module: Module, sandbox: Sandbox) -> None:
    """The endpoints beside messages, files, lists, what is known of models, and a runner of tools."""
    said = dict(module.run("api", sandbox.url))
    wrong = said.pop("no_bytes")
    assert wrong == argument("claude_file_from_bytes", 1, "bytes")
    assert said == {
        "wait": "2 ended",
        "line": "1|1|a|Echo: hi",
        "upload": "a.bin",
        "bytes": "61ff0062",
        "page": "0 1",
        "last_page": "2",
        "problem": "3 1 /max_tokens",
        "no_problem": "0",
        "cost": "1",
        "notice": "1",
        "no_notice": NOTHING,
        "runner": "2 Echo: hi",
    }
    targets = [request.target for request in sandbox.requests()]
    assert [target for target in targets if "models" in target] == [
        "/v1/models?limit=1",
        "/v1/models?limit=1&after_id=claude-haiku-5-5",
        "/v1/models?limit=1000",
    ]


def test_reliability(module: Module, sandbox: Sandbox) -> None:
    """A retry with its report and its observer; breaker, limiter, failover, metrics and health by themselves."""
    busy = {"status": 529, "error": {"type": "overloaded_error", "message": "Busy"}}
    answer = {"body_json": {"type": "message", "role": "assistant", "content": []}}
    sandbox.scenario({"match": {"path": "/v1/messages"}, "sequence": [busy, answer, *[busy] * 4, answer]})
    said = module.run("reliability", sandbox.url)
    assert [line for name, line in said if name == "news"] == [
        "1 1 0 messages.create 0",
        "2 1 -205 messages.create 0",
        "1 2 0 messages.create 0",
        "2 2 0 messages.create 0",
    ]
    assert [line for line in said if line[0] != "news"] == [
        ("report", "1 2 1 -205 0"),
        ("gave_up", "CLAUDE_E_OVERLOADED retry max_retries"),
        ("open", "CLAUDE_E_CIRCUIT_OPEN 1"),
        ("turn", "0 0"),
        ("failover", "0 1 1"),
        ("bucket", f"1 {2**63 - 1} 0"),
        ("no_bucket", "0 0 0"),
        ("metric", "1 calls 1 calls"),
        ("health", "1 1"),
    ]


def test_operations(module: Module, sandbox: Sandbox) -> None:
    """Quotas, gzip, log lines, keys that change, snapshots and watchers, the trail, diagnostics."""
    said = dict(module.run("operations", sandbox.url))
    assert said == {
        "quota": "CLAUDE_E_QUOTA 1 1",
        "kept": "10",
        "gzip": "1 1 1 1",
        "log": "1 call.end { 3 1",
        "no_log": "0",
        "expiry": "1 1 1 1",
        "trail": "1 expose 1",
        "rotated": "1",
        "snapshot": "2",
        "watcher": "2 0 CLAUDE_E_IO",
        "curl": "curl  {",
        "selftest": "dns",
        "report": "{",
    }


# Left out: functions that take callbacks, what only callbacks can use, the references that the languages count, arrays
# of C, and what is written anew.
LEFT_OUT = (
    r"claude_(request_on_event|config_on_sign|config_on_deprecation|config_on_attempt|secret_on_audit|sign_\w+"
    r"|config_on_log|secret_on_expiry|watcher_on_change|config_set_credential_provider|credential_\w+|curl_body"
    r"|attempt_\w+|runner_result_\w+|[a-z_]+_ref|call_read|block_document_content|block_search_result"
    r"|request_add_blocks|request_add_user_with_images|request_set_system_blocks|skill_create_request"
    r"|tool_with_properties)"
)
ADDED = {
    "claude_attempts_join",
    "claude_attempts_new",
    "claude_attempts_number",
    "claude_attempts_take",
    "claude_attempts_text",
    "claude_attempts_unref",
    "claude_call_pull",
    "claude_call_read_some",
    "claude_curl_bytes",
    "claude_expiries_new",
    "claude_logs_join",
    "claude_logs_new",
    "claude_loop_pull",
    "claude_news_dropped",
    "claude_news_goes_on",
    "claude_news_take",
    "claude_news_unref",
    "claude_notices_join",
    "claude_notices_new",
    "claude_notices_take",
    "claude_notices_unref",
    "claude_response_bytes",
}


def test_everything_is_there(module: Module, sandbox: Sandbox) -> None:
    """Every function of the interface can be called, and whatever it is given, nothing worse than an error comes."""
    symbols = (ROOT / "capi" / "abi" / "symbols.txt").read_text(encoding="utf-8")
    wanted = {name for name in re.findall(r"\bclaude_\w+", symbols) if not re.fullmatch(LEFT_OUT, name)}
    assert wanted
    said = module.run("anything", sandbox.url)
    assert {name for _, name in said} - ADDED == wanted
