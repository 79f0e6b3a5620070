"""What the tests of packaging share: programs that must succeed, fresh environments, and a message sent from one."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev")).resolve()
BINDING = ROOT / "bindings" / "python"
MESSAGE = Path(__file__).resolve().parents[1] / "message.py"
LONG = os.environ.get("CLAUDE_TEST_LONG") == "1"
DATE = "1700000000"  # of what is packed: SOURCE_DATE_EPOCH
KEY = "sk-ant-packaging-tests-not-a-real-key"


def bare(**more: str | Path) -> dict[str, str]:
    """An environment in which nothing leads to the source tree or to a library of it."""
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", **_texts(more)}


def _texts(values: dict[str, str | Path]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}


def attempt(*command: str | Path, **environment: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a program in a bare environment, whatever comes of it."""
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, env=bare(**environment), timeout=600
    )


def run(*command: str | Path, **environment: str | Path) -> str:
    """The output of a program that must succeed."""
    done = attempt(*command, **environment)
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Prefix:
    """An installed C library."""

    folder: Path
    libraries: Path
    pkg_config: Path

    def settings(self) -> dict[str, str | Path]:
        """What a build against this library is told: where pkg-config finds it, and where the loader will."""
        return {"PKG_CONFIG": self.pkg_config, "LDFLAGS": f"-Wl,-rpath,{self.libraries}"}


def install_library(build: Path, folder: Path) -> Prefix:
    """Installs the C library of a build folder; where it was configured for does not matter."""
    run("cmake", "--install", build, "--prefix", folder)
    libraries = next(folder.rglob("libclaude.so")).parent
    script = folder / "pkg-config"
    names = {"prefix": folder, "libdir": libraries, "includedir": folder / "include"}
    options = " ".join(f"--define-variable={name}={value}" for name, value in names.items())
    script.write_text(f'#!/bin/sh\nPKG_CONFIG_PATH={libraries}/pkgconfig exec pkg-config {options} "$@"\n')
    script.chmod(0o755)
    return Prefix(folder, libraries, script)


def fresh_environment(folder: Path, *packages: str) -> Path:
    """The Python of a new virtual environment with these packages of ours in it: no registry is asked."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    (to,) = folder.glob("lib/python3*/site-packages")
    for name in packages:
        distribution = importlib.metadata.distribution(name)
        source = Path(str(distribution.locate_file(""))).resolve()
        for file in distribution.files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                (to / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source / file, to / file)
    return folder / "bin" / "python"


def pip_install(python: Path, what: Path, **environment: str | Path) -> None:
    """Installs a wheel or a source tree without a network."""
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "-q",
        "--no-index",
        "--no-build-isolation",
    ]
    run(*pip, what, **environment)


def send(python: Path, url: str, *options: str, **environment: str | Path) -> dict[str, Any]:
    """Has an installed package send a message; what message.py tells of it."""
    told: dict[str, Any] = json.loads(run(python, "-I", "-W", "error", MESSAGE, url, *options, **environment))
    return told
