"""What is generated from the C headers is up to date, and the module was built as it should be."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

from claudetest import BINDING, BUILD, ROOT, SOURCE, environment
from libclaude._claude import lib

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = SOURCE / "libclaude"
FUNCTION = re.compile(r"^(?!typedef|extern).*?\b(claude_\w+)\(", re.MULTILINE)


def generator(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "bindings" / "python" / "tools" / "make_cdef.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_generated_files_match_the_headers() -> None:
    done = generator(ROOT, "--check")
    assert done.returncode == 0, done.stderr


def test_a_changed_header_is_noticed(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "capi" / "include", tmp_path / "capi" / "include")
    shutil.copytree(BINDING, tmp_path / "bindings" / "python", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    assert generator(tmp_path, "--check").returncode == 0
    header = tmp_path / "capi" / "include" / "claude" / "call.h"
    text = header.read_text(encoding="utf-8")
    header.write_text(text.replace("claude_call_cancel(claude_call_t *call)", "claude_call_cancel(int32_t call)"))
    done = generator(tmp_path, "--check")
    assert done.returncode == 1
    assert "claude.cdef does not match" in done.stderr
    assert "_claude.pyi does not match" in done.stderr
    assert generator(tmp_path).returncode == 0
    assert generator(tmp_path, "--check").returncode == 0


def test_declarations_are_the_symbols_of_the_library() -> None:
    declared = set(FUNCTION.findall((PACKAGE / "claude.cdef").read_text(encoding="utf-8")))
    exported = set(re.findall(r"\b(claude_\w+);", (ROOT / "capi" / "libclaude.map").read_text(encoding="utf-8")))
    assert declared == exported
    assert declared <= set(dir(lib))


def test_type_stub_is_what_the_module_has() -> None:
    tree = ast.parse((PACKAGE / "_claude.pyi").read_text(encoding="utf-8"))
    (stub,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Lib")
    names = {node.name for node in stub.body if isinstance(node, ast.FunctionDef)}
    names |= {ast.unparse(node.target) for node in stub.body if isinstance(node, ast.AnnAssign)}
    assert names == set(dir(lib))


def test_the_module_is_for_every_python() -> None:
    from libclaude import _claude

    assert _claude.__file__ is not None
    assert _claude.__file__.endswith("_claude.abi3.so")


def wheel(tmp_path: Path, pkg_config: str) -> subprocess.CompletedProcess[str]:
    """Builds a wheel as pip does, with a pkg-config that is this shell script."""
    copy = tmp_path / "python"
    if not copy.exists():
        shutil.copytree(BINDING, copy, ignore=shutil.ignore_patterns("*.so", "__pycache__", "build", "*.egg-info"))
    script = tmp_path / "pkg-config"
    script.write_text(f"#!/bin/sh\n{pkg_config}\n", encoding="utf-8")
    script.chmod(0o755)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
        str(copy),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment(PKG_CONFIG=str(script)))


def test_a_wheel_of_an_installed_library(tmp_path: Path) -> None:
    library = BUILD / "lib"
    flags = f"[ $1 = --cflags ] && echo -I{ROOT}/capi/include || echo -L{library} -lclaude -Wl,-rpath,{library}"
    done = wheel(tmp_path, flags)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("*.whl")
    assert re.match(r"libclaude-[\d.]+-cp39-abi3-linux_\w+\.whl$", path.name)
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "installed")
    files = {"py.typed", "_claude.pyi", "_resources.pyi", "_claude.abi3.so"}
    assert {f"libclaude/{name}" for name in files} <= names
    code = "import libclaude; print(libclaude.__version__, libclaude.__file__)"
    env = environment(PYTHONPATH=str(tmp_path / "installed"))
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True).stdout
    version, _, where = out.strip().partition(" ")
    assert path.name.startswith(f"libclaude-{version}-")
    assert where.startswith(str(tmp_path))


def test_a_missing_library_is_named(tmp_path: Path) -> None:
    done = wheel(tmp_path, "echo 'Package libclaude was not found' >&2; exit 1")
    assert done.returncode != 0
    assert "libclaude is not installed, or PKG_CONFIG_PATH does not name it" in done.stderr


def test_every_call_that_waits_is_given_a_timeout() -> None:
    # A wait in C without end would keep Ctrl-C out.
    for path in sorted(PACKAGE.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        for name in ("claude_call_next", "claude_call_wait", "claude_client_execute"):
            assert name not in text, f"{path.name} waits past the glue"
