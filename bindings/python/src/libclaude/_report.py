"""What happened on the way to a call's result."""

from __future__ import annotations

from ._ffi import ffi, lib
from ._json import Array, Object, decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._claude import CData


class Report(Object):
    """The report of a call: its attempts, what it waited for, why there was no further attempt.

    Read-only. Its members are attributes, and members of a mapping: `report.retries`, `report["retries"]`.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        features: Array
        """Names of the features that were at work: "retries", "circuit_breaker", "rate_limiting", "failover",
        "quota"."""
        wire_attempts: int
        """Requests that reached the wire, those included that the HTTP library sent again by itself."""
        attempts: int
        """Attempts that the library made."""
        retries: int
        """How many of them were retries."""
        failovers: int
        """How many of them went to another endpoint because the one before had failed."""
        resends: int
        """How many of them were the same request once more: with another key, or not compressed."""
        limiter_wait_ms: int
        """How long the call waited for its turns."""
        backoff_ms: int
        """How long the call waited between attempts."""
        duration_ms: int
        """How long the call took."""
        endpoint_index: int
        """Which endpoint the last attempt went to; 0 without failover."""
        endpoint_url: str
        """Its base URL."""
        breaker_state: str | None
        """State of its circuit breaker when the call ended: "closed", "open", "half_open"; None without a breaker."""
        stopped_by: str
        """Why there was no further attempt, for example "max_retries"; "" when nothing stopped it."""
        snapshot: str
        """Which of the client's snapshots it used; "" for the one without a name."""
        generation: int
        """Generation of that snapshot: 1 for the configuration that the client was made with."""
        attempt_list: Array
        """The first 64 attempts, each with `code`, `name`, `http_status`, `request_id`, `endpoint`, `wire_attempts`,
        `started_ms`, `duration_ms`, `first_event_ms`, `backoff_ms` and `limiter_wait_ms`; where timings were taken also
        `timings_us`."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (_again, (dict(Object.__reduce__(self)[1][0]),))


def _again(members: dict[str, Any]) -> Report:
    from ._json import frozen

    return Report(frozen(members))


def copied(lent: CData) -> Report | None:
    """A copy of a report that is lent; None where there is none."""
    if not lent:
        return None
    length = ffi.new("size_t *")
    text = lib.claude_report_json(lent, length)
    return Report(decode(ffi.unpack(text, length[0]))) if length[0] else None
