"""What a binary lacks of the protections that compiler, linker and loader have to offer, read from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from abi_tools import run

if TYPE_CHECKING:
    import pathlib

# A segment of the program header: type, flags.
SEGMENT = re.compile(r"^\s+([A-Z_]+)\s+0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ ([RWE ]{3})", re.M)


def _of_the_loader(path: pathlib.Path) -> list[str]:
    """What the dynamic section does not say, or should not."""
    text = run("readelf", "-dW", path)
    found = []
    if not re.search(r"\(FLAGS(_1)?\).*\b(BIND_NOW|NOW)\b", text):
        found.append("BIND_NOW: -Wl,-z,now")
    found += [f"no {word}" for word in ("TEXTREL", "RPATH", "RUNPATH") if re.search(rf"\b{word}\b", text)]
    return found


def _of_the_segments(path: pathlib.Path) -> list[str]:
    text = run("readelf", "-lW", path)
    segments = SEGMENT.findall(text)
    found = []
    if not any(kind == "GNU_RELRO" for kind, _ in segments):
        found.append("RELRO: -Wl,-z,relro")
    stacks = [flags for kind, flags in segments if kind == "GNU_STACK"]
    if not stacks or "E" in "".join(stacks):
        found.append("a stack that is not executable: -Wl,-z,noexecstack")
    loaded = [flags for kind, flags in segments if kind == "LOAD"]
    if any("W" in flags and "E" in flags for flags in loaded):
        found.append("no segment both writable and executable")
    # With -z separate-code what is read only comes before the code in a segment of its own.
    if not loaded or "E" in loaded[0]:
        found.append("code apart from data: -Wl,-z,separate-code")
    return found


def _of_the_compiler(path: pathlib.Path) -> list[str]:
    names = run("nm", "-D", "--undefined-only", path)
    found = []
    if "__stack_chk_fail" not in names:
        found.append("the stack protector: -fstack-protector-strong")
    if not re.search(r"\b__\w+_chk\b", names):
        found.append("_FORTIFY_SOURCE")
    return found


def missing(path: pathlib.Path, *, program: bool = False, fortify: bool = True) -> list[str]:
    """The protections that a library, a module or a program lacks; `fortify`: it calls what can be."""
    kind = re.search(r"^\s+Type:\s+(\w+)", run("readelf", "-hW", path), re.MULTILINE)
    assert kind is not None
    found = ["a position-independent program: -fPIE -pie"] if program and kind[1] != "DYN" else []
    found += _of_the_loader(path) + _of_the_segments(path)
    return found + [text for text in _of_the_compiler(path) if fortify or not text.startswith("_FORTIFY")]
