"""Measures the Python binding against the sandbox server: prints lines `row value unit`, medians of several runs.

    python tests/bench/bench_python.py [--build-dir build/release] [--runs 5]

The extension module must have been built against that build tree (bindings/python/build_ext.py). The client runs on one
core and the sandbox on the others, where there are others. Rates are of wall time, from the request to the last event.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bindings" / "python" / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sandbox"))

import libclaude
from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "bindings" / "python" / "src"
EVENTS = 1_000_000
KEY = "sk-ant-0123456789-0123456789"
IMPORT = "import time; start = time.perf_counter(); import libclaude; print((time.perf_counter() - start) * 1e3)"


def measure(runs: int, once: Callable[[], float]) -> float:
    """The median of several runs after one that does not count."""
    once()
    return statistics.median(once() for _ in range(runs))


def installed(cache: str) -> dict[str, str]:
    """An environment in which the package is found as if it were installed: with its bytecode at hand."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**env, "PYTHONPATH": str(SOURCE), "PYTHONPYCACHEPREFIX": cache}


def import_ms(env: dict[str, str]) -> float:
    """The time of the import statement in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", IMPORT], check=True, capture_output=True, text=True, env=env)
    return float(done.stdout)


def cold_ms(env: dict[str, str]) -> float:
    """A whole process that imports the package and ends, less one that imports nothing."""
    times = []
    for code in ("pass", "import libclaude"):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, env=env)
        times.append((time.perf_counter() - start) * 1e3)
    return times[1] - times[0]


def rate(client: libclaude.Client, consume: Callable[[libclaude.MessageStream], int]) -> float:
    """Things per second of one stream of a million deltas."""
    start = time.perf_counter()
    with client.messages.stream(
        model="claude-opus-5", max_tokens=EVENTS, messages=[{"role": "user", "content": "go"}]
    ) as stream:
        count = consume(stream)
    seconds = time.perf_counter() - start
    if count < EVENTS:
        raise SystemExit(f"only {count} of {EVENTS} deltas came")
    return count / seconds


def texts(stream: libclaude.MessageStream) -> int:
    """Takes every piece of text."""
    return sum(1 for _ in stream.text_stream)


def events(stream: libclaude.MessageStream) -> int:
    """Takes every event as an object."""
    return sum(1 for _ in stream)


def final(stream: libclaude.MessageStream) -> int:
    """Takes only the message at the end."""
    return int(stream.get_final_message().usage.output_tokens)


def split_cores() -> tuple[set[int], set[int]]:
    """The client's core, and the sandbox's."""
    cores = sorted(os.sched_getaffinity(0))
    return set(cores[:1]), set(cores[1:]) or set(cores)


def main() -> None:
    """Prints every row."""
    parser = argparse.ArgumentParser(description="Measures the Python binding.")
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build" / "release")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    program = os.environ.get("CLAUDE_SANDBOX", str(arguments.build_dir / "bin" / "claude-sandbox"))
    mine, other = split_cores()
    with tempfile.TemporaryDirectory() as cache:
        env = installed(cache)
        print(f"python.import {measure(arguments.runs, lambda: import_ms(env)):.2f} ms", flush=True)
        print(f"python.cold {measure(arguments.runs, lambda: cold_ms(env)):.2f} ms", flush=True)
    with Sandbox("--keep", "0", path=program) as sandbox, libclaude.Client(KEY, base_url=sandbox.url) as client:
        os.sched_setaffinity(sandbox.pid, other)
        os.sched_setaffinity(0, mine)
        sandbox.scenario("bulk-1m")
        for name, unit, consume in (
            ("python.text", "texts/s", texts),
            ("python.events", "events/s", events),
            ("python.message", "events/s", final),
        ):
            value = measure(arguments.runs, lambda consume=consume: rate(client, consume))  # type: ignore[misc]
            print(f"{name} {value:.0f} {unit}", flush=True)


if __name__ == "__main__":
    main()
