"""Answers: read-only, decoded when first looked into."""

from __future__ import annotations

from collections.abc import Mapping

from ._ffi import NULL, ffi, lib, text_of
from ._json import Object, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from typing import Any, NoReturn

    from ._claude import CData
    from ._report import Report

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


class RateLimit:
    """One of the server's limits; what it did not say is None."""

    __slots__ = ("limit", "remaining", "reset_in_ms", "reset_ms", "used_percent")

    def __init__(
        self,
        limit: int | None,
        remaining: int | None,
        reset_ms: int | None,
        reset_in_ms: int | None = None,
        used_percent: int | None = None,
    ) -> None:
        self.limit = limit
        """Most requests or tokens in the window."""
        self.remaining = remaining
        """What is left of it."""
        self.reset_ms = reset_ms
        """When it is full again: milliseconds since 1970-01-01 UTC."""
        self.reset_in_ms = reset_in_ms
        """In how many milliseconds it is full again, by the server's own clock."""
        self.used_percent = used_percent
        """How much of it is used."""

    @property
    def reset(self) -> datetime | None:
        """When it is full again."""
        from datetime import datetime, timezone

        return None if self.reset_ms is None else datetime.fromtimestamp(self.reset_ms / 1000, timezone.utc)

    def __repr__(self) -> str:
        names = ("limit", "remaining", "reset_ms", "reset_in_ms", "used_percent")
        return f"RateLimit({', '.join(f'{name}={getattr(self, name)}' for name in names)})"


_LIMITS = ("requests", "tokens", "input-tokens", "output-tokens", "priority-input-tokens", "priority-output-tokens")
_FIGURES = (
    lib.CLAUDE_RATE_LIMIT_LIMIT,
    lib.CLAUDE_RATE_LIMIT_REMAINING,
    lib.CLAUDE_RATE_LIMIT_RESET_MS,
    lib.CLAUDE_RATE_LIMIT_RESET_IN_MS,
    lib.CLAUDE_RATE_LIMIT_USED_PERCENT,
)


def rate_limits_of(handle: CData, function: Callable[[CData, bytes, int], int]) -> dict[str, RateLimit]:
    """The limits that the server told, by what the function says of the handle."""
    limits = {}
    for name in _LIMITS:
        figures = [function(handle, name.encode(), which) for which in _FIGURES]
        if max(figures) >= 0:
            limits[name] = RateLimit(*(figure if figure >= 0 else None for figure in figures))
    return limits


class Received:
    """What every answer has."""

    __slots__ = ("_handle", "_headers")

    def __init__(self, handle: CData) -> None:
        self._handle = handle
        self._headers: Headers | None = None

    def _sized(self, function: Callable[[CData, CData], CData]) -> bytes:
        length = ffi.new("size_t *")
        return ffi.unpack(function(self._handle, length), length[0])

    @property
    def status(self) -> int:
        """The HTTP status."""
        return lib.claude_response_status(self._handle)

    status_code = status

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
    def rate_limits(self) -> dict[str, RateLimit]:
        """The limits that the server told: "requests", "tokens", "input-tokens", "output-tokens", ..."""
        return rate_limits_of(self._handle, lib.claude_response_rate_limit)

    @property
    def report(self) -> Report | None:
        """What happened on the way to this answer; None for one that is not a call's."""
        from ._report import copied

        return copied(lib.claude_response_report(self._handle))

    @property
    def raw(self) -> bytes:
        """The body as it was received; for a stream, the message put together from it."""
        return self._sized(lib.claude_response_json)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status}, {len(self.raw)} bytes, request id {self.request_id}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be pickled or copied; use raw, or to_dict() of what has it")


class RawResponse(Received):
    """An answer as it came, from `with_raw_response`."""

    __slots__ = ("_parse",)

    def __init__(self, handle: CData, parse: Callable[[CData], Response]) -> None:
        super().__init__(ffi.gc(handle, lib.claude_response_unref))
        self._parse = parse

    @property
    def content(self) -> bytes:
        """The body."""
        return self.raw

    @property
    def text(self) -> str:
        """The body as text."""
        return self.raw.decode("utf-8", "replace")

    def parse(self) -> Any:
        """What the call gives without `with_raw_response`: a Message, or a Response."""
        return self._parse(lib.claude_response_ref(self._handle))


class Body(Received):
    """What every answer of JSON has."""

    __slots__ = ("_body",)

    def __init__(self, handle: CData) -> None:
        super().__init__(handle)
        self._body: Object | None = None

    @property
    def json(self) -> str:
        """The body as text, exactly as it was received."""
        return self.raw.decode("utf-8", "replace")

    @property
    def _request_id(self) -> str | None:
        return self.request_id

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


class Response(Body, JSONMapping):
    """An answer. The members of its JSON body are attributes and mapping members: `answer.id`, `answer["id"]`."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        return iter(self._object())

    def __len__(self) -> int:
        return len(self._object())


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
