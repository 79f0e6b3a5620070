"""Builds the extension module in place against a build tree of this repository, for its own tests and examples.

    python bindings/python/build_ext.py --build-dir build/dev

Afterwards PYTHONPATH=bindings/python/src is enough. Nothing is done when the result is newer than what it is made from.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import ffi_build
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
INCLUDE = ROOT / "capi" / "include"
TARGET = HERE / "src" / "libclaude" / "_claude.abi3.so"


def inputs(library: Path) -> list[Path]:
    """The files that the module is made from."""
    headers = sorted((INCLUDE / "claude").glob("*.h"))
    return [library, *ffi_build.CDEFS, ffi_build.SOURCE, HERE / "ffi_build.py", Path(__file__), *headers]


def up_to_date(stamp: Path, wanted: object, library: Path) -> bool:
    """Whether the module was made for this build tree and is newer than its inputs."""
    if not TARGET.exists() or not stamp.exists() or json.loads(stamp.read_text(encoding="utf-8")) != wanted:
        return False
    made = TARGET.stat().st_mtime_ns
    return all(path.stat().st_mtime_ns < made for path in inputs(library))


def build(work: Path, library_dir: Path) -> None:
    """Compiles the module below `work` and puts it in place in one step."""
    source = work / "_claude.c"
    ffi = ffi_build.make([], [])
    ffi.emit_c_code(str(source))
    extension = Extension(
        "_claude",
        [str(source)],
        include_dirs=[str(INCLUDE)],
        library_dirs=[str(library_dir)],
        libraries=["claude"],
        runtime_library_dirs=[str(library_dir)],
        py_limited_api=True,
    )
    command = build_ext(Distribution({"name": "libclaude", "ext_modules": [extension]}))
    command.build_lib = command.build_temp = str(work)
    command.ensure_finalized()
    command.run()
    os.replace(work / TARGET.name, TARGET)


def main() -> None:
    parser = argparse.ArgumentParser(description="Builds libclaude's Python extension module in place.")
    parser.add_argument("--build-dir", required=True, type=Path, help="a CMake build tree, for example build/dev")
    build_dir = parser.parse_args().build_dir.resolve()
    library = build_dir / "lib" / "libclaude.so"
    if not library.exists():
        sys.exit(f"{library} does not exist; build it first: cmake --build {build_dir}")
    stamp = ROOT / "build" / "python-extension.json"
    wanted = {"build_dir": str(build_dir), "python": sys.version}
    if up_to_date(stamp, wanted, library):
        return
    work = build_dir / "python"
    work.mkdir(exist_ok=True)
    build(work, library.parent)
    stamp.write_text(json.dumps(wanted), encoding="utf-8")
    print(f"built {TARGET.relative_to(ROOT)} against {library}")


if __name__ == "__main__":
    main()
