"""The headers for their readers: compilers of every age, parsers of bindings, people."""

from __future__ import annotations

import pathlib
import re
import subprocess

import abi_headers
import cffi
import pytest
from abi_tools import ROOT, run

INCLUDE = ROOT / "capi" / "include"
STANDARDS = [
    ("gcc", "gnu89"),
    ("gcc", "c99"),
    ("gcc", "c11"),
    ("gcc", "c2x"),
    ("g++", "c++98"),
    ("g++", "c++11"),
    ("g++", "c++20"),
    ("clang", "c99"),
    ("clang++", "c++17"),
]
NAMES = [path.name for path in abi_headers.all_headers()]
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def compile_text(text: str, folder: pathlib.Path, compiler: str, *flags: str) -> subprocess.CompletedProcess[str]:
    source = folder / ("probe.cpp" if "++" in compiler else "probe.c")
    source.write_text(text, encoding="utf-8")
    return subprocess.run(
        [compiler, *flags, "-I", str(INCLUDE), "-c", str(source), "-o", str(folder / "probe.o")],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("compiler", "standard"), STANDARDS)
@pytest.mark.parametrize("header", NAMES)
def test_stands_alone(header: str, compiler: str, standard: str, tmp_path: pathlib.Path) -> None:
    # Twice: include guards. -Wlong-long stays on: C89 users see int64_t only through the system's headers.
    text = f"#include <claude/{header}>\n#include <claude/{header}>\nextern int claude_probe;\n"
    done = compile_text(text, tmp_path, compiler, f"-std={standard}", *STRICT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("header", NAMES)
def test_clean_under_all_warnings_of_clang(header: str, tmp_path: pathlib.Path) -> None:
    text = f"#include <claude/{header}>\nextern int claude_probe;\n"
    flags = ["-std=c11", "-Weverything", "-Werror", "-fcomment-block-commands=threads"]
    done = compile_text(text, tmp_path, "clang", *flags)
    assert done.returncode == 0, done.stderr


def test_umbrella_includes_every_header() -> None:
    text = (INCLUDE / "claude" / "claude.h").read_text(encoding="utf-8")
    assert sorted(re.findall(r"#include <claude/(\w+\.h)>", text)) == [name for name in NAMES if name != "claude.h"]


def plain_c(folder: pathlib.Path) -> str:
    """The umbrella header, preprocessed with empty system headers."""
    for name in ("stddef.h", "stdint.h"):
        (folder / name).write_text("", encoding="utf-8")
    return run("gcc", "-E", "-P", "-nostdinc", "-I", folder, "-I", INCLUDE, INCLUDE / "claude" / "claude.h")


def test_parsed_by_cffi(tmp_path: pathlib.Path) -> None:
    ffi = cffi.FFI()
    ffi.cdef(plain_c(tmp_path))
    text = plain_c(tmp_path)
    missing = [function.name for function in abi_headers.functions() if f"{function.name}(" not in text]
    assert missing == []
    assert ffi.typeof("claude_code_t") is ffi.typeof("int32_t")


DEPRECATED = "#include <claude/types.h>\nCLAUDE_DEPRECATED_FOR(claude_new) void claude_old(void);\n"
USES_DEPRECATED = DEPRECATED + "void claude_probe(void);\nvoid claude_probe(void)\n{\n    claude_old();\n}\n"


def test_deprecation_is_silent_unless_asked_for(tmp_path: pathlib.Path) -> None:
    done = compile_text(USES_DEPRECATED, tmp_path, "gcc", "-std=c99", *STRICT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang", "g++"])
def test_deprecation_warns_when_asked_for(compiler: str, tmp_path: pathlib.Path) -> None:
    done = compile_text(USES_DEPRECATED, tmp_path, compiler, *STRICT, "-DCLAUDE_WARN_DEPRECATED")
    assert done.returncode != 0
    assert "use claude_new" in done.stderr


FORBIDDEN_TYPES = r"\b(bool|_Bool|long|time_t|ssize_t|off_t|FILE|va_list|enum|union|wchar_t|json_object|CURL)\b|\.\.\."


@pytest.mark.parametrize("function", abi_headers.functions(), ids=lambda function: function.name)
def test_comment_and_signature(function: abi_headers.Function) -> None:
    """The laws of the ABI, as far as a machine can read them."""
    problems = []
    if not function.comment:
        problems.append("no doc comment")
    if not re.search(r"@threads\s+[ABC]\b", function.comment):
        problems.append("no @threads A, B or C")
    if not re.search(r"@since\s+\d+\.\d+", function.comment):
        problems.append("no @since")
    if not function.is_void and not re.search(r"@return\b", function.comment):
        problems.append("no @return")
    if function.is_void and re.search(r"@return\b", function.comment):
        problems.append("@return, but it returns nothing")
    parameters = function.prototype[function.prototype.index("(") :]
    for name in re.findall(r"@param\s+(\w+)", function.comment):
        if not re.search(rf"\b{name}\b", parameters):
            problems.append(f"@param {name} is no parameter")
    if re.search(r"\*\*out\b", parameters) and "@param out" not in " ".join(function.comment.split()):
        problems.append("no @param out: who releases it?")
    if "claude_error_t **" in parameters and not parameters.rstrip(")").endswith("claude_error_t **err"):
        problems.append("claude_error_t **err is not the last parameter")
    if re.search(FORBIDDEN_TYPES, function.prototype):
        problems.append("a type that the ABI does not allow")
    assert problems == [], f"{function.header}: {function.prototype}"
