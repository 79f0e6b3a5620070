"""What a release hands out for Python and Lua is the same, byte for byte, whoever makes it, where and when."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from installs import BINDING, DATE, ROOT, run

if TYPE_CHECKING:
    from installs import Prefix

# What the first one of each pair was made without.
HABITS = {"TZ": "Asia/Kolkata", "LANG": "tr_TR.UTF-8", "USER": "somebody", "SOURCE_DATE_EPOCH": DATE}


def strictly(*command: str | Path, **environment: str | Path) -> str:
    """The same under another umask."""
    return run("sh", "-c", 'umask 077 && exec "$@"', "sh", *command, **environment)


def test_the_source_distribution(tmp_path: Path) -> None:
    tool = BINDING / "tools" / "make_sdist.sh"
    one = run(tool, tmp_path / "one", SOURCE_DATE_EPOCH=DATE).strip()
    other = strictly(tool, tmp_path / "other", HOME=tmp_path, **HABITS).strip()
    assert Path(one).read_bytes() == Path(other).read_bytes()
    later = run(tool, tmp_path / "later", SOURCE_DATE_EPOCH="1700000002").strip()
    assert Path(one).read_bytes() != Path(later).read_bytes()


def test_the_rock(tmp_path: Path) -> None:
    tool = ROOT / "bindings" / "lua" / "tools" / "make_rock.sh"
    run(tool, "9.8.7", tmp_path / "one", SOURCE_DATE_EPOCH=DATE)
    strictly(tool, "9.8.7", tmp_path / "other", HOME=tmp_path, **HABITS)
    names = ["claude-9.8.7-1.rockspec", "claude-9.8.7-1.src.rock"]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_the_wheel(wheel: Path, prefix: Prefix, tmp_path: Path) -> None:
    tool = BINDING / "tools" / "make_wheel.py"
    printed = strictly(sys.executable, tool, "--out", tmp_path, HOME=tmp_path, PKG_CONFIG=prefix.pkg_config, **HABITS)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes(), printed
