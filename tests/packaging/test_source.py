"""The source distribution, built against an installed libclaude, and what happens with one that does not fit."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from installs import BINDING, ROOT, Prefix, attempt, fresh_environment, pip_install, run, send

if TYPE_CHECKING:
    from sandbox import Sandbox

ECHO = "Echo: Hello!"

# A library that says it is another version; the loader takes its function for libclaude's.
PRETENDER = """
#include <stdint.h>
uint32_t claude_version(void);
uint32_t claude_version(void) { return %s; }
"""


def test_the_source_distribution_has_all_and_no_more(sdist: Path) -> None:
    assert sdist.name == "libclaude-0.8.0.tar.gz"
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        license_file = archive.extractfile("libclaude-0.8.0/LICENSE")
        assert license_file is not None
        assert license_file.read() == (ROOT / "LICENSE").read_bytes()
    package = {f"src/libclaude/{path.name}" for path in (BINDING / "src" / "libclaude").glob("*.p*[yi]")}
    package |= {"src/libclaude/py.typed", "src/libclaude/claude.cdef"}
    build = {"pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "ffi_build.py", "glue.h", "glue.cdef"}
    build |= {"LICENSE", "VERSION"}
    made = {
        name for name in names if "egg-info" in name or name in {"", "PKG-INFO", "setup.cfg", "src", "src/libclaude"}
    }
    assert names - made == package | build


def test_built_it_sends_messages(built_python: Path, sandbox: Sandbox, prefix: Prefix) -> None:
    told = send(built_python, sandbox.url)
    assert (told["text"], told["streamed"]) == (ECHO, ECHO)
    assert str(prefix.libraries / "libclaude.so.0.8.0") in told["libraries"]
    assert "libclaude.libs" not in "".join(told["libraries"])
    assert told["package"].startswith(str(built_python.parents[1]))


@pytest.mark.parametrize(("number", "version"), [("0x000700", "0.7.0"), ("0x090900", "9.9.0"), ("0x0a0000", "10.0.0")])
def test_a_library_of_another_version_is_refused(number: str, version: str, built_python: Path, tmp_path: Path) -> None:
    source = tmp_path / "pretender.c"
    source.write_text(PRETENDER % number)
    library = tmp_path / "pretender.so"
    run("gcc", "-shared", "-fPIC", source, "-o", library)
    done = attempt(built_python, "-c", "import libclaude", LD_PRELOAD=library)
    assert done.returncode == 1
    (last,) = done.stderr.splitlines()[-1:]
    assert last.startswith("ImportError: ")
    assert version in last
    assert "0.8.0" in last


def test_a_library_that_has_gone_is_named(sdist: Path, prefix: Prefix, built_python: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(prefix.folder, tmp_path / "prefix", symlinks=True)
    python = fresh_environment(tmp_path / "environment", "cffi", "pycparser", "setuptools")
    pip_install(python, sdist, PKG_CONFIG=prefix.pkg_config, LDFLAGS=f"-Wl,-rpath,{copy / 'lib'}")
    run(python, "-c", "import libclaude")
    shutil.rmtree(copy)
    done = attempt(python, "-c", "import libclaude")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ImportError: libclaude.so.0.8: cannot open shared object file")
