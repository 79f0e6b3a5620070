"""Every function with NULL and with handles of every other kind in place of each of its handles.

The prototypes are those of the headers, so that no function can be forgotten. A function that returns a code has to
refuse with CLAUDE_E_INVALID and an error that says something; every other has to come back with nothing; no output is
written, errno stays.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import abi_headers
import pytest
from abi_tools import ROOT
from cffi import FFI

# What may be NULL, by what the documentation says: "function.parameter", or a parameter of any function.
MAY_BE_NULL = set(
    """
    models
    claude_client_from_env.config claude_client_from_workspace.config claude_config_set_secret.secret
    claude_config_set_limiter.limiter claude_limiter_new.config
    claude_response_parse_structured.schema claude_block_validate.request claude_problems_error.problems
    claude_breaker_new.config claude_config_set_breaker.breaker
    claude_failover_new.config claude_config_set_failover.failover
    claude_client_set_snapshot.config
    claude_quota_new.config claude_config_set_quota.quota
    claude_secret_load_with_precedence.runtime
    """.split()
)
# The accessors of events are the hot path, which looks for NULL only.
ONLY_NULL = "claude_event_"
# Only the library makes them: for a callback, and of a call.
KINDS_WITHOUT_OBJECT = {"sign", "attempt", "report", "credential"}
# What a function says of something that is no error, or has none.
CODES = {"claude_error_code": 0, "claude_attempt_code": 0, "claude_report_attempt_code": 0}


@dataclass(frozen=True)
class Parameter:
    type: str
    name: str

    @property
    def kind(self) -> str:
        """ "request" for a claude_request_t *; "" for what is no handle."""
        found = re.fullmatch(r"(?:const )?claude_(\w+)_t \*", self.type)
        return found[1] if found else ""


def parameters(prototype: str) -> list[Parameter]:
    inside = re.search(r"\((.*)\)$", prototype)
    assert inside, prototype
    if inside[1] == "void":
        return []
    found = []
    for text in inside[1].split(","):
        match = re.fullmatch(r"\s*(.*?)(\w+)(\[\])?\s*", text)
        assert match, prototype
        found.append(Parameter(match[1].strip() + (" *" if match[3] else ""), match[2]))
    return found


FUNCTIONS = {function.name: function for function in abi_headers.functions()}
PARAMETERS = {name: parameters(function.prototype) for name, function in FUNCTIONS.items()}


def callbacks() -> list[str]:
    found = []
    for header in abi_headers.all_headers():
        text = re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.DOTALL)
        found += [" ".join(match.split()) for match in re.findall(r"^typedef [^;{]*\(\*[^;]*;", text, re.MULTILINE)]
    return found


def declarations() -> str:
    types = (ROOT / "capi" / "include" / "claude" / "types.h").read_text(encoding="utf-8")
    handles = re.findall(r"^typedef struct \w+ \w+;$", types, re.MULTILINE)
    functions = [f"{function.prototype};" for function in FUNCTIONS.values()]
    return "\n".join([*handles, "typedef int32_t claude_code_t;", *callbacks(), *functions])


class Library:
    def __init__(self, path: pathlib.Path) -> None:
        self.ffi = FFI()
        self.ffi.cdef(declarations())
        self.lib = self.ffi.dlopen(str(path))

    def function(self, name: str) -> Any:
        return getattr(self.lib, name)

    def make(self, kind: str, name: str, *arguments: Any) -> Any:
        out = self.ffi.new(f"claude_{kind}_t **")
        assert self.function(name)(*arguments, out, self.ffi.NULL) == 0, name
        return self.ffi.gc(out[0], self.function(f"claude_{kind}_unref"))


@pytest.fixture(scope="module")
def library(shared: pathlib.Path) -> Library:
    return Library(shared)


@pytest.fixture(scope="module")
def live(library: Library) -> dict[str, Any]:
    """A handle of each kind that can be had without a server."""
    make, nothing = library.make, library.ffi.NULL
    found = {"config": make("config", "claude_config_new")}
    library.lib.claude_config_set(found["config"], b"base_url", b"http://127.0.0.1:9", nothing)
    library.lib.claude_config_set(found["config"], b"auth.style", b"none", nothing)
    library.lib.claude_config_set(found["config"], b"metrics.enabled", b"true", nothing)
    found["client"] = make("client", "claude_client_new", found["config"])
    found["secret"] = make("secret", "claude_secret_new", b"sk-ant-abi-test-not-a-real-key-0000000000", 41)
    found["request"] = make("request", "claude_request_new", b"messages.create")
    found["loop"] = make("loop", "claude_loop_new", found["client"])
    found["response"] = make("response", "claude_response_parse", b"{}", 2)
    found["file"] = make("file", "claude_file_from_bytes", b"x", 1, b"x")
    found["block"] = make("block", "claude_block_text", b"x", 1)
    found["tool"] = make("tool", "claude_tool_simple", b"x", b"y")
    found["metrics"] = make("metrics", "claude_client_metrics", found["client"])
    found["models"] = make("models", "claude_models_builtin")
    assert library.lib.claude_trail_start(1, nothing) == 0
    found["trail"] = make("trail", "claude_trail_read")
    library.lib.claude_trail_stop()
    found["partial"] = make("partial", "claude_partial_new", -1)
    found["text_buffer"] = make("text_buffer", "claude_text_buffer_new", 10, 0, 0)
    found["event"] = make("event", "claude_event_ping")
    found["stream_message"] = make("stream_message", "claude_stream_message_empty")
    found["runner"] = make("runner", "claude_runner_new", found["client"], found["request"], 0)
    found["pages"] = make(
        "pages", "claude_pages_new", found["client"], make("request", "claude_request_new", b"models.list")
    )
    found["batch_builder"] = make("batch_builder", "claude_batch_builder_new")
    found["breaker"] = make("breaker", "claude_breaker_new", nothing)
    found["limiter"] = make("limiter", "claude_limiter_new", nothing)
    found["reservation"] = make("reservation", "claude_limiter_reserve", found["limiter"], b"other", 0, 0)
    found["failover"] = make("failover", "claude_failover_new", found["config"])
    found["health"] = make("health", "claude_health_new", found["client"])
    found["quota"] = make("quota", "claude_quota_new", nothing)
    found["quota_reservation"] = make("quota_reservation", "claude_quota_reserve", found["quota"], b"m", 1, 1)
    found["watcher"] = make("watcher", "claude_watcher_new", b"/nonexistent/config.json", nothing, 0)
    problems = library.ffi.new("claude_problems_t **")
    assert library.lib.claude_request_validate(found["request"], problems, nothing) > 0
    found["problems"] = library.ffi.gc(problems[0], library.lib.claude_problems_unref)
    error = library.ffi.new("claude_error_t **")
    assert library.lib.claude_request_new(b"nonsense", library.ffi.new("claude_request_t **"), error) < 0
    found["error"] = library.ffi.gc(error[0], library.lib.claude_error_unref)
    body = b'{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}]}'
    assert library.lib.claude_request_set_json(found["request"], body, len(body), nothing) == 0
    found["curl"] = make("curl", "claude_curl_command", found["client"], found["request"], 0, nothing)
    found["diagnostics"] = make("diagnostics", "claude_client_diagnostics", found["client"])
    found["selftest"] = make("selftest", "claude_selftest_run", found["client"], 0, nothing, 1000)
    found["call"] = make("call", "claude_client_start", found["client"], found["request"], 0)
    return found


def handles() -> Iterator[tuple[str, int]]:
    for name, given in PARAMETERS.items():
        for index, parameter in enumerate(given):
            if parameter.kind:
                yield name, index


def may_be_null(name: str, parameter: Parameter) -> bool:
    return parameter.name in MAY_BE_NULL or f"{name}.{parameter.name}" in MAY_BE_NULL


class Try:
    """One call of a function, with outputs that must stay as they are."""

    def __init__(self, library: Library, live: dict[str, Any], name: str) -> None:
        self.library, self.live, self.name = library, live, name
        self.outputs: list[tuple[Any, bytes]] = []
        self.error: Any = None
        self.arguments = [self.usual(parameter) for parameter in PARAMETERS[name]]

    def output(self, size: int) -> Any:
        buffer = self.library.ffi.new("char[]", b"\xa5" * size)
        self.outputs.append((buffer, b"\xa5" * size))
        return self.library.ffi.cast("void *", buffer)

    def usual(self, parameter: Parameter) -> Any:
        ffi, kind = self.library.ffi, parameter.type
        if parameter.kind:
            return self.live.get(parameter.kind, ffi.NULL)
        if kind == "claude_error_t **":
            self.error = ffi.new("claude_error_t **")
            return self.error
        if kind.endswith("_fn") or (kind == "void *" and parameter.name == "user_data"):
            return ffi.NULL
        if kind == "const char *":
            return b"1"
        if kind in ("const char *const *", "const claude_block_t *const *", "const size_t *"):
            return ffi.NULL
        if kind == "size_t *" and parameter.name == "len":
            return ffi.NULL  # a text that is not there has the length 0
        if kind.endswith("*"):
            return ffi.cast(kind, self.output(64)) if not kind.startswith("const void") else ffi.NULL
        return 1

    def run(self, index: int, handle: Any) -> Any:
        ffi = self.library.ffi
        self.arguments[index] = handle
        ffi.errno = 4242
        result = self.library.function(self.name)(*self.arguments)
        assert ffi.errno == 4242, "errno"
        for buffer, before in self.outputs:
            assert ffi.buffer(buffer)[: len(before)] == before, "an output was written"
        return result

    def check(self, result: Any) -> None:
        prototype = FUNCTIONS[self.name].prototype
        lib, ffi = self.library.lib, self.library.ffi
        if prototype.startswith("claude_code_t"):
            assert result == CODES.get(self.name, -1), f"returned {result}"
            assert self.error is None or ffi.string(lib.claude_error_message(self.error[0]))
        elif self.error is not None and self.error[0] != ffi.NULL:
            assert lib.claude_error_code(self.error[0]) == -1
        if self.error is not None:
            lib.claude_error_unref(self.error[0])


@pytest.mark.parametrize(("name", "index"), [pytest.param(*case, id=f"{case[0]}-{case[1]}") for case in handles()])
def test_a_function_refuses_what_is_no_handle_of_its_own(
    library: Library, live: dict[str, Any], name: str, index: int
) -> None:
    parameter = PARAMETERS[name][index]
    if not may_be_null(name, parameter):
        attempt = Try(library, live, name)
        attempt.check(attempt.run(index, library.ffi.cast(parameter.type, library.ffi.NULL)))
    if name.startswith(ONLY_NULL):
        return
    for kind, other in live.items():
        if kind == parameter.kind:
            continue
        attempt = Try(library, live, name)
        attempt.check(attempt.run(index, library.ffi.cast(parameter.type, other)))


def test_every_kind_was_tried(live: dict[str, Any]) -> None:
    kinds = {parameter.kind for given in PARAMETERS.values() for parameter in given if parameter.kind}
    assert set(live) == kinds - KINDS_WITHOUT_OBJECT


def test_nothing_was_released_or_changed(library: Library, live: dict[str, Any]) -> None:
    """Runs last: all of them still live, as they were."""
    lib, ffi = library.lib, library.ffi
    assert ffi.string(lib.claude_response_json(live["response"], ffi.NULL)) == b"{}"
    assert ffi.string(lib.claude_endpoint_at(0)).startswith(b"beta.")
    assert lib.claude_error_code(live["error"]) == -1
    assert lib.claude_event_type(live["event"]) == abi_headers.constants()["CLAUDE_EVENT_PING"]
