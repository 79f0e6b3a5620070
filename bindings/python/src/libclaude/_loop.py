"""Many calls on one thread, for programs that have an event loop of their own."""

from __future__ import annotations

import math
import select
import threading
import time
from itertools import count

from ._args import DAY
from ._base import Settings
from ._errors import bad_state, check, invalid, take
from ._ffi import NULL, ffi, lib, text_of
from ._heard import come_out, mine, raised
from ._report import copied
from ._response import Message, as_message
from ._stream import _TYPES, Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Any, NoReturn, TypeVar

    from ._base import BaseClient, Form
    from ._claude import CData
    from ._deprecation import Deprecations
    from ._features import Features
    from ._files import File
    from ._observe import Observer
    from ._report import Report
    from ._sign import Hooks

    LoopT = TypeVar("LoopT", bound="Loop")
    Headers = Mapping[str, "str | None"]
    Options = Mapping[str, Any]

_DONE, _BYTES = lib.CLAUDE_DONE, lib.CLAUDE_EVENT_BYTES
# Looked up once: these run for every event.
_next, _view, _json, _unpack = lib.claude_loop_next, lib.claude_event_view, lib.claude_event_json, ffi.unpack


class LoopCall:
    """A call of a Loop. The loop holds it until its end has been heard of; cancel() ends it before.

    `tag` is what was given to submit().
    """

    __slots__ = ("_failure", "_handle", "_hook", "_watched", "ended", "tag")

    def __init__(self, handle: CData, hook: Hooks | None, observer: Observer | None, tag: Any) -> None:
        self._handle = ffi.gc(handle, lib.claude_py_drop_call)
        self._hook = hook
        self._watched = None if observer is None else observer.watch(handle)
        self._failure: BaseException | None = None
        self.tag = tag
        self.ended = False
        """Whether Loop.next() has told the end of the call."""

    def result(self) -> Message:
        """The whole message of a call that has ended. Raises why it failed; InvalidStateError while it is running."""
        if not self.ended:
            raise bad_state("the call has not ended: Loop.next() has not told its end yet")
        return as_message(self._outcome())

    def _tell(self, deprecations: Deprecations) -> None:
        """Tells the program of deprecated models; what it raises ends the call."""
        try:
            deprecations.tell()
        except BaseException:
            self.cancel()
            raise

    def _outcome(self) -> CData:
        """The response: a reference for the caller."""
        if self._failure is None and self._watched is not None:
            self._failure = self._watched.take()
        if self._failure is not None:
            raise self._failure
        out, err = ffi.new("claude_response_t **"), ffi.new("claude_error_t **")
        if lib.claude_call_result(self._handle, out, err) < 0:
            error = take(err[0])
            original = self._hook.failure(error.user_code) if self._hook is not None else None
            self._failure = original or error
            raise self._failure
        response: CData = out[0]
        return response

    def cancel(self) -> None:
        """Ends the call, from any thread. Loop.next() tells its end; no effect afterwards."""
        lib.claude_call_cancel(self._handle)

    def pause(self) -> None:
        """Holds back the events of the call until resume(), from any thread; the server has to wait."""
        lib.claude_call_pause(self._handle)

    def resume(self) -> None:
        """Goes on after pause(), from any thread."""
        lib.claude_call_resume(self._handle)

    @property
    def report(self) -> Report | None:
        """What happened on the way: of a call that has ended, None before."""
        return copied(lib.claude_call_report(self._handle))

    @property
    def paused(self) -> bool:
        """Whether the call is paused."""
        return bool(lib.claude_call_is_paused(self._handle))

    def __repr__(self) -> str:
        return f"<LoopCall {self.tag!r} {'ended' if self.ended else 'running'}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a LoopCall cannot be pickled or copied")


