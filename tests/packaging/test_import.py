"""What an import costs a program that starts."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from installs import run

if TYPE_CHECKING:
    from pathlib import Path

PROCESSES = 15
LIMIT_MS = 25.0

# Processor time, so that what else runs on the machine does not count.
CODE = """
import time
before = time.process_time_ns()
import libclaude
print((time.process_time_ns() - before) / 1e6)
"""
# Modules that cost more than all of the package, and that a client needs for nothing.
HEAVY = {"asyncio", "email", "http", "logging", "ssl", "typing", "urllib", "inspect", "dataclasses"}


def test_the_import_is_quick(wheel_python: Path) -> None:
    run(wheel_python, "-I", "-c", CODE)  # once with a cold cache
    taken = [float(run(wheel_python, "-I", "-c", CODE)) for _ in range(PROCESSES)]
    print(f"import: median {statistics.median(taken):.1f} ms, worst {max(taken):.1f} ms of {PROCESSES}")
    assert statistics.median(taken) <= LIMIT_MS


def test_the_import_brings_nothing_heavy(wheel_python: Path) -> None:
    (packages,) = wheel_python.parents[1].glob("lib/python3*/site-packages")
    code = f"import sys; sys.path.append({str(packages)!r}); import libclaude; print(*sys.modules)"
    assert HEAVY & set(run(wheel_python, "-I", "-S", "-c", code).split()) == set()
