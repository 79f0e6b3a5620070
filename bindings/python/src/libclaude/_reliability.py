"""Circuit breakers, rate limiters and failover that several clients share, or that stand alone."""

from __future__ import annotations

import time
from collections.abc import Mapping

from ._args import c_text, milliseconds, whole
from ._base import config_of
from ._errors import ClaudeError, check, invalid, take
from ._ffi import NULL, ffi, lib, text_of
from ._secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Any, Literal, NoReturn, TypeVar

    from ._base import Options
    from ._claude import CData
    from ._response import Received

    Kind = Literal["messages", "count_tokens", "batches", "models", "files", "other"]
    State = Literal["unknown", "healthy", "degraded", "unhealthy"]
    PermitT = TypeVar("PermitT", bound="Permit")
    ReservationT = TypeVar("ReservationT", bound="Reservation")


def _made(function: Any, kind: str, unref: Any, *arguments: Any) -> CData:
    out, err = ffi.new(f"{kind} **"), ffi.new("claude_error_t **")
    check(function(*arguments, out, err), err)
    return ffi.gc(out[0], unref)


class _Handle:
    __slots__ = ("_handle",)
    _handle: CData

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be pickled or copied")


# ---- circuit breakers

_BREAKER_STATES = {
    lib.CLAUDE_BREAKER_CLOSED: "closed",
    lib.CLAUDE_BREAKER_OPEN: "open",
    lib.CLAUDE_BREAKER_HALF_OPEN: "half_open",
}
_BREAKER_COUNTERS = ("successes", "failures", "neutral", "refused", "opened", "probes", "failures_in_a_row")


class CircuitBreaker(_Handle):
    """A circuit breaker: for `Client(breaker=...)`, also of several clients, or for anything else that can fail.

        with breaker.allow():
            ask_someone()       # an exception is a failure

    After so many failures nothing is let through for a time, then one at a time to see whether it works again. Usable
    by any number of threads.
    """

    __slots__ = ()

    def __init__(self, config: Options | None = None) -> None:
        """`config` has options `breaker.*` by name (docs/options.md)."""
        self._handle = _made(lib.claude_breaker_new, "claude_breaker_t", lib.claude_breaker_unref, config_of(config))

    @property
    def state(self) -> str:
        """ "closed", "open", or "half_open"."""
        return _BREAKER_STATES[lib.claude_breaker_state(self._handle)]

    @property
    def retry_after(self) -> float:
        """In how many seconds asking may be of use."""
        return lib.claude_breaker_retry_after_ms(self._handle) / 1000

    @property
    def counters(self) -> dict[str, int]:
        """What has been counted: successes, failures, neutral, refused, opened, probes, failures_in_a_row."""
        return {name: lib.claude_breaker_counter(self._handle, name.encode()) for name in _BREAKER_COUNTERS}

    def allow(self) -> Permit:
        """Asks to be let through; a CircuitOpenError if that is not possible now. Calls of clients do it themselves."""
        permit, err = ffi.new("uint64_t *"), ffi.new("claude_error_t **")
        check(lib.claude_breaker_allow(self._handle, permit, err), err)
        return Permit(self._handle, permit[0])

    def open(self, seconds: float | None = None) -> None:
        """Opens it by hand, for so long; without a time, for `breaker.open_ms`."""
        lib.claude_breaker_open(self._handle, 0 if seconds is None else milliseconds(seconds, "the time"))

    def close(self) -> None:
        """Closes it by hand, and forgets the failures."""
        lib.claude_breaker_close(self._handle)

    def __repr__(self) -> str:
        return f"<CircuitBreaker {self.state}>"


class Permit(_Handle):
    """What CircuitBreaker.allow() gives. Say what became of it, once; or leave a `with` block.

    There, an Exception is a failure; what ends a program or a task (KeyboardInterrupt, CancelledError) says nothing.
    """

    __slots__ = ("_permit",)

    def __init__(self, breaker: CData, permit: int) -> None:
        self._handle = breaker
        self._permit: int | None = permit

    def success(self) -> None:
        """It went well."""
        self._record(lib.CLAUDE_BREAKER_SUCCESS)

    def failure(self) -> None:
        """It failed in a way that speaks against the other side."""
        self._record(lib.CLAUDE_BREAKER_FAILURE)

    def neutral(self) -> None:
        """It tells nothing: cancelled, refused as wrong, never done."""
        self._record(lib.CLAUDE_BREAKER_NEUTRAL)

    def _record(self, what: int) -> None:
        permit, self._permit = self._permit, None
        if permit is not None:
            lib.claude_breaker_record(self._handle, permit, what)

    def __enter__(self: PermitT) -> PermitT:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.success()
        elif isinstance(error, Exception):
            self.failure()
        else:
            self.neutral()

    def __del__(self) -> None:
        self.neutral()


