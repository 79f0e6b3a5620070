"""The group `compression` of scripts/bench: text compressed by the library, and by zlib alone.

The texts are files of this repository, one after another, put together below build/bench/files.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bench_bindings

ROOT = Path(__file__).resolve().parents[2]
FILES = bench_bindings.PLACE / "files"
LEVELS = (1, 6, 9)
# kind -> what it is made of
KINDS: dict[str, list[str]] = {
    "prose": ["*.md", "docs/**/*.md", "tests/*/README.md"],
    "code": ["src/*/*.c", "src/*/*.h"],
    "json": ["tests/conformance/cases/*.json", "src/message/models.json"],
}


def rows() -> dict[str, str | None]:
    """Each row after the one with zlib alone that it is compared with."""
    found: dict[str, str | None] = {}
    for kind in KINDS:
        for level in LEVELS:
            name = f"compression.{kind}.{level}"
            found |= {f"{name}.zlib": None, name: f"{name}.zlib"}
    return found


def make(kind: str) -> Path:
    """The text of a kind, in a file."""
    paths = sorted(path for pattern in KINDS[kind] for path in ROOT.glob(pattern))
    FILES.mkdir(parents=True, exist_ok=True)
    file = FILES / f"compression.{kind}"
    file.write_bytes(b"".join(path.read_bytes() for path in paths))
    return file


def measure(wanted: list[str], runs: int, run: Callable[..., None], programs: Path) -> None:
    """Every row once per run, in turn."""
    files = {kind: make(kind) for kind in KINDS}
    for _ in range(runs):
        for row in wanted:
            run(str(programs / "bench_compression"), row, str(files[row.split(".")[1]]))
