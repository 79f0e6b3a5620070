"""The rows of libclaude for Python: libclaude_python.py ROW WHAT URL. Started by scripts/bench."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import libclaude
from rows import ASK, KEY, idle, in_flight, one_by_one, rate, scenario


def texts(client: libclaude.Client) -> int:
    """Takes every piece of text of a stream."""
    with client.messages.stream(extra_headers=scenario("bench-bulk"), **ASK) as stream:
        return sum(1 for _ in stream.text_stream)


def events(client: libclaude.Client) -> int:
    """Takes every event of a stream as an object."""
    with client.messages.stream(extra_headers=scenario("bench-bulk"), **ASK) as stream:
        return sum(1 for _ in stream)


async def concurrent(row: str, what: str, url: str) -> None:
    """Rows of the asynchronous client."""
    async with libclaude.AsyncClient(KEY, base_url=url) as client:

        async def call() -> object:
            return await client.messages.create(**ASK)

        async def open_stream() -> object:
            stream: Any = await client.messages.create(stream=True, extra_headers=scenario("bench-idle"), **ASK)
            return stream, await stream.__anext__()

        if what == "idle.1000":
            await idle(row, open_stream)
        else:
            await in_flight(row, call, 64)


def main() -> None:
    """Measures one row."""
    row, what, url = sys.argv[1:]
    if what in ("request.64", "idle.1000"):
        asyncio.run(concurrent(row, what, url))
        return
    with libclaude.Client(KEY, base_url=url) as client:
        if what == "cold":
            client.messages.create(**ASK)
        elif what == "text":
            rate(row, "texts/s", lambda: texts(client))
        elif what == "events":
            rate(row, "events/s", lambda: events(client))
        else:
            one_by_one(row, lambda: client.messages.create(**ASK))


if __name__ == "__main__":
    main()
