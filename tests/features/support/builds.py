"""Builds of the library without some of its features, in build/features/<name>."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from abi_tools import ROOT, run
from listed import OPTIONAL, option_of, options

DEFAULT = Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev"))
FOLDER = ROOT / "build" / "features"
LONG = os.environ.get("CLAUDE_TEST_LONG") == "1"
NOTHING_ELSE = [f"-DCLAUDE_BUILD_{what}=OFF" for what in ("TESTS", "EXAMPLES", "BENCH")]


@dataclass(frozen=True)
class Build:
    """A build of the library."""

    name: str
    folder: Path
    left_out: frozenset[str]

    @property
    def library(self) -> Path:
        return self.folder / "lib" / "libclaude.so"

    def configure(self, *settings: str) -> None:
        preset = "minimal" if self.name == "minimal" else "dev"
        run("cmake", "--preset", preset, "-B", self.folder, "-DCLAUDE_WERROR=ON", *NOTHING_ELSE, *settings, cwd=ROOT)

    def build(self) -> None:
        jobs = os.environ.get("CLAUDE_JOBS", str(os.cpu_count()))
        run("cmake", "--build", self.folder, "-j", jobs, "--target", "claude", "claude_static", cwd=ROOT)


def without(feature: str) -> frozenset[str]:
    """A feature, and those that need it."""
    return frozenset({feature} | {name for name, needs in options().items() if feature in needs})


BUILDS = {
    "default": frozenset(),
    "none": frozenset(OPTIONAL),
    "minimal": frozenset(OPTIONAL) - {"tools"},
    **({f"without-{name}": without(name) for name in OPTIONAL} if LONG else {}),
}


def make(name: str) -> Build:
    if name == "default":
        assert (DEFAULT / "lib" / "libclaude.so").exists(), f"{DEFAULT} is not built"
        return Build(name, DEFAULT, BUILDS[name])
    build = Build(name, FOLDER / name, BUILDS[name])
    settings = ["-DCLAUDE_FEATURES=OFF"] if name == "none" else []
    if name.startswith("without-"):
        settings = [f"-D{option_of(feature)}=OFF" for feature in sorted(build.left_out)]
    build.configure(*settings)
    build.build()
    return build


def failing(*command: str, **environment: str) -> str:
    """Runs a program that must fail; what it printed."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode != 0, f"{' '.join(command)} succeeded:\n{done.stdout}"
    return done.stdout
