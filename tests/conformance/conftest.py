"""Starts one sandbox server for the session; each test finds it as new."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sandbox"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bindings" / "python" / "src"))

from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev")).resolve()


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    with Sandbox(path=os.environ.get("CLAUDE_SANDBOX", str(BUILD / "bin" / "claude-sandbox"))) as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.reset()
    return server
