"""Languages that swig/claude.i has no file for: by a file of one's own, and what comes out with none to speak of."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from languages import CANARY, SECONDS, compile_module, generate

if TYPE_CHECKING:
    from sandbox import Sandbox

EXAMPLE = Path(__file__).resolve().parent / "python"


def test_a_language_of_ones_own(tmp_path: Path, sandbox: Sandbox) -> None:
    """tests/swig/python/language.i, on top of unified.i."""
    wrapper = generate(tmp_path, ["-python", "-module", "claude_example", f"-I{EXAMPLE}"])
    compile_module(wrapper, tmp_path / "_claude_example.so", ["-isystem", sysconfig.get_path("include")])
    command = [sys.executable, str(EXAMPLE / "use.py"), sandbox.url, CANARY]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS, check=False, env={"PYTHONPATH": str(tmp_path)}
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "text='Echo: a\\x00b'",
        "message_start=-1",
        "ping=-1",
        "content_block_start=0",
        "content_block_delta=0",
        "content_block_stop=0",
        "message_delta=-1",
        "message_stop=-1",
        "end=2 None",
        "kind=claude_client_trim: argument 1 must be a claude_client_t",
        "large=claude_request_set_max_tokens: argument 2 must be an integer that fits int64_t",
        f"small=CLAUDE_E_INVALID: max_tokens is {-(2**63)}; it must be 0 or more",
        "released=CLAUDE_E_INVALID: client is NULL",
    ]


@pytest.mark.parametrize("language", ["csharp", "d", "java", "octave", "php", "r"])
def test_headers_are_understood(language: str, tmp_path: Path) -> None:
    """With no typemaps at all the functions come out as they are in C. C# and D need no headers to be compiled."""
    (tmp_path / "language.i").write_text("#pragma SWIG nowarn=453 /* nothing to apply */\n", encoding="utf-8")
    wrapper = generate(tmp_path, [f"-{language}", f"-I{tmp_path}"])
    assert "claude_client_execute" in wrapper.read_text(encoding="utf-8")
    if language in ("csharp", "d"):
        compile_module(wrapper, tmp_path / "claude.so", [])
