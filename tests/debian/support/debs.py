"""Debian packages: making them, and what is in one."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VERSION = (ROOT / "VERSION").read_text(encoding="utf-8").strip()
MINOR = VERSION.rpartition(".")[0]
RUNTIME = f"libclaude{MINOR}"
# Where shells look for what completes command lines of claudec.
COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/claudec",
    "zsh": "usr/share/zsh/vendor-completions/_claudec",
    "fish": "usr/share/fish/vendor_completions.d/claudec.fish",
}


def succeed(*command: str | Path, cwd: Path | None = None, **environment: str) -> str:
    """The output of a program that must succeed."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout[-5000:]}{done.stderr[-5000:]}"
    return done.stdout


@dataclass(frozen=True)
class Deb:
    """A package, unpacked beside itself."""

    path: Path
    folder: Path
    control: Path
    fields: dict[str, str]

    @classmethod
    def read(cls, path: Path, work: Path) -> Deb:
        folder = work / path.stem
        succeed("dpkg-deb", "--raw-extract", path, folder)
        control = (folder / "DEBIAN" / "control").read_text(encoding="utf-8")
        (folder / "DEBIAN").rename(work / f"{path.stem}.control")
        fields = dict(re.findall(r"^([A-Za-z-]+): *(.*)$", control, re.MULTILINE))
        return cls(path, folder, work / f"{path.stem}.control", fields)

    def files(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if not is_folder(path)}

    def binaries(self) -> list[Path]:
        """Programs, libraries and modules."""
        paths = [path for path in self.folder.rglob("*") if not path.is_symlink() and path.is_file()]
        return [path for path in paths if path.open("rb").read(4) == b"\x7fELF"]


def is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def make_packages(work: Path) -> dict[str, Deb]:
    """Has scripts/package make the packages of this tree; they are what was built last, brought up to date."""
    succeed(ROOT / "scripts" / "package", "--out", work / "out")
    debs = [Deb.read(path, work) for path in sorted((work / "out").glob("*.deb"))]
    return {deb.fields["Package"]: deb for deb in debs}
