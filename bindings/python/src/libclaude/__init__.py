"""Claude API client: Python over libclaude, a C library with a stable ABI.

    import libclaude

    with libclaude.Client.from_env() as client:
        with client.messages.stream(
            model="claude-opus-5", max_tokens=1024, messages=[{"role": "user", "content": "Hello"}]
        ) as stream:
            for text in stream.text_stream:
                print(text, end="", flush=True)

Everything that fails raises a ClaudeError. AsyncClient is the same for asyncio, Loop for other event loops.
"""

from ._client import Client, Messages, RawMessages
from ._errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    CallCancelled,
    CircuitOpenError,
    ClaudeError,
    ConflictError,
    DeadlineExceededError,
    FileError,
    InternalServerError,
    InvalidRequestError,
    InvalidStateError,
    NoKeyError,
    NoMemoryError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    RequestTooLargeError,
    ServiceUnavailableError,
    StreamTruncatedError,
    ThrottledError,
    UnprocessableEntityError,
    UnsupportedError,
)
from ._ffi import lib as _lib
from ._ffi import text_of as _text_of
from ._loop import Loop, LoopCall
from ._report import Report
from ._response import Headers, Message, RateLimit, RawResponse, Response
from ._secret import Secret
from ._sign import Attempt
from ._stream import Event, EventKind, MessageStream, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._async import AsyncClient, AsyncMessages, AsyncMessageStream, AsyncRawMessages, AsyncStream
    from ._async_pieces import AsyncBatchResults, AsyncDownload
    from ._async_tools import AsyncToolRunner
    from ._compression import compress, decompress, is_gzip
    from ._diag import Curl, SelfTest, SelfTestCheck, Trail, TrailUse
    from ._files import File, document_block, image_block
    from ._health import EndpointHealth, Health
    from ._metrics import Metric, Metrics, metrics_known
    from ._models import ModelTable, choose_model, cost, estimate_cost, model_facts
    from ._observe import ObservedAttempt
    from ._pages import AsyncPage, AsyncPages, Page
    from ._pieces import BatchResult, BatchResults, Download
    from ._quota import Quota, QuotaReservation
    from ._reliability import CircuitBreaker, Endpoint, Failover, Permit, RateLimiter, Reservation
    from ._structured import ParsedMessage, parse_output, transform_schema
    from ._tools import Tool, ToolError, ToolRunner, tool
    from ._validate import Problem, validate
    from ._watcher import ConfigWatcher

__version__ = _text_of(_lib.claude_version_string()) or ""

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncBatchResults",
    "AsyncClient",
    "AsyncDownload",
    "AsyncMessageStream",
    "AsyncMessages",
    "AsyncPage",
    "AsyncPages",
    "AsyncRawMessages",
    "AsyncStream",
    "AsyncToolRunner",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "BatchResult",
    "BatchResults",
    "CallCancelled",
    "CircuitBreaker",
    "CircuitOpenError",
    "ClaudeError",
    "Client",
    "ConfigWatcher",
    "ConflictError",
    "Curl",
    "DeadlineExceededError",
    "Download",
    "Endpoint",
    "EndpointHealth",
    "Event",
    "EventKind",
    "Failover",
    "File",
    "FileError",
    "Headers",
    "Health",
    "InternalServerError",
    "InvalidRequestError",
    "InvalidStateError",
    "Loop",
    "LoopCall",
    "Message",
    "MessageStream",
    "Messages",
    "Metric",
    "Metrics",
    "ModelTable",
    "NoKeyError",
    "NoMemoryError",
    "NotFoundError",
    "ObservedAttempt",
    "OverloadedError",
    "Page",
    "ParsedMessage",
    "PermissionDeniedError",
    "Permit",
    "Problem",
    "Quota",
    "QuotaExceededError",
    "QuotaReservation",
    "RateLimit",
    "RateLimitError",
    "RateLimiter",
    "RawMessages",
    "RawResponse",
    "Report",
    "RequestTooLargeError",
    "Reservation",
    "Response",
    "Secret",
    "SelfTest",
    "SelfTestCheck",
    "ServiceUnavailableError",
    "Stream",
    "StreamTruncatedError",
    "ThrottledError",
    "Tool",
    "ToolError",
    "ToolRunner",
    "Trail",
    "TrailUse",
    "UnprocessableEntityError",
    "UnsupportedError",
    "choose_model",
    "compress",
    "cost",
    "decompress",
    "document_block",
    "estimate_cost",
    "image_block",
    "is_gzip",
    "metrics_known",
    "model_facts",
    "parse_output",
    "tool",
    "transform_schema",
    "validate",
]


# What not every program needs is imported when it is asked for first.
_LATER = {
    "_async": "AsyncClient AsyncMessageStream AsyncMessages AsyncRawMessages AsyncStream",
    "_async_pieces": "AsyncBatchResults AsyncDownload",
    "_async_tools": "AsyncToolRunner",
    "_compression": "compress decompress is_gzip",
    "_diag": "Curl SelfTest SelfTestCheck Trail TrailUse",
    "_files": "File document_block image_block",
    "_health": "EndpointHealth Health",
    "_metrics": "Metric Metrics metrics_known",
    "_models": "ModelTable choose_model cost estimate_cost model_facts",
    "_observe": "ObservedAttempt",
    "_pages": "AsyncPage AsyncPages Page",
    "_pieces": "BatchResult BatchResults Download",
    "_quota": "Quota QuotaReservation",
    "_reliability": "CircuitBreaker Endpoint Failover Permit RateLimiter Reservation",
    "_structured": "ParsedMessage parse_output transform_schema",
    "_tools": "Tool ToolError ToolRunner tool",
    "_validate": "Problem validate",
    "_watcher": "ConfigWatcher",
}


def __getattr__(name: str) -> object:
    for module, names in _LATER.items():
        if name in names.split():
            from importlib import import_module

            return getattr(import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
