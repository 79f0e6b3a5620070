"""Exceptions: one class per kind of failure, all with the fields of the library's error object."""

from __future__ import annotations

import json

from ._ffi import NULL, ffi, lib, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal
    from typing import Any

    from ._claude import CData
    from ._report import Report
    from ._response import RateLimit, Response


class ClaudeError(Exception):
    """Anything that went wrong in this package.

    `code` and `name` say what (docs/errors.md), `category` is one of the seven groups, `message` names the problem and
    the fix. `response` is what had arrived when the call failed: for a stream the partial message. `feature` names what
    refused or failed, `cause` is the error behind this one, `report` tells of the call's attempts.
    """

    code: int
    name: str
    category: str
    message: str
    retryable: bool
    http_status: int | None
    api_type: str | None
    error_code: str | None
    request_id: str | None
    retry_after_ms: int | None
    attempts: int
    user_code: int
    feature: str | None
    cause: ClaudeError | None
    response: Response | None
    report: Report | None

    def __init__(
        self,
        message: str,
        fields: Mapping[str, Any] | None = None,
        response: Response | None = None,
        report: Report | None = None,
    ) -> None:
        super().__init__(message)
        fields = fields or {}
        self.message = message
        self.code = fields.get("code", lib.CLAUDE_E_INVALID)
        self.name = text_of(lib.claude_code_name(self.code)) or ""
        category = lib.claude_category_name(lib.claude_code_category(self.code))
        self.category = fields.get("category") or text_of(category) or ""
        self.retryable = bool(fields.get("retryable"))
        self.http_status = fields.get("http_status") or None
        self.api_type = fields.get("api_type")
        self.error_code = fields.get("error_code")
        self.request_id = fields.get("request_id")
        wait = fields.get("retry_after_ms")
        self.retry_after_ms = wait if wait is not None and wait >= 0 else None
        self.attempts = fields.get("attempts", 0)
        self.user_code = fields.get("user_code", 0)
        self.feature = fields.get("feature")
        cause = fields.get("cause")
        self.cause = self.__cause__ = make(cause) if cause else None
        self.response = response
        self.report = report
        self._fields = dict(fields)

    @property
    def retry_after(self) -> float | None:
        """In how many seconds to try again, as far as the server, or what refused, says it."""
        return None if self.retry_after_ms is None else self.retry_after_ms / 1000

    @property
    def rate_limits(self) -> dict[str, RateLimit]:
        """The limits that the server told with its answer; see Response.rate_limits."""
        return {} if self.response is None else self.response.rate_limits

    def __repr__(self) -> str:
        shown = [f"{self.message!r}", f"code={self.name or self.code}"]
        shown += [f"{name}={getattr(self, name)!r}" for name in ("http_status", "request_id") if getattr(self, name)]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Travels between processes without the answer, which belongs to this one.
        return (type(self), (self.message, self._fields, None, self.report))


class InvalidRequestError(ClaudeError, ValueError):
    """Something was refused before anything was sent."""


class InvalidStateError(ClaudeError, RuntimeError):
    """An object was used in a state that does not allow it: closed, in use elsewhere, or of a parent process."""


class NoKeyError(ClaudeError):
    """No API key was given or found."""


class CallCancelled(ClaudeError):  # noqa: N818 (it is no error of anybody)
    """The call was cancelled, by close() or by another thread."""


class NoMemoryError(ClaudeError, MemoryError):
    """Memory is out."""


class FileError(ClaudeError, OSError):
    """A file cannot be read, or was changed before it was sent."""


class UnsupportedError(ClaudeError, NotImplementedError):
    """This build of the library, or its libcurl, cannot do that."""


class CircuitOpenError(ClaudeError):
    """The circuit breaker is open, nothing was sent; `retry_after` is the time left, `cause` what had failed before."""


class ThrottledError(ClaudeError):
    """The client's own rate limiter refused, nothing was sent; `retry_after` is how long its turn would take."""


class QuotaExceededError(ClaudeError):
    """A quota has no room, nothing was sent; `retry_after` is the time until it begins anew, None: waiting is no use.

    Figures are requests, tokens, or US dollars as Decimal, whichever the limit counts.
    """

    @property
    def limit_name(self) -> str:
        """Which limit: "daily_cost", for example."""
        return self.error_code or ""

    @property
    def per_model(self) -> bool:
        """Whether it is a limit of the model, and not of all models together."""
        return bool(self._quota("per_model"))

    @property
    def limit(self) -> int | Decimal:
        """The limit."""
        return self._figure("limit")

    @property
    def used(self) -> int | Decimal:
        """How much of it is used."""
        return self._figure("used")

    @property
    def reserved(self) -> int | Decimal:
        """How much of it calls that are under way have reserved."""
        return self._figure("reserved")

    @property
    def needed(self) -> int | Decimal:
        """How much the call that was refused would have needed."""
        return self._figure("needed")

    @property
    def resets_at(self) -> datetime | None:
        """When the limit begins anew."""
        from datetime import datetime, timezone

        at = self._quota("reset_at_ms")
        return datetime.fromtimestamp(at / 1000, timezone.utc) if at >= 0 else None

    def _quota(self, name: str) -> int:
        figure: int = (self._fields.get("quota") or {}).get(name, -1)
        return figure

    def _figure(self, name: str) -> int | Decimal:
        number = self._quota(name)
        if not self.limit_name.endswith("cost"):
            return number
        from decimal import Decimal

        return Decimal(number).scaleb(-9)


class APIError(ClaudeError):
    """The call failed on its way, or the API answered with an error."""

    @property
    def status_code(self) -> int | None:
        """The HTTP status; 200 for an error inside a stream, None where no answer came."""
        return self.http_status

    @property
    def type(self) -> str | None:
        """The API's own name of the error, for example "overloaded_error"."""
        return self.api_type

    @property
    def body(self) -> Any:
        """The body of the answer: a JSON object, or text where it is none; None if nothing came."""
        if self.response is None or not self.response.raw:
            return None
        return self.response.to_dict() or self.response.json


