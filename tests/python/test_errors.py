"""Every way a call can fail, as an exception with the partial answer."""

from __future__ import annotations

import pickle
import socket
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, ask

if TYPE_CHECKING:
    from sandbox import Sandbox

STATUSES = [
    (400, "invalid_request_error", libclaude.BadRequestError, "CLAUDE_E_BAD_REQUEST", False),
    (401, "authentication_error", libclaude.AuthenticationError, "CLAUDE_E_AUTH", False),
    (402, "billing_error", libclaude.APIStatusError, "CLAUDE_E_BILLING", False),
    (403, "permission_error", libclaude.PermissionDeniedError, "CLAUDE_E_PERMISSION", False),
    (404, "not_found_error", libclaude.NotFoundError, "CLAUDE_E_NOT_FOUND", False),
    (409, "conflict_error", libclaude.ConflictError, "CLAUDE_E_CONFLICT", True),
    (413, "request_too_large", libclaude.RequestTooLargeError, "CLAUDE_E_REQUEST_TOO_LARGE", False),
    (422, "invalid_request_error", libclaude.UnprocessableEntityError, "CLAUDE_E_BAD_REQUEST", False),
    (429, "rate_limit_error", libclaude.RateLimitError, "CLAUDE_E_RATE_LIMIT", True),
    (500, "api_error", libclaude.InternalServerError, "CLAUDE_E_SERVER", True),
    (503, "api_error", libclaude.ServiceUnavailableError, "CLAUDE_E_SERVER", True),
    (504, "timeout_error", libclaude.DeadlineExceededError, "CLAUDE_E_API_TIMEOUT", True),
    (529, "overloaded_error", libclaude.OverloadedError, "CLAUDE_E_OVERLOADED", True),
    (418, "teapot_error", libclaude.APIStatusError, "CLAUDE_E_API", False),
]


WITHOUT_A_CLASS = {"CLAUDE_E_LIMIT", "CLAUDE_E_CALLBACK", "CLAUDE_E_IO"}


def drain(client: libclaude.Client, **more: Any) -> None:
    with client.messages.stream(**ask(), **more) as stream:
        stream.until_done()


def failing(client: libclaude.Client, streamed: bool, **more: Any) -> libclaude.ClaudeError:
    with pytest.raises(libclaude.ClaudeError) as caught:
        drain(client, **more) if streamed else client.messages.create(**ask(), **more)
    return caught.value


def collect(stream: libclaude.MessageStream, texts: list[str]) -> None:
    for text in stream.text_stream:
        texts.append(text)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("status", "kind", "error", "name", "retryable"), STATUSES, ids=[str(s[0]) for s in STATUSES])
def test_statuses(
    client: libclaude.Client,
    sandbox: Sandbox,
    status: int,
    kind: str,
    error: type[libclaude.APIStatusError],
    name: str,
    retryable: bool,
    streamed: bool,
) -> None:
    sandbox.scenario(
        {
            "status": status,
            "headers": [["retry-after", "2"]],
            "error": {"type": kind, "message": "what the server says", "details": {"error_code": "some_code"}},
        }
    )
    found = failing(client, streamed)
    assert type(found) is error
    assert isinstance(found, libclaude.APIStatusError)
    assert found.name == name
    assert found.http_status == found.status_code == status
    assert found.api_type == found.type == kind
    assert found.error_code == "some_code"
    assert "what the server says" in found.message
    assert str(found) == found.message
    assert found.retryable is retryable
    assert found.retry_after_ms == 2000
    assert found.attempts == 1
    assert found.request_id is not None
    assert found.request_id.startswith("req_")
    assert found.cause is None
    assert found.response is not None
    assert found.response.status == status
    assert found.response.error.message == found.body["error"]["message"] == "what the server says"
    assert found.response.headers["request-id"] == found.request_id
    assert name in repr(found)


def test_classes_are_related_as_in_the_official_sdk() -> None:
    for failure in (libclaude.OverloadedError, libclaude.ServiceUnavailableError, libclaude.DeadlineExceededError):
        assert issubclass(failure, libclaude.InternalServerError)
    assert issubclass(libclaude.InternalServerError, libclaude.APIStatusError)
    assert issubclass(libclaude.APITimeoutError, libclaude.APIConnectionError)
    for error in (libclaude.APIConnectionError, libclaude.APIStatusError, libclaude.APIResponseValidationError):
        assert issubclass(error, libclaude.APIError)
    assert issubclass(libclaude.InvalidRequestError, ValueError)
    assert not issubclass(libclaude.InvalidRequestError, libclaude.APIError)


def test_errors_of_the_language() -> None:
    assert issubclass(libclaude.InvalidRequestError, ValueError)
    assert issubclass(libclaude.InvalidStateError, RuntimeError)
    assert issubclass(libclaude.NoMemoryError, MemoryError)
    assert issubclass(libclaude.UnsupportedError, NotImplementedError)


def test_every_code_of_the_library_has_its_category() -> None:
    from libclaude._claude import ffi, lib
    from libclaude._errors import make

    index = 0
    while lib.claude_code_at(index):
        code = lib.claude_code_at(index)
        error = make({"code": code, "message": "m"})
        assert error.code == code
        assert error.name == ffi.string(lib.claude_code_name(code)).decode()
        assert type(error) is not libclaude.ClaudeError or error.name in WITHOUT_A_CLASS
        assert error.category in {"Api", "Http", "Network", "Timeout", "InvalidArgument", "Authentication", "RateLimit"}
        index += 1
    assert index > 20


