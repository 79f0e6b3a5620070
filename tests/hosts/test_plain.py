"""A host that knows the library by its name only."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from hosting import BUILD, HOSTS, KEY, LIBRARY, ROOT, SECONDS, built, environment

if TYPE_CHECKING:
    from sandbox import Sandbox

VERSION = re.compile(r"libclaude \d+\.\d+\.\d+ from (.*)")


def run(url: str, *arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = [str(built("plain_host")), *map(str, arguments)]
    env = environment(url, **more)
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=SECONDS)


def installation(folder: Path) -> Path:
    """A folder with a copy of the library."""
    folder.mkdir()
    shutil.copy(BUILD / "lib" / LIBRARY, folder / LIBRARY)
    return folder


def test_a_library_that_the_system_finds(sandbox: Sandbox) -> None:
    done = run(sandbox.url, "one question")
    assert (done.returncode, done.stderr) == (0, "")
    first, answer = done.stdout.splitlines()
    found = VERSION.fullmatch(first)
    assert found is not None
    assert Path(found[1]) == BUILD / "lib" / LIBRARY
    assert answer == "Echo: one question"


def test_two_directories_one_after_the_other(sandbox: Sandbox, tmp_path: Path) -> None:
    """Two copies in one process: each is itself, though the first is never unmapped."""
    folders = [installation(tmp_path / name) for name in ("one", "another place")]
    done = run(sandbox.url, "hello", *folders, folders[0], LD_LIBRARY_PATH="")
    assert (done.returncode, done.stderr) == (0, "")
    assert VERSION.findall(done.stdout) == [str(folder / LIBRARY) for folder in (*folders, folders[0])]
    assert done.stdout.count("Echo: hello\n") == 3
    assert sandbox.counts()[0] == 3


def test_where_it_is_missing(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox.url, "hello", tmp_path, installation(tmp_path / "there"))
    assert done.returncode == 1
    assert f"error: {LIBRARY} cannot be loaded: {tmp_path}/{LIBRARY}: cannot open shared object file" in done.stderr
    assert "Echo: hello" in done.stdout  # from the other one
    done = run(sandbox.url, "hello", LD_LIBRARY_PATH="")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {LIBRARY} cannot be loaded: {LIBRARY}: cannot open")


def test_another_library_of_that_name(sandbox: Sandbox, tmp_path: Path) -> None:
    source = tmp_path / "other.c"
    source.write_text(
        'const char *claude_version_string(void);\nconst char *claude_version_string(void) { return "9"; }\n'
    )
    subprocess.run(["cc", "-shared", "-fPIC", str(source), "-o", str(tmp_path / LIBRARY)], check=True)
    done = run(sandbox.url, "hello", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.match(
        rf"error: {tmp_path}/{LIBRARY} is no libclaude: .*undefined symbol: claude_error_message", done.stderr
    )


def test_errors_are_told(sandbox: Sandbox) -> None:
    sandbox.scenario("overloaded")
    done = run(sandbox.url, "hello")
    assert (done.returncode, done.stderr) == (1, "error: overloaded_error (HTTP 529): Overloaded\n")
    done = run(sandbox.url, "hello", ANTHROPIC_API_KEY="")
    assert done.returncode == 1
    assert re.match(r"error: .*ANTHROPIC_API_KEY", done.stderr)
    assert KEY not in done.stdout + done.stderr


def test_it_is_linked_with_nothing_of_ours() -> None:
    dynamic = subprocess.run(["readelf", "-d", str(built("plain_host"))], check=True, capture_output=True, text=True)
    assert re.findall(r"\(NEEDED\).*\[(.*?)\]", dynamic.stdout) == ["libc.so.6"]
    source = (HOSTS / "plain_host.c").read_text(encoding="utf-8")
    assert "claude/" not in "".join(re.findall(r"^#include.*$", source, re.MULTILINE))


def test_what_it_declares_is_what_the_headers_declare(tmp_path: Path) -> None:
    text = (HOSTS / "plain_host.c").read_text(encoding="utf-8").replace("\\\n", " ")
    functions = re.findall(r"\bF\(([\w *]+), (claude_\w+),\s*\((.*?)\)\)(?=\s)", text)
    assert len(functions) == 15
    lines = ["#include <claude/claude.h>"]
    lines += [f"{result} (*check_{name})({parameters}) = {name};" for result, name, parameters in functions]
    constant = re.search(r"EVENT_TEXT_DELTA = (\d+)", text)
    assert constant is not None
    lines.append(f'_Static_assert(CLAUDE_EVENT_TEXT_DELTA == {constant[1]}, "a constant");')
    source = tmp_path / "check.c"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = ["gcc", "-std=c11", "-Wall", "-Wpedantic", "-Werror", f"-I{ROOT / 'capi' / 'include'}", "-fsyntax-only"]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