# ---- rate limiters


class RateLimiter(_Handle):
    """A rate limiter: for `Client(limiter=...)`, also of several clients, or for other work within the same limits.

        with limiter.reserve("messages", input_tokens=1200, output_tokens=400) as turn:     # waits
            ...
            turn.settle(1180, 25)

    Usable by any number of threads.
    """

    __slots__ = ()

    def __init__(self, config: Options | None = None) -> None:
        """`config` has options `limiter.*` by name (docs/options.md)."""
        self._handle = _made(lib.claude_limiter_new, "claude_limiter_t", lib.claude_limiter_unref, config_of(config))

    def reserve(self, kind: Kind = "messages", input_tokens: int = 0, output_tokens: int = 0) -> Reservation:
        """Takes a place; does not wait. A ThrottledError if it would come too late, or could never come.

        `kind` is a type of endpoint: "messages", "count_tokens", "batches", "models", "files", "other". Tokens are
        estimates, and count for messages only.
        """
        handle = _made(
            lib.claude_limiter_reserve,
            "claude_reservation_t",
            lib.claude_reservation_unref,
            self._handle,
            c_text(kind, "kind"),
            whole(input_tokens, "input_tokens"),
            whole(output_tokens, "output_tokens"),
        )
        return Reservation(handle)

    def available(self, kind: Kind = "messages", what: str = "requests") -> int | None:
        """How many "requests", "input_tokens" or "output_tokens" could go at once; None if there is no limit."""
        found = lib.claude_limiter_available(self._handle, c_text(kind, "kind"), c_text(what, "what"))
        return found if found >= 0 else None

    @property
    def queued(self) -> int:
        """How many wait for their turn."""
        return lib.claude_limiter_queued(self._handle)

    def learn(self, answer: Received | ClaudeError, kind: Kind = "messages") -> None:
        """Takes what an answer, or an error, says of the server's own limits as further limits."""
        response = answer.response if isinstance(answer, ClaudeError) else answer
        err = ffi.new("claude_error_t **")
        if response is not None:
            handle = response._handle
            check(lib.claude_limiter_learn(self._handle, c_text(kind, "kind"), handle, err), err)

    def __repr__(self) -> str:
        return f"<RateLimiter, {self.queued} waiting>"


class Reservation(_Handle):
    """A place at a RateLimiter. A `with` block waits for its turn, as `async with` does; leaving it settles."""

    __slots__ = ()

    def __init__(self, handle: CData) -> None:
        self._handle = handle

    def wait_ms(self) -> int:
        """0: it is its turn now, which has been counted. Else ask again after so many milliseconds.

        A ThrottledError if its turn comes too late after all.
        """
        err = ffi.new("claude_error_t **")
        found = lib.claude_reservation_wait_ms(self._handle, err)
        if found < 0:
            raise take(err[0])
        return found

    def wait(self) -> None:
        """Waits for its turn."""
        while pause := self.wait_ms():
            time.sleep(pause / 1000)

    async def awaited(self) -> None:
        """Waits for its turn, for asyncio."""
        from asyncio import sleep

        while pause := self.wait_ms():
            await sleep(pause / 1000)

    def settle(self, input_tokens: int | None = None, output_tokens: int | None = None) -> None:
        """Says what it really used, None: as estimated. One whose turn had not come gives up its place."""
        used = (-1 if tokens is None else whole(tokens, "tokens") for tokens in (input_tokens, output_tokens))
        lib.claude_reservation_settle(self._handle, *used)

    def __enter__(self: ReservationT) -> ReservationT:
        try:
            self.wait()
        except BaseException:
            self.settle()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.settle()

    async def __aenter__(self: ReservationT) -> ReservationT:
        try:
            await self.awaited()
        except BaseException:
            self.settle()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.settle()


# ---- failover

