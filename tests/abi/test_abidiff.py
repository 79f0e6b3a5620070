"""Types and signatures: the library against the dump in capi/abi/."""

from __future__ import annotations

import pathlib
import subprocess

from abi_tools import ROOT

DUMP = ROOT / "capi" / "abi" / "libclaude-0.8.abi"


def test_abi_is_the_committed_one(shared: pathlib.Path) -> None:
    include = str(ROOT / "capi" / "include")
    command = [
        "abidiff",
        "--drop-private-types",
        "--headers-dir1",
        include,
        "--headers-dir2",
        include,
        str(DUMP),
        str(shared),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"the ABI differs from {DUMP.name}; scripts/abi-update says what to do\n{done.stdout}"


def test_dump_knows_the_types() -> None:
    """A dump of a library without debug information would hold names alone."""
    text = DUMP.read_text(encoding="utf-8")
    assert "claude_destroy_fn" in text
    assert "function-decl" in text
