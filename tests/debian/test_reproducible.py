"""The same sources give the same packages, byte for byte: at another place, later, for somebody else.

Only with CLAUDE_TEST_LONG=1: everything is compiled twice.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from debs import ROOT, Deb, succeed


def copy_of_the_sources(to: Path) -> Path:
    """The files that git knows or would add, under another name; and the environment that scripts/setup has made."""
    names = succeed("git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, names):
        if os.path.lexists(ROOT / name):
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name, follow_symlinks=False)
            if not (to / name).is_symlink():
                os.utime(to / name)  # as a new clone has them
    (to / ".venv").symlink_to((ROOT / ".venv").resolve())
    return to


def first_difference(one: Path, other: Path) -> str:
    """Where two files begin to differ, with what is there."""
    left, right = one.read_bytes(), other.read_bytes()
    place = next((at for at, pair in enumerate(zip(left, right)) if pair[0] != pair[1]), min(len(left), len(right)))
    around = slice(max(0, place - 16), place + 48)
    return f"{one.name}: byte {place} of {len(left)} and {len(right)}\n{left[around]!r}\n{right[around]!r}"


def difference(one: Deb, other: Deb) -> str:
    """The first difference of two packages; empty if they are the same."""
    if one.path.read_bytes() == other.path.read_bytes():
        return ""
    if one.files() != other.files():
        return f"{one.path.name}: only in one: {sorted(one.files() ^ other.files())}"
    pairs = [(one.folder / name, other.folder / name) for name in sorted(one.files())]
    pairs += [(path, other.control / path.name) for path in sorted(one.control.iterdir())]
    for left, right in pairs:
        if left.is_symlink():
            if left.readlink() != right.readlink():
                return f"{left.name} leads to {left.readlink()} and {right.readlink()}"
        elif left.read_bytes() != right.read_bytes():
            return f"{one.path.name}: {first_difference(left, right)}"
    return first_difference(one.path, other.path)


@pytest.fixture(scope="module")
def elsewhere(packages: dict[str, Deb], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Deb]:
    """The packages made of a copy of the sources, by somebody with other habits."""
    assert packages
    work = tmp_path_factory.mktemp("another place")
    sources = copy_of_the_sources(tmp_path_factory.mktemp("somewhere-else") / "sources of libclaude")
    date = succeed("git", "-C", ROOT, "log", "-1", "--format=%ct").strip()
    habits = {
        "SOURCE_DATE_EPOCH": date,
        "TZ": "Asia/Kolkata",
        "LANG": "tr_TR.UTF-8",
        "HOME": str(work),
        "USER": "somebody",
    }
    done = subprocess.run(
        ["sh", "-c", 'umask 077 && exec "$@"', "sh", sources / "scripts" / "package", "--out", work / "out"],
        env={**os.environ, **habits, "CLAUDE_JOBS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    debs = [Deb.read(path, work) for path in sorted((work / "out").glob("*.deb"))]
    return {deb.fields["Package"]: deb for deb in debs}


def test_the_packages_are_the_same(packages: dict[str, Deb], elsewhere: dict[str, Deb]) -> None:
    assert packages.keys() == elsewhere.keys()
    assert [found for found in (difference(deb, elsewhere[name]) for name, deb in packages.items()) if found] == []


def test_a_difference_is_found_and_shown(packages: dict[str, Deb], tmp_path: Path) -> None:
    """One byte of one file, in a package that is as good as the other."""
    deb = next(iter(packages.values()))
    folder = shutil.copytree(deb.folder, tmp_path / "changed", symlinks=True)
    shutil.copytree(deb.control, folder / "DEBIAN")
    (place,) = folder.glob("usr/share/doc/*/copyright")
    place.write_text(place.read_text(encoding="utf-8").replace("libclaude", "libClaude", 1), encoding="utf-8")
    succeed("dpkg-deb", "--root-owner-group", "--build", folder, tmp_path / deb.path.name)
    told = difference(deb, Deb.read(tmp_path / deb.path.name, tmp_path))
    assert "copyright: byte " in told
    assert "libClaude" in told
