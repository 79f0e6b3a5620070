"""What the ABI tests share."""

from __future__ import annotations

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command: str | os.PathLike[str], cwd: pathlib.Path | None = None, **environment: str) -> str:
    """Runs a program that must succeed; its standard output."""
    done = subprocess.run(
        [os.fspath(part) for part in command],
        cwd=cwd,
        env={**os.environ, "LC_ALL": "C", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\nexited {done.returncode}:\n{done.stdout}"
    return done.stdout
