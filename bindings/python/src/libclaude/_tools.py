"""Tools: functions that a model may call, and the loop that sends, runs them and answers."""

from __future__ import annotations

import inspect
import json
import re
import threading
from collections.abc import Mapping

from ._args import c_text
from ._errors import InvalidRequestError, bad_state, check, invalid, take
from ._ffi import NULL, ffi, lib, text_of
from ._heard import come_out, mine, raised
from ._json import encode
from ._response import as_message
from ._schema import build, hints, object_schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor
    from typing import Any, NoReturn, overload

    from ._base import BaseClient
    from ._claude import CData
    from ._response import Message

_WAIT_MS = 100  # so that Ctrl-C gets through
_SECTION = re.compile(r"^(\w[\w ]*):\s*$")
_PARAMETER = re.compile(r"^\s*(?:\*{0,2}(\w+)(?:\s*\([^)]*\))?|:param (?:\w+ )?(\w+))\s*:\s*(.*)$")


class ToolError(Exception):
    """Raised by a tool to tell the model what went wrong."""


class Tool:
    """A function that a model may call. It can be called as before."""

    def __init__(self, function: Callable[..., Any], param: dict[str, Any], kinds: dict[str, Any]) -> None:
        self.function = function
        self.param = param
        """What the model is told: name, description, input_schema."""
        self._kinds = kinds
        self._schema = encode(param["input_schema"])
        self.__doc__, self.__name__, self.__wrapped__ = function.__doc__, param["name"], function

    @property
    def name(self) -> str:
        """What the model calls it."""
        return str(self.param["name"])

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self.function(*args, **named)

    def run(self, text: bytes) -> Any:
        """Calls it with an input of the model, once that has been checked; what is async is to be awaited."""
        err = ffi.new("claude_error_t **")
        if lib.claude_schema_check(self._schema, len(self._schema), text, len(text), err) < 0:
            raise ToolError(f"the input is not right: {take(err[0]).message}")
        named = json.loads(text)
        return self.function(**{name: build(self._kinds.get(name), value) for name, value in named.items()})

    def __repr__(self) -> str:
        return f"<Tool {self.name}>"


