"""The library as a program sees it that has nothing but the public headers: functions through CFFI's ABI mode, with the
prototypes that stand there.
"""

from __future__ import annotations

import functools
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import abi_headers
from cffi import FFI

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev")).resolve()
NTS = (1 << 64) - 1
PATIENCE_MS = 20000
DONE = 2

FUNCTIONS = [
    *("config_new", "config_set", "config_unref", "client_new", "client_unref", "client_execute", "client_start"),
    *("endpoint_at", "endpoint_text", "error_code", "error_message", "error_http_status", "error_unref"),
    *("request_new", "request_unref", "request_copy", "request_endpoint", "request_set_json", "request_set_header"),
    *("request_set_path", "request_set_query", "request_add_query", "request_set_query_json", "request_add_beta"),
    *("request_add_file", "request_add_form_field", "request_set_option", "file_open", "file_from_bytes"),
    *("file_unref", "response_status", "response_header", "response_json", "response_unref", "call_next", "call_read"),
    *("call_result", "call_unref", "event_view", "event_name", "event_json"),
]
CONSTANTS = abi_headers.constants()


class NativeError(Exception):
    """What a function refused or a call failed with."""

    def __init__(self, code: int, text: str, status: int) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status


def declarations() -> str:
    types = (ROOT / "capi" / "include" / "claude" / "types.h").read_text(encoding="utf-8")
    handles = re.findall(r"^typedef struct \w+ \w+;$", types, re.MULTILINE)
    wanted = {f"claude_{name}" for name in FUNCTIONS}
    found = {function.name: function.prototype for function in abi_headers.functions() if function.name in wanted}
    assert set(found) == wanted, f"not declared: {wanted - set(found)}"
    return "\n".join([*handles, "typedef int32_t claude_code_t;", *(f"{text};" for text in found.values())])


ffi = FFI()
ffi.cdef(declarations())


@functools.cache
def library() -> Any:
    return ffi.dlopen(str(BUILD / "lib" / "libclaude.so"))


def call(name: str, *arguments: Any) -> int:
    """Calls a function whose last parameter is the error; its code, or NativeError."""
    error = ffi.new("claude_error_t **")
    code: int = getattr(library(), f"claude_{name}")(*arguments, error)
    if code >= 0:
        assert error[0] == ffi.NULL
        return code
    failure = NativeError(
        code,
        ffi.string(library().claude_error_message(error[0])).decode(),
        library().claude_error_http_status(error[0]),
    )
    assert library().claude_error_code(error[0]) == code
    library().claude_error_unref(error[0])
    raise failure


def make(kind: str, name: str, *arguments: Any) -> Any:
    """A handle that a function gives; released with the Python object."""
    out = ffi.new(f"claude_{kind}_t **")
    call(name, *arguments, out)
    return ffi.gc(out[0], getattr(library(), f"claude_{kind}_unref"))


def c_text(text: str | bytes | None) -> Any:
    if text is None:
        return ffi.NULL
    return text if isinstance(text, bytes) else text.encode()


def sized(function: Any, handle: Any) -> bytes:
    """Text that comes with its length."""
    size = ffi.new("size_t *")
    found = function(handle, size)
    return bytes(ffi.buffer(found, size[0])) if found != ffi.NULL else b""


def endpoint_names() -> list[str]:
    names: list[str] = []
    while (name := library().claude_endpoint_at(len(names))) != ffi.NULL:
        names.append(ffi.string(name).decode())
    return names


def endpoint_text(name: str | None, what: str | None) -> str | None:
    found = library().claude_endpoint_text(c_text(name), c_text(what))
    return None if found == ffi.NULL else str(ffi.string(found).decode())


class File:
    def __init__(self, content: bytes | Path, name: str | None = None) -> None:
        if isinstance(content, Path):
            self.handle = make("file", "file_open", str(content).encode())
        else:
            self.handle = make("file", "file_from_bytes", content, len(content), c_text(name))


