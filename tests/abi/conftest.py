"""What the ABI tests look at: the libraries of a build (CLAUDE_BUILD_DIR, by default build/dev)."""

from __future__ import annotations

import os
import pathlib
import sys

import pytest
from abi_tools import ROOT

sys.path.insert(0, str(ROOT / "scripts" / "lib"))


@pytest.fixture(scope="session")
def build() -> pathlib.Path:
    """The build folder under test."""
    path = pathlib.Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev"))
    assert (path / "CMakeCache.txt").exists(), f"{path} is no build folder: cmake --preset dev, or set CLAUDE_BUILD_DIR"
    return path


@pytest.fixture(scope="session")
def shared(build: pathlib.Path) -> pathlib.Path:
    """libclaude.so with its full version."""
    found = [path for path in (build / "lib").glob("libclaude.so.*.*.*") if not path.is_symlink()]
    assert len(found) == 1, f"want one libclaude.so.X.Y.Z in {build / 'lib'}, have {found}"
    return found[0]


@pytest.fixture(scope="session")
def archive(build: pathlib.Path) -> pathlib.Path:
    """libclaude.a."""
    return build / "lib" / "libclaude.a"
