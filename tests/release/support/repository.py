"""A repository, and what a test does with it."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Repository:
    """A copy of the project in a folder."""

    folder: Path

    def attempt(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a program in the folder, whatever comes of it; no variable of the caller's says what git works on."""
        settings = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        settings.update(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1", PYTHONDONTWRITEBYTECODE="1")
        return subprocess.run(
            list(map(str, command)), cwd=self.folder, env=settings, capture_output=True, text=True, check=False
        )

    def run(self, *command: str | Path) -> str:
        """The output of a program that must succeed."""
        done = self.attempt(*command)
        assert done.returncode == 0, f"{command}:\n{done.stdout[-5000:]}{done.stderr[-5000:]}"
        return done.stdout

    def git(self, *arguments: str) -> str:
        return self.run("git", *arguments).strip()

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "A change")

    def release(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.attempt("scripts/release", *arguments)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        """Changes a text in a file, once."""
        text = self.read(name)
        assert len(re.findall(re.escape(old), text)) >= 1, f"{name} has no {old}"
        (self.folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    def state(self) -> dict[str, str]:
        """Every file with a checksum, git's own ones too, but for the index, which looking at it may write."""
        found = {}
        for path in sorted(self.folder.parent.rglob("*")):
            if path.is_file() and not path.is_symlink() and path.name != "index" and ".venv" not in path.parts:
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found