class Loop:
    """Calls of a client that are driven by an event loop: asyncio, trio, Qt, a selector, a game.

    Let the event loop watch fileno() for reading, nothing else: no events to choose, no timeouts. When it is readable,
    call dispatch(), then next() until it returns None, or as often as you like: what is left makes it readable again.

        loop = libclaude.Loop(client)
        call = loop.submit("poem", model="claude-opus-5", max_tokens=1024, messages=[...])
        asyncio.get_running_loop().add_reader(loop.fileno(), ready)

        def ready():
            loop.dispatch()
            while (happened := loop.next()) is not None:
                tag, event = happened       # event is None at the end of the call: call.result()

    A loop belongs to one thread at a time. fileno() and wakeup(), and cancelling calls, are for any thread.
    """

    def __init__(self, client: BaseClient) -> None:
        self._handle: CData | None = None
        out, self._err = ffi.new("claude_loop_t **"), ffi.new("claude_error_t **")
        check(lib.claude_loop_new(client._opened(), out, self._err), self._err)
        self._handle = ffi.gc(out[0], lib.claude_py_drop_loop)
        self._request = client._request
        self._flags = client._flags
        self._hook = client._hook
        self._observer = client._observer
        self._deprecations = client._deprecations
        self._calls: dict[int, LoopCall] = {}
        self._tags = count()
        self._owner = threading.RLock()
        self._woken = False
        # Where the library writes; they are used by one thread at a time.
        self._tag, self._event = ffi.new("uint64_t *"), ffi.new("const claude_event_t **")
        self._kind, self._index = ffi.new("int32_t *"), ffi.new("int32_t *")
        self._text, self._len = ffi.new("const char **"), ffi.new("size_t *")

    def submit(
        self,
        tag: Any,
        /,
        *,
        stream: bool = True,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        features: Features | None = None,
        **body: Any,
    ) -> LoopCall:
        """Sends a message, without waiting. `tag`, any object, comes back from next() with all that happens.

        The other arguments are those of Messages.create(). With stream=False only the end of the call is told.
        """
        settings = Settings(extra_headers, timeout, options, features=features)
        request = self._request("messages.create", body, stream, settings)
        return self._submit(tag, request, settings, stream)

    def request(
        self,
        tag: Any,
        endpoint: str,
        body: Any = None,
        *,
        path: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        betas: Sequence[str] | None = None,
        form: Form | None = None,
        files: Sequence[File] | None = None,
        stream: bool = False,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        features: Features | None = None,
    ) -> LoopCall:
        """Calls any endpoint by its name, without waiting; the arguments are those of Client.request().

        With stream=True an answer of JSON lines, or of bytes, comes in events, too.
        """
        settings = Settings(
            extra_headers,
            timeout,
            options,
            features=features,
            path=path,
            query=query,
            betas=betas,
            form=form,
            files=files,
        )
        return self._submit(tag, self._request(endpoint, body, stream, settings), settings, stream)

    def _submit(self, tag: Any, request: CData, settings: Settings, stream: bool) -> LoopCall:
        number = next(self._tags)
        out, err = ffi.new("claude_call_t **"), ffi.new("claude_error_t **")
        flags = self._flags(settings) | (lib.CLAUDE_STREAM if stream else 0)
        handle = self._enter()
        try:
            code = lib.claude_loop_submit(handle, request, flags, number, out, err)
            if raised and mine():
                lib.claude_error_unref(err[0])
                lib.claude_py_drop_call(out[0])
                come_out()
            check(code, err)
            call = self._calls[number] = LoopCall(out[0], self._hook, self._observer, tag)
        finally:
            self._owner.release()
        if self._deprecations is not None:
            call._tell(self._deprecations)
        return call

    def fileno(self) -> int:
        """The file descriptor to watch for reading. It belongs to the loop: never read from it or close it."""
        return lib.claude_loop_fd(self._open())

    def dispatch(self) -> bool:
        """Receives and sends what can be done at once. Whether next() has something."""
        self._woken = False
        return self._dispatch()

    def next(self) -> tuple[Any, Event | None] | None:
        """What happened next to any of the calls: its tag with an event, or with None at its end; None: nothing more.

        Never waits.
        """
        handle = self._enter()
        try:
            code = _next(handle, self._tag, self._event, self._err)
            if self._handle is None:
                self._closed_inside(code)
            if raised and mine():
                self._failed(code)
            if code == 1:
                return self._calls[self._tag[0]].tag, self._copy(self._event[0])
            if code == _DONE:
                call = self._calls.pop(self._tag[0])
                call.ended = True
                return call.tag, None
            check(code, self._err)
            return None
        finally:
            self._owner.release()

    def wait(self, timeout: float | None = None) -> bool:
        """For programs without an event loop: waits, at most `timeout` seconds, and dispatches.

        Returns True when next() has something, False when the time is over or wakeup() was called.
        """
        seconds = math.inf if timeout is None else timeout
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
            raise invalid(f"timeout is {timeout!r}; it must be None or a number of seconds, 0 or more")
        deadline = time.monotonic() + seconds
        # Python's own poll, because signals get through it at once. The descriptor says all there is to say.
        poller = select.poll()
        poller.register(self.fileno(), select.POLLIN)
        while not self._dispatch():
            left = deadline - time.monotonic()
            if self._woken or left <= 0:
                self._woken = False
                return False
            poller.poll(math.ceil(min(left, DAY) * 1000))
        return True

    def wakeup(self) -> None:
        """Makes wait() return, or the descriptor readable, from any thread. Kept for the next wait if nobody waits."""
        self._woken = True
        lib.claude_loop_wakeup(self._open())

    def __len__(self) -> int:
        """How many calls there are whose end next() has not told."""
        return len(self._calls)

    def __bool__(self) -> bool:
        return True

    def close(self) -> None:
        """Cancels the calls that are running and closes the descriptor, which must not be watched any more."""
        self._handle = None
        calls, self._calls = self._calls, {}
        for call in calls.values():
            call.cancel()
            call.ended = True

    def __enter__(self: LoopT) -> LoopT:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._handle is None else f"of {len(self)} calls"
        return f"<{type(self).__name__} {state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Loop cannot be pickled or copied")

    def _open(self) -> CData:
        handle = self._handle
        if handle is None:
            raise bad_state("the loop has been closed")
        return handle

    def _enter(self) -> CData:
        """Holds other threads off until the owner is released."""
        handle = self._open()
        if not self._owner.acquire(blocking=False):
            raise bad_state("the loop is in use by another thread", lib.CLAUDE_E_BUSY)
        return handle

    def _dispatch(self) -> bool:
        handle = self._enter()
        try:
            code = lib.claude_loop_dispatch(handle, self._err)
            if raised and mine():
                lib.claude_error_unref(self._err[0]) if code < 0 else None
                come_out()
            return check(code, self._err) == 1
        finally:
            self._owner.release()

    def _closed_inside(self, code: int) -> NoReturn:
        """Raises that a function of the program has closed the loop that called it, or what it has raised besides."""
        if code < 0:
            lib.claude_error_unref(self._err[0])
        come_out()
        raise bad_state("the loop has been closed")

    def _failed(self, code: int) -> None:
        """Raises what a function of the program has raised; the call that next() was to tell of goes no further."""
        if code == 1:
            self._calls[self._tag[0]].cancel()
        elif code == _DONE:
            self._calls.pop(self._tag[0]).ended = True
        elif code < 0:
            lib.claude_error_unref(self._err[0])
        come_out()

    def _copy(self, borrowed: CData) -> Event:
        """An event of our own, of one that is lent until the next function on the loop."""
        _view(borrowed, self._kind, self._index, self._text, self._len)
        kind, text = self._kind[0], self._text[0]
        if kind == _BYTES:
            return Event(kind, -1, None, _unpack(text, self._len[0]))
        copied = _unpack(text, self._len[0]).decode() if text != NULL else None
        json = _json(borrowed, self._len)
        event = Event(kind, self._index[0], copied, _unpack(json, self._len[0]))
        if kind not in _TYPES:
            event._type = text_of(lib.claude_event_name(borrowed)) or ""
        return event
