"""SQLite with the extension, in its own shell."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hosting import KEY, SECONDS, built, environment, program, wait_until_left
from sandbox import message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox


def run(url: str, *statements: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The shell, with the extension loaded; each statement on a line of its own."""
    script = [f".load {built('claude_sqlite.so').with_suffix('')}", *statements]
    return subprocess.run(
        [program("sqlite3"), "-batch", "-init", "/dev/null", ":memory:"],
        input="\n".join(script) + "\n",
        env=environment(url, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


CLIENT = "SELECT 'client ' || (claude_client_from_env() IS NOT NULL);"


def ask(sandbox: Sandbox, *statements: str) -> list[str]:
    """The rows of statements that all succeed."""
    done = run(sandbox.url, CLIENT, *statements)
    assert (done.returncode, done.stderr) == (0, "")
    first, *rows = done.stdout.splitlines()
    assert first == "client 1"
    return rows


def fail(sandbox: Sandbox, statement: str) -> str:
    """The complaint about a statement that fails."""
    done = run(sandbox.url, CLIENT, statement)
    assert (done.returncode, done.stdout) == (1, "client 1\n")
    assert KEY not in done.stderr
    return done.stderr


def test_a_value(sandbox: Sandbox) -> None:
    assert ask(sandbox, "SELECT claude('one question');") == ["Echo: one question"]


def test_the_guide(sandbox: Sandbox) -> None:
    """The statements that the page on hosts shows, as they stand; the questions of a table are somebody's own."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "hosts.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^```sql\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        [program("sqlite3"), "-batch", "-bail", "-init", "/dev/null", ":memory:"],
        input=f"CREATE TABLE question(text); INSERT INTO question VALUES ('why?'), ('how?');\n{shown}",
        cwd=built("claude_sqlite.so").parent,
        env=environment(sandbox.url),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.replace("\n", "").count("Echo: Name three rivers.") == 3  # the last one in rows
    assert done.stdout.splitlines()[-2:] == ["why?|Echo: why?", "how?|Echo: how?"]
    french, *_ = [body for body in (request.json() for request in sandbox.requests()) if "system" in body]
    assert (french["max_tokens"], french["system"]) == (50, "You answer in French.")


def test_rows(sandbox: Sandbox) -> None:
    sandbox.scenario(message("three ", "small ", "pieces"))
    assert ask(sandbox, "SELECT rowid, text FROM claude_stream('x');") == ["1|three ", "2|small ", "3|pieces"]
    assert ask(sandbox, "SELECT group_concat(text, '') FROM claude_stream('x');") == ["three small pieces"]


def test_as_a_part_of_larger_statements(sandbox: Sandbox) -> None:
    rows = ask(
        sandbox,
        "CREATE TABLE question(text); INSERT INTO question VALUES ('one'), (NULL), ('two');",
        "SELECT coalesce(claude(text), 'nothing') FROM question;",
        "SELECT question.text, reply.text FROM question, claude_stream(question.text) AS reply;",
    )
    assert rows == ["Echo: one", "nothing", "Echo: two", "one|Echo: one", "two|Echo: two"]


def test_options(sandbox: Sandbox) -> None:
    options = '{"model": "claude-opus-5", "max_tokens": 2, "system": "Be brief.", "seed": 12345678901234567890}'
    assert ask(sandbox, f"SELECT claude('long enough to be cut', '{options}');") == ["Echo: lo"]
    assert ask(sandbox, f"SELECT group_concat(text, '') FROM claude_stream('long', '{options}');") == ["Echo: lo"]
    assert ask(sandbox, "SELECT claude('whole', NULL);") == ["Echo: whole"]
    first, second, third = sandbox.requests()
    assert first.json() == {
        "stream": True,
        "model": "claude-opus-5",
        "max_tokens": 2,
        "system": "Be brief.",
        "seed": 12345678901234567890,
        "messages": [{"role": "user", "content": "long enough to be cut"}],
    }
    assert second.json()["model"] == "claude-opus-5"
    assert (third.json()["model"], third.json()["max_tokens"]) == ("claude-haiku-5-5", 1024)


def test_the_options_may_have_the_conversation_so_far(sandbox: Sandbox) -> None:
    so_far = '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}'
    ask(sandbox, f"SELECT claude('c', '{so_far}');")
    assert [entry["content"] for entry in sandbox.requests()[0].json()["messages"]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("SELECT claude('x', '{bad');", "options: malformed JSON"),
        ("SELECT claude('x', '[1]');", "object"),
        ("SELECT claude('x', '{\"max_tokens\": -1}');", "max_tokens must be an integer of 0 or more"),
        ("SELECT claude('');", "message text is empty"),
        ("SELECT claude(CAST(x'FF' AS TEXT));", "UTF-8"),
        ("SELECT text FROM claude_stream('x', '{bad');", "options: malformed JSON"),
        ("SELECT text FROM claude_stream('');", "message text is empty"),
        ("SELECT text FROM claude_stream;", "claude_stream() needs a prompt"),
        ("SELECT claude();", "wrong number of arguments"),
    ],
)
def test_bad_input(sandbox: Sandbox, statement: str, complaint: str) -> None:
    assert complaint in fail(sandbox, statement)
    assert sandbox.counts()[0] == 0


def test_an_error_of_the_api(sandbox: Sandbox) -> None:
    sandbox.scenario("overloaded")
    assert "overloaded_error (HTTP 529): Overloaded" in fail(sandbox, "SELECT claude('x');")
    assert "overloaded_error (HTTP 529): Overloaded" in fail(sandbox, "SELECT text FROM claude_stream('x');")


def test_a_broken_answer(sandbox: Sandbox) -> None:
    """The rows that had come are there, and then an error: never an answer that only seems complete."""
    sandbox.scenario("truncated")
    assert "the stream ended before message_stop" in fail(sandbox, "SELECT claude('x');")
    done = run(sandbox.url, CLIENT, "SELECT text FROM claude_stream('x');")
    assert done.stdout == "client 1\nHello\n, wor\n"
    assert "the stream ended before message_stop" in done.stderr


def test_the_environment_is_read_when_it_is_said(sandbox: Sandbox) -> None:
    for statement in ("SELECT claude('x');", "SELECT text FROM claude_stream('x');"):
        done = run(sandbox.url, statement)
        assert (done.returncode, done.stdout) == (1, "")
        assert "no client yet: SELECT claude_client_from_env()" in done.stderr
    done = run(sandbox.url, "SELECT claude_client_from_env();", ANTHROPIC_API_KEY="")
    assert done.returncode == 1
    assert "ANTHROPIC_API_KEY" in done.stderr
    assert sandbox.counts()[0] == 0


def test_each_connection_has_its_own_client(sandbox: Sandbox) -> None:
    load = f".load {built('claude_sqlite.so').with_suffix('')}"
    done = run(sandbox.url, CLIENT, ".connection 1", ".open :memory:", load, "SELECT claude('x');")
    assert "no client yet" in done.stderr
    done = run(sandbox.url, CLIENT, ".connection 1", ".open :memory:", load, ".connection 0", "SELECT claude('x');")
    assert (done.stdout, done.stderr) == ("client 1\nEcho: x\n", "")


def test_the_schema_of_a_database_may_not_ask(sandbox: Sandbox) -> None:
    """A view of a file from somewhere must not spend money or tell data when it is looked at."""
    assert "unsafe use of claude()" in fail(sandbox, "CREATE VIEW v AS SELECT claude('x'); SELECT * FROM v;")
    view = "CREATE VIEW v AS SELECT text FROM claude_stream('x'); SELECT * FROM v;"
    assert 'unsafe use of virtual table "claude_stream"' in fail(sandbox, view)
    assert sandbox.counts()[0] == 0


class Shell:
    """The shell at a terminal, as a person has it."""

    def __init__(self, url: str) -> None:
        path = program("sqlite3")
        env = environment(url, TERM="dumb", INPUTRC="/dev/null")
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.execve(path, [path, "-init", "/dev/null", ":memory:"], env)
        self.screen = ""

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def until(self, pattern: str) -> str:
        """Reads until the screen shows this; returns everything up to there, and forgets it."""
        deadline = time.monotonic() + SECONDS
        while (found := re.search(pattern, self.screen)) is None:
            ready, _, _ = select.select([self._terminal], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{pattern!r} did not come: {self.screen!r}"
            self.screen += os.read(self._terminal, 4096).decode()
        seen, self.screen = self.screen[: found.end()], self.screen[found.end() :]
        return seen

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._terminal)


@pytest.fixture
def shell(sandbox: Sandbox) -> Iterator[Shell]:
    started = Shell(sandbox.url)
    try:
        started.until("sqlite> ")
        started.type(f".load {built('claude_sqlite.so').with_suffix('')}\n")
        started.until(r"\r\nsqlite> ")
        started.type(f"{CLIENT}\n")
        started.until(r"client 1\r\nsqlite> ")
        yield started
    finally:
        started.close()


def test_rows_come_as_they_are_written_until_ctrl_c(shell: Shell, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    shell.type("SELECT text FROM claude_stream('x');\n")
    shell.until(r"\r\nHello\r\n, wor\r\n")  # and more never comes
    began = time.monotonic()
    shell.type("\x03")
    shell.until(r"interrupted[^\n]*\n.*sqlite> ")
    assert time.monotonic() - began < 0.5
    wait_until_left(sandbox)
    sandbox.scenario(None)
    shell.type("SELECT claude('and on it goes');\n")
    shell.until(r"\nEcho: and on it goes\r\n")


def test_ctrl_c_ends_a_value(shell: Shell, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    shell.type("SELECT claude('x');\n")
    while not sandbox.counts()[0]:
        time.sleep(0.005)
    began = time.monotonic()
    shell.type("\x03")
    shell.until(r"interrupted[^\n]*\n.*sqlite> ")
    assert time.monotonic() - began < 0.5
    wait_until_left(sandbox)


def test_ctrl_c_gets_through_a_stream_of_pings(shell: Shell, sandbox: Sandbox) -> None:
    """Also when there is always something to read, but no row."""
    sandbox.scenario(message("a", {"hold_ms": -1, "ping_interval_ms": 5}))
    shell.type("SELECT text FROM claude_stream('x');\n")
    shell.until(r"\r\na\r\n")
    shell.type("\x03")
    shell.until(r"interrupted[^\n]*\n.*sqlite> ")
    wait_until_left(sandbox)


def test_who_wants_no_more_rows_ends_the_call(shell: Shell, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    shell.type("SELECT text FROM claude_stream('x') LIMIT 2;\n")
    shell.until(r"\r\nHello\r\n, wor\r\n.*sqlite> ")
    wait_until_left(sandbox)
