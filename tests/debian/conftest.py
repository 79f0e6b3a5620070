"""The packages, made once; a system in which they are installed; and the sandbox server."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "packaging" / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sandbox"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "abi"))

from debs import Deb, make_packages
from installs import BUILD, LONG
from roots import Root, alternatives
from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

# Builds everything once more, and again for a release.
collect_ignore = [] if LONG else ["test_reproducible.py"]
# What a user has who builds programs, and the languages that there are modules for.
TOOLS = ["gcc", "libc6-dev", "pkg-config", "lua5.1", "lua5.2", "lua5.3", "lua5.4", "luajit2"]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Deb]:
    """The packages by their names, from build/package."""
    return make_packages(tmp_path_factory.mktemp("packages"))


@pytest.fixture(scope="session")
def root(packages: dict[str, Deb], tmp_path_factory: pytest.TempPathFactory) -> Root:
    """A clean system with what the packages depend on, and none of them."""
    needs = [names for deb in packages.values() for names in alternatives(deb.fields["Depends"])]
    foreign = [names for names in needs if names[0] not in packages]
    return Root(tmp_path_factory.mktemp("system") / "root", foreign + [[name] for name in TOOLS])


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    with Sandbox(path=os.environ.get("CLAUDE_SANDBOX", str(BUILD / "bin" / "claude-sandbox"))) as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.reset()
    return server
