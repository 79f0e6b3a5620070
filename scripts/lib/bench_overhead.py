"""The group `overhead` of scripts/bench: instructions inside of libclaude for a plain request, counted by callgrind.

The library is built twice: as it is shipped, and without its reliability features, metrics and
diagnostics. What a process needs to start is the same for N and for 2 N requests, so their difference is that of N
requests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import bench_bindings

CALLS = 100
LIBRARY = "libclaude.so"
ABSENT = bench_bindings.PLACE / "absent"
FEATURES = ["RETRY_LOGIC", "CIRCUIT_BREAKER", "RATE_LIMITING", "FAILOVER", "HEALTH_CHECKS", "METRICS"]
FEATURES += ["CURL_DIAGNOSTICS", "GENERAL_DIAGNOSTICS"]
# The answer is never there when it is first looked for: else it is sometimes, and the figures scatter by 3 %.
SCENARIOS: dict[str, dict[str, object]] = {
    "bench-later": {
        "delay_ms": 5,
        "body_json": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-haiku-5-5",
            "content": [{"type": "text", "text": "Hi"}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        },
    },
}


def rows() -> dict[str, str | None]:
    """Each row and the one that it is compared with."""
    return {
        "overhead.absent": None,
        "overhead.unused": "overhead.absent",
        "overhead.used": "overhead.absent",
    }


def instructions(path: Path) -> int:
    """What the code of the library itself took, by callgrind's file: calls of other libraries do not count."""
    names: dict[str, str] = {}
    current = ""
    total = 0
    of_call = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(("ob=", "cob=")):
            key, _, rest = line.partition("=")
            number, _, name = rest.partition(" ")
            names.setdefault(number, name)
            if key == "ob":
                current = names[number]
        elif line.startswith("calls="):
            of_call = True
        elif line[:1] in "0123456789+-*" and line:
            if not of_call and LIBRARY in current:
                total += int(line.split()[1])
            of_call = False
    return total


def run(program: Path, library: Path, row: str, url: str, calls: int, core: int | None) -> int:
    """Counts the instructions of so many requests, start and end of the process included."""
    with tempfile.TemporaryDirectory(prefix="claude-bench-") as folder:
        out = Path(folder) / "callgrind"
        command = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}"]
        done = subprocess.run(
            [*command, str(program), row, url, str(calls)],
            env={**os.environ, "LD_LIBRARY_PATH": str(library)},
            check=False,
            preexec_fn=None if core is None else lambda: os.sched_setaffinity(0, {core}),
        )
        if done.returncode != 0:
            sys.exit(f"error: bench_overhead {row} ended with {done.returncode}")
        return instructions(out)


def build_absent(run_command: Callable[..., object]) -> None:
    """Builds the library without what is measured."""
    nothing_else = [f"-DCLAUDE_BUILD_{what}=OFF" for what in ("TESTS", "EXAMPLES", "BENCH")]
    left_out = [f"-DCLAUDE_FEATURE_{feature}=OFF" for feature in FEATURES]
    run_command("cmake", "--preset", "release", "-B", str(ABSENT), *nothing_else, *left_out)
    run_command("cmake", "--build", str(ABSENT), "--target", "claude")


def measure(wanted: list[str], build: Path, url: str, core: int | None, runs: int, take: Callable[[str], None]) -> None:
    """Every row once per run, in turn."""
    if not shutil.which("valgrind"):
        sys.exit("error: valgrind is missing, see scripts/setup")
    for number in range(runs):
        print(f"overhead: run {number + 1} of {runs}", file=sys.stderr)
        for row in wanted:
            library = (ABSENT if row == "overhead.absent" else build) / "lib"
            once, twice = (
                run(build / "bin" / "bench" / "bench_overhead", library, row, url, calls, core)
                for calls in (CALLS, 2 * CALLS)
            )
            take(f"{row} {(twice - once) / CALLS} instructions")
