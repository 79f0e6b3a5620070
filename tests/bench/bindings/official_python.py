"""The rows of the official Python SDK: official_python.py ROW WHAT URL. Started by scripts/bench."""

from __future__ import annotations

import asyncio
import sys

import anthropic
import httpx2
from rows import ASK, KEY, idle, in_flight, one_by_one, rate, scenario


def texts(client: anthropic.Anthropic) -> int:
    """Takes every piece of text of a stream."""
    with client.messages.stream(extra_headers=scenario("bench-few"), **ASK) as stream:
        return sum(1 for _ in stream.text_stream)


def events(client: anthropic.Anthropic) -> int:
    """Takes every event of a stream as an object: as received, the SDK's fastest way."""
    with client.messages.create(stream=True, extra_headers=scenario("bench-few"), **ASK) as stream:
        return sum(1 for _ in stream)


async def concurrent(row: str, what: str, url: str) -> None:
    """Rows of the asynchronous client."""
    # The SDK's own pool has 1,000 connections at most; more streams than that would wait for ever.
    pool = anthropic.DefaultAsyncHttpxClient(limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100))
    async with anthropic.AsyncAnthropic(api_key=KEY, base_url=url, max_retries=0, http_client=pool) as client:

        async def call() -> object:
            return await client.messages.create(**ASK)

        async def open_stream() -> object:
            stream = await client.messages.create(stream=True, extra_headers=scenario("bench-idle"), **ASK)
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
    with anthropic.Anthropic(api_key=KEY, base_url=url, max_retries=0) as client:
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
