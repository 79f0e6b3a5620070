"""Answers that are taken piece by piece, for asyncio."""

from __future__ import annotations

from ._async import AsyncStream
from ._ffi import lib
from ._pieces import BatchResult, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator
    from typing import Any, BinaryIO


class AsyncBatchResults:
    """The results of a batch, one by one as they come, in no particular order. A line may be of any length."""

    __slots__ = ("_stream",)

    def __init__(self, call: Any) -> None:
        self._stream = AsyncStream(call)

    async def _begun(self) -> AsyncBatchResults:
        await self._stream._begun()
        return self

    @property
    def request_id(self) -> str | None:
        """What the API's support asks for."""
        return self._stream.request_id

    async def __aiter__(self) -> AsyncIterator[BatchResult]:
        async for event in self._stream:
            yield BatchResult(event.raw)

    async def close(self) -> None:
        """Ends the call if it is still running."""
        await self._stream.close()

    async def __aenter__(self) -> AsyncBatchResults:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()


class AsyncDownload:
    """The content of a file, as it comes."""

    __slots__ = ("_stream",)

    def __init__(self, call: Any) -> None:
        self._stream = AsyncStream(call)

    async def _begun(self) -> AsyncDownload:
        await self._stream._begun()
        return self

    @property
    def request_id(self) -> str | None:
        """What the API's support asks for."""
        return self._stream.request_id

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for event in self._stream:
            if event.kind == lib.CLAUDE_EVENT_BYTES:
                yield event.raw

    iter_bytes = __aiter__

    async def read(self) -> bytes:
        """All of it."""
        return b"".join([piece async for piece in self])

    async def stream_to(self, file: BinaryIO) -> int:
        """Writes all of it to an open file, without awaiting that; how many bytes there were."""
        count = 0
        async for piece in self:
            count += write(file, piece)
        return count

    async def write_to_file(self, path: str | os.PathLike[str]) -> int:
        """Writes all of it to a new file, or over one; how many bytes there were. What broke off is left there."""
        with open(path, "wb") as file:
            return await self.stream_to(file)

    async def close(self) -> None:
        """Ends the call if it is still running."""
        await self._stream.close()

    async def __aenter__(self) -> AsyncDownload:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()
