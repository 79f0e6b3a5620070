"""Bad input gives an error that names the field and the problem, before anything is sent."""

from __future__ import annotations

import copy
import datetime
import pickle
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, ask
from libclaude._args import milliseconds

if TYPE_CHECKING:
    from sandbox import Sandbox


def user(content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}]}


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": ...}, ["model is missing"]),
        ({"max_tokens": ...}, ["max_tokens is missing"]),
        ({"messages": ...}, ["messages is missing"]),
        ({"model": ""}, ["model"]),
        ({"max_tokens": -1}, ["max_tokens"]),
        ({"messages": "hi"}, ["messages"]),
        (user(datetime.date(2026, 1, 1)), ["messages[0].content is of type date"]),
        (user([{"type": "text", "text": b"bytes"}]), ["messages[0].content[0].text is of type bytes"]),
        ({"metadata": {"a": {1, 2}}}, ["metadata.a is of type set"]),
        ({"metadata": {("a", "b"): 1}}, ["metadata has a name of type tuple"]),
        ({"temperature": float("nan")}, ["temperature is not a finite number"]),
        ({"tools": [{"x": [0, float("-inf")]}]}, ["tools[0].x[1] is not a finite number"]),
        (user("abc\ud83dd"), ["messages[0].content has a lone surrogate (U+D83D) at character 3"]),
        ({"metadata": {"\udc00": 1}}, ["a name in metadata has a lone surrogate (U+DC00) at character 0"]),
        ({"metadata": CIRCLE}, ["metadata[0] contains itself"]),
        ({"stream": 1, "options": {"no.such": "x"}}, ["no.such"]),
        ({"options": {"timeout.idle": "5"}}, ["timeout.idle", "timeout.idle_ms"]),
        ({"options": {"base_url": "http://127.0.0.1"}}, ["base_url"]),
        ({"options": {"timeout.idle_ms": "soon"}}, ["timeout.idle_ms"]),
        ({"options": {"beta": "a\0b"}}, ["option beta has a NUL character at character 1"]),
        ({"options": {"beta": ["a"]}}, ["option beta must be a str, not list"]),
        ({"options": ["a"]}, ["options must be a mapping, not list"]),
        ({"extra_headers": [("a", "b")]}, ["extra_headers must be a mapping, not list"]),
        ({"extra_headers": {"x-a": 5}}, ["header x-a must be a str, not int"]),
        ({"extra_headers": {"x-a": "b\r\nx-evil: 1"}}, ["x-a"]),
        ({"extra_headers": {"x a": "b"}}, ["header name", "offset 1"]),
        ({"extra_headers": {"x-a": "a\0b"}}, ["header x-a has a NUL"]),
        ({"timeout": 0}, ["timeout is 0; it must be more than 0"]),
        ({"timeout": -1.5}, ["timeout is -1.5"]),
        ({"timeout": float("nan")}, ["timeout is nan"]),
        ({"timeout": float("inf")}, ["timeout is inf"]),
        ({"timeout": "5"}, ["timeout must be a number of seconds, not str"]),
        ({"timeout": True}, ["timeout must be a number of seconds, not bool"]),
    ],
)
def test_requests(client: libclaude.Client, sandbox: Sandbox, change: dict[str, Any], words: list[str]) -> None:
    arguments = {name: value for name, value in {**ask(), **change}.items() if value is not ...}
    with pytest.raises(libclaude.InvalidRequestError) as caught:
        client.messages.create(**arguments)
    for word in words:
        assert word in caught.value.message
    assert caught.value.code == -1
    assert caught.value.category == "InvalidArgument"
    assert sandbox.counts()[0] == 0


