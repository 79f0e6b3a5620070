"""claudec in a terminal: what it shows there and nowhere else, and Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import time

import pytest
from claudec import Claudec, eventually
from sandbox import Sandbox, message

HOLD = {"hold_ms": -1, "ping_interval_ms": 1000}


def test_an_answer(claudec: Claudec) -> None:
    with claudec.terminal("hello") as terminal:
        assert terminal.end() == 0
        lines = terminal.shown.decode().split("\r\n")
    assert lines[0] == "Echo: hello"
    # Tokens and cost, faint; and the cursor is at the beginning of a line.
    assert re.fullmatch(r"\x1b\[2mclaude-haiku-5-5: \d+ tokens in, \d+ out, \$0\.\d{6}, \d+\.\d s\x1b\[0m", lines[1])
    assert lines[2:] == [""]


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_without_colours(claudec: Claudec, more: dict[str, str]) -> None:
    with claudec.terminal("hello", **more) as terminal:
        terminal.end()
        assert b"tokens in" in terminal.shown
        assert b"\x1b" not in terminal.shown
    with claudec.terminal("--nothing", **more) as terminal:
        assert terminal.end() == 64
        assert b"\x1b" not in terminal.shown


def test_errors_are_red_on_a_terminal_only(claudec: Claudec) -> None:
    with claudec.terminal("--nothing") as terminal:
        terminal.end()
        assert terminal.shown.startswith(b"\x1b[31mclaudec: --nothing")
    assert "\x1b" not in claudec("--nothing").err


HARM = [
    ("a\x1b[31mb", "a^[[31mb"),
    ("a\x1b]0;title\x07b", "a^[]0;title^Gb"),
    ("over\rwritten", "over^Mwritten"),
    ("line\r\nend", "line\r\nend"),
    ("c1\u009b31m", "c1<U+009B>31m"),
    ("\u202eabc\u2066d", "<U+202E>abc<U+2066>d"),
    ("del\x7f\x08\x00", "del^?^H^@"),
    ("tab\tand \u00e9 \u2028 \u4e2d \U0001f600", "tab\tand \u00e9 \u2028 \u4e2d \U0001f600"),
]


@pytest.mark.parametrize(("text", "shown"), HARM)
@pytest.mark.parametrize("split", [False, True])
def test_control_characters_are_shown(claudec: Claudec, sandbox: Sandbox, text: str, shown: str, split: bool) -> None:
    sandbox.scenario(message(*(text if split else [text])))
    with claudec.terminal("-q", "hello") as terminal:
        assert terminal.end() == 0
        # Line ends are the terminal's.
        assert terminal.shown.decode() == shown.replace("\r\n", "\n").replace("\n", "\r\n") + "\r\n"


def test_control_characters_of_a_server(claudec: Claudec, sandbox: Sandbox) -> None:
    sandbox.scenario({"status": 400, "error": {"type": "invalid_request_error", "message": "bad\x1b[2Jworse"}})
    with claudec.terminal("hello", NO_COLOR="1") as terminal:
        assert terminal.end() == 65
        assert b"\x1b" not in terminal.shown


@pytest.mark.parametrize("how", ["key", "signal"])
def test_ctrl_c(claudec: Claudec, sandbox: Sandbox, how: str) -> None:
    sandbox.scenario(message("so far", HOLD))
    with claudec.terminal("hello") as terminal:
        terminal.wait_for("so far")
        start = time.monotonic()
        if how == "key":
            terminal.press(b"\x03")
        else:
            os.kill(terminal.process.pid, signal.SIGINT)
        assert terminal.end() == 130
        took = time.monotonic() - start
        shown = terminal.shown.decode()
    assert took < 10  # 0.2 s on a machine that does nothing else
    assert shown.startswith("so far")
    assert shown.endswith("\n")
    assert "tokens in" in shown


def test_ctrl_c_before_the_answer(claudec: Claudec, sandbox: Sandbox) -> None:
    sandbox.scenario({"delay_ms": 600000})
    for arguments in (["hello"], ["count", "hello"], ["models"], ["batch", "--resume", "msgbatch_1"]):
        sandbox.control("DELETE", "requests")
        with claudec.terminal(*arguments) as terminal:
            eventually("the request has arrived", lambda: sandbox.counts()[0] > 0)
            terminal.press(b"\x03")
            assert terminal.end() == 130


def test_a_prompt_that_is_typed(claudec: Claudec) -> None:
    with claudec.terminal(NO_COLOR="1") as terminal:
        terminal.wait_for("Ctrl-D")
        terminal.press(b"typed here\n\x04")
        assert terminal.end() == 0
        assert b"Echo: typed here" in terminal.shown


def test_thinking_is_faint_and_has_lines_of_its_own(claudec: Claudec, sandbox: Sandbox) -> None:
    thinking = [
        {"data": {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}},
        {"data": {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm."}}},
        {"data": {"type": "content_block_stop", "index": 0}},
    ]
    answer = message("Yes.")
    for event in answer["events"]:
        if "index" in event["data"]:
            event["data"]["index"] = 1
    answer["events"][1:1] = thinking
    sandbox.scenario(answer)
    with claudec.terminal("-q", "--show-thinking", "hello") as terminal:
        assert terminal.end() == 0
        assert terminal.shown == b"\x1b[2mHm.\x1b[0m\r\nYes.\r\n"


def test_a_progress_bar(claudec: Claudec, sandbox: Sandbox) -> None:
    line = (
        '{"custom_id": "one", "params": {"model": "claude-haiku-5-5", "max_tokens": 16,'
        ' "messages": [{"role": "user", "content": "Hello!"}]}}\n'
    )
    (claudec.folder / "batch.jsonl").write_text(line)
    with claudec.terminal("batch", "batch.jsonl", NO_COLOR="1") as terminal:
        assert terminal.end() == 0
        shown = terminal.shown.decode()
    assert f"\r\x1b[K[{'.' * 30}] 0 of 1" in shown
    assert f"\r\x1b[K[{'#' * 30}] 1 of 1" in shown
    # The bar has gone before the results come.
    assert '\r\x1b[K{"custom_id":"one"' in shown


def test_models_in_columns(claudec: Claudec) -> None:
    with claudec.terminal("models") as terminal:
        assert terminal.end() == 0
        assert re.search(rb"^claude-haiku-5-5 {10,}Claude Haiku 5\.5 {3,}active\r$", terminal.shown, re.MULTILINE)
