"""Describes the extension module libclaude._claude to CFFI (API mode: the C compiler checks every signature)."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent
CDEFS = [HERE / "src" / "libclaude" / "claude.cdef", HERE / "glue.cdef"]
SOURCE = HERE / "glue.h"


def pkg_config(option: str) -> list[str]:
    """What pkg-config says about an installed libclaude."""
    command = [os.environ.get("PKG_CONFIG", "pkg-config"), option, "libclaude"]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise SystemExit("pkg-config is missing; it is needed to find libclaude") from None
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"libclaude is not installed, or PKG_CONFIG_PATH does not name it:\n{error.stderr}") from None
    return shlex.split(done.stdout)


def make(compile_args: list[str], link_args: list[str]) -> FFI:
    """The extension module, compiled and linked with these arguments."""
    ffi = FFI()
    for path in CDEFS:
        ffi.cdef(path.read_text(encoding="utf-8"))
    ffi.set_source(
        "libclaude._claude",
        SOURCE.read_text(encoding="utf-8"),
        extra_compile_args=compile_args,
        extra_link_args=link_args,
        py_limited_api=True,
    )
    return ffi


def ffibuilder() -> FFI:
    """For pip: against the libclaude that is installed."""
    return make(pkg_config("--cflags"), pkg_config("--libs"))