_STATES = {
    "unknown": lib.CLAUDE_HEALTH_UNKNOWN,
    "healthy": lib.CLAUDE_HEALTH_HEALTHY,
    "degraded": lib.CLAUDE_HEALTH_DEGRADED,
    "unhealthy": lib.CLAUDE_HEALTH_UNHEALTHY,
}


class Endpoint:
    """One of the endpoints of a failover."""

    __slots__ = ("_failover", "index", "priority", "url")

    def __init__(self, failover: CData, index: int) -> None:
        self._failover = failover
        self.index = index
        self.url = text_of(lib.claude_failover_url(failover, index)) or ""
        """Its base URL."""
        self.priority = lib.claude_failover_priority(failover, index)
        """The lowest comes first."""

    @property
    def state(self) -> str:
        """ "unknown", "healthy", "degraded" or "unhealthy", as it is now. Setting it overrules what attempts told."""
        return text_of(lib.claude_health_state_name(lib.claude_failover_state(self._failover, self.index))) or ""

    @state.setter
    def state(self, value: State) -> None:
        if value not in _STATES:
            raise invalid(f"state is {value!r}; it must be one of {', '.join(_STATES)}")
        err = ffi.new("claude_error_t **")
        check(lib.claude_failover_set_state(self._failover, self.index, _STATES[value], err), err)

    def __repr__(self) -> str:
        return f"<Endpoint {self.index} {self.url} {self.state}>"


class Failover(_Handle):
    """Several endpoints for one API: for `Client(failover=...)`, also of several clients, or alone.

        failover = libclaude.Failover()
        failover.add_endpoint("https://api.anthropic.com")
        failover.add_endpoint("https://backup.example", 2, api_key=key, models={"claude-opus-5": "opus"})

    A key goes to no other server than that of its endpoint. Usable by any number of threads.
    """

    __slots__ = ()

    def __init__(self, config: Options | None = None) -> None:
        """`config` has options `failover.*` by name, and `network.allow_http` (docs/options.md)."""
        self._handle = _made(lib.claude_failover_new, "claude_failover_t", lib.claude_failover_unref, config_of(config))

    def add_endpoint(
        self,
        base_url: str,
        priority: int = 1,
        *,
        api_key: str | Secret | None = None,
        models: Mapping[str, str] | None = None,
    ) -> int:
        """Adds an endpoint; its index. Possible until one is selected, or a client is made.

        Without an `api_key` it gets the client's if it is on the client's server. `models` says what models are called
        there.
        """
        secret = api_key if isinstance(api_key, Secret) or api_key is None else Secret(api_key)
        index, err = ffi.new("size_t *"), ffi.new("claude_error_t **")
        url, key = c_text(base_url, "base_url"), NULL if secret is None else secret._handle
        check(lib.claude_failover_add_endpoint(self._handle, url, priority, key, index, err), err)
        for model, other in (models or {}).items():
            self.map_model(index[0], model, other)
        added: int = index[0]
        return added

    def map_model(self, index: int, model: str, other: str) -> None:
        """Has requests for a model ask an endpoint for what it is called there."""
        index, err = self._checked(index), ffi.new("claude_error_t **")
        names = c_text(model, "model"), c_text(other, "the other name of the model")
        check(lib.claude_failover_map_model(self._handle, index, *names, err), err)

    def select_endpoint(self, tried: Iterable[int] = ()) -> int:
        """Index of the endpoint to try next, none of those that were tried; an InvalidStateError when all were."""
        bits = 0
        for each in tried:
            bits |= 1 << self._checked(each)
        index, err = ffi.new("size_t *"), ffi.new("claude_error_t **")
        check(lib.claude_failover_select_endpoint(self._handle, bits, index, err), err)
        selected: int = index[0]
        return selected

    def record(self, index: int, ok: bool) -> None:
        """Tells what became of an attempt at an endpoint. Calls of clients do it themselves."""
        lib.claude_failover_record(self._handle, self._checked(index), 1 if ok else 0)

    def _checked(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise IndexError(f"there is no endpoint {index}; there are {len(self)}")
        return index

    def __len__(self) -> int:
        return lib.claude_failover_count(self._handle)

    def __getitem__(self, index: int) -> Endpoint:
        return Endpoint(self._handle, self._checked(index))

    def __iter__(self) -> Iterator[Endpoint]:
        for index in range(len(self)):
            yield self[index]

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<Failover of {len(self)} endpoints>"
