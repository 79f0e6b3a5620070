"""Settings of single calls and of copies of a client, and endpoints called by name."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, MODEL, ask

if TYPE_CHECKING:
    from sandbox import Sandbox


def test_settings_of_a_copy(client: libclaude.Client, sandbox: Sandbox) -> None:
    blue = client.with_options(headers={"x-team": "blue", "x-both": "copy"}, options={"beta": "one"})
    red = blue.with_options(headers={"x-team": "red"})
    assert type(red) is libclaude.Client
    blue.messages.create(**ask())
    red.messages.create(**ask(), extra_headers={"x-both": "call"}, options={"beta": "two"})
    red.messages.create(**ask(), extra_headers={"x-team": None})
    client.messages.create(**ask())
    sent = [tuple(map(request.header, ("x-team", "x-both", "anthropic-beta"))) for request in sandbox.requests()]
    assert sent == [("blue", "copy", "one"), ("red", "call", "two"), (None, "copy", "one"), (None, None, None)]
    assert sandbox.counts() == (4, 1), "they share connections"


def test_timeouts_of_a_copy(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario({"delay_ms": 3600000})
    hasty = client.with_options(timeout=0.05)
    with pytest.raises(libclaude.APITimeoutError, match="within 50 ms"):
        hasty.messages.create(**ask())
    with pytest.raises(libclaude.APITimeoutError, match="first_byte_ms"):
        hasty.messages.stream(**ask()).__enter__()
    with pytest.raises(libclaude.APITimeoutError, match="within 60 ms"):
        hasty.with_options(timeout=20).messages.create(timeout=0.06, **ask())


def test_each_copy_is_closed_for_itself(client: libclaude.Client) -> None:
    with client.with_options(timeout=5) as other:
        assert other.messages.create(**ask("one")).text == "Echo: one"
    with pytest.raises(libclaude.InvalidStateError):
        other.messages.create(**ask())
    assert client.messages.create(**ask("two")).text == "Echo: two"


def test_a_loop_has_the_settings_of_its_client(client: libclaude.Client, sandbox: Sandbox) -> None:
    with libclaude.Loop(client.with_options(headers={"x-team": "blue"})) as loop:
        loop.submit(0, **ask())
        while len(loop):
            assert loop.wait(20)
            while loop.next():
                pass
    assert sandbox.requests()[0].header("x-team") == "blue"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"timeout": 0}, "timeout is 0"),
        ({"timeout": "5"}, "timeout must be a number"),
        ({"options": {"no.such": 1}}, "no.such"),
        ({"options": {"base_url": "http://127.0.0.1"}}, "base_url"),
        ({"headers": {"x-a": "b\nc"}}, "x-a"),
        ({"headers": ["x-a"]}, "must be a mapping, not list"),
    ],
)
def test_bad_settings(client: libclaude.Client, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(libclaude.InvalidRequestError, match=words):
        client.with_options(**settings)


def test_a_copy_of_a_client_for_asyncio(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with libclaude.AsyncClient(CANARY, base_url=sandbox.url) as client:
            for _ in range(2):
                blue = client.with_options(headers={"x-team": "blue"})
                assert (await blue.messages.create(**ask("hi"))).text == "Echo: hi"
                del blue
            await client.messages.create(**ask())

    asyncio.run(main())
    assert [request.header("x-team") for request in sandbox.requests()] == ["blue", "blue", None]
    assert sandbox.counts() == (3, 1), "they share connections"


# ---- endpoints by name ----


def test_request(client: libclaude.Client, sandbox: Sandbox) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
    count = client.request("messages.count_tokens", body, extra_headers={"x-team": "blue"})
    assert count.input_tokens > 0
    models = client.request("models.list")
    assert models.data[0].type == "model"
    message = client.request("messages.create", ask("by name"), timeout=20, options={"beta": "one"})
    assert isinstance(message, libclaude.Message)
    assert message.text == "Echo: by name"
    with client.request("messages.create", ask("streamed"), stream=True) as stream:
        assert "".join(stream.text_stream) == "Echo: streamed"
    first, second, third, fourth = sandbox.requests()
    assert [each.target.partition("?")[0] for each in (first, second, third)] == [
        "/v1/messages/count_tokens",
        "/v1/models",
        "/v1/messages",
    ]
    assert second.method == "GET"
    assert second.body == b""
    assert first.header("x-team") == "blue"
    assert third.header("anthropic-beta") == "one"
    assert fourth.json()["stream"] is True


def test_json_is_sent_as_it_is(client: libclaude.Client, sandbox: Sandbox) -> None:
    body = json.dumps(ask("as it is"), indent=3).encode() + b"\n "
    assert client.request("messages.create", body).text == "Echo: as it is"
    assert sandbox.requests()[0].body == body


def test_request_for_asyncio(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with libclaude.AsyncClient(CANARY, base_url=sandbox.url) as client:
            assert (await client.request("models.list")).data[0].type == "model"
            assert (await client.request("messages.create", ask("by name"))).text == "Echo: by name"
            async with await client.request("messages.create", ask("streamed"), stream=True) as stream:
                assert stream.status == 200
                assert stream.request_id
                assert [text async for text in stream.text_stream]
                assert (await stream.get_final_message()).request_id == stream.request_id
            with pytest.raises(libclaude.InvalidRequestError, match="nonsense"):
                await client.request("nonsense")
            raw = await client.messages.with_raw_response.create(**ask("raw"))
            assert raw.parse().raw == raw.content
            raw = await client.messages.with_raw_response.count_tokens(model=MODEL, messages=ask()["messages"])
            assert raw.parse().input_tokens > 0

    asyncio.run(main())


@pytest.mark.parametrize(
    ("endpoint", "body", "words"),
    [
        ("messages.creat", None, "messages.creat"),
        ("messages\0", None, "the name of an endpoint has a NUL character at character 8"),
        ("\ud800", None, "the name of an endpoint has a lone surrogate"),
        (None, None, "the name of an endpoint must be a str, not NoneType"),
        ("messages.create", None, "model is missing"),
        ("messages.create", [1], "object"),
        ("messages.create", "text", "object"),
        ("messages.create", b'{"model": NaN}', "offset 10"),
        ("messages.create", b'{"model": "\xff"}', "UTF-8"),
        ("messages.create", object(), "the request is of type object"),
        ("models.list", {"a": 1}, "body"),
    ],
)
def test_bad_requests(client: libclaude.Client, sandbox: Sandbox, endpoint: Any, body: Any, words: str) -> None:
    with pytest.raises(libclaude.InvalidRequestError, match=words):
        client.request(endpoint, body)
    assert sandbox.counts()[0] == 0
