"""libclaude in an asyncio loop. To be copied into programs.

async with AsyncioAdapter(client) as claude:
    async for event in claude.stream(model=..., max_tokens=..., messages=[...]):
        ...
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import islice
from typing import Any

import libclaude

PAUSE_AT, RESUME_AT = 256, 64


class Reply(asyncio.Queue):  # type: ignore[type-arg]
    """The events of an answer that nobody has asked for yet; None is its end."""

    call: libclaude.LoopCall


class AsyncioAdapter:
    """The calls of a client in the loop that runs now. `wakeups` is for the curious."""

    def __init__(self, client: libclaude.Client, max_events: int = 1000) -> None:
        """At most `max_events` are taken each time, so that other tasks have their turn."""
        self.max_events = max_events
        self.wakeups = 0
        self._loop = libclaude.Loop(client)
        asyncio.get_running_loop().add_reader(self._loop.fileno(), self._ready)

    def _ready(self) -> None:
        self.wakeups += 1
        self._loop.dispatch()
        for reply, event in islice(iter(self._loop.next, None), self.max_events):
            reply.put_nowait(event)
            if reply.qsize() == PAUSE_AT:
                reply.call.pause()

    async def stream(self, **request: Any) -> AsyncIterator[libclaude.Event]:
        """The events of an answer. Whoever stops asking for them, or is cancelled, cancels the call."""
        reply = Reply()
        reply.call = self._loop.submit(reply, **request)
        try:
            while (event := await reply.get()) is not None:
                if reply.qsize() == RESUME_AT:
                    reply.call.resume()
                yield event
            reply.call.result()  # raises why the call failed
        finally:
            reply.call.cancel()

    async def __aenter__(self) -> AsyncioAdapter:
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._loop.fileno())
        self._loop.close()