class APIResponseValidationError(APIError):
    """What came back is not an answer of this API."""


class APIConnectionError(APIError):
    """The API could not be reached, or the connection broke."""


class APITimeoutError(APIConnectionError):
    """A deadline passed."""


class StreamTruncatedError(APIConnectionError):
    """The stream ended before the message was complete; `response` has what came."""


class APIStatusError(APIError):
    """The API answered with an error."""


class BadRequestError(APIStatusError):
    """400."""


class AuthenticationError(APIStatusError):
    """401."""


class PermissionDeniedError(APIStatusError):
    """403."""


class NotFoundError(APIStatusError):
    """404."""


class ConflictError(APIStatusError):
    """409."""


class RequestTooLargeError(APIStatusError):
    """413."""


class UnprocessableEntityError(APIStatusError):
    """422."""


class RateLimitError(APIStatusError):
    """429; `retry_after_ms` says how long the server asked to wait."""


class InternalServerError(APIStatusError):
    """500 and above."""


class ServiceUnavailableError(InternalServerError):
    """503."""


class DeadlineExceededError(InternalServerError):
    """504: the API took too long itself."""


class OverloadedError(InternalServerError):
    """529, or an overloaded_error inside a stream."""


_CLASSES: dict[int, type[ClaudeError]] = {
    lib.CLAUDE_E_INVALID: InvalidRequestError,
    lib.CLAUDE_E_STATE: InvalidStateError,
    lib.CLAUDE_E_BUSY: InvalidStateError,
    lib.CLAUDE_E_FORKED: InvalidStateError,
    lib.CLAUDE_E_NOMEM: NoMemoryError,
    lib.CLAUDE_E_UNSUPPORTED: UnsupportedError,
    lib.CLAUDE_E_IO: FileError,
    lib.CLAUDE_E_NO_KEY: NoKeyError,
    lib.CLAUDE_E_CANCELED: CallCancelled,
    lib.CLAUDE_E_CIRCUIT_OPEN: CircuitOpenError,
    lib.CLAUDE_E_THROTTLED: ThrottledError,
    lib.CLAUDE_E_QUOTA: QuotaExceededError,
    lib.CLAUDE_E_RESOLVE: APIConnectionError,
    lib.CLAUDE_E_CONNECT: APIConnectionError,
    lib.CLAUDE_E_TLS: APIConnectionError,
    lib.CLAUDE_E_CLOSED: APIConnectionError,
    lib.CLAUDE_E_PROXY: APIConnectionError,
    lib.CLAUDE_E_TIMEOUT: APITimeoutError,
    lib.CLAUDE_E_TRUNCATED: StreamTruncatedError,
    lib.CLAUDE_E_PROTOCOL: APIResponseValidationError,
    lib.CLAUDE_E_TOO_LARGE: APIResponseValidationError,
    lib.CLAUDE_E_REDIRECT: APIResponseValidationError,
    lib.CLAUDE_E_API: APIStatusError,
    lib.CLAUDE_E_BILLING: APIStatusError,
    lib.CLAUDE_E_AUTH: AuthenticationError,
    lib.CLAUDE_E_PERMISSION: PermissionDeniedError,
    lib.CLAUDE_E_NOT_FOUND: NotFoundError,
    lib.CLAUDE_E_CONFLICT: ConflictError,
    lib.CLAUDE_E_RATE_LIMIT: RateLimitError,
    lib.CLAUDE_E_OVERLOADED: OverloadedError,
    lib.CLAUDE_E_BAD_REQUEST: BadRequestError,
    lib.CLAUDE_E_REQUEST_TOO_LARGE: RequestTooLargeError,
    lib.CLAUDE_E_API_TIMEOUT: DeadlineExceededError,
    lib.CLAUDE_E_SERVER: InternalServerError,
}

# Where the library's code covers several statuses that have classes of their own.
_BY_STATUS: dict[tuple[int, int | None], type[ClaudeError]] = {
    (lib.CLAUDE_E_BAD_REQUEST, 422): UnprocessableEntityError,
    (lib.CLAUDE_E_SERVER, 503): ServiceUnavailableError,
}


def make(fields: Mapping[str, Any], response: Response | None = None, report: Report | None = None) -> ClaudeError:
    """The exception for an error object given as its JSON members."""
    code, status = fields["code"], fields.get("http_status")
    kind = _BY_STATUS.get((code, status)) or _CLASSES.get(code, ClaudeError)
    return kind(fields["message"], fields, response, report)


def invalid(message: str) -> InvalidRequestError:
    """For what this package refuses itself."""
    return InvalidRequestError(message, {"code": lib.CLAUDE_E_INVALID})


def bad_state(message: str, code: int | None = None) -> InvalidStateError:
    """For an object that cannot be used (any more)."""
    return InvalidStateError(message, {"code": lib.CLAUDE_E_STATE if code is None else code})


def take(handle: CData) -> ClaudeError:
    """The exception for an error object whose reference is handed over."""
    from ._report import copied
    from ._response import wrap

    error = ffi.gc(handle, lib.claude_error_unref)
    fields = json.loads(ffi.string(lib.claude_error_json(error, NULL)))
    partial = lib.claude_error_response(error)
    response = wrap(lib.claude_response_ref(partial)) if partial else None
    return make(fields, response, copied(lib.claude_error_report(error)))


def check(code: int, slot: CData) -> int:
    """The code of a function that wrote into `slot` on failure; failures are raised."""
    if code < 0:
        raise take(slot[0])
    return code
