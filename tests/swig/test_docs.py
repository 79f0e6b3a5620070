"""docs/swig.md: its commands build the modules, and its programs run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from languages import BUILD, CANARY, HEADERS, ROOT, SECONDS

if TYPE_CHECKING:
    from sandbox import Sandbox

PROGRAMS = {"perl": ["perl", "-I."], "ruby": ["ruby", "-Iruby"], "tcl": ["tclsh"]}


def snippet(language: str) -> str:
    """The only one in that language."""
    page = (ROOT / "docs" / "swig.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return str(found)


def run(command: list[str], folder: Path, **more: str) -> str:
    environment = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(BUILD / "lib"), **more}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=folder, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands have been run, as beside the sources with libclaude installed."""
    place = tmp_path_factory.mktemp("docs")
    (place / "swig").symlink_to(ROOT / "swig")
    (place / "libclaude.pc").write_text(
        f"includedir={HEADERS}\nName: libclaude\nDescription: as built\nVersion: 0\n"
        f"Cflags: -I${{includedir}}\nLibs: -L{BUILD / 'lib'} -lclaude\n",
        encoding="utf-8",
    )
    assert run(["bash", "-e", "-c", snippet("sh")], place, PKG_CONFIG_PATH=str(place)) == ""
    return place


@pytest.mark.parametrize("language", PROGRAMS)
def test_program(language: str, folder: Path, sandbox: Sandbox) -> None:
    (folder / f"program.{language}").write_text(snippet(language), encoding="utf-8")
    command = [*PROGRAMS[language], f"program.{language}"]
    said = run(command, folder, ANTHROPIC_BASE_URL=sandbox.url, ANTHROPIC_API_KEY=CANARY)
    assert said == "Echo: Hello!\nEcho: Hello!\n"
    assert len(sandbox.requests()) == 2
