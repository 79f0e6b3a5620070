"""What both Python programs share: how a row is measured and printed, so that only the client differs."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

KEY = "sk-ant-benchmark-not-a-real-key"
ASK: dict[str, Any] = {"model": "claude-opus-5", "max_tokens": 1024, "messages": [{"role": "user", "content": "Hello"}]}
WARM_UP, CALLS, STREAMS = 200, 4000, 1000


def show(row: str, value: float, unit: str) -> None:
    """A line for scripts/bench."""
    print(f"{row} {value:.6g} {unit}")


def scenario(name: str) -> dict[str, str]:
    """The header that chooses what the sandbox answers."""
    return {"x-sandbox-scenario": name}


def rate(row: str, unit: str, consume: Callable[[], int]) -> None:
    """Things per second that `consume` takes out of one stream."""
    start = time.perf_counter()
    count = consume()
    show(row, count / (time.perf_counter() - start), unit)


def processor_us() -> float:
    """Processor time that the process has spent."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1e6


def one_by_one(row: str, call: Callable[[], object]) -> None:
    """Processor time of a call, one after another."""
    for _ in range(WARM_UP):
        call()
    begin, start = processor_us(), time.perf_counter()
    for _ in range(CALLS):
        call()
    show(row, (processor_us() - begin) / CALLS, "us")
    show(f"{row}.rate", CALLS / (time.perf_counter() - start), "calls/s")


async def _many(call: Callable[[], Awaitable[object]], count: int, at_once: int) -> None:
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*(work() for _ in range(at_once)))


async def in_flight(row: str, call: Callable[[], Awaitable[object]], at_once: int) -> None:
    """Processor time of a call, so many at once on one event loop."""
    await _many(call, WARM_UP, at_once)
    begin, start = processor_us(), time.perf_counter()
    await _many(call, CALLS, at_once)
    show(row, (processor_us() - begin) / CALLS, "us")
    show(f"{row}.rate", CALLS / (time.perf_counter() - start), "calls/s")


def resident_kib() -> float:
    """Memory of the process that is resident."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


async def idle(row: str, open_stream: Callable[[], Awaitable[object]]) -> None:
    """Resident memory of a stream on which nothing comes, and how many threads the process has."""
    kept = [await open_stream() for _ in range(20)]
    before = resident_kib()
    for _ in range(STREAMS // 50):
        kept += await asyncio.gather(*(open_stream() for _ in range(50)))
    show(row, (resident_kib() - before) / STREAMS, "KiB")
    show(f"{row}.process", resident_kib() / 1024, "MiB")
    show(f"{row}.threads", len(os.listdir("/proc/self/task")), "threads")
    sys.stdout.flush()
    os._exit(0)  # closing a thousand streams is not measured
