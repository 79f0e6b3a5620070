"""Answers that are taken piece by piece: results of batches, and the content of files."""

from __future__ import annotations

from ._errors import check, take
from ._ffi import NULL, ffi, lib
from ._json import decode
from ._response import as_message
from ._stream import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from typing import Any, BinaryIO

    from ._errors import ClaudeError
    from ._response import Message

_TYPES = {
    lib.CLAUDE_BATCH_SUCCEEDED: "succeeded",
    lib.CLAUDE_BATCH_ERRORED: "errored",
    lib.CLAUDE_BATCH_CANCELED: "canceled",
    lib.CLAUDE_BATCH_EXPIRED: "expired",
}


class BatchResult:
    """What became of one request of a batch. Decoded when first looked into."""

    __slots__ = ("_line", "_result", "_what", "custom_id", "type")
    _result: Any

    def __init__(self, line: bytes) -> None:
        kind, text, length = ffi.new("int32_t *"), ffi.new("const char *[2]"), ffi.new("size_t[2]")
        err = ffi.new("claude_error_t **")
        code = lib.claude_batch_result_slices(line, len(line), kind, text, length, text + 1, length + 1, err)
        check(code, err)
        self._line = line
        self.custom_id = ffi.unpack(text[0], length[0]).decode()
        """Names the request."""
        self._what = ffi.unpack(text[1], length[1])
        self.type = _TYPES.get(kind[0]) or str(self.result.type)
        """"succeeded", "errored", "canceled", "expired", or what may come later."""

    @property
    def json(self) -> str:
        """The line exactly as received."""
        return self._line.decode()

    @property
    def result(self) -> Any:
        """The line's member `result`: `.type`, `.message` or `.error`."""
        try:
            return self._result
        except AttributeError:
            self._result = decode(self._line)["result"]
            return self._result

    @property
    def message(self) -> Message | None:
        """The message of a request that has succeeded."""
        if self.type != "succeeded":
            return None
        out, err = ffi.new("claude_response_t **"), ffi.new("claude_error_t **")
        check(lib.claude_response_parse(self._what, len(self._what), out, err), err)
        return as_message(out[0])

    @property
    def error(self) -> ClaudeError | None:
        """What a call of a request that has not succeeded would have raised."""
        err = ffi.new("claude_error_t **")
        lib.claude_batch_result_error(self._line, len(self._line), err)
        return take(err[0]) if err[0] != NULL else None

    def __repr__(self) -> str:
        return f"<BatchResult {self.custom_id!r} {self.type}>"


class BatchResults:
    """The results of a batch, one by one as they come, in no particular order. A line may be of any length."""

    __slots__ = ("_stream",)

    def __init__(self, call: Any) -> None:
        self._stream = Stream(call)

    @property
    def request_id(self) -> str | None:
        """What the API's support asks for."""
        return self._stream.request_id

    def __iter__(self) -> BatchResults:
        return self

    def __next__(self) -> BatchResult:
        return BatchResult(next(self._stream).raw)

    def close(self) -> None:
        """Ends the call if it is still running."""
        self._stream.close()

    def __enter__(self) -> BatchResults:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class Download:
    """The content of a file, as it comes."""

    __slots__ = ("_stream",)

    def __init__(self, call: Any) -> None:
        self._stream = Stream(call)

    @property
    def request_id(self) -> str | None:
        """What the API's support asks for."""
        return self._stream.request_id

    def __iter__(self) -> Iterator[bytes]:
        for event in self._stream:
            if event.kind == lib.CLAUDE_EVENT_BYTES:
                yield event.raw

    iter_bytes = __iter__

    def read(self) -> bytes:
        """All of it."""
        return b"".join(self)

    def stream_to(self, file: BinaryIO) -> int:
        """Writes all of it to an open file; how many bytes there were."""
        return sum(write(file, piece) for piece in self)

    def write_to_file(self, path: str | os.PathLike[str]) -> int:
        """Writes all of it to a new file, or over one; how many bytes there were. What broke off is left there."""
        with open(path, "wb") as file:
            return self.stream_to(file)

    def close(self) -> None:
        """Ends the call if it is still running."""
        self._stream.close()

    def __enter__(self) -> Download:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def write(file: BinaryIO, piece: bytes) -> int:
    """The whole piece, also to a file that takes less at once."""
    rest = memoryview(piece)
    while rest:
        rest = rest[file.write(rest) or 0 :]
    return len(piece)