def test_an_error_inside_a_stream_keeps_what_came(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("overloaded-in-stream")
    with pytest.raises(libclaude.OverloadedError) as caught, client.messages.stream(**ask()) as stream:
        list(stream)
    error = caught.value
    assert error.http_status == 200
    assert error.retryable is False
    assert isinstance(error.response, libclaude.Message)
    assert error.response.text == "Hello, wor"
    assert error.response.usage.input_tokens == 12
    with pytest.raises(libclaude.OverloadedError, match="Overloaded"):
        stream.get_final_message()


def test_text_before_an_error_is_delivered(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("overloaded-in-stream")
    texts: list[str] = []
    with client.messages.stream(**ask()) as stream, pytest.raises(libclaude.OverloadedError):
        collect(stream, texts)
    assert texts == ["Hello", ", wor"]


def test_a_refusal_is_raised_where_the_stream_is_entered(client: libclaude.Client, sandbox: Sandbox) -> None:
    manager = client.messages.stream(**ask())
    for scenario in ("rate-limited", "error-first"):
        sandbox.scenario(scenario)
        with pytest.raises(libclaude.APIStatusError):
            manager.__enter__()
        with pytest.raises(libclaude.APIStatusError):
            client.messages.create(stream=True, **ask())


def test_truncated(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("truncated")
    error = failing(client, streamed=True)
    assert type(error) is libclaude.StreamTruncatedError
    assert error.name == "CLAUDE_E_TRUNCATED"
    assert isinstance(error.response, libclaude.Message)
    assert error.response.text == "Hello, wor"
    assert error.response.stop_reason is None


@pytest.mark.parametrize("scenario", ["html", "empty", "json-on-stream", "redirect"])
def test_what_is_no_answer(client: libclaude.Client, sandbox: Sandbox, scenario: str) -> None:
    sandbox.scenario(scenario)
    if scenario == "json-on-stream":
        with client.messages.stream(**ask()) as stream:
            assert list(stream) == []
            assert stream.get_final_text() == "Not a stream."
        return
    for streamed in (False, True):
        error = failing(client, streamed)
        assert type(error) is libclaude.APIResponseValidationError
        if scenario == "html":
            assert error.response is not None
            assert b"guest network" in error.response.raw
            assert error.response.to_dict() == {}
            assert len(error.response) == 0
            assert "guest network" in error.body
            assert error.status_code == 200


def test_malformed_events(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario({"events": [{"event": "message_start", "data": "{not json"}]})
    assert type(failing(client, streamed=True)) is libclaude.APIResponseValidationError


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with libclaude.Client(CANARY, base_url=url) as client:
            error = failing(client, streamed=False)
    assert type(error) is libclaude.APIConnectionError
    assert error.category == "Network"
    assert [error.http_status, error.response, error.request_id, error.retry_after_ms] == [None] * 4
    assert [error.status_code, error.body, error.type] == [None] * 3
    assert error.retryable is True


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_the_connection_breaks(client: libclaude.Client, sandbox: Sandbox, streamed: bool) -> None:
    sandbox.scenario({"close_without_reply": "rst"})
    assert isinstance(failing(client, streamed), libclaude.APIConnectionError)


def test_timeouts_of_a_call(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario({"delay_ms": 3600000})
    assert type(failing(client, streamed=False, timeout=0.05)) is libclaude.APITimeoutError
    error = failing(client, streamed=True, timeout=0.05)
    assert type(error) is libclaude.APITimeoutError
    assert "timeout.first_byte_ms" in error.message


def test_a_timeout_ends_a_silent_stream_only(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    texts: list[str] = []
    with client.messages.stream(**ask(), timeout=0.1) as stream, pytest.raises(libclaude.APITimeoutError) as caught:
        collect(stream, texts)
    assert texts == ["Hello", ", wor"]
    assert isinstance(caught.value.response, libclaude.Message)
    assert caught.value.response.text == "Hello, wor"
    # Longer in all than the limit, but never silent for so long.
    sandbox.scenario({"generate": {"events": 50, "event_bytes": 130, "per_write": "each", "interval_us": 25000}})
    with client.messages.stream(**ask(), timeout=1) as stream:
        assert len(list(stream.text_stream)) == 50


def test_timeout_of_a_client(sandbox: Sandbox) -> None:
    sandbox.scenario({"delay_ms": 3600000})
    with libclaude.Client(CANARY, base_url=sandbox.url, timeout=0.05) as client:
        for streamed in (False, True):
            error = failing(client, streamed)
            assert type(error) is libclaude.APITimeoutError
            assert "within 50 ms" in error.message
        error = failing(client, streamed=True, options={"timeout.stream_total_ms": 1})
        assert "timeout.stream_total_ms" in error.message


def test_errors_travel_between_processes(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("rate-limited")
    error = failing(client, streamed=False)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert repr(copy) == repr(error)
    for name in ("code", "message", "http_status", "request_id", "retry_after_ms", "retryable", "attempts", "category"):
        assert getattr(copy, name) == getattr(error, name)
    assert copy.response is None
