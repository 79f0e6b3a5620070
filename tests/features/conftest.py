"""Builds the libraries, the program that looks at them, and starts a sandbox server."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "abi"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sandbox"))

from abi_tools import ROOT, run
from builds import BUILDS, DEFAULT, FOLDER, Build, make
from null_calls import calls
from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def made() -> Callable[[str], Build]:
    builds: dict[str, Build] = {}

    def get(name: str) -> Build:
        if name not in builds:
            builds[name] = make(name)
        return builds[name]

    return get


@pytest.fixture(params=BUILDS)
def build(request: pytest.FixtureRequest, made: Callable[[str], Build]) -> Build:
    return made(request.param)


@pytest.fixture
def default(made: Callable[[str], Build]) -> Build:
    return made("default")


@pytest.fixture(scope="session")
def program() -> Path:
    """One program for all of the builds: their interface is the same."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "calls.inc").write_text(calls(), encoding="utf-8")
    path = FOLDER / "features"
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    include = [f"-I{ROOT / 'capi' / 'include'}", f"-I{FOLDER}"]
    source = Path(__file__).parent / "features.c"
    library = [f"-L{DEFAULT / 'lib'}", "-lclaude"]
    run("gcc", "-std=c11", "-g", *warnings, *include, source, "-o", path, *library)
    return path


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    with Sandbox(path=os.environ.get("CLAUDE_SANDBOX", str(DEFAULT / "bin" / "claude-sandbox"))) as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.reset()
    server.register("refused", {"status": 529, "error": {"type": "overloaded_error", "message": "later"}})
    return server
