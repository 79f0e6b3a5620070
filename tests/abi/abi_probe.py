"""A library with the public interface and nothing behind it.

The abidw dump in capi/abi/ is made of this and not of libclaude.so itself: it then holds the types that a program can
see, and none of those behind the handles, which may change at any time.

Usage: abi_probe.py FOLDER      writes FOLDER/libclaude.so
"""

from __future__ import annotations

import pathlib
import sys

import abi_headers
from abi_tools import ROOT, run


def build_probe(folder: pathlib.Path, include: pathlib.Path = ROOT / "capi" / "include") -> pathlib.Path:
    """Compiles the probe from the headers; the path of the library."""
    source = folder / "probe.c"
    library = folder / "libclaude.so"
    stubs = [f"{function.prototype}\n{{\n    __builtin_trap();\n}}\n" for function in abi_headers.functions(include)]
    text = "#define CLAUDE_BUILDING\n#include <claude/claude.h>\n" + "".join(stubs)
    source.write_text(text, encoding="utf-8")
    version = ".".join(abi_headers.defines()[f"CLAUDE_VERSION_{part}"] for part in ("MAJOR", "MINOR"))
    run(
        *("gcc", "-g", "-O0", "-fPIC", "-shared", "-fvisibility=hidden", "-I", include, source, "-o", library),
        f"-Wl,--version-script={ROOT / 'capi' / 'libclaude.map'}",
        f"-Wl,-soname,libclaude.so.{version}",
    )
    return library


if __name__ == "__main__":
    build_probe(pathlib.Path(sys.argv[1]))
