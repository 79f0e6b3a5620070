"""One sandbox server and one client for the session; each test finds the server as new."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "abi"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sandbox"))

from native import BUILD, Client
from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "sk-ant-endpoints-not-a-real-key"


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    with Sandbox(path=os.environ.get("CLAUDE_SANDBOX", str(BUILD / "bin" / "claude-sandbox"))) as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.reset()
    return server


@pytest.fixture(scope="session")
def client(server: Sandbox) -> Client:
    return Client(server.url, KEY, beta="ours-2026-01-01,theirs-2026-02-02", **{"timeout.total_ms": "20000"})


@pytest.fixture(scope="session")
def plain(server: Sandbox) -> Client:
    """A client without beta names of its own."""
    return Client(server.url, KEY)
