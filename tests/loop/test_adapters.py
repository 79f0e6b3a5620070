"""The adapters in examples/loops: short, and each program that uses one does all that the others do."""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import time
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import programs
import pytest
from programs import ALL, BUILD, IN_C, LOOPS, ROOT, cpu_seconds, run
from sandbox import message, slowly

if TYPE_CHECKING:
    from sandbox import Sandbox

HEADERS = ROOT / "capi" / "include" / "claude"


# What else a message of n pieces consists of: five events, and the end of the call.
BESIDE_PIECES = 6


# ---- the adapters ----


def code(path: Path) -> str:
    """C, Python or Lua without its comments."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".h":
        return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"--.*", "", text) if path.suffix == ".lua" else without_docstrings(text)


def without_docstrings(text: str) -> str:
    """Python without its comments and docstrings."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                assert first.end_lineno is not None
                lines[first.lineno - 1 : first.end_lineno] = [""] * (first.end_lineno - first.lineno + 1)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and lines[token.start[0] - 1].strip().startswith("#"):
            lines[token.start[0] - 1] = ""
    return "\n".join(lines)


def adapter(name: str) -> Path:
    (path,) = LOOPS.glob(f"{name}_adapter.*")
    return path


def test_there_is_an_adapter_for_each_loop() -> None:
    assert {path.stem for path in LOOPS.glob("*_adapter.*")} == {f"{name}_adapter" for name in ALL}
    assert {path.stem for path in LOOPS.glob("replies_*.*")} == {f"replies_{name}" for name in ALL}


@pytest.mark.parametrize("name", ALL)
def test_an_adapter_has_less_than_40_lines(name: str) -> None:
    assert sum(1 for line in code(adapter(name)).splitlines() if line.strip()) < 40


@pytest.mark.parametrize("name", ALL)
def test_an_adapter_knows_nothing_but_the_contract(name: str) -> None:
    """The descriptor, dispatch and next: no timeouts, no directions, no timers."""
    text = code(adapter(name))
    wanted = {"fd", "dispatch", "next"}
    if name == "tick":
        wanted = {"dispatch", "next"}
    elif name == "asyncio":
        wanted = {"fileno", "dispatch", "next", "submit", "close"}
    assert set(re.findall(r"\bclaude_loop_(?!t\b)(\w+)|self\._loop\.(\w+)", text)) == {
        ("", used) if name == "asyncio" else (used, "") for used in wanted
    }