if TYPE_CHECKING:

    @overload
    def tool(
        function: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        input_schema: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Tool: ...

    @overload
    def tool(
        *,
        name: str | None = None,
        description: str | None = None,
        input_schema: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Callable[[Callable[..., Any]], Tool]: ...


def tool(
    function: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    input_schema: Mapping[str, Any] | None = None,
    **more: Any,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Makes a Tool of a function, for tool_runner() and for `tools`: a decorator, with arguments or without.

    What the model is told comes from the function: its name, its docstring, and the annotations of its parameters (str,
    int, float, bool, list, dict, Optional, Literal, Enum, dataclasses, TypedDict). A parameter is described in the
    docstring, under "Args:", or by a text in Annotated. Other arguments are further members: `strict`, `cache_control`.
    """
    if function is None:
        return lambda each: tool(each, name=name, description=description, input_schema=input_schema, **more)
    if not callable(function):
        raise invalid(f"a tool must be a function, not {type(function).__name__}")
    called = name or str(getattr(function, "__name__", type(function).__name__))
    text, described = _documentation(inspect.getdoc(function) or "")
    kinds: dict[str, Any] = {}
    schema: Any = input_schema
    if schema is None:
        kinds, schema = _signature(function, called, described)
    param = {"name": called, "description": description or text, "input_schema": dict(schema), **more}
    return Tool(function, {key: value for key, value in param.items() if value != ""}, kinds)


def _signature(function: Any, called: str, described: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The types of the parameters, and their schema."""
    known = hints(function)
    parameters = inspect.signature(function).parameters.values()
    for each in parameters:
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD, each.POSITIONAL_ONLY):
            raise invalid(f"tool {called}: parameter {each.name} cannot be given by name")
        if each.name not in known:
            raise invalid(f"tool {called}: parameter {each.name} has no annotation")
    kinds = {each.name: known[each.name] for each in parameters}
    optional = {each.name: each.default for each in parameters if each.default is not each.empty}
    schema = object_schema(kinds, optional, f"tool {called}")
    for key, member in schema["properties"].items():
        if key in described:
            member.setdefault("description", described[key])
        if isinstance(optional.get(key), (str, int, float, bool)):
            member.setdefault("default", optional[key])
    return kinds, schema


def _documentation(text: str) -> tuple[str, dict[str, str]]:
    """A docstring's text before its sections, and what it says of the parameters."""
    plain: list[str] = []
    described: dict[str, str] = {}
    section, last = "", ""
    for line in text.splitlines():
        heading = _SECTION.match(line)
        if heading is not None:
            section, last = heading[1], ""
            continue
        found = _PARAMETER.match(line)
        if found is not None and (section in ("Args", "Arguments", "Parameters") or found[2]):
            last = found[1] or found[2]
            described[last] = found[3]
        elif last and line.strip():
            described[last] += f" {line.strip()}"
        elif not section:
            plain.append(line)
    return "\n".join(plain).strip(), described


# ---- results


def result_of(value: Any) -> tuple[bytes, bytes | None]:
    """What a tool has returned as a text, or as a content block."""
    if value is None:
        return b"", None
    if isinstance(value, str):
        return value.encode("utf-8", "replace"), None
    blocks = value if isinstance(value, (list, tuple)) else [value]
    if blocks and all(isinstance(each, Mapping) and isinstance(each.get("type"), str) for each in blocks):
        if all(each["type"] == "text" for each in blocks):
            return "".join(str(each.get("text", "")) for each in blocks).encode("utf-8", "replace"), None
        if len(blocks) == 1:
            return b"", encode(blocks[0])
        raise ToolError("a tool can return a text or one content block, not several")
    return encode(value), None


def problem_of(error: BaseException) -> str:
    """What the model is told of a tool that has failed."""
    return str(error) if isinstance(error, ToolError) else f"{type(error).__name__}: {error}"


class Pending:
    """A call of a tool that waits for its answer."""

    __slots__ = ("id", "input", "name")

    def __init__(self, call_id: bytes, name: str, text: bytes) -> None:
        self.id = call_id
        self.name = name
        self.input = text


class BaseRunner:
    """What the runners have in common. The rules are the library's: claude/runner.h."""

    def __init__(
        self,
        client: BaseClient,
        request: CData,
        tools: Sequence[Tool | Mapping[str, Any]],
        max_turns: int | None,
        flags: int,
    ) -> None:
        out, self._err = ffi.new("claude_runner_t **"), ffi.new("claude_error_t **")
        check(lib.claude_runner_new(client._opened(), request, flags, out, self._err), self._err)
        self._handle: CData = ffi.gc(out[0], lib.claude_py_drop_runner)
        self._client = client
        self._tools = {each.name: each for each in tools if isinstance(each, Tool)}
        self._owner = threading.Lock()
        self._over = False
        for name in self._tools:
            code = lib.claude_runner_on_tool(self._handle, c_text(name, "name"), NULL, NULL, NULL, self._err)
            check(code, self._err)
        if max_turns is not None:
            check(lib.claude_runner_set_max_turns(self._handle, _turns(max_turns), self._err), self._err)

    @property
    def turns(self) -> int:
        """How many messages of the model there have been."""
        return lib.claude_runner_turns(self._handle)

    def _enter(self) -> None:
        if not self._owner.acquire(blocking=False):
            raise bad_state("the runner is in use by another thread or task", lib.CLAUDE_E_BUSY)

    def _step(self, wait_ms: int) -> Message | None:
        """The next message; None if it has not come within the time."""
        observer = self._client._observer
        if observer is None:
            return self._look(wait_ms)
        with observer.steps():
            return self._look(wait_ms)

    def _look(self, wait_ms: int) -> Message | None:
        out = ffi.new("claude_response_t **")
        code = lib.claude_runner_step(self._handle, wait_ms, out, self._err)
        if raised and mine():
            (lib.claude_error_unref if code < 0 else lib.claude_response_unref)((self._err if code < 0 else out)[0])
            come_out()
        if self._client._deprecations is not None:
            self._client._deprecations.tell()
        if code < 0:
            error = take(self._err[0])
            hook = self._client._hook
            raise (hook.failure(error.user_code) if hook is not None else None) or error
        self._over = code == lib.CLAUDE_DONE
        return as_message(out[0]) if code > 0 else None

    def _pending(self) -> list[Pending]:
        call_id, name, text = (ffi.new("const char **") for _ in range(3))
        length = ffi.new("size_t *")
        found: list[Pending] = []
        while lib.claude_runner_pending_at(self._handle, len(found), call_id, name, text, length):
            given = ffi.unpack(text[0], length[0])
            found.append(Pending(ffi.string(call_id[0]), text_of(name[0]) or "", given))
        return found

    def _answer(self, call: Pending, value: Any, error: BaseException | None) -> None:
        block = None
        try:
            text, block = result_of(value) if error is None else (problem_of(error).encode("utf-8", "replace"), None)
        except (ToolError, InvalidRequestError) as problem:
            error, text = problem, problem_of(problem).encode("utf-8", "replace")
        if block is None:
            failed = 0 if error is None else 1
            check(lib.claude_runner_answer(self._handle, call.id, text, len(text), failed, self._err), self._err)
            return
        out = ffi.new("claude_block_t **")
        check(lib.claude_block_json(block, len(block), out, self._err), self._err)
        made = ffi.gc(out[0], lib.claude_block_unref)
        check(lib.claude_runner_answer_block(self._handle, call.id, made, self._err), self._err)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'ended' if self._over else 'running'}, {self.turns} turns>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be pickled or copied")


class ToolRunner(BaseRunner):
    """A conversation with tools: iterating gives each message of the model; its tools are run before the next.

    A tool that fails, that is unknown, or whose input is not right is answered with an error, which the model sees.
    """

    def __init__(
        self,
        client: BaseClient,
        request: CData,
        tools: Sequence[Tool | Mapping[str, Any]],
        max_turns: int | None,
        flags: int,
        executor: Executor | None,
    ) -> None:
        super().__init__(client, request, tools, max_turns, flags)
        for each in self._tools.values():
            if inspect.iscoroutinefunction(each.function):
                raise invalid(f"tool {each.name} is async; use an AsyncClient")
        self._executor = executor

    def __iter__(self) -> Iterator[Message]:
        return self

    def __next__(self) -> Message:
        if self._over:
            raise StopIteration
        self._enter()
        try:
            self._run_tools()
            message = None
            while message is None:
                message = self._step(_WAIT_MS)
            return message
        finally:
            self._owner.release()

    def _run_tools(self) -> None:
        calls = self._pending()
        if self._executor is None:
            outcomes = [self._outcome(call) for call in calls]
        else:
            outcomes = list(self._executor.map(self._outcome, calls))
        for call, (value, error) in zip(calls, outcomes):
            self._answer(call, value, error)

    def _outcome(self, call: Pending) -> tuple[Any, Exception | None]:
        try:
            return self._tools[call.name].run(call.input), None
        except Exception as error:
            return None, error

    def until_done(self) -> Message:
        """Goes on to the end; the last message."""
        message = None
        for each in self:
            message = each
        if message is None:
            message = self._step(0)
        assert message is not None
        return message


def _turns(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise invalid("max_turns must be a number, 0 (no limit) or more")
    return min(int(value), 2**31 - 1)
