"""Questions and answers through pipes: prompts, files, forms of output, failures and their exit codes."""

from __future__ import annotations

import base64
import json
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from claudec import KEY, PROGRAM, SECONDS, Claudec, eventually
from sandbox import Sandbox, message

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.4\n" + bytes(range(256)) * 2000 + b"\n%%EOF\n"


def body(sandbox: Sandbox) -> Any:
    """The body of the only request."""
    [request] = sandbox.requests()
    return request.json()


def content(sandbox: Sandbox) -> Any:
    [sent] = body(sandbox)["messages"]
    assert sent["role"] == "user"
    return sent["content"]


def test_a_question(claudec: Claudec, sandbox: Sandbox) -> None:
    done = claudec("What", "is", "an ABI?")
    assert (done.code, done.out, done.err) == (0, "Echo: What is an ABI?\n", "")
    sent = body(sandbox)
    assert sent == {
        "model": "claude-haiku-5-5",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "What is an ABI?"}],
        "stream": True,
    }
    [request] = sandbox.requests()
    assert request.header("x-api-key") == KEY


def test_options_reach_the_request(claudec: Claudec, sandbox: Sandbox) -> None:
    done = claudec(
        *("-m", "claude-opus-5-5", "-sBe brief.", "-t", "77", "--effort=low", "--thinking", "adaptive", "hello"),
        *("-o", "api_version=2026-10-21"),
    )
    assert (done.code, done.err) == (0, "")
    sent = body(sandbox)
    assert (sent["model"], sent["system"], sent["max_tokens"]) == ("claude-opus-5-5", "Be brief.", 77)
    assert sent["output_config"] == {"effort": "low"}
    assert sent["thinking"] == {"type": "adaptive"}
    [request] = sandbox.requests()
    assert request.header("anthropic-version") == "2026-10-21"


def test_temperature_and_budget(claudec: Claudec, sandbox: Sandbox) -> None:
    claudec("-T", "0.7", "-m", "claude-haiku-4-5-20251001", "hello")
    assert body(sandbox)["temperature"] == 0.7
    sandbox.reset()
    assert claudec("--thinking", "2048", "-m", "claude-haiku-4-5-20251001", "hello").code == 0
    assert body(sandbox)["thinking"] == {"type": "enabled", "budget_tokens": 2048}


def test_the_model_of_the_environment(claudec: Claudec, sandbox: Sandbox) -> None:
    claudec("hello", CLAUDEC_MODEL="claude-sonnet-5-5")
    assert body(sandbox)["model"] == "claude-sonnet-5-5"


@pytest.mark.parametrize(
    ("arguments", "stdin", "expected"),
    [
        ([], "from a pipe", "from a pipe"),
        (["-"], "from a pipe", "from a pipe"),
        (["sum up:", "-", "now"], "a text", "sum up: a text now"),
        (["question"], "a text", [{"type": "text", "text": "a text"}, {"type": "text", "text": "question"}]),
        (["-n", "question"], "a text", "question"),
        (["question"], "", "question"),
        (["--", "--json"], None, "--json"),
        (["ask", "count", "the stars"], None, "count the stars"),
        (["say", "models"], None, "say models"),
    ],
)
def test_prompts(claudec: Claudec, sandbox: Sandbox, arguments: list[str], stdin: str | None, expected: Any) -> None:
    done = claudec(*arguments, stdin=stdin)
    assert (done.code, done.err) == (0, "")
    assert content(sandbox) == expected