def declarations(text: str) -> Iterator[str]:
    """Every declaration of C source, on one line with single blanks."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"^\s*#.*$|CLAUDE_API|extern \"C\" \{", "", text, flags=re.MULTILINE)
    for statement in re.split(r";", text):
        yield re.sub(r"\s+", " ", statement).strip()


def test_declarations_in_lua_are_those_of_the_headers() -> None:
    lua = (LOOPS / "claude_ffi.lua").read_text(encoding="utf-8")
    found = re.search(r"ffi\.cdef\(\[\[(.*?)\]\]\)", lua, re.DOTALL)
    assert found is not None
    headers = [path.read_text(encoding="utf-8") for path in HEADERS.glob("*.h")]
    known = {declaration for header in headers for declaration in declarations(header)}
    constants = dict(re.findall(r"\b(CLAUDE_\w+) = (-?\d+)", "".join(headers)))
    seen = 0
    for declaration in filter(None, declarations(found[1])):
        if declaration.startswith("enum"):
            for name, value in re.findall(r"(\w+) = (-?\d+)", declaration):
                assert constants[name] == value, name
        else:
            assert declaration in known, declaration
        seen += 1
    assert seen > 20


def test_declarations_in_lua_are_used() -> None:
    declared = set(re.findall(r"\bclaude_\w+(?=\()", (LOOPS / "claude_ffi.lua").read_text(encoding="utf-8")))
    used = "".join((LOOPS / name).read_text(encoding="utf-8") for name in ("luv_adapter.lua", "replies_luv.lua"))
    assert {name for name in declared if f"claude.{name}" not in used} == set()


# ---- the programs ----


@pytest.mark.parametrize("name", ALL)
def test_answers_are_complete(name: str, sandbox: Sandbox) -> None:
    questions = ["one small question", "another question, which is longer than the first"]
    outcome = run(name, sandbox, *questions)
    assert (outcome.code, outcome.complaints) == (0, "")
    for number, question in enumerate(questions, start=1):
        assert outcome.text(number) == f"Echo: {question}"
        assert outcome.ending(number).startswith("complete, ")
    assert sandbox.counts()[0] == 2
    assert all(request.replied for request in sandbox.requests())


@pytest.mark.parametrize("name", ALL)
def test_answers_come_at_the_same_time(name: str, sandbox: Sandbox) -> None:
    """And the program is woken for what happens, not more often."""
    sandbox.scenario(slowly(12, 25))
    outcome = run(name, sandbox)
    assert (outcome.code, outcome.complaints) == (0, "")
    for number in (1, 2):
        assert outcome.text(number) == "".join(f"<{piece}>" for piece in range(12))
        assert outcome.ending(number) == "complete, 7 tokens"
    # Each has begun before the other was complete.
    order = [number for number, _ in outcome.lines]
    assert {1, 2} <= set(order[:12])
    assert {1, 2} <= set(order[-12:])
    assert outcome.events == 2 * (12 + BESIDE_PIECES)
    assert 2 <= outcome.wakeups <= 3 * outcome.events


@pytest.mark.parametrize("name", ALL)
def test_a_few_events_at_a_time(name: str, sandbox: Sandbox) -> None:
    """What a program leaves makes the descriptor readable again, as often as it takes."""
    pieces = 20 if name == "tick" else 300
    sandbox.scenario(message(*(f"<{number}>" for number in range(pieces))))
    outcome = run(name, sandbox, "-n", "3")
    assert (outcome.code, outcome.complaints) == (0, "")
    for number in (1, 2):
        assert outcome.text(number) == "".join(f"<{piece}>" for piece in range(pieces))
    assert outcome.events == 2 * (pieces + BESIDE_PIECES)
    assert outcome.events / 3 <= outcome.wakeups <= outcome.events + 50


@pytest.mark.parametrize("name", ALL)
def test_a_burst(name: str, sandbox: Sandbox) -> None:
    """More at once than fits into one frame, or into the queues of the asyncio adapter, which then pauses the call."""
    sandbox.scenario(message(*(f"<{number}>" for number in range(600))))
    outcome = run(name, sandbox)
    assert (outcome.code, outcome.complaints) == (0, "")
    for number in (1, 2):
        assert outcome.text(number) == "".join(f"<{piece}>" for piece in range(600))
    assert outcome.events == 2 * (600 + BESIDE_PIECES)
    assert outcome.wakeups <= outcome.events / 2 + 50


@pytest.mark.parametrize("name", ALL)
def test_a_cancelled_answer_ends_at_once(name: str, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    outcome = run(name, sandbox, "-c", "2", "only one question, and its answer never ends")
    assert (outcome.code, outcome.complaints) == (0, "")
    assert [text for _, text in outcome.lines] == ["Hello", ", wor", "cancelled"]


@pytest.mark.parametrize("name", ALL)
def test_the_others_go_on_when_one_is_cancelled(name: str, sandbox: Sandbox) -> None:
    sandbox.scenario(message("a", "b", {"hold_ms": 150, "ping_interval_ms": 60000}, "c"))
    outcome = run(name, sandbox, "-c", "1", "first", "second", "third")
    assert (outcome.code, outcome.complaints) == (0, "")
    assert outcome.ending(1) == "cancelled"
    assert "c" not in outcome.text(1)
    assert outcome.text(2) == outcome.text(3) == "abc"


@pytest.mark.parametrize("name", ALL)
def test_an_error_of_the_api_is_told(name: str, sandbox: Sandbox) -> None:
    sandbox.scenario(
        {"sequence": [{"status": 529, "error": {"type": "overloaded_error", "message": "Overloaded"}}, message("fine")]}
    )
    outcome = run(name, sandbox)
    assert outcome.code == 1
    failed = re.fullmatch(r"\[([12])\] error: .*\n", outcome.complaints)
    assert failed is not None, outcome.complaints
    assert "verloaded" in outcome.complaints
    other = 3 - int(failed[1])
    assert outcome.text(other) == "fine"
    assert outcome.ending(other) == "complete, 7 tokens"


@pytest.mark.parametrize("name", ALL)
def test_a_broken_answer_is_told(name: str, sandbox: Sandbox) -> None:
    sandbox.scenario("truncated")
    outcome = run(name, sandbox)
    assert outcome.code == 1
    assert sorted(re.findall(r"^\[(\d)\] error: ", outcome.complaints, re.M)) == ["1", "2"]
    assert "Hello\n" in outcome.output


@pytest.mark.parametrize("name", ALL)
def test_without_a_key(name: str) -> None:
    env = {key: value for key, value in programs.environment("http://127.0.0.1:1").items() if "API_KEY" not in key}
    done = subprocess.run(
        programs.command(name), env=env, capture_output=True, text=True, check=False, timeout=programs.SECONDS
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert re.match(r"error: .*ANTHROPIC_API_KEY", done.stderr), done.stderr


@pytest.mark.parametrize("name", ALL)
def test_waiting_takes_no_processor_time(name: str, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    process = subprocess.Popen(
        programs.command(name), env=programs.environment(sandbox.url), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        for _ in range(4):  # two pieces of each answer; more never come
            assert re.match(r"\[[12]\] ", process.stdout.readline())
        time.sleep(0.05)  # what follows the last piece
        before = cpu_seconds(process.pid)
        time.sleep(0.4)
        used = cpu_seconds(process.pid) - before
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
    assert used < 0.02, f"{used * 1e3:.1f} ms of 400"


def test_as_many_as_there_may_be(sandbox: Sandbox) -> None:
    sandbox.scenario(slowly(5, 20))
    outcome = run("poll", sandbox, *(f"question {number}" for number in range(16)))
    assert (outcome.code, outcome.complaints) == (0, "")
    assert all(outcome.text(number) == "<0><1><2><3><4>" for number in range(1, 17))
    assert {number for number, _ in outcome.lines[: 16 * 3]} == set(range(1, 17))
    assert run("poll", sandbox, *("question" for _ in range(17))).code == 1


# ---- an installed library ----


@pytest.fixture(scope="session")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", str(BUILD), "--prefix", str(path)], check=True, capture_output=True)
    return path


def pkg_config(module: str, prefix: Path, libdir: Path) -> list[str]:
    """The flags for a module; for libclaude, those of the copy below the prefix."""
    command = ["pkg-config", "--cflags", "--libs"]
    if module == "libclaude":
        # On the command line because this copy lies elsewhere than configured.
        places = {"prefix": prefix, "libdir": libdir, "includedir": prefix / "include"}
        command += [f"--define-variable={key}={value}" for key, value in places.items()]
    env = {**os.environ, "PKG_CONFIG_PATH": str(libdir / "pkgconfig")}
    return subprocess.run([*command, module], env=env, check=True, capture_output=True, text=True).stdout.split()


@pytest.mark.parametrize("name", IN_C)
def test_built_as_the_example_says(name: str, prefix: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    """With the command of the file's first comment, against an installed copy that pkg-config finds."""
    text = (LOOPS / f"replies_{name}.c").read_text(encoding="utf-8")
    found = re.search(r"^ \*     cc (.*) \$\(pkg-config --cflags --libs (.*)\) -o (\w+)$", text, re.MULTILINE)
    assert found is not None
    assert found[3] == f"replies_{name}"
    (library,) = prefix.rglob("libclaude.so")
    env = {**programs.environment(sandbox.url), "LD_LIBRARY_PATH": str(library.parent)}
    flags = [flag for module in found[2].split() for flag in pkg_config(module, prefix, library.parent)]
    program = tmp_path / found[3]
    command = ["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", *found[1].split(), *flags, "-o", str(program)]
    compiled = subprocess.run(command, cwd=LOOPS, capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stderr
    done = subprocess.run([str(program)], env=env, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("complete, ") == 2
