"""The protections of the shared library, and that each is missed where it is not there."""

from __future__ import annotations

import platform
import re
from typing import TYPE_CHECKING

import pytest
from abi_tools import run
from hardening import missing

if TYPE_CHECKING:
    import pathlib

# Copies a length that nobody knows into an array whose size the compiler knows.
SOURCE = """
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
    char text[64];
    memcpy(text, argv[0], (size_t)argc * 3);
    text[63] = 0;
    return puts(text) < 0;
}
"""
HARDENED = (
    "-O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack "
    "-Wl,-z,separate-code"
)
WITHOUT = {
    "BIND_NOW": "-Wl,-z,lazy",
    "no RUNPATH": "-Wl,--enable-new-dtags,-rpath,/opt",
    "no RPATH": "-Wl,--disable-new-dtags,-rpath,/opt",
    "RELRO": "-Wl,-z,norelro",
    "a stack": "-Wl,-z,execstack",
    "code apart": "-Wl,-z,noseparate-code",
    "the stack protector": "-fno-stack-protector",
    "_FORTIFY_SOURCE": "-U_FORTIFY_SOURCE",
    "a position-independent": "-no-pie",
}


def program(folder: pathlib.Path, *more: str) -> pathlib.Path:
    source = folder / "program.c"
    source.write_text(SOURCE, encoding="utf-8")
    run("gcc", "-w", *HARDENED.split(), *more, source, "-o", folder / "program")
    return folder / "program"


def test_library(shared: pathlib.Path) -> None:
    assert missing(shared) == []


def test_a_hardened_program_lacks_nothing(tmp_path: pathlib.Path) -> None:
    assert missing(program(tmp_path), program=True) == []


@pytest.mark.parametrize("what", WITHOUT)
def test_what_is_missing_is_named(what: str, tmp_path: pathlib.Path) -> None:
    found = missing(program(tmp_path, *WITHOUT[what].split()), program=True)
    assert any(text.startswith(what) for text in found), found


@pytest.mark.skipif(platform.machine() != "x86_64", reason="assembly of x86-64")
@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("no TEXTREL", ".text\n.globl f\nf: ret\n.quad f\n"),
        ("no segment both", '.section .both,"awx"\n.globl f\nf: ret\n'),
    ],
)
def test_code_that_is_written_to_is_noticed(what: str, text: str, tmp_path: pathlib.Path) -> None:
    source = tmp_path / "written.s"
    source.write_text(text, encoding="utf-8")
    run("gcc", "-shared", "-Wl,-z,notext", source, "-o", tmp_path / "written.so")
    assert any(found.startswith(what) for found in missing(tmp_path / "written.so"))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="a property of x86-64")
def test_control_flow_protection(archive: pathlib.Path) -> None:
    """Our objects carry the note; the shared library does where the start files of the compiler do."""
    assert re.search(r"x86 feature: IBT, SHSTK", run("readelf", "-nW", archive))
