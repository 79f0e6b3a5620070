"""Types and signatures: the headers and the library against the dump in capi/abi/."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

import pytest
from abi_probe import build_probe
from abi_tools import ROOT

DUMP = ROOT / "capi" / "abi" / "libclaude-0.8.abi"
INCLUDE = ROOT / "capi" / "include"


def abidiff(*arguments: str | pathlib.Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["abidiff", *map(str, arguments)], capture_output=True, text=True, check=False)


def test_library(shared: pathlib.Path) -> None:
    """Nothing a program can notice has changed in the library. An internal struct is not the program's to notice."""
    done = abidiff(DUMP, shared)
    assert done.returncode == 0, f"the ABI differs from {DUMP.name}; scripts/abi-update says what to do\n{done.stdout}"


def test_headers(tmp_path: pathlib.Path) -> None:
    """Nothing at all has changed in the headers, down to a const."""
    done = abidiff("--harmless", DUMP, build_probe(tmp_path))
    assert done.returncode == 0, f"the ABI differs from {DUMP.name}; scripts/abi-update says what to do\n{done.stdout}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("int64_t timeout_ms,", "int32_t timeout_ms,"),
        ("CLAUDE_API int32_t claude_call_state(", "CLAUDE_API int64_t claude_call_state("),
        ("claude_call_state(const claude_call_t *call", "claude_call_state(claude_call_t *call"),
        ("claude_call_cancel(claude_call_t *call)", "claude_call_cancel(claude_call_t *call, int32_t why)"),
    ],
)
def test_a_break_is_noticed(old: str, new: str, tmp_path: pathlib.Path) -> None:
    include = tmp_path / "include"
    shutil.copytree(INCLUDE, include)
    header = include / "claude" / "call.h"
    text = header.read_text(encoding="utf-8")
    assert old in text
    header.write_text(text.replace(old, new), encoding="utf-8")
    done = abidiff("--harmless", DUMP, build_probe(tmp_path, include))
    assert done.returncode != 0
    assert "claude_call_" in done.stdout
