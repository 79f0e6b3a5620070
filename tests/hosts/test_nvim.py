"""Neovim with the plugin, driven from outside as by somebody who types."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from hosting import HOSTS, KEY, SECONDS, environment, numbered, program, wait_until_left
from sandbox import message, slowly
from servers import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox import Sandbox


class Neovim:
    """Without a screen; it listens at a socket, where others of its kind bring what is to be typed or evaluated."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._program = program("nvim")
        self._address = str(folder / "nvim")
        self._env = {**env, "XDG_RUNTIME_DIR": str(folder), "XDG_STATE_HOME": str(folder)}
        self.process = subprocess.Popen(
            [
                *(self._program, "--headless", "--clean", "--listen", self._address),
                *("--cmd", f"set runtimepath^={HOSTS / 'nvim'}"),
            ],
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        eventually("Neovim listens", lambda: (folder / "nvim").exists() or self.process.poll() is not None)

    def _remote(self, what: str, argument: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, "--clean", "--headless", "--server", self._address, what, argument],
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    def type(self, keys: str) -> None:
        done = self._remote("--remote-send", keys)
        assert done.returncode == 0, done.stderr

    def evaluate(self, expression: str) -> str:
        done = self._remote("--remote-expr", expression)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr  # answers come on one or the other

    def text(self, buffer: int = 0) -> str:
        """Of a buffer by its number; 0 is the current one."""
        lines = self.evaluate(f"json_encode(nvim_buf_get_lines({buffer}, 0, -1, v:false))")
        return "\n".join(json.loads(lines))

    def shows(self, wanted: str, buffer: int = 0) -> bool:
        """Whether a buffer has this text, before long."""
        return bool(eventually(f"the buffer has {wanted!r}", lambda: self.text(buffer) == wanted))

    def end(self) -> tuple[int, str]:
        """Typed: its exit code, and what it has complained about beside showing what was typed."""
        self._remote("--remote-send", ":qa!<CR>")  # which complains if Neovim is gone before it could answer
        _, shown = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, "".join(re.findall(r"(?i)^.*error.*$", shown, re.MULTILINE))

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def nvim(sandbox: Sandbox, tmp_path: Path) -> Iterator[Neovim]:
    started = Neovim(tmp_path, environment(sandbox.url))
    try:
        yield started
    finally:
        started.close()


def test_an_answer(nvim: Neovim, sandbox: Sandbox) -> None:
    nvim.type(":Claude one question, with several words<CR>")
    assert nvim.shows("Echo: one question, with several words")
    assert nvim.evaluate("winnr('$')") == "2"
    assert sandbox.requests()[0].json()["stream"] is True
    assert nvim.end() == (0, "")


def test_lines(nvim: Neovim, sandbox: Sandbox) -> None:
    sandbox.scenario(message("one\ntwo", "\n", "\nfour\n", "fünf"))
    nvim.type(":Claude x<CR>")
    assert nvim.shows("one\ntwo\n\nfour\nfünf")


def test_it_loads_nothing_until_it_is_asked(nvim: Neovim) -> None:
    assert nvim.evaluate("exists(':Claude')") == "2"
    assert nvim.evaluate("luaeval('package.loaded.claude_ffi == nil')") == "true"


def test_editing_goes_on_in_the_same_buffer(nvim: Neovim, sandbox: Sandbox) -> None:
    """Pieces go where the last one ended, whatever is typed above and after it meanwhile."""
    sandbox.scenario(slowly(40, 25))
    nvim.type(":Claude x<CR>")
    eventually("it has begun", lambda: "<2>" in nvim.text())
    nvim.type("ggOAbove<Esc>Gobelow<Esc>")
    middle = nvim.text()
    assert middle.startswith("Above\n<0><1><2>")
    assert middle.endswith("\nbelow")
    assert "<39>" not in middle
    assert nvim.shows(f"Above\n{numbered(40)}\nbelow")


def test_editing_goes_on_elsewhere(nvim: Neovim, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    nvim.type(":Claude x<CR>")
    assert nvim.shows("Hello, wor")
    nvim.type("<C-w>pitext of another buffer<Esc>")
    assert nvim.text() == "text of another buffer"
    assert nvim.text(2) == "Hello, wor"


def test_two_answers_at_once(nvim: Neovim, sandbox: Sandbox) -> None:
    sandbox.scenario(slowly(30, 20))
    nvim.type(":Claude x<CR>:Claude y<CR>")
    eventually("both have begun", lambda: "<1>" in nvim.text(2) and "<1>" in nvim.text(3))
    assert nvim.shows(numbered(30), 2)
    assert nvim.shows(numbered(30), 3)


def test_stopped(nvim: Neovim, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    nvim.type(":Claude x<CR>")
    assert nvim.shows("Hello, wor")
    nvim.type(":ClaudeStop<CR>")
    wait_until_left(sandbox)
    sandbox.scenario(None)
    nvim.type(":Claude again<CR>")
    assert nvim.shows("Echo: again")
    assert nvim.evaluate("execute('messages')").strip() == ""


def test_a_buffer_that_is_gone_ends_its_call(nvim: Neovim, sandbox: Sandbox) -> None:
    sandbox.scenario(message("a", {"hold_ms": 200, "ping_interval_ms": 60000}, "b", {"hold_ms": -1}))
    nvim.type(":Claude x<CR>")
    assert nvim.shows("a")
    nvim.type(":bwipeout!<CR>")
    wait_until_left(sandbox)
    assert nvim.evaluate("execute('messages')").strip() == ""


@pytest.mark.parametrize(
    ("scenario", "complaint"),
    [("overloaded", "overloaded_error (HTTP 529): Overloaded"), ("truncated", "the stream ended before message_stop")],
)
def test_errors_are_told(nvim: Neovim, sandbox: Sandbox, scenario: str, complaint: str) -> None:
    sandbox.scenario(scenario)
    nvim.type(":Claude x<CR>")
    eventually("it tells", lambda: complaint in nvim.evaluate("execute('messages')"))
    sandbox.scenario(None)
    nvim.type("<CR>:Claude again<CR>")
    assert nvim.shows("Echo: again")


def test_without_a_key(sandbox: Sandbox, tmp_path: Path) -> None:
    nvim = Neovim(tmp_path, environment(sandbox.url, ANTHROPIC_API_KEY=""))
    try:
        nvim.type(":Claude x<CR>")
        eventually("it tells", lambda: "ANTHROPIC_API_KEY" in nvim.evaluate("execute('messages')"))
        assert nvim.evaluate("winnr('$')") == "1"
        assert KEY not in nvim.evaluate("execute('messages')")
    finally:
        nvim.close()


def test_the_end_of_neovim_while_an_answer_is_written(nvim: Neovim, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    nvim.type(":Claude x<CR>:Claude y<CR>")
    assert nvim.shows("Hello, wor", 2)
    assert nvim.end() == (0, "")
    wait_until_left(sandbox)


def test_neovim_is_ended_while_an_answer_is_written(nvim: Neovim, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    nvim.type(":Claude x<CR>")
    assert nvim.shows("Hello, wor")
    nvim.process.send_signal(signal.SIGTERM)
    _, complaints = nvim.process.communicate(timeout=SECONDS)
    assert nvim.process.returncode == 1  # its own way to end on a signal
    assert "deadly signal 'SIGTERM'" in complaints
    assert "Segmentation" not in complaints
    wait_until_left(sandbox)


def test_waiting_takes_no_processor_time(nvim: Neovim, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    nvim.type(":Claude x<CR>")
    assert nvim.shows("Hello, wor")
    clock = (~nvim.process.pid << 3) | 2
    before = time.clock_gettime(clock)
    time.sleep(0.4)
    assert time.clock_gettime(clock) - before < 0.02
