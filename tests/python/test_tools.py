"""Tools out of functions, and the loop that runs them."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypedDict, Union

import libclaude
import pytest
from claudetest import CANARY, ask
from libclaude import Tool, ToolError, tool

if TYPE_CHECKING:
    from sandbox import Sandbox

try:
    from typing import Annotated
except ImportError:  # pragma: no cover
    from typing import Annotated


class Unit(Enum):
    CELSIUS = "c"
    FAHRENHEIT = "f"


@dataclass
class Place:
    city: str
    lines: list[int] = field(default_factory=list)


class Range(TypedDict, total=False):
    low: float
    high: float


@tool
def weather(
    place: Place,
    unit: Unit,
    mode: Literal["fast", "slow"],
    days: int = 3,
    limits: Optional[Range] = None,  # noqa: UP045 (as it is written for Python 3.9)
    notes: Annotated[dict[str, str], "what to think of"] = {},  # noqa: B006
    exact: bool = False,
) -> str:
    """Tells the weather.

    Of today and later.

    Args:
        place: where
            it is wanted
        days (int): how many

    Returns:
        words
    """
    return f"{place!r} {unit!r} {mode} {days} {limits} {notes} {exact}"


def test_what_the_model_is_told() -> None:
    assert isinstance(weather, Tool)
    assert weather.param["name"] == "weather"
    assert weather.param["description"] == "Tells the weather.\n\nOf today and later."
    schema = weather.param["input_schema"]
    place = schema["properties"]["place"]
    assert schema["required"] == ["place", "unit", "mode"]
    assert schema["additionalProperties"] is False
    assert place == {
        "type": "object",
        "properties": {"city": {"type": "string"}, "lines": {"type": "array", "items": {"type": "integer"}}},
        "required": ["city"],
        "additionalProperties": False,
        "description": "where it is wanted",
    }
    assert {name: member for name, member in schema["properties"].items() if name != "place"} == {
        "unit": {"type": "string", "enum": ["c", "f"]},
        "mode": {"type": "string", "enum": ["fast", "slow"]},
        "days": {"type": "integer", "description": "how many", "default": 3},
        "limits": {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {"low": {"type": "number"}, "high": {"type": "number"}},
                    "required": [],
                    "additionalProperties": False,
                },
                {"type": "null"},
            ]
        },
        "notes": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "what to think of",
        },
        "exact": {"type": "boolean", "default": False},
    }


def test_values_of_the_types() -> None:
    said = weather.run(b'{"place":{"city":"Ulm","lines":[1]},"unit":"f","mode":"fast","limits":{"low":1.5}}')
    assert said == f"{Place('Ulm', [1])!r} {Unit.FAHRENHEIT!r} fast 3 {{'low': 1.5}} {{}} False"
    assert weather(Place("Ulm"), Unit.CELSIUS, "slow", exact=True).endswith("True")
    with pytest.raises(ToolError, match=r"the input is not right: .*/mode"):
        weather.run(b'{"place":{"city":"Ulm"},"unit":"f","mode":"other"}')


def test_decorators_with_arguments() -> None:
    @tool(name="other", description="Does it.", strict=True)
    def function(a: Union[int, str], b: list[Any], c: Any = None) -> None: ...  # noqa: UP007

    assert function.param == {
        "name": "other",
        "description": "Does it.",
        "input_schema": {
            "type": "object",
            "properties": {
                "a": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
                "b": {"type": "array", "items": {}},
                "c": {},
            },
            "required": ["a", "b"],
            "additionalProperties": False,
        },
        "strict": True,
    }
    made = tool(lambda **_: "x", name="free", input_schema={"type": "object"})
    assert made.param == {"name": "free", "input_schema": {"type": "object"}}
    assert repr(made) == "<Tool free>"


def test_functions_that_cannot_be_tools() -> None:
    def bare(a) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001
    def starred(*a: int) -> None: ...
    def strange(a: threading.Lock) -> None: ...
    def misspelled(a: nothing) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    wrong: list[tuple[Any, str]] = [
        (bare, "tool bare: parameter a has no annotation"),
        (starred, "tool starred: parameter a cannot be given by name"),
        (strange, "tool strange.a: there is no JSON Schema for"),
        (misspelled, "the annotations of .*misspelled cannot be understood"),
        (5, "a tool must be a function, not int"),
    ]
    for function, words in wrong:
        with pytest.raises(libclaude.InvalidRequestError, match=words):
            tool(function)


# ---- the loop


def message(stop: str, *content: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "body_json": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-opus-5",
            "content": list(content),
            "stop_reason": stop,
            "usage": {"input_tokens": 1, "output_tokens": 1},
            **more,
        }
    }


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def use(call_id: str, tool_name: str, **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": tool_name, "input": given}


DONE = message("end_turn", text("done"))


@tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


@tool
def fail(how: str) -> str:
    """Fails."""
    if how == "told":
        raise ToolError("no such thing")
    raise ValueError(how)


Turns = list[libclaude.Message]
Way = "Callable[..., Turns]"


def in_turn(sandbox: Sandbox, tools: list[Any], **more: Any) -> Turns:
    with libclaude.Client(CANARY, base_url=sandbox.url) as client:
        return list(client.messages.tool_runner(tools=tools, **ask(), **more))


def in_asyncio(sandbox: Sandbox, tools: list[Any], **more: Any) -> Turns:
    async def main() -> Turns:
        async with libclaude.AsyncClient(CANARY, base_url=sandbox.url) as client:
            return [each async for each in client.messages.tool_runner(tools=tools, **ask(), **more)]

    return asyncio.run(asyncio.wait_for(main(), 20))


both = pytest.mark.parametrize("way", [in_turn, in_asyncio])


def results(sandbox: Sandbox, request: int = -1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.requests()[request].json()["messages"][-1]["content"]
    return found


@both
def test_a_conversation(way: Any, sandbox: Sandbox) -> None:
    calls = [use("t1", "add", a=1, b=2), use("t2", "add", a=3, b=4)]
    sandbox.scenario({"sequence": [message("tool_use", text("Let me see."), *calls), DONE]})
    turns = way(sandbox, [add])
    assert [each.stop_reason for each in turns] == ["tool_use", "end_turn"]
    assert turns[-1].text == "done"
    first, second = (sent.json() for sent in sandbox.requests())
    assert first["tools"] == [add.param]
    assert [each["role"] for each in second["messages"]] == ["user", "assistant", "user"]
    assert second["messages"][1]["content"] == [text("Let me see."), *calls]
    assert [(each["tool_use_id"], each["content"], each.get("is_error")) for each in results(sandbox)] == [
        ("t1", "3", None),
        ("t2", "7", None),
    ]


@both
def test_tools_that_fail(way: Any, sandbox: Sandbox) -> None:
    calls = [
        use("t1", "fail", how="told"),
        use("t2", "fail", how="a value"),
        use("t3", "nobody"),
        use("t4", "add", a="x", b=2),
        use("t5", "add", a=1, b=2),
    ]
    sandbox.scenario({"sequence": [message("tool_use", *calls), DONE]})
    way(sandbox, [add, fail])
    told = {each["tool_use_id"]: (each.get("is_error"), each["content"]) for each in results(sandbox)}
    assert told["t1"] == (True, "no such thing")
    assert told["t2"] == (True, "ValueError: a value")
    assert told["t3"][0] is True
    assert "nobody" in str(told["t3"][1])
    assert told["t4"][0] is True
    assert "/a" in told["t4"][1]
    assert told["t5"] == (None, "3")


@both
def test_what_tools_may_return(way: Any, sandbox: Sandbox) -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    values: dict[str, Any] = {
        "text": "Grüße",
        "nothing": None,
        "number": 1.5,
        "object": {"a": [1]},
        "block": image,
        "texts": [text("a"), text("b")],
        "several": [text("a"), image],
        "unsayable": {"a": object()},
    }

    @tool
    def give(what: str) -> Any:
        return values[what]

    sandbox.scenario({"sequence": [message("tool_use", *(use(name, "give", what=name) for name in values)), DONE]})
    way(sandbox, [give])
    told = {each["tool_use_id"]: (each.get("is_error"), each["content"]) for each in results(sandbox)}
    assert told.pop("several") == (True, "a tool can return a text or one content block, not several")
    assert told["unsayable"][0] is True
    assert "type object" in told.pop("unsayable")[1]
    assert told == {
        "text": (None, "Grüße"),
        "nothing": (None, ""),
        "number": (None, "1.5"),
        "object": (None, '{"a":[1]}'),
        "block": (None, [image]),
        "texts": (None, "ab"),
    }


@both
def test_pauses_containers_and_refusals(way: Any, sandbox: Sandbox) -> None:
    paused = message("pause_turn", text("wait"), container={"id": "c_1", "expires_at": "2027-01-01T00:00:00Z"})
    refused = message("refusal", use("t1", "add", a=1, b=2))
    sandbox.scenario({"sequence": [paused, refused]})
    turns = way(sandbox, [add])
    assert [each.stop_reason for each in turns] == ["pause_turn", "refusal"]
    second = sandbox.requests()[1].json()
    assert second["container"] == "c_1"
    assert [each["role"] for each in second["messages"]] == ["user", "assistant"]
    assert sandbox.counts()[0] == 2


@both
def test_most_turns(way: Any, sandbox: Sandbox) -> None:
    sandbox.scenario(message("tool_use", use("t1", "add", a=1, b=2)))
    with pytest.raises(libclaude.ClaudeError) as caught:
        way(sandbox, [add], max_turns=2)
    assert (caught.value.name, caught.value.error_code) == ("CLAUDE_E_LIMIT", "max_turns")
    assert sandbox.counts()[0] == 2
    with pytest.raises(libclaude.InvalidRequestError, match="max_turns must be a number"):
        way(sandbox, [add], max_turns=-1)


@both
def test_calls_that_fail(way: Any, sandbox: Sandbox) -> None:
    sandbox.scenario({"status": 529})
    with pytest.raises(libclaude.OverloadedError):
        way(sandbox, [add])


@both
def test_tools_of_the_server(way: Any, sandbox: Sandbox) -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    sandbox.scenario(DONE)
    way(sandbox, [search, add], extra_headers={"x-team": "red"}, betas=["b-1"])
    assert sandbox.requests()[0].json()["tools"] == [search, add.param]
    assert sandbox.requests()[0].header("x-team") == "red"
    assert sandbox.requests()[0].header("anthropic-beta") == "b-1"


def test_going_on_after_a_failed_call(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario({"sequence": [message("tool_use", use("t1", "add", a=1, b=2)), {"status": 500}, DONE]})
    runner = client.messages.tool_runner(tools=[add], **ask())
    assert next(runner).stop_reason == "tool_use"
    with pytest.raises(libclaude.InternalServerError):
        next(runner)
    assert runner.until_done().text == "done"
    assert runner.until_done().text == "done"
    assert repr(runner) == "<ToolRunner ended, 2 turns>"
    assert results(sandbox)[0]["content"] == "3"


def test_tools_together(client: libclaude.Client, sandbox: Sandbox) -> None:
    meeting = threading.Barrier(3, timeout=10)

    @tool
    def meet(name: str) -> str:
        meeting.wait()
        return name

    sandbox.scenario({"sequence": [message("tool_use", *(use(name, "meet", name=name) for name in "abc")), DONE]})
    with ThreadPoolExecutor(3) as executor:
        client.messages.tool_runner(tools=[meet], executor=executor, **ask()).until_done()
    assert [each["content"] for each in results(sandbox)] == ["a", "b", "c"]


def test_async_tools_together(sandbox: Sandbox) -> None:
    arrived: list[str] = []

    @tool
    async def meet(name: str) -> str:
        arrived.append(name)
        while len(arrived) < 3:
            await asyncio.sleep(0)
        return name

    sandbox.scenario({"sequence": [message("tool_use", *(use(name, "meet", name=name) for name in "abc")), DONE]})
    in_asyncio(sandbox, [meet])
    assert [each["content"] for each in results(sandbox)] == ["a", "b", "c"]
    with pytest.raises(libclaude.InvalidRequestError, match="tool meet is async; use an AsyncClient"):
        in_turn(sandbox, [meet])


def test_an_interrupted_tool(client: libclaude.Client, sandbox: Sandbox) -> None:
    attempts: list[int] = []

    @tool
    def stop() -> str:
        attempts.append(1)
        if len(attempts) == 1:
            raise KeyboardInterrupt
        return "well"

    sandbox.scenario({"sequence": [message("tool_use", use("t1", "stop")), DONE]})
    runner = client.messages.tool_runner(tools=[stop], **ask())
    next(runner)
    with pytest.raises(KeyboardInterrupt):
        next(runner)
    assert runner.until_done().text == "done"
    assert results(sandbox)[0]["content"] == "well"


def test_a_task_that_is_cancelled(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with libclaude.AsyncClient(CANARY, base_url=sandbox.url) as client:
            runner = client.messages.tool_runner(tools=[add], **ask())
            task = asyncio.ensure_future(runner.until_done())
            while not sandbox.counts()[0]:
                await asyncio.sleep(0.001)
            with pytest.raises(libclaude.InvalidStateError, match="in use by another thread or task"):
                await runner.until_done()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    sandbox.scenario({"delay_ms": 600000})
    asyncio.run(asyncio.wait_for(main(), 20))
