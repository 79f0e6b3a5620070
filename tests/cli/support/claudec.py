"""Runs claudec: with pipes, or in a terminal of its own."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev")).resolve()
PROGRAM = Path(os.environ.get("CLAUDEC", BUILD / "bin" / "claudec"))
KEY = "sk-ant-command-line-not-a-real-key"
SECONDS = 60  # longer than anything here takes: turns a hang into a failure


def eventually(what: str, condition: Callable[[], bool]) -> None:
    """Waits until it is so; fails where that does not happen."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"not within {SECONDS} s: {what}"
        time.sleep(0.01)


@dataclass(frozen=True)
class Done:
    """What became of a run."""

    code: int
    out: str
    err: str


class Terminal:
    """A claudec in a terminal: what it shows, and the keys that are pressed."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self.master, slave = os.openpty()
        self.shown = b""

        # A session of its own, of which this is the terminal: Ctrl-C goes there. setsid becomes the program.
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *command], stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=folder
        )
        os.close(slave)

    def read(self, seconds: float) -> bool:
        """Reads what there is to be shown; false once the program has let go of the terminal, or the time is over."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            piece = os.read(self.master, 65536)
        except OSError:  # Linux: nobody has the other side open
            piece = b""
        self.shown += piece
        return piece != b""

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + SECONDS
        while text.encode() not in self.shown:
            assert self.read(end - time.monotonic()), f"{text!r} was not shown: {self.shown!r}"

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def end(self) -> int:
        """Waits for the end; the exit code."""
        end = time.monotonic() + SECONDS
        while self.read(end - time.monotonic()):
            pass
        return self.process.wait(SECONDS)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


class Claudec:
    """The program with a server to talk to."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "TERM": "xterm",
            "LD_LIBRARY_PATH": str(BUILD / "lib"),
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": KEY,
            "ASAN_OPTIONS": "detect_stack_use_after_return=1",
        }

    def env(self, more: dict[str, str]) -> dict[str, str]:
        return {**self.environment, **more}

    def __call__(self, *arguments: str, stdin: bytes | str | None = None, **more: str) -> Done:
        """Runs it to its end. Without text for standard input that is empty, as /dev/null is."""
        text = stdin.encode() if isinstance(stdin, str) else stdin
        with self.start(*arguments, stdin=subprocess.DEVNULL if text is None else subprocess.PIPE, **more) as process:
            out, err = process.communicate(text, timeout=SECONDS)
        return Done(process.returncode, out.decode(), err.decode())

    @contextlib.contextmanager
    def start(self, *arguments: str, stdin: int = subprocess.DEVNULL, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        """Begins to run it, with pipes."""
        process = subprocess.Popen(
            [str(PROGRAM), *arguments],
            env=self.env(more),
            cwd=self.folder,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    @contextlib.contextmanager
    def terminal(self, *arguments: str, **more: str) -> Iterator[Terminal]:
        terminal = Terminal([str(PROGRAM), *arguments], self.env(more), self.folder)
        try:
            yield terminal
        finally:
            terminal.close()
