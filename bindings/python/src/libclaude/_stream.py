"""Streams: events pulled one by one, and the message they make."""

from __future__ import annotations

from enum import IntEnum

from ._ffi import ffi, lib, text_of
from ._heard import mine, raised
from ._json import decode
from ._report import copied
from ._response import Message, as_message, rate_limits_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Any, NoReturn, TypeVar

    from ._call import Call
    from ._report import Report
    from ._response import RateLimit

    StreamT = TypeVar("StreamT", bound="Stream")

_DONE, _BYTES = lib.CLAUDE_DONE, lib.CLAUDE_EVENT_BYTES
# Looked up once: these run for every event.
_next, _next_text, _unpack = lib.claude_py_next, lib.claude_py_next_text, ffi.unpack


class EventKind(IntEnum):
    """What an event is. More kinds will come."""

    NONE = 0
    MESSAGE_START = 10
    MESSAGE_DELTA = 11
    MESSAGE_STOP = 12
    BLOCK_START = 20
    BLOCK_STOP = 21
    TEXT_DELTA = 30
    THINKING_DELTA = 31
    SIGNATURE_DELTA = 32
    INPUT_JSON_DELTA = 33
    CITATIONS_DELTA = 34
    COMPACTION_DELTA = 35
    OTHER_DELTA = 39
    PING = 40
    LINE = 50
    BYTES = 51
    OTHER = 1000


_TYPES: dict[int, str] = {
    10: "message_start",
    11: "message_delta",
    12: "message_stop",
    20: "content_block_start",
    21: "content_block_stop",
    **dict.fromkeys(range(30, 40), "content_block_delta"),
    40: "ping",
    50: "line",
    51: "bytes",
}


class Event:
    """One event of a stream. Members of its JSON are attributes too: `event.delta.text`, `event.message.id`."""

    __slots__ = ("_data", "_json", "_type", "index", "kind", "text")
    _data: Any
    _type: str  # only where the kind does not say it

    def __init__(self, kind: int, index: int, text: str | None, json: bytes) -> None:
        self.kind = kind
        """An EventKind, as an int."""
        self.index = index
        """Index of the content block the event belongs to, or -1."""
        self.text = text
        """What a text, thinking, signature or input_json delta brings; None for other events."""
        self._json = json

    @property
    def type(self) -> str:
        """The event's type on the wire, for example "content_block_delta"."""
        known = _TYPES.get(self.kind)
        return self._type if known is None else known

    name = type

    @property
    def json(self) -> str:
        """The event's data exactly as received: its JSON, or a line of an answer of JSON lines."""
        return self._json.decode("utf-8", "replace")

    @property
    def raw(self) -> bytes:
        """The same as bytes; of an answer of bytes, its next ones."""
        return self._json

    @property
    def data(self) -> Any:
        """The event's data, decoded when first asked for."""
        try:
            return self._data
        except AttributeError:
            self._data = decode(self._json)
            return self._data

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.data, name)

    def __repr__(self) -> str:
        return f"<Event {self.type} {self.json}>"


class Stream:
    """The events of a streaming call, one by one. Leaving a `with` block closes it; so does losing it.

    One thread at a time may pull; close() may be called by any.
    """

    __slots__ = ("_call", "_pending", "request_id", "status")

    def __init__(self, call: Call) -> None:
        """Waits for the first event, so that a refused request fails where it was made."""
        self._call = call
        self._pending: Event | None = None
        self._pending = next(self, None)
        self.status: int = lib.claude_call_http_status(call.handle)
        """The HTTP status."""
        self.request_id = text_of(lib.claude_call_header(call.handle, b"request-id"))
        """What the API's support asks for."""

    def __iter__(self: StreamT) -> StreamT:
        return self

    def __next__(self) -> Event:
        if self._pending is not None:
            return self._take_pending()
        call = self._call
        view = call.view
        try:
            code = 0
            while code == 0:
                code = _next(view)
                if raised and mine():
                    call.heard(code)
            if code > _DONE:
                text = view.text
                event = (
                    Event(code, -1, None, _unpack(text, view.text_len))
                    if code == _BYTES
                    else Event(
                        code,
                        view.index,
                        _unpack(text, view.text_len).decode() if text else None,
                        _unpack(view.json, view.json_len),
                    )
                )
                if code not in _TYPES:
                    event._type = text_of(view.name) or ""
                view.owner = 0
                return event
        except BaseException:
            call.interrupted()
            raise
        if code < 0:
            call.fail(code)
        call.check()
        raise StopIteration

    def _take_pending(self) -> Event:
        event, self._pending = self._pending, None
        assert event is not None
        return event

    @property
    def rate_limits(self) -> dict[str, RateLimit]:
        """The limits that the server told; see Response.rate_limits."""
        return rate_limits_of(self._call.handle, lib.claude_call_rate_limit)

    @property
    def report(self) -> Report | None:
        """What happened on the way: of a stream that has ended, None before."""
        return copied(lib.claude_call_report(self._call.handle))

    def until_done(self) -> None:
        """Waits for the end of the stream; events that were not pulled are passed over."""
        self._pending = None
        self._call.wait()

    def close(self) -> None:
        """Ends the call if it is still running. The connection is closed, the answer is not complete."""
        self._call.cancel()

    def __enter__(self: StreamT) -> StreamT:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be pickled or copied")


class MessageStream(Stream):
    """A stream of events that also knows the message they make."""

    __slots__ = ("_message",)

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._message: Message | None = None

    @property
    def text_stream(self) -> Iterator[str]:
        """The pieces of the answer's text, as they come; other events are passed over."""
        return self._texts()

    def _texts(self) -> Iterator[str]:
        if self._pending is not None:
            first = self._take_pending()
            if first.kind == EventKind.TEXT_DELTA and first.text is not None:
                yield first.text
        call = self._call
        view = call.view
        while True:
            try:
                code = _next_text(view)
                if raised and mine():
                    call.heard(code)
                if code > _DONE:
                    text = _unpack(view.text, view.text_len).decode()
                    view.owner = 0
            except BaseException:
                call.interrupted()
                raise
            if code > _DONE:
                yield text
            elif code < 0:
                call.fail(code)
            elif code == _DONE:
                call.check()
                return

    def get_final_message(self) -> Message:
        """The whole message, waiting for the rest of the stream if need be."""
        if self._message is None:
            self.until_done()
            self._message = as_message(self._call.result())
        return self._message

    def get_final_text(self) -> str:
        """All text of the whole message, joined."""
        return self.get_final_message().text


class MessageStreamManager:
    """What messages.stream() returns: entering sends the request, leaving closes the stream."""

    __slots__ = ("_start", "_stream")

    def __init__(self, start: Callable[[], Call]) -> None:
        self._start = start
        self._stream: MessageStream | None = None

    def __enter__(self) -> MessageStream:
        self._stream = MessageStream(self._start())
        return self._stream

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a stream cannot be pickled or copied")
