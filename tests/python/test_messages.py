"""Messages sent and answers read, and what of it was on the wire."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, MODEL, ask, message_json
from libclaude import _json

if TYPE_CHECKING:
    from sandbox import Sandbox


def test_create(client: libclaude.Client) -> None:
    message = client.messages.create(**ask("Grüße, 世界 🦉"))
    assert isinstance(message, libclaude.Message)
    assert message.text == "Echo: Grüße, 世界 🦉"
    assert message.content[0].text == message["content"][0]["text"] == message.text
    assert [block.type for block in message.content] == ["text"]
    assert message.model == MODEL
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens == message["usage"]["input_tokens"] > 0
    assert message.status == 200


def test_what_came_with_the_answer(client: libclaude.Client) -> None:
    message = client.messages.create(**ask())
    assert message.request_id is not None
    assert message.request_id.startswith("req_")
    assert message.headers["Request-Id"] == message.headers["request-id"] == message.request_id
    assert message.headers.get("no-such-header") is None
    assert ("request-id", message.request_id) in message.headers.pairs
    assert int(message.headers["anthropic-ratelimit-requests-limit"]) > 0
    assert json.loads(message.raw) == json.loads(message.json) == message.to_dict()
    assert message._request_id == message.request_id
    assert message.status_code == message.status == 200


def test_rate_limits(client: libclaude.Client, sandbox: Sandbox) -> None:
    headers = {
        "date": "Mon, 23 Nov 2026 01:02:00 GMT",
        "anthropic-ratelimit-tokens-limit": "1000",
        "anthropic-ratelimit-tokens-remaining": "0",
        "anthropic-ratelimit-tokens-reset": "2026-11-23T01:02:03Z",
        "anthropic-priority-input-tokens-limit": "7",
    }
    sandbox.scenario({"headers": [[*pair] for pair in headers.items()], "body": message_json("[]")})
    limits = client.messages.create(**ask()).rate_limits
    assert repr(limits["tokens"]) == (
        "RateLimit(limit=1000, remaining=0, reset_ms=1795395723000, reset_in_ms=3000, used_percent=100)"
    )
    assert limits["tokens"].reset == datetime(2026, 11, 23, 1, 2, 3, tzinfo=timezone.utc)
    assert (limits["priority-input-tokens"].limit, limits["priority-input-tokens"].remaining) == (7, None)
    assert limits["priority-input-tokens"].reset is None
    sandbox.scenario({"default_headers": False, "body": message_json("[]")})
    assert client.messages.create(**ask()).rate_limits == {}


def test_an_answer_is_decoded_when_it_is_looked_into(client: libclaude.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []

    def note(raw: bytes) -> Any:
        decoded.append(raw)
        return _json.decode(raw)

    monkeypatch.setattr("libclaude._response.decode", note)
    message = client.messages.create(**ask("lazy"))
    assert (message.status, message.text) == (200, "Echo: lazy")
    assert message.headers
    assert repr(message).startswith("<Message 200, ")
    assert decoded == []
    assert message.content[0].text == message["content"][0]["text"] == "Echo: lazy"
    assert decoded == [message.raw]


def test_raw_responses(client: libclaude.Client) -> None:
    raw = client.messages.with_raw_response.create(**ask("as it came"))
    assert isinstance(raw, libclaude.RawResponse)
    assert raw.status_code == raw.status == 200
    assert raw.headers["request-id"] == raw.request_id
    assert raw.rate_limits["requests"].limit
    assert json.loads(raw.text) == json.loads(raw.content)
    message = raw.parse()
    assert type(message) is libclaude.Message
    assert message.raw == raw.content
    assert message.text == "Echo: as it came"
    del raw
    assert message.request_id
    counted = client.messages.with_raw_response.count_tokens(model=MODEL, messages=ask()["messages"])
    assert type(counted.parse()) is libclaude.Response
    assert counted.parse().input_tokens > 0
    for attempt in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            attempt(counted)


def test_the_raw_response_of_a_stream(client: libclaude.Client, sandbox: Sandbox) -> None:
    raw = client.messages.with_raw_response.create(stream=True, **ask("in pieces"))
    assert sandbox.requests()[0].json()["stream"] is True
    assert raw.headers["content-type"].startswith("text/event-stream")
    assert raw.parse().text == "Echo: in pieces"


def test_raw_responses_raise_too(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("overloaded")
    with pytest.raises(libclaude.OverloadedError):
        client.messages.with_raw_response.create(**ask())


def test_of_headers_with_one_name_the_last_counts(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario({"headers": [["x-twice", "one"], ["X-Twice", "two"]], "body": message_json("[]")})
    message = client.messages.create(**ask())
    assert message.headers["x-twice"] == "two"
    assert [value for name, value in message.headers.pairs if name.lower() == "x-twice"] == ["one", "two"]


def test_bytes_in_headers_are_kept(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario({"headers": [["x-place", "Café"]], "body": message_json("[]")})
    assert client.messages.create(**ask()).headers["x-place"].encode("latin-1").decode() == "Café"


def test_answers_are_mappings(client: libclaude.Client) -> None:
    message = client.messages.create(**ask())
    assert set(message) == set(message.to_dict()) == set(message.keys())
    assert len(message) == len(list(message))
    assert "usage" in message
    assert "nonsense" not in message
    assert message.get("nonsense", 7) == 7
    assert dict(message)["id"] == message.id
    assert message == message.to_dict()
    assert json.loads(json.dumps(message.usage)) == message.to_dict()["usage"]
    assert {**message.usage}["input_tokens"] == message.usage.input_tokens
    with pytest.raises(AttributeError, match=r"nonsense.*there are: .*usage"):
        _ = message.nonsense
    with pytest.raises(KeyError):
        _ = message["nonsense"]
    with pytest.raises(AttributeError, match="nonsense"):
        _ = message.usage.nonsense


def test_answers_cannot_be_changed(client: libclaude.Client) -> None:
    message = client.messages.create(**ask())
    before = message.to_dict()
    for change in (
        lambda: message.usage.update(input_tokens=0),
        lambda: message.usage.pop("input_tokens"),
        lambda: message.usage.setdefault("x", 1),
        lambda: message.usage.__setitem__("input_tokens", 0),
        lambda: message.usage.__delitem__("input_tokens"),
        lambda: message.usage.__ior__({"x": 1}),
        lambda: setattr(message.usage, "input_tokens", 0),
        lambda: message.content.append({}),
        message.content.sort,
        lambda: message.content.__setitem__(0, {}),
        lambda: message.content.__iadd__([1]),
    ):
        with pytest.raises(TypeError, match="cannot be changed"):
            change()
    with pytest.raises(TypeError):
        message["id"] = "x"
    with pytest.raises(AttributeError):
        message.id = "x"
    assert message.to_dict() == before
    copy = message.to_dict()
    copy["content"].append("fine")
    assert message.to_dict() == before


def test_names_of_methods_are_reached_as_members(client: libclaude.Client, sandbox: Sandbox) -> None:
    content = '[{"type":"tool_use","id":"t","name":"n","input":{"items":[1],"keys":2,"text":"x"}}]'
    sandbox.scenario({"body": message_json(content, status='"odd"', raw='"odder"')})
    message = client.messages.create(**ask())
    assert message.content[0].input["items"] == [1]
    assert message.content[0].input["keys"] == 2
    assert (message["status"], message.status) == ("odd", 200)
    assert message["raw"] == "odder"


def test_body_travels_as_given(client: libclaude.Client, sandbox: Sandbox) -> None:
    body: dict[str, Any] = {
        "max_tokens": 3,
        "model": "a/model nobody knows",
        "messages": [{"role": "user", "content": 'q"\\\n\u0000\u2028 ü 🦉'}],
        "unheard_of": {"deep": [1, 2.5, True, None, 12345678901234567890123, {}]},
        "temperature": 0.1,
    }
    client.messages.create(**body)
    expected = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    assert sandbox.requests()[0].body == expected


def test_stream_adds_only_its_flag(client: libclaude.Client, sandbox: Sandbox) -> None:
    with client.messages.stream(**ask()) as stream:
        stream.until_done()
    for _ in client.messages.create(stream=True, **ask()):
        pass
    first, second = sandbox.requests()
    assert first.body == second.body
    assert first.json() == {**ask(), "stream": True}


def test_headers_on_the_wire(client: libclaude.Client, sandbox: Sandbox) -> None:
    client.messages.create(**ask())
    (request,) = sandbox.requests()
    assert (request.method, request.target) == ("POST", "/v1/messages")
    assert request.header("x-api-key") == CANARY
    assert request.header("authorization") is None
    assert request.header("anthropic-version") == "2023-06-01"
    assert request.header("content-type") == "application/json"
    assert request.header("accept-encoding") == "identity"
    agent = request.header("user-agent")
    assert agent is not None
    assert f"libclaude/{libclaude.__version__}" in agent


def test_options_reach_the_wire(sandbox: Sandbox) -> None:
    config = {"auth.style": "bearer", "api_version": "2026-10-21", "beta": "one,two", "user_agent": "myapp/1.2"}
    with libclaude.Client(CANARY, base_url=sandbox.url + "/prefix/", config=config) as client:
        sandbox.scenario({"body": message_json("[]")})
        client.messages.create(**ask())
        client.messages.create(**ask(), options={"beta": "three", "api_version": None})
    first, second = sandbox.requests()
    assert first.target == "/prefix/v1/messages"
    assert first.header("authorization") == f"Bearer {CANARY}"
    assert first.header("x-api-key") is None
    assert (first.header("anthropic-version"), second.header("anthropic-version")) == ("2026-10-21", "2026-10-21")
    assert (first.header("anthropic-beta"), second.header("anthropic-beta")) == ("one,two", "three")
    agent = first.header("user-agent")
    assert agent is not None
    assert agent.startswith("myapp/1.2 ")


def test_no_key_where_none_is_wanted(sandbox: Sandbox) -> None:
    sandbox.scenario({"body": message_json("[]")})
    with libclaude.Client(base_url=sandbox.url, config={"auth.style": "none"}) as client:
        client.messages.create(**ask())
    (request,) = sandbox.requests()
    assert request.header("x-api-key") is None
    assert request.header("authorization") is None


def test_headers_of_the_program(sandbox: Sandbox) -> None:
    headers = {"x-team": "blue", "x-both": "client", "x-gone": "client"}
    with libclaude.Client(CANARY, base_url=sandbox.url, headers=headers) as client:
        client.messages.create(**ask(), extra_headers={"x-both": "call", "x-gone": None, "x-call": "1"})
        client.messages.create(**ask())
    first, second = sandbox.requests()
    names = ("x-team", "x-both", "x-gone", "x-call")
    assert [first.header(name) for name in names] == ["blue", "call", None, "1"]
    assert [second.header(name) for name in names] == ["blue", "client", "client", None]


def test_count_tokens(client: libclaude.Client, sandbox: Sandbox) -> None:
    body = ask()
    del body["max_tokens"]
    count = client.messages.count_tokens(**body)
    assert count.input_tokens > 0
    assert not isinstance(count, libclaude.Message)
    assert sandbox.requests()[0].target == "/v1/messages/count_tokens"


def test_nul_and_escapes_in_text(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario({"body": message_json('[{"type":"text","text":"a\\u0000b\\ud83e\\udd89\\u2028"}]')})
    message = client.messages.create(**ask())
    assert message.text == message.content[0].text == "a\0b🦉\u2028"


def test_numbers_are_kept_as_spelled(client: libclaude.Client, sandbox: Sandbox) -> None:
    huge = "123456789012345678901234567890"
    sandbox.scenario({"body": message_json("[]", big=huge, precise="0.10000000000000000555")})
    message = client.messages.create(**ask())
    assert message.big == int(huge)
    assert huge.encode() in message.raw
    assert b"0.10000000000000000555" in message.raw


def test_an_answer_goes_back_into_a_request(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("text-tool-thinking")
    message = client.messages.create(**ask())
    turn = {"role": "assistant", "content": message.content}
    client.messages.create(model=MODEL, max_tokens=5, messages=[turn], metadata=message)
    sent = sandbox.requests()[1].json()
    assert sent["messages"][0]["content"] == message.to_dict()["content"]
    assert sent["metadata"] == message.to_dict()


def test_a_connection_is_used_again(client: libclaude.Client, sandbox: Sandbox) -> None:
    for _ in range(3):
        client.messages.create(**ask())
    assert sandbox.counts() == (3, 1)


def test_clients_from_the_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", sandbox.url)
    with pytest.raises(libclaude.NoKeyError):
        libclaude.Client(base_url=sandbox.url)
    with libclaude.Client.from_env(headers={"x-from": "env"}) as client:
        assert client.messages.create(**ask("env")).text == "Echo: env"
    with libclaude.Client.from_env(CANARY + "-mine") as client:
        client.messages.create(**ask())
    first, second = sandbox.requests()
    assert (first.header("x-api-key"), first.header("x-from")) == (CANARY, "env")
    assert second.header("x-api-key") == CANARY + "-mine"


def test_clients_from_the_workspace(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("workspace")
    (root / "secret").mkdir()
    script = root / "secret" / "-secrets.sh"
    script.write_text(f'export ANTHROPIC_API_KEY="{CANARY}-file"\n', encoding="utf-8")
    script.chmod(0o600)
    monkeypatch.setenv("WORKSPACE_PATH", str(root))
    with libclaude.Client.from_workspace(base_url=sandbox.url) as client:
        client.messages.create(**ask())
    assert sandbox.requests()[0].header("x-api-key") == CANARY + "-file"
