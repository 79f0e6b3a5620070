"""Bytes in gzip, as the library makes and reads them."""

from __future__ import annotations

from ._args import whole
from ._base import config_of
from ._errors import check, invalid
from ._ffi import NULL, ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    from ._base import Options

    Buffer = Union[bytes, bytearray, memoryview]


def compress(data: Buffer, config: Options | None = None) -> bytes:
    """The bytes in gzip, or as they were where that is not smaller (see is_gzip()).

    `config` may have "compression.level", and "compression.min_size": what is below that stays as it is.
    """
    given = _bytes(data)
    handle = NULL if config is None else config_of(config)
    return _out(lib.claude_compress, given, len(given), handle)


def decompress(data: Buffer, max_len: int | None = None) -> bytes:
    """What is in the gzip; what is no gzip is handed out as it is. An error above `max_len` bytes, 64 MiB if None."""
    given = _bytes(data)
    limit = 0 if max_len is None else whole(max_len, "max_len")
    if max_len is not None and limit <= 0:
        raise invalid(f"max_len is {max_len}; it must be 1 or more")
    return _out(lib.claude_decompress, given, len(given), limit)


def is_gzip(data: Buffer) -> bool:
    """Whether bytes begin as gzip does."""
    given = _bytes(data)
    return bool(lib.claude_is_gzip(given, len(given)))


def _bytes(data: Any) -> bytes:
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise invalid(f"data must be bytes, not {type(data).__name__}")
    return bytes(data)


def _out(function: Any, *arguments: Any) -> bytes:
    out, err, length = ffi.new("claude_response_t **"), ffi.new("claude_error_t **"), ffi.new("size_t *")
    check(function(*arguments, out, err), err)
    result = ffi.gc(out[0], lib.claude_response_unref)
    return ffi.unpack(lib.claude_response_json(result, length), length[0])
