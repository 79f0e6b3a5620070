"""Builds each module once; starts one sandbox server for the session, which each test finds as new."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sandbox"))

from languages import BUILD, LANGUAGES, Language, Module
from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    with Sandbox(path=os.environ.get("CLAUDE_SANDBOX", str(BUILD / "bin" / "claude-sandbox"))) as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.reset()
    return server


@pytest.fixture(scope="session", params=LANGUAGES, ids=lambda language: language.name)
def module(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Module:
    language: Language = request.param
    return language.build(tmp_path_factory.mktemp(language.name))
