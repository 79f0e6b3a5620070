"""The observer of attempts, and what becomes of the exceptions it raises."""

from __future__ import annotations

from contextlib import contextmanager
from threading import get_ident
from weakref import WeakValueDictionary

from ._args import c_text
from ._errors import bad_state, check, invalid
from ._ffi import ffi, lib, text_of
from ._sign import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._claude import CData

    OnAttempt = Callable[["ObservedAttempt"], object]


class ObservedAttempt:
    """An attempt that starts, or has ended.

    Members that say what became of it are 0 or None while it starts, and None where there is nothing to say.
    """

    __slots__ = (
        "_lent",
        "backoff_ms",
        "call",
        "code",
        "duration_ms",
        "endpoint",
        "endpoint_name",
        "first_event_ms",
        "http_status",
        "input_tokens",
        "limiter_wait_ms",
        "method",
        "model",
        "name",
        "number",
        "output_tokens",
        "request_id",
        "starts",
        "url",
    )

    def __init__(self, lent: CData) -> None:
        self._lent: CData | None = lent
        self.starts = lib.claude_attempt_phase(lent) == lib.CLAUDE_ATTEMPT_STARTS
        """True: it is about to be sent, headers can be read and set. False: it has ended."""
        self.call = _number(lib.claude_attempt_call(lent))
        """A number that all attempts of a call have in common, as long as the call lasts."""
        self.number = lib.claude_attempt_number(lent)
        """Which attempt of its call it is: 1, 2, ..."""
        self.endpoint = lib.claude_attempt_endpoint(lent)
        """Index of the endpoint that it goes to; 0 without failover."""
        self.url = text_of(lib.claude_attempt_url(lent)) or ""
        self.method = text_of(lib.claude_attempt_method(lent)) or ""
        self.endpoint_name = text_of(lib.claude_attempt_endpoint_name(lent)) or ""
        """What it asks for, for example "messages.create"."""
        self.model = text_of(lib.claude_attempt_model(lent))
        self.code = lib.claude_attempt_code(lent)
        """0, or the code of its error."""
        self.name = None if self.code >= 0 else text_of(lib.claude_code_name(self.code))
        """Name of that code, for example "CLAUDE_E_OVERLOADED"."""
        self.http_status = lib.claude_attempt_http_status(lent) or None
        self.duration_ms = lib.claude_attempt_duration_ms(lent)
        """How long it took, without the waits before it."""
        self.first_event_ms = _known(lib.claude_attempt_first_event_ms(lent))
        """How long it took to the first event of a stream."""
        self.backoff_ms = lib.claude_attempt_backoff_ms(lent)
        """How long the call waited after the attempt before this one."""
        self.limiter_wait_ms = lib.claude_attempt_limiter_wait_ms(lent)
        """How long the call waited for its turn."""
        self.input_tokens = _known(lib.claude_attempt_input_tokens(lent))
        self.output_tokens = _known(lib.claude_attempt_output_tokens(lent))
        self.request_id = text_of(lib.claude_attempt_request_id(lent))

    def header(self, name: str) -> str | None:
        """A header of a request that starts; None if there is none. Those that carry a key are not shown."""
        return text_of(lib.claude_attempt_header(self._shown(), c_text(name, "the name of a header")))

    def set_header(self, name: str, value: str) -> None:
        """Sets a header of a request that starts, for this attempt only: "traceparent", for example."""
        err = ffi.new("claude_error_t **")
        text = c_text(value, f"header {name}")
        check(lib.claude_attempt_set_header(self._shown(), c_text(name, "the name of a header"), text, err), err)

    def _shown(self) -> CData:
        if self._lent is None:
            raise bad_state("headers of an attempt are there until the observer has returned")
        return self._lent

    def __repr__(self) -> str:
        state = "starts" if self.starts else f"ended with {self.name or self.http_status}"
        return f"<ObservedAttempt {self.number} of call {self.call:#x} {state}>"


class Watched:
    """What the observer has raised for a call. The call holds it, since an exception holds the frames of its call."""

    __slots__ = ("__weakref__", "error")

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error

    def take(self) -> BaseException | None:
        """Hands it over."""
        error, self.error = self.error, None
        return error

    def __del__(self) -> None:
        # Nobody waits for the call any more: it goes where the exceptions of finalizers go.
        error = self.take()
        if error is not None:
            raise error


class Observer:
    """A program's function. What it raises is kept until the call that it ends has returned."""

    __slots__ = ("_calls", "_observe", "_steps")

    def __init__(self, observe: OnAttempt) -> None:
        if not callable(observe):
            raise invalid(f"on_attempt must be callable, not {type(observe).__name__}")
        self._observe = observe
        self._calls: WeakValueDictionary[int, Watched] = WeakValueDictionary()
        self._steps: dict[int, list[BaseException]] = {}

    def register(self, config: CData) -> None:
        """Hands it to a configuration, which gives it back through libclaude_destroy."""
        handle = ffi.new_handle(self)
        held[handle] = handle
        err = ffi.new("claude_error_t **")
        check(lib.claude_py_on_attempt(config, handle, err), err)

    def watch(self, call: CData) -> Watched:
        """From now on, exceptions for this call are told there."""
        watched = self._calls[_number(call)] = Watched()
        return watched

    @contextmanager
    def steps(self) -> Iterator[None]:
        """A block in which the library makes calls of its own. What the program has raised for them is raised then."""
        failures = self._steps[get_ident()] = []
        try:
            try:
                yield
            finally:
                del self._steps[get_ident()]
        except Exception:
            if not failures:
                raise
        if failures:
            raise failures[0]

    def run(self, lent: CData) -> None:
        """Tells the program. A call whose observer fails goes no further."""
        attempt = ObservedAttempt(lent)
        try:
            self._observe(attempt)
        except BaseException as error:
            lib.claude_call_cancel(lib.claude_attempt_call(lent))
            watched = self._calls.get(attempt.call)
            if watched is not None:
                watched.error = watched.error or error
            elif get_ident() in self._steps:
                self._steps[get_ident()].append(error)
            else:
                Watched(error)
        finally:
            attempt._lent = None


def _number(call: CData) -> int:
    return int(ffi.cast("uintptr_t", call))


def _known(figure: int) -> int | None:
    return figure if figure >= 0 else None


@ffi.def_extern()
def libclaude_attempt(lent: CData, user_data: CData) -> None:
    observer: Observer = ffi.from_handle(user_data)
    observer.run(lent)