def test_a_stream_is_checked_too(client: libclaude.Client, sandbox: Sandbox) -> None:
    with pytest.raises(libclaude.InvalidRequestError, match="model is missing"):
        client.messages.stream(max_tokens=1, messages=[]).__enter__()
    with pytest.raises(libclaude.InvalidRequestError, match="is of type object"):
        client.messages.stream(**ask(), metadata=object())
    with pytest.raises(libclaude.InvalidRequestError, match="stream"):
        client.messages.stream(**ask(), stream=False).__enter__()
    assert sandbox.counts()[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"api_key": ""}, "API key"),
        ({"api_key": "wrong-0123456789-0123456789"}, "sk-ant-"),
        ({"api_key": "sk-ant-short"}, "20 to 512"),
        ({"api_key": CANARY + "\r\nx-evil: 1"}, "API key"),
        ({"api_key": CANARY + "\ud800"}, "API key"),
        ({"api_key": b"bytes"}, "API key must be a str, not bytes"),
        ({"base_url": "ftp://example.com"}, "base_url"),
        ({"base_url": "api.example.com"}, "base_url"),
        ({"base_url": "https://me:secret@example.com"}, "base_url"),
        ({"base_url": "http://example.com"}, "allow_http"),
        ({"timeout": 0}, "timeout"),
        ({"config": {"retry.everything": 1}}, "retry.everything"),
        ({"config": {"timeout": {"idle_ms": -5}}}, "idle_ms"),
        ({"config": {"auth.style": object()}}, "auth.style is of type object"),
        ({"config": 5}, "config must be a mapping, not int"),
        ({"headers": {"x-a": "b\nc"}}, "x-a"),
        ({"headers": {"x-api-key": "mine"}}, "x-api-key"),
        ({"headers": 5}, "headers must be a mapping, not int"),
        ({"sign": "callable"}, "sign must be callable, not str"),
    ],
)
def test_clients(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(libclaude.InvalidRequestError) as caught:
        libclaude.Client(**{"api_key": CANARY, **arguments})
    assert words in caught.value.message
    assert CANARY not in repr(caught.value)


def test_a_short_timeout_is_not_taken_for_none() -> None:
    # 0 ms would mean no limit.
    assert [milliseconds(seconds) for seconds in (0.0001, 0.001, 1, 86400)] == [1, 1, 1000, 86400000]


def test_no_key() -> None:
    for make in (libclaude.Client, libclaude.Client.from_env):
        with pytest.raises(libclaude.NoKeyError) as caught:
            make()
        assert caught.value.category == "Authentication"


def test_the_environment_of_a_client_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "nonsense")
    with pytest.raises(libclaude.InvalidRequestError, match="ANTHROPIC_BASE_URL"):
        libclaude.Client.from_env()


def test_use_after_close(sandbox: Sandbox) -> None:
    client = libclaude.Client(CANARY, base_url=sandbox.url)
    messages = client.messages
    manager = messages.stream(**ask())
    client.close()
    client.close()
    assert repr(client) == "<Client closed>"
    for use in (
        lambda: client.messages.create(**ask()),
        lambda: messages.count_tokens(**ask()),
        lambda: client.messages.create(stream=True, **ask()),
        manager.__enter__,
    ):
        with pytest.raises(libclaude.InvalidStateError, match="the client has been closed"):
            use()
    assert sandbox.counts()[0] == 0


def test_pickling_is_refused(client: libclaude.Client) -> None:
    message = client.messages.create(**ask())
    secret = libclaude.Secret(CANARY)
    with client.messages.stream(**ask()) as stream:
        things = (client, message, secret, stream, client.messages.stream(**ask()))
        for thing in things:
            for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
                with pytest.raises(TypeError, match="cannot be pickled"):
                    attempt(thing)


def test_decoded_parts_can_be_pickled(client: libclaude.Client) -> None:
    content = client.messages.create(**ask("keep")).content
    again = pickle.loads(pickle.dumps(content))
    assert again == content
    assert again[0].text == "Echo: keep"
    assert copy.deepcopy(content) == content
    usage = client.messages.create(**ask()).usage
    assert pickle.loads(pickle.dumps(usage)).input_tokens == usage.input_tokens
