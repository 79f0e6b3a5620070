"""Query parameters: one by one, and from JSON as the official SDK writes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
from anthropic._qs import Querystring
from native import CONSTANTS, Client, NativeError, Request

if TYPE_CHECKING:
    from sandbox import Sandbox

Pairs = list[tuple[str, str]]
INVALID = CONSTANTS["CLAUDE_E_INVALID"]
NASTY = "a&b=c#d%41+ ?;/\\ü→😀\"'<>[]{}|^`\t"


@pytest.fixture(autouse=True)
def _echo(sandbox: Sandbox) -> None:
    sandbox.scenario({"echo": True})


def sent(client: Client, request: Request) -> Pairs:
    target = client.execute(request).json()["target"]
    path, mark, query = target.partition("?")
    assert path == "/v1/files"
    assert bool(mark) == bool(query)
    return parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")


def files() -> Request:
    return Request("files.list")


def test_none(plain: Client) -> None:
    assert sent(plain, files()) == []


def test_one_by_one(plain: Client) -> None:
    request = files().query("a", "1").query("b", "").query("a", "2").query(NASTY, NASTY)
    assert sent(plain, request) == [("a", "1"), ("b", ""), ("a", "2"), (NASTY, NASTY)]
    request.set_query("a", "3")
    assert sent(plain, request) == [("b", ""), (NASTY, NASTY), ("a", "3")]
    request.set_query(NASTY, None).set_query("not there", None)
    assert sent(plain, request) == [("b", ""), ("a", "3")]
    assert sent(plain, request.copy().set_query("a", None)) == [("b", "")]
    assert sent(plain, request) == [("b", ""), ("a", "3")], "the copy is one of its own"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"limit": 10, "page": "page_x", "flag": True, "off": False},
        {"ids": ["a", "b c", NASTY]},
        {"created_at": {"gte": "2026-01-01T00:00:00+00:00", "lt": "2026-02-01T00:00:00Z"}},
        {"a": {"b": {"c": ["d", "e"], "f": True}}},
        {"a": [{"b": 1}, {"b": 2, "c": 3}]},
        {"a": [["b", "c"], ["d"]]},
        {NASTY: {NASTY: [NASTY]}},
        {"empty": [], "nothing": {}, "text": ""},
        {"a": None, "b": [None, "x"], "c": {"d": None}, "e": 1},
        {"big": 12345678901234567890, "negative": -5, "fraction": 0.5},
    ],
    ids=json.dumps,
)
def test_json_as_the_official_sdk_writes_it(plain: Client, value: dict[str, Any]) -> None:
    writer = Querystring(array_format="brackets", nested_format="brackets")
    wanted = parse_qsl(writer.stringify(value), keep_blank_values=True)
    assert sent(plain, files().query_json(value)) == wanted


def test_json_is_sent_as_it_is_spelled(plain: Client) -> None:
    request = files().query_json(b'{"a":1.50E+2, "b":"\\u00fc\\ud83d\\ude00", "a":[true]}')
    assert sent(plain, request) == [("a", "1.50E+2"), ("b", "ü😀"), ("a[]", "true")]


def test_json_takes_the_place_of_what_was(plain: Client) -> None:
    request = files().query("a", "1").query_json({"b": 2})
    assert sent(plain, request) == [("b", "2")]
    assert sent(plain, request.query("c", "3")) == [("b", "2"), ("c", "3")]
    assert sent(plain, request.query_json({})) == []


def test_how_deep(plain: Client) -> None:
    def nested(levels: int) -> Any:
        return {"a": nested(levels - 1)} if levels > 0 else "x"

    assert sent(plain, files().query_json(nested(8))) == [("a" + "[a]" * 7, "x")]
    with pytest.raises(NativeError, match="nested deeper than 8"):
        files().query_json(nested(9))


@pytest.mark.parametrize(
    "bad", [b"", b"[]", b"1", b'"a"', b"null", b'{"a":', b'{"a":"\xff"}', b'{"a":"\\ud800"}', b"{} x"]
)
def test_json_that_is_refused(plain: Client, bad: bytes) -> None:
    request = files()
    with pytest.raises(NativeError) as caught:
        request.query_json(bad)
    assert caught.value.code == INVALID


@pytest.mark.parametrize(("name", "value"), [("", "x"), (b"\xff", "x"), ("a", b"\xff"), ("a", "x" * 9000)])
def test_what_is_refused(name: str | bytes, value: str | bytes) -> None:
    with pytest.raises(NativeError):
        files().query(name, value)
