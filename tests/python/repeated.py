"""Run by test_lifetime.py: does everything many times and says by how many KiB the process has grown."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import libclaude

KEY = "sk-ant-0123456789-0123456789"
BODY: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}


def resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * 4


def everything(url: str) -> None:
    with libclaude.Client(libclaude.Secret(KEY), base_url=url, sign=lambda _attempt: {"x-a": "b"}) as client:
        for _ in range(20):
            _ = client.messages.create(**BODY).content
            with client.messages.stream(**BODY) as stream:
                _ = [event.data for event in stream]
                _ = stream.get_final_message().text
            with client.messages.stream(**BODY) as stream:
                next(stream)
            with suppress(libclaude.OverloadedError):
                client.messages.create(**BODY, extra_headers={"x-sandbox-scenario": "overloaded"})
            with suppress(libclaude.InvalidRequestError):
                client.messages.create()
            with suppress(libclaude.InvalidRequestError):
                libclaude.Secret("refused")
            _ = [libclaude.Secret(KEY).fingerprint for _ in range(10)]


async def everything_in_asyncio(url: str) -> None:
    async with libclaude.AsyncClient(libclaude.Secret(KEY), base_url=url, sign=lambda _attempt: None) as client:
        for _ in range(10):
            _ = (await client.messages.create(**BODY)).content
            async with client.messages.stream(**BODY) as stream:
                _ = [event.data async for event in stream]
                _ = (await stream.get_final_message()).text
            async with client.with_options(timeout=5).messages.stream(**BODY) as stream:
                await stream.__anext__()
            with suppress(libclaude.OverloadedError):
                await client.messages.create(**BODY, extra_headers={"x-sandbox-scenario": "overloaded"})


def main() -> None:
    for _ in range(20):
        everything(sys.argv[1])
        asyncio.run(everything_in_asyncio(sys.argv[1]))
    before = resident_kib()
    for _ in range(100):
        everything(sys.argv[1])
        asyncio.run(everything_in_asyncio(sys.argv[1]))
    print(resident_kib() - before)


if __name__ == "__main__":
    main()
