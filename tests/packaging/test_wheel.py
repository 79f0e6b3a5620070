"""The wheel: what is in it, and that it works where nothing else of ours is."""

from __future__ import annotations

import email
import re
import sys
import zipfile
from typing import TYPE_CHECKING

import make_wheel
import pytest
from installs import BINDING, ROOT, Prefix, run, send

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox

SOURCES = (BINDING / "src" / "libclaude").glob("*.py*")
MODULES = {f"libclaude/{path.name}" for path in SOURCES if path.suffix in (".py", ".pyi")}
ECHO = "Echo: Hello!"


def test_it_is_for_every_python_and_many_systems(wheel: Path) -> None:
    assert re.fullmatch(r"libclaude-0\.8\.0-cp39-abi3-manylinux_2_\d+_\w+\.whl", wheel.name)
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = email.message_from_bytes(archive.read(name))
    assert metadata["Requires-Python"] == ">=3.9"
    assert metadata.get_all("Requires-Dist") == ["cffi>=1.17"]
    assert metadata["License-Expression"] == "MIT"
    assert "## Building" in str(metadata.get_payload())


def test_it_carries_what_it_needs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    package = {name for name in names if name.startswith("libclaude/") and not name.endswith("/")}
    assert package == MODULES | {
        "libclaude/_claude.abi3.so",
        "libclaude/claude.cdef",
        "libclaude/py.typed",
    }
    (license_name,) = (name for name in names if name.endswith(".dist-info/licenses/LICENSE"))
    assert zipfile.ZipFile(wheel).read(license_name) == (ROOT / "LICENSE").read_bytes()
    for library in ("libclaude", "libcurl", "libjson-c", "libssl"):
        found = [name for name in names if re.match(rf"libclaude\.libs/{library}[-.]", name)]
        assert len(found) == 1, (library, found)


def test_the_tool_refuses_what_is_no_such_wheel(wheel: Path, tmp_path: Path) -> None:
    less = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as full, zipfile.ZipFile(less, "w") as copy:
        for name in full.namelist():
            if not name.startswith("libclaude.libs/libclaude"):
                copy.writestr(name, full.read(name))
    with pytest.raises(make_wheel.WheelError, match="does not carry libclaude"):
        make_wheel.check(less)
    one = less.rename(tmp_path / wheel.name.replace("cp39-abi3", "cp311-cp311"))
    with pytest.raises(make_wheel.WheelError, match="not for every CPython"):
        make_wheel.check(one)


def test_a_module_that_asks_for_more_than_its_name_says_is_found(wheel: Path, tmp_path: Path) -> None:
    """abi3audit knows each symbol of the limited API and since when it is there."""
    source = tmp_path / "more.c"
    source.write_text(
        "#define Py_LIMITED_API 0x030b0000\n#include <Python.h>\n"
        "int uses(PyObject *type) { return PyType_GetName((PyTypeObject *)type) != NULL; }\n"
    )
    include = run(sys.executable, "-c", "import sysconfig; print(sysconfig.get_path('include'))").strip()
    module = tmp_path / "more.so"
    run("gcc", "-shared", "-fPIC", f"-I{include}", source, "-o", module)
    changed = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as full, zipfile.ZipFile(changed, "w") as copy:
        for name in full.namelist():
            copy.writestr(name, module.read_bytes() if name.endswith("_claude.abi3.so") else full.read(name))
    with pytest.raises(make_wheel.WheelError, match="abi3audit failed"):
        make_wheel.check(changed)


def test_installed_it_sends_messages(wheel_python: Path, sandbox: Sandbox) -> None:
    told = send(wheel_python, sandbox.url)
    assert (told["text"], told["streamed"]) == (ECHO, ECHO)
    assert told["version"] == "0.8.0"
    assert len(sandbox.requests()) == 2
    # All of it comes from the wheel, although this system has a libcurl and a json-c, too.
    libraries = wheel_python.parents[1]
    assert len(told["libraries"]) == 3
    for path in told["libraries"]:
        assert re.match(rf"{libraries}/lib/python3\.\d+/site-packages/libclaude\.libs/", path), path


def test_it_comes_before_another_library_of_the_system(wheel_python: Path, sandbox: Sandbox, prefix: Prefix) -> None:
    told = send(wheel_python, sandbox.url, LD_LIBRARY_PATH=prefix.libraries)
    assert not any(path.startswith(str(prefix.folder)) for path in told["libraries"])
