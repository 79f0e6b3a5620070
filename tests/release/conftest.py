"""A repository of its own with the files of this one, as they are now."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "lib"))

from repository import Repository
from version import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

# Builds everything, twice.
collect_ignore = [] if os.environ.get("CLAUDE_TEST_LONG") == "1" else ["test_rehearsal.py"]


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
def repository(pristine: Path) -> Iterator[Repository]:
    """The repository as it was at first; a test may do with it what it likes."""
    repository = Repository(pristine)
    start = repository.git("rev-parse", "origin/main")
    yield repository
    (pristine / ".git" / "release-rehearsal").unlink(missing_ok=True)
    repository.git("checkout", "-q", "--force", "-B", "main", start)
    repository.git("reset", "-q", "--hard", start)
    repository.git("clean", "-q", "-ffdx", "--exclude=.venv")
    tags = repository.git("tag").split()
    if tags:
        repository.git("tag", "-d", *tags)