class Request:
    """A request; its functions give it back, so that they can stand in a row."""

    def __init__(self, endpoint: str | None, handle: Any = None) -> None:
        self.handle = handle if handle is not None else make("request", "request_new", c_text(endpoint))

    def _do(self, name: str, *arguments: Any) -> Request:
        assert call(f"request_{name}", self.handle, *arguments) == 0
        return self

    @property
    def endpoint(self) -> str:
        return str(ffi.string(library().claude_request_endpoint(self.handle)).decode())

    def copy(self) -> Request:
        return Request(None, make("request", "request_copy", self.handle))

    def path(self, name: str | None, value: str | bytes | None) -> Request:
        return self._do("set_path", c_text(name), c_text(value))

    def set_query(self, name: str, value: str | None) -> Request:
        return self._do("set_query", c_text(name), c_text(value))

    def query(self, name: str | bytes, value: str | bytes) -> Request:
        return self._do("add_query", c_text(name), c_text(value))

    def query_json(self, value: Any) -> Request:
        text = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self._do("set_query_json", text, len(text))

    def beta(self, name: str) -> Request:
        return self._do("add_beta", c_text(name))

    def body(self, text: bytes) -> Request:
        return self._do("set_json", text, len(text))

    def header(self, name: str, value: str | None) -> Request:
        return self._do("set_header", c_text(name), c_text(value))

    def option(self, name: str, value: str) -> Request:
        return self._do("set_option", c_text(name), c_text(value))

    def file(self, field_name: str, file: File, filename: str | None = None, media_type: str | None = None) -> Request:
        return self._do("add_file", c_text(field_name), file.handle, c_text(filename), c_text(media_type))

    def field(self, name: str, value: str) -> Request:
        return self._do("add_form_field", c_text(name), c_text(value), NTS)


@dataclass
class Answer:
    """A response, taken apart."""

    status: int
    content_type: str
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Event:
    type: int
    name: str
    json: bytes
    text: bytes


@dataclass
class Streamed:
    """What came of a call that was started with CLAUDE_STREAM."""

    events: list[Event] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    result: Answer | None = None


class Client:
    def __init__(self, url: str, key: str | None, **options: str) -> None:
        self.config = make("config", "config_new")
        settings = {"base_url": url, **options} if key is None else {"base_url": url, "api_key": key, **options}
        for name, value in settings.items():
            call("config_set", self.config, c_text(name), c_text(value))
        self.handle = make("client", "client_new", self.config)

    def execute(self, request: Request) -> Answer:
        return self._answer(make("response", "client_execute", self.handle, request.handle))

    def start(self, request: Request) -> Any:
        return make("call", "client_start", self.handle, request.handle, CONSTANTS["CLAUDE_STREAM"])

    def events(self, request: Request) -> Streamed:
        """All events of a stream, and its result."""
        started = self.start(request)
        streamed = Streamed(events=list(self._events(started)))
        streamed.result = self._answer(make("response", "call_result", started))
        return streamed

    def read(self, request: Request, size: int) -> Streamed:
        """The bytes of an answer in pieces of at most `size`."""
        started = self.start(request)
        streamed = Streamed()
        room = ffi.new("char[]", size)
        got = ffi.new("size_t *")
        while call("call_read", started, room, size, PATIENCE_MS, got) != DONE:
            streamed.chunks.append(bytes(ffi.buffer(room, got[0])))
        return streamed

    @staticmethod
    def _answer(response: Any) -> Answer:
        content_type = library().claude_response_header(response, b"content-type")
        return Answer(
            status=library().claude_response_status(response),
            content_type=ffi.string(content_type).decode() if content_type != ffi.NULL else "",
            body=sized(library().claude_response_json, response),
        )

    @staticmethod
    def _events(started: Any) -> Iterator[Event]:
        event = ffi.new("const claude_event_t **")
        kind, index = ffi.new("int32_t *"), ffi.new("int32_t *")
        text, size = ffi.new("const char **"), ffi.new("size_t *")
        while call("call_next", started, PATIENCE_MS, event) != DONE:
            assert library().claude_event_view(event[0], kind, index, text, size) == 1
            yield Event(
                type=kind[0],
                name=ffi.string(library().claude_event_name(event[0])).decode(),
                json=sized(library().claude_event_json, event[0]),
                text=bytes(ffi.buffer(text[0], size[0])) if text[0] != ffi.NULL else b"",
            )
