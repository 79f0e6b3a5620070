"""Every row of the table: the request that goes out, byte by byte, and the answer that comes back."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import pytest
from native import CONSTANTS, Client, File, NativeError, Request
from received import form_of, headers_of, only
from table import ROWS, Row, each

if TYPE_CHECKING:
    from sandbox import Request as Received
    from sandbox import Sandbox

INVALID = CONSTANTS["CLAUDE_E_INVALID"]
KEY = "sk-ant-endpoints-not-a-real-key"
VERSION = "2023-06-01"
OPTION_BETAS = ["ours-2026-01-01", "theirs-2026-02-02"]

# What stands for a parameter of the path: everything that has a meaning in a URL.
VALUES = ["a/b c?d#e", "ü→😀", "100%25&x=y;z", "..a", "~!$'()*+,:@[]", "...", 'q"u\\o<t>e^|`{}']
QUERY = [("limit", "10"), ("ids[]", "a&b=c"), ("ids[]", "ü 1+1"), ("created_at[gte]", "2026-01-01T00:00:00+00:00")]
# One body for all of them: it has what the library looks for, and a spelling that nobody would choose.
BODY = (
    b'{ "model":"m","max_tokens" : 5,"messages":[{"role":"user","content":"\\u00fc"}],\n'
    b'\t"prompt":"\\n\\nHuman: x\\n\\nAssistant:","max_tokens_to_sample":7,"requests":[],'
    b'"x":1.50e2,"y":12345678901234567890,"nobody_knows_this":{"a":[null,true]}}'
)
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
MESSAGE_STREAM: list[dict[str, Any]] = [
    {"type": "message_start", "message": MESSAGE},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]
COMPLETION_STREAM: list[dict[str, Any]] = [
    {"type": "completion", "id": "compl_1", "completion": " he", "stop_reason": None, "model": "m"},
    {"type": "completion", "id": "compl_1", "completion": "llo", "stop_reason": "stop_sequence", "model": "m"},
]
OTHER_STREAM: list[dict[str, Any]] = [
    {"type": "session.status_running", "id": "sevt_1", "deep": {"er": [1, 2]}},
    {"type": "agent.message", "id": "sevt_2", "content": [{"type": "text", "text": "ü"}]},
    {"type": "nobody.knows_this", "id": "sevt_3"},
]
LINES = [
    b'{"custom_id":"a","result":{"type":"succeeded"}}',
    b'{"custom_id" : "\xc3\xbc"}',
    b'{"x":' + b"[" * 50 + b"]" * 50 + b"}",
]
BYTES = bytes(range(256)) * 1000 + b"\r\n\0"


def prepared(row: Row, **but: Any) -> Request:
    """A request with everything that this endpoint must have."""
    request = Request(row.name)
    for number, name in enumerate(row.parameters):
        request.path(name, but.get(name, VALUES[(len(row.name) + number) % len(VALUES)]))
    if row.body == "json":
        request.body(BODY)
    elif row.body == "multipart":
        request.file("file", File(b"PK\x03\x04 content", "a.zip"))
    return request


# ---- what goes out


@each(ROWS)
def test_the_request(row: Row, sandbox: Sandbox, client: Client) -> None:
    sandbox.scenario(f"answer-{row.answer}")
    request = prepared(row).beta("mine-2026-03-03")
    for name, value in QUERY:
        request.query(name, value)
    answer = client.execute(request)
    received = only(sandbox)
    assert answer.status == 200
    assert received.method == row.method
    check_target(row, received.target)
    check_headers(row, received)
    if row.body == "json":
        assert received.body == BODY, "sent as it was given"
    elif row.body == "multipart":
        assert form_of(received) == [("file", "a.zip", "application/zip", b"PK\x03\x04 content")]
    else:
        assert received.body == b""


def check_target(row: Row, target: str) -> None:
    path, _, query = target.partition("?")
    assert re.fullmatch(r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+", path), "RFC 3986"
    assert re.fullmatch(r"[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*", query), "RFC 3986"
    segments = path.split("/")
    wanted = row.path.split("/")
    number = 0
    assert len(segments) == len(wanted)
    for segment, want in zip(segments, wanted):
        assert unquote(segment) not in (".", "..")
        if want.startswith("{"):
            assert unquote(segment, errors="strict") == VALUES[(len(row.name) + number) % len(VALUES)]
            number += 1
        else:
            assert segment == want
    assert number == len(row.parameters)
    assert parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict") == QUERY


def check_headers(row: Row, received: Received) -> None:
    headers = headers_of(received)
    host, agent = headers.pop("host"), headers.pop("user-agent")
    assert host.startswith("127.0.0.1:")
    assert re.match(r"libclaude/\d", agent)
    if row.body == "multipart":
        assert headers.pop("content-type").startswith("multipart/form-data; boundary=")
    elif row.body == "json":
        assert headers.pop("content-type") == "application/json"
    if row.method == "POST":
        assert headers.pop("content-length") == str(len(received.body))
    key = {} if row.keyless else {"x-api-key": KEY}
    assert headers == {
        **key,
        "accept": "application/binary" if row.answer in ("lines", "bytes") else "application/json",
        "accept-encoding": "identity",
        "anthropic-version": VERSION,
        "anthropic-beta": ",".join(["mine-2026-03-03", *OPTION_BETAS, *row.betas]),
    }, "these, and no others"


@each(ROWS)
def test_the_request_with_nothing_of_its_own(row: Row, sandbox: Sandbox, plain: Client) -> None:
    sandbox.scenario(f"answer-{row.answer}")
    if row.answer == "completion":
        plain.execute(prepared(row))
    else:
        plain.execute(prepared(row).option("api_version", "2026-10-21"))
    headers = headers_of(only(sandbox))
    assert headers.get("anthropic-beta", "") == ",".join(row.betas)
    assert headers["anthropic-version"] == (VERSION if row.answer == "completion" else "2026-10-21")
    assert "?" not in only(sandbox).target


@each([row for row in ROWS if row.betas])
def test_a_beta_name_is_sent_once(row: Row, sandbox: Sandbox, client: Client) -> None:
    sandbox.scenario(f"answer-{row.answer}")
    request = prepared(row)
    for name in [*row.betas, "theirs-2026-02-02, mine-2026-03-03", *row.betas]:
        request.beta(name)
    client.execute(request)
    wanted = [*row.betas, "theirs-2026-02-02", "mine-2026-03-03", "ours-2026-01-01"]
    assert only(sandbox).header("anthropic-beta") == ",".join(wanted)


@each([row for row in ROWS if row.headers])
def test_headers_that_a_program_may_want(row: Row, sandbox: Sandbox, plain: Client) -> None:
    names = {
        "workspace": "anthropic-workspace-id",
        "user_profile": "anthropic-user-profile-id",
        "worker": "Anthropic-Worker-ID",
    }
    sandbox.scenario(f"answer-{row.answer}")
    request = prepared(row)
    for what in row.headers:
        request.header(names[what], f"the_{what}")
    plain.execute(request)
    for what in row.headers:
        assert only(sandbox).header(names[what]) == f"the_{what}"


@each([row for row in ROWS if row.body == "json"])
def test_without_a_body(row: Row, sandbox: Sandbox, plain: Client) -> None:
    """Many of these endpoints need none: then there is none, and no type of one."""
    sandbox.scenario(f"answer-{row.answer}")
    request = Request(row.name)
    for name in row.parameters:
        request.path(name, "x")
    if row.name in ("messages.create", "messages.count_tokens"):
        with pytest.raises(NativeError, match="is missing; set it with"):
            plain.execute(request)
        assert sandbox.counts()[0] == 0
        return
    plain.execute(request)
    headers = headers_of(only(sandbox))
    assert headers["content-length"] == "0"
    assert "content-type" not in headers
    assert only(sandbox).body == b""


# ---- what comes back


def sse(events: list[dict[str, Any]]) -> dict[str, Any]:
    return {"events": [{"data": event} for event in events]}


@each(ROWS)
def test_the_answer(row: Row, sandbox: Sandbox, plain: Client) -> None:
    sandbox.scenario(f"answer-{row.answer}")
    if row.answer == "events":
        check_events(plain, row, OTHER_STREAM)
        return
    answer = plain.execute(prepared(row))
    assert answer.status == 200
    if row.answer == "lines":
        assert answer.body.splitlines() == LINES
    elif row.answer == "bytes":
        assert answer.body == BYTES
    elif row.answer == "json":
        assert answer.json()["target"] == only(sandbox).target
        assert answer.content_type == "application/json"
    else:
        assert answer.json() == (MESSAGE if row.answer == "message" else COMPLETION_STREAM[1])


def check_events(client: Client, row: Row, wanted: list[dict[str, Any]]) -> None:
    streamed = client.events(prepared(row))
    assert [json.loads(event.json) for event in streamed.events] == wanted
    assert [event.name for event in streamed.events] == [event["type"] for event in wanted]


@each(ROWS)
def test_the_answer_as_a_stream(row: Row, sandbox: Sandbox, plain: Client) -> None:
    sandbox.scenario(
        {"message": "stream-message", "completion": "stream-completion"}.get(row.answer, f"answer-{row.answer}")
    )
    if row.answer == "json":
        with pytest.raises(NativeError, match=f"{row.name} does not stream") as caught:
            plain.events(prepared(row))
        assert caught.value.code == INVALID
        assert sandbox.counts()[0] == 0
    elif row.answer == "message":
        check_events(plain, row, MESSAGE_STREAM)
    elif row.answer == "completion":
        check_events(plain, row, COMPLETION_STREAM)
    elif row.answer == "events":
        check_events(plain, row, OTHER_STREAM)
    elif row.answer == "lines":
        streamed = plain.events(prepared(row))
        assert [event.json for event in streamed.events] == LINES
        assert {event.type for event in streamed.events} == {CONSTANTS["CLAUDE_EVENT_LINE"]}
    else:
        pieces = plain.events(prepared(row)).events
        assert b"".join(event.text for event in pieces) == BYTES
        assert {event.type for event in pieces} == {CONSTANTS["CLAUDE_EVENT_BYTES"]}
        chunks = plain.read(prepared(row), 1000).chunks
        assert b"".join(chunks) == BYTES
        assert max(len(chunk) for chunk in chunks) <= 1000
    sent = sandbox.requests()
    if row.body == "json" and sent:
        assert json.loads(sent[0].body) == {**json.loads(BODY), "stream": True}


@each(ROWS)
def test_an_error_of_the_server(row: Row, sandbox: Sandbox, plain: Client) -> None:
    sandbox.scenario("refuse-it")
    with pytest.raises(NativeError, match="there is no such thing") as caught:
        plain.execute(prepared(row))
    assert caught.value.status == 404
    assert caught.value.code == CONSTANTS["CLAUDE_E_NOT_FOUND"]


@pytest.fixture(scope="module", autouse=True)
def _scenarios(server: Sandbox) -> None:
    text = b"\n".join(LINES).decode()
    scenarios: dict[str, dict[str, Any]] = {
        "answer-json": {"echo": True},
        "answer-message": {"body_json": MESSAGE},
        "answer-completion": {"body_json": COMPLETION_STREAM[1]},
        "answer-events": sse(OTHER_STREAM),
        "answer-lines": {"body": text, "headers": [["content-type", "application/x-jsonl"]], "framing": "chunked"},
        "answer-bytes": {"body_base64": base64.b64encode(BYTES).decode(), "framing": "chunked"},
        "stream-message": sse(MESSAGE_STREAM),
        "stream-completion": sse(COMPLETION_STREAM),
        "refuse-it": {"status": 404, "error": {"type": "not_found_error", "message": "there is no such thing"}},
    }
    for name, scenario in scenarios.items():
        server.register(name, scenario)


# ---- what is refused before anything is sent


@each([row for row in ROWS if row.parameters])
def test_parameters_of_the_path(row: Row, sandbox: Sandbox, plain: Client) -> None:
    for missing in row.parameters:
        request = Request(row.name)
        for name in row.parameters:
            if name != missing:
                request.path(name, "x")
        if row.body == "json":
            request.body(BODY)
        elif row.body == "multipart":
            request.file("file", File(b"x", "x"))
        with pytest.raises(NativeError, match=f"path parameter {missing} is missing") as caught:
            plain.execute(request)
        assert caught.value.code == INVALID
    for name in row.parameters:
        for value in ("", ".", "..", "%2e", "%2E", "%2e%2E", ".%2e", "%2e."):
            with pytest.raises(NativeError, match=f"path parameter {name}") as caught:
                Request(row.name).path(name, value)
            assert caught.value.code == INVALID
        for bad in (b"\xff", b"a\xc0\xaf", b"\xed\xa0\x80"):
            with pytest.raises(NativeError, match=name):
                Request(row.name).path(name, bad)
        with pytest.raises(NativeError):
            Request(row.name).path(name, None)
    assert sandbox.counts()[0] == 0


@each(ROWS)
def test_parameters_that_the_path_does_not_have(row: Row) -> None:
    known = row.parameters[0] if row.parameters else "id"
    for name in ("", "no_such_id", known.upper(), known + "}", "{" + known, known + "x", known[:-1]):
        if name in row.parameters:
            continue
        with pytest.raises(NativeError, match=re.escape(row.path)) as caught:
            Request(row.name).path(name, "x")
        assert caught.value.code == INVALID


@each(ROWS)
def test_bodies_of_another_kind(row: Row, sandbox: Sandbox, plain: Client) -> None:
    file = File(b"x", "x")
    if row.body != "json":
        with pytest.raises(NativeError, match=re.escape(row.name)):
            Request(row.name).body(BODY)
    if row.body != "multipart":
        with pytest.raises(NativeError, match="does not take a form"):
            Request(row.name).file("file", file)
        with pytest.raises(NativeError, match="does not take a form"):
            Request(row.name).field("name", "value")
    else:
        request = Request(row.name)
        for name in row.parameters:
            request.path(name, "x")
        with pytest.raises(NativeError, match="needs a form"):
            plain.execute(request)
    assert sandbox.counts()[0] == 0


def test_a_failed_setter_is_remembered(sandbox: Sandbox, plain: Client) -> None:
    request = Request("files.delete").path("file_id", "x")
    with pytest.raises(NativeError):
        request.path("file_id", "..")
    with pytest.raises(NativeError, match=r'file_id is "\.\."'):
        plain.execute(request)
    assert sandbox.counts()[0] == 0
