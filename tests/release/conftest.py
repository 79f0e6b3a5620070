"""A repository of its own with the files of this one, as they are now."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
sys.path.insert(0, str(ROOT / "scripts" / "lib"))

from repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One commit, a remote that takes what is pushed, and nothing else."""
    folder = tmp_path_factory.mktemp("pristine") / "libclaude"
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"]
    names = subprocess.run(listed, check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if os.path.lexists(ROOT / name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    repository = Repository(folder)
    repository.git("init", "-q", "-b", "main")
    repository.git("config", "user.name", "Somebody")
    repository.git("config", "user.email", "somebody@example.invalid")
    repository.git("add", "-A")
    repository.git("commit", "-q", "-m", "All there is")
    repository.git("init", "-q", "--bare", "../origin.git")
    repository.git("remote", "add", "origin", "../origin.git")
    repository.git("push", "-q", "origin", "main")
    return folder


@pytest.fixture
def repository(pristine: Path, tmp_path: Path) -> Iterator[Repository]:
    """A copy that a test may do with what it likes."""
    shutil.copytree(pristine.parent, tmp_path / "copy", symlinks=True)
    yield Repository(tmp_path / "copy" / "libclaude")
    shutil.rmtree(tmp_path / "copy")
