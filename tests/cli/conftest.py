"""Starts one sandbox server for the session; each test finds it as new."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sandbox"))

from claudec import BUILD, Claudec
from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a shell starts in the background ignores it, and so would all programs that are started here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    with Sandbox(path=os.environ.get("CLAUDE_SANDBOX", str(BUILD / "bin" / "claude-sandbox"))) as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.reset()
    return server


@pytest.fixture
def claudec(sandbox: Sandbox, tmp_path: Path) -> Claudec:
    """The program, run in a folder of its own."""
    return Claudec(sandbox.url, tmp_path)
