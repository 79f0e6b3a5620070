"""The examples of event loops as programs: how each is started, and what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev")).resolve()
LOOPS = ROOT / "examples" / "loops"

# The programs in C, with the pkg-config module and the Debian package that each needs.
IN_C = {
    "poll": (None, None),
    "tick": (None, None),
    "uv": ("libuv", "libuv1-dev"),
    "glib": ("glib-2.0", "libglib2.0-dev"),
    "sd_event": ("libsystemd", "libsystemd-dev"),
}
ALL = [*IN_C, "asyncio", "luv"]
SECONDS = 60  # longer than anything here takes: turns a hang into a failure


def command(name: str) -> list[str]:
    """How an example is started. Nothing is skipped: what is missing is named."""
    if name == "asyncio":
        return [sys.executable, "-W", "error", str(LOOPS / "replies_asyncio.py")]
    if name == "luv":
        luajit = shutil.which("luajit")
        assert luajit, "luajit is missing; on Debian: apt-get install luajit lua-luv"
        return [luajit, str(LOOPS / "replies_luv.lua")]
    path = BUILD / "bin" / "examples" / "loops" / f"replies_{name}"
    assert path.exists(), f"{path} was not built; on Debian: apt-get install {IN_C[name][1]}"
    return [str(path)]


def environment(url: str) -> dict[str, str]:
    """What an example reads: where the server is, and a key that it does not look at."""
    return {
        "PATH": os.environ["PATH"],
        "LD_LIBRARY_PATH": str(BUILD / "lib"),
        "PYTHONPATH": str(ROOT / "bindings" / "python" / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "sk-ant-event-loops-not-a-real-key",
    }


class Outcome:
    """What an example printed: the pieces of each answer and, said with -v, wake-ups and events."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code = done.returncode
        self.output = done.stdout
        self.complaints = done.stderr
        self.lines: list[tuple[int, str]] = [
            (int(number), text) for number, text in re.findall(r"^\[(\d+)\] (.*)$", done.stdout, re.M)
        ]
        found = re.search(r"^(\d+) wake-ups, (\d+) events$\n?", done.stderr, re.M)
        self.wakeups, self.events = map(int, found.groups()) if found else (-1, -1)
        if found:
            self.complaints = done.stderr.replace(found[0], "")

    def ending(self, number: int) -> str:
        """The last line of an answer: "complete, 5 tokens", "cancelled"."""
        return [text for which, text in self.lines if which == number][-1]

    def text(self, number: int) -> str:
        """The answer, put together."""
        return "".join([text for which, text in self.lines if which == number][:-1])


def run(name: str, sandbox: Sandbox, *arguments: str) -> Outcome:
    """Runs an example to its end."""
    done = subprocess.run(
        [*command(name), "-v", *arguments],
        env=environment(sandbox.url),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    return Outcome(done)


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used, to the nanosecond: the kernel's clock of that process."""
    return time.clock_gettime((~pid << 3) | 2)
