"""Answers: read-only, decoded when first looked into."""

from __future__ import annotations

from collections.abc import Mapping

from ._ffi import NULL, ffi, lib, text_of
from ._json import Object, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn

    from ._claude import CData

    HeaderMapping = Mapping[str, str]
    JSONMapping = Mapping[str, Any]
else:
    HeaderMapping = JSONMapping = Mapping


class Headers(HeaderMapping):
    """The headers of an answer. Names are compared without case; of several with one name, the last counts."""

    __slots__ = ("_pairs", "_values")

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = tuple(pairs)
        self._values = {name.lower(): value for name, value in pairs}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({dict(self._values)!r})"

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every header as received, in order."""
        return self._pairs


class Response(JSONMapping):
    """An answer. The members of its JSON body are attributes and mapping members: `answer.id`, `answer["id"]`."""

    __slots__ = ("_body", "_handle", "_headers")

    def __init__(self, handle: CData) -> None:
        self._handle = handle
        self._body: Object | None = None
        self._headers: Headers | None = None

    def _sized(self, function: Callable[[CData, CData], CData]) -> bytes:
        length = ffi.new("size_t *")
        return ffi.unpack(function(self._handle, length), length[0])

    @property
    def status(self) -> int:
        """The HTTP status."""
        return lib.claude_response_status(self._handle)

    @property
    def request_id(self) -> str | None:
        """What the API's support asks for."""
        return text_of(lib.claude_response_request_id(self._handle))

    @property
    def headers(self) -> Headers:
        """The headers of the answer."""
        if self._headers is None:
            name, value = ffi.new("const char **"), ffi.new("const char **")
            pairs: list[tuple[str, str]] = []
            while lib.claude_response_header_at(self._handle, len(pairs), name, value):
                pairs.append((ffi.string(name[0]).decode("latin-1"), ffi.string(value[0]).decode("latin-1")))
            self._headers = Headers(pairs)
        return self._headers

    @property
    def raw(self) -> bytes:
        """The body as it was received; for a stream, the message put together from it."""
        return self._sized(lib.claude_response_json)

    @property
    def text(self) -> str:
        """All text of the message, joined."""
        return self._sized(lib.claude_response_text).decode()

    def to_dict(self) -> dict[str, Any]:
        """A copy of the body, made of plain dicts and lists; empty if the body is not a JSON object."""
        return self._object().to_dict()

    def _object(self) -> Object:
        if self._body is None:
            readable = lib.claude_response_type(self._handle, b"") == lib.CLAUDE_JSON_OBJECT
            self._body = decode(self.raw) if readable else Object()
        return self._body

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._object(), name)

    def __getitem__(self, name: str) -> Any:
        return self._object()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._object())

    def __len__(self) -> int:
        return len(self._object())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status}, {len(self.raw)} bytes, request id {self.request_id}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be pickled or copied; use to_dict() or raw")


class Message(Response):
    """A message, whole or what came of it before a call failed."""

    __slots__ = ()


def wrap(handle: CData) -> Response:
    """A response whose reference is handed over: a Message if its body says so."""
    owned = ffi.gc(handle, lib.claude_response_unref)
    kind = text_of(lib.claude_response_string(owned, b"/type", NULL))
    return Message(owned) if kind == "message" else Response(owned)


def as_message(handle: CData) -> Message:
    """A message whose reference is handed over."""
    return Message(ffi.gc(handle, lib.claude_response_unref))