def test_standard_input_that_is_a_file(claudec: Claudec, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("of a file")
    with (tmp_path / "text").open("rb") as file:
        subprocess.run(
            [str(PROGRAM), "question"],
            stdin=file,
            env=claudec.environment,
            check=True,
            capture_output=True,
            timeout=SECONDS,
        )
    assert [block["text"] for block in content(sandbox)] == ["of a file", "question"]


def test_no_prompt(claudec: Claudec, sandbox: Sandbox) -> None:
    for done in (claudec(), claudec("-n"), claudec("-", stdin=""), claudec("")):
        assert (done.code, done.out) == (64, "")
        assert "the prompt is empty" in done.err
    assert sandbox.requests() == []


def test_a_long_text_on_standard_input(claudec: Claudec, sandbox: Sandbox) -> None:
    text = "word " * 200_000
    assert claudec("how many?", stdin=text).code == 0
    [request] = sandbox.requests()
    assert request.body_length > len(text)
    too_long = claudec(stdin=b"x" * ((32 << 20) + 1))
    assert (too_long.code, too_long.out) == (65, "")
    assert "longer than" in too_long.err


def test_standard_input_that_is_no_text(claudec: Claudec, sandbox: Sandbox) -> None:
    assert claudec("what is this?", stdin=PNG).code == 0
    image, _ = content(sandbox)
    assert base64.b64decode(image["source"]["data"]) == PNG
    done = claudec("what is this?", stdin=b"\xff\xfe\x00")
    assert done.code == 65
    assert "UTF-8" in done.err


def test_files(claudec: Claudec, sandbox: Sandbox, tmp_path: Path) -> None:
    for name, data in {"a.png": PNG, "b.pdf": PDF, "c.txt": b"plain", "rules": b"Be kind.\n"}.items():
        (tmp_path / name).write_bytes(data)
    done = claudec("-a", "a.png", "--attach=b.pdf", "-ac.txt", "--system-file", "rules", "what?")
    assert (done.code, done.err) == (0, "")
    assert body(sandbox)["system"] == "Be kind.\n"
    image, document, text, question = content(sandbox)
    assert image["source"]["media_type"] == "image/png"
    assert base64.b64decode(image["source"]["data"]) == PNG
    assert base64.b64decode(document["source"]["data"]) == PDF
    assert text["source"]["data"] == "plain"
    assert question == {"type": "text", "text": "what?"}


def test_files_that_cannot_be_sent(claudec: Claudec, sandbox: Sandbox, tmp_path: Path) -> None:
    for option in ("-a", "--system-file", "--tools"):
        done = claudec(option, "nowhere", "hello")
        assert (done.code, done.out) == (66, "")
        assert "nowhere" in done.err
    (tmp_path / "large.png").write_bytes(PNG + bytes(20 << 20))
    done = claudec("-a", "large.png", "hello")
    assert (done.code, done.out) == (65, "")
    assert "too large" in done.err
    assert sandbox.requests() == []


def test_tools_are_off_and_can_be_offered(claudec: Claudec, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "tools").write_text('[{"type": "web_search_20250305", "name": "web_search"}]')
    assert claudec("hello", "--tools", "tools").code == 0
    assert body(sandbox)["tools"][0]["name"] == "web_search"
    (tmp_path / "tools").write_text("[")
    assert claudec("hello", "--tools", "tools").code == 65


def test_json(claudec: Claudec, sandbox: Sandbox) -> None:
    sandbox.scenario(message("Hello ", "you"))
    done = claudec("--json", "hello")
    assert (done.code, done.err, done.out.count("\n")) == (0, "", 1)
    answer = json.loads(done.out)
    assert answer["content"] == [{"type": "text", "text": "Hello you"}]
    assert answer["usage"]["output_tokens"] == 7


def test_events(claudec: Claudec, sandbox: Sandbox) -> None:
    pretty = {"raw": 'event: ping\ndata: {\ndata:  "type": "ping"}\n\n'}
    sandbox.scenario(message("Hello ", pretty, "you"))
    done = claudec("--events", "hello")
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [event["type"] for event in events][:5] == [
        *("message_start", "content_block_start", "content_block_delta", "ping", "content_block_delta"),
    ]
    assert events[-1]["type"] == "message_stop"


def test_usage(claudec: Claudec, sandbox: Sandbox) -> None:
    done = claudec("--usage", "hello")
    assert done.out == "Echo: hello\n"
    assert done.err.startswith("claude-haiku-5-5: ")
    assert " tokens in, " in done.err
    assert "$0.0000" in done.err
    assert claudec("--usage", "-q", "hello").err == ""
    assert claudec("hello").err == ""
    assert "price unknown" in claudec("--usage", "-m", "unheard-of", "hello").err


def test_thinking_is_shown_beside(claudec: Claudec, sandbox: Sandbox) -> None:
    sandbox.scenario("text-tool-thinking")
    plain = claudec("hello")
    shown = claudec("hello", "--show-thinking")
    assert plain.out == shown.out
    assert len(shown.err) > len(plain.err)
    assert "asks for a tool" in plain.err


def test_a_line_end_is_added_once(claudec: Claudec, sandbox: Sandbox) -> None:
    sandbox.scenario(message("one\n", "two\n"))
    assert claudec("hello").out == "one\ntwo\n"


def test_every_byte_is_kept_where_no_terminal_is(claudec: Claudec, sandbox: Sandbox) -> None:
    text = "\x1b[31m\r\nred\x07 \u202e\x9b"
    sandbox.scenario(message(text))
    with claudec.start("hello") as process:
        out, _ = process.communicate(timeout=SECONDS)
    assert out == text.encode() + b"\n"


FAILURES = [
    ("unauthorized", 77, "HTTP 401"),
    ("rate-limited", 75, "HTTP 429"),
    ("overloaded", 75, "HTTP 529"),
    ("server-error", 69, "HTTP 500"),
    ("bad-request", 65, "HTTP 400"),
    ("html", 76, ""),
    ("empty", 76, ""),
    ("error-first", 75, ""),
]


@pytest.mark.parametrize(("scenario", "code", "says"), FAILURES)
def test_failures(claudec: Claudec, sandbox: Sandbox, scenario: str, code: int, says: str) -> None:
    sandbox.scenario(scenario)
    done = claudec("hello")
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("claudec: ")
    assert done.err.count("\n") == 1
    assert says in done.err
    assert KEY not in done.err
    assert len(sandbox.requests()) == 1  # no retry that nobody has asked for


def test_a_quota(claudec: Claudec, sandbox: Sandbox) -> None:
    """What does not fit is refused before it is sent: each run begins at zero, so that later is no better."""
    done = claudec("hello", "-o", "quota.enabled=true", "-o", "quota.daily_tokens=100")
    assert (done.code, done.out) == (65, "")
    assert "daily_tokens" in done.err
    assert sandbox.requests() == []
    assert claudec("hello", "-o", "quota.enabled=true", "-o", "quota.daily_tokens=100000").out == "Echo: hello\n"


def test_a_stream_that_breaks_off(claudec: Claudec, sandbox: Sandbox) -> None:
    sandbox.scenario("truncated")
    done = claudec("hello")
    assert done.code == 76
    assert done.out.endswith("\n")
    assert len(done.out) > 1
    partial = claudec("--json", "hello")
    assert partial.code == 76
    assert json.loads(partial.out)["content"][0]["text"] == done.out[:-1]


def test_an_error_inside_of_a_stream(claudec: Claudec, sandbox: Sandbox) -> None:
    sandbox.scenario("overloaded-in-stream")
    done = claudec("hello")
    assert done.code == 75
    assert len(done.out) > 1
    assert "verloaded" in done.err


def test_a_message_of_several_lines_is_one(claudec: Claudec, sandbox: Sandbox) -> None:
    sandbox.scenario({"status": 400, "error": {"type": "invalid_request_error", "message": "one\ntwo\x1b[2J"}})
    done = claudec("hello")
    assert done.err.count("\n") == 1


def test_a_refusal(claudec: Claudec, sandbox: Sandbox) -> None:
    refused = message("No.")
    refused["events"][-2]["data"]["delta"]["stop_reason"] = "refusal"
    sandbox.scenario(refused)
    done = claudec("hello")
    assert (done.code, done.out) == (1, "No.\n")
    assert "refused" in done.err


def test_an_answer_that_was_cut_off(claudec: Claudec) -> None:
    done = claudec("-t", "2", "a long question")
    assert done.code == 0
    assert "--max-tokens" in done.err
    assert claudec("-q", "-t", "2", "a long question").err == ""


def test_retries(claudec: Claudec, sandbox: Sandbox) -> None:
    busy = {"status": 529, "headers": [["retry-after-ms", "1"]], "error": {"type": "overloaded_error", "message": "x"}}
    sandbox.scenario({"sequence": [busy, busy, message("Well.")]})
    done = claudec("--retries", "2", "hello")
    assert (done.code, done.out) == (0, "Well.\n")
    assert len(sandbox.requests()) == 3
    sandbox.scenario({"sequence": [busy, message("Well.")]})
    assert claudec("hello", "--with", "retries", "-o", "retry.max_retries=1").out == "Well.\n"


def test_failover(claudec: Claudec, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-ant-of-the-other-server-not-real")
    (tmp_path / "key").chmod(0o600)
    failure = {"status": 500, "error": {"type": "api_error", "message": "x"}}
    sandbox.scenario({"sequence": [failure, message("Well.")]})
    other = f"http://localhost:{sandbox.port}"
    done = claudec("hello", "--with", "failover", "--endpoint", sandbox.url, "--endpoint", f"{other},key")
    assert (done.code, done.out, done.err) == (0, "Well.\n", "")
    assert [request.header("x-api-key") for request in sandbox.requests()] == [KEY, (tmp_path / "key").read_text()]


def test_nobody_reads_any_more(claudec: Claudec, sandbox: Sandbox) -> None:
    sandbox.scenario({"generate": {"events": 200000, "event_bytes": 200, "per_write": "bulk"}})
    with claudec.start("--events", "hello") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(SECONDS) == 141
        assert process.stderr.read() == b""


def test_output_that_cannot_be_written(claudec: Claudec, sandbox: Sandbox) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [str(PROGRAM), "hello"],
            env=claudec.environment,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=SECONDS,
        )
    assert done.returncode == 74
    assert b"standard output cannot be written" in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals(claudec: Claudec, sandbox: Sandbox, number: int, code: int) -> None:
    sandbox.scenario(message("begun", {"hold_ms": -1, "ping_interval_ms": 100}))
    with claudec.start("hello") as process:
        assert process.stdout is not None
        assert process.stdout.read(5) == b"begun"
        start = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=SECONDS)
        assert time.monotonic() - start < 10
    assert (process.returncode, out, err) == (code, b"\n", b"")


def test_a_signal_while_the_prompt_is_read(claudec: Claudec, sandbox: Sandbox) -> None:
    with claudec.start("hello", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b"some")
        process.stdin.flush()
        caught = re.compile(r"^SigCgt:.*[2367abef]$", re.MULTILINE)  # the second bit is SIGINT's
        status = Path(f"/proc/{process.pid}/status")
        eventually("the signal is caught", lambda: caught.search(status.read_text()) is not None)
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 130
    assert sandbox.requests() == []
