"""An installed copy, used by a program of somebody else's through find_package and through pkg-config."""

from __future__ import annotations

import os
import pathlib
import re
import shlex
import shutil
import subprocess

import abi_headers
import pytest
from abi_tools import ROOT, run

CONSUMER = pathlib.Path(__file__).parent / "consumer"
EXPECTED = (
    f"libclaude {'.'.join(abi_headers.defines()[f'CLAUDE_VERSION_{part}'] for part in ('MAJOR', 'MINOR', 'PATCH'))}\n"
)


@pytest.fixture(scope="module")
def prefix(build: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Where the copy is installed: not where it was configured for, so that it must be relocatable."""
    path = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", build, "--prefix", path)
    return path


def library_folder(prefix: pathlib.Path) -> pathlib.Path:
    return next(prefix.rglob("libclaude.so")).parent


def pkg_config(prefix: pathlib.Path, *arguments: str) -> list[str]:
    # The prefix is set on the command line because this copy lies elsewhere than configured.
    folder = library_folder(prefix)
    libdir = os.path.relpath(folder, prefix)
    return shlex.split(
        run(
            "pkg-config",
            f"--define-variable=prefix={prefix}",
            f"--define-variable=libdir={prefix}/{libdir}",
            f"--define-variable=includedir={prefix}/include",
            *arguments,
            PKG_CONFIG_PATH=str(folder / "pkgconfig"),
        )
    )


def test_installed_files(prefix: pathlib.Path) -> None:
    installed = {path.name for path in prefix.rglob("*") if not path.is_dir()}
    wanted = {path.name for path in abi_headers.all_headers()}
    wanted |= {"libclaude.so", "libclaude.so.0.8", "libclaude.so.0.8.0", "libclaude.a"}
    wanted |= {"claudec", "claudec.1", "claudec.fish", "_claudec"}
    wanted |= {"libclaude.pc", "libclaude-static.pc", "claudeConfig.cmake", "claudeConfigVersion.cmake"}
    assert wanted <= installed
    extra = {name for name in installed - wanted if not name.startswith("claudeTargets")}
    assert extra == set()


@pytest.mark.parametrize("component", ["shared", "static"])
def test_find_package(component: str, prefix: pathlib.Path, tmp_path: pathlib.Path) -> None:
    run("cmake", "-S", CONSUMER, "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCOMPONENT={component}")
    run("cmake", "--build", tmp_path)
    if component == "static":
        # The archive stands alone: the program runs without the shared library.
        assert "libclaude" not in run("readelf", "-d", tmp_path / "consumer")
    assert run(tmp_path / "consumer") == EXPECTED


def test_the_lines_of_the_readme(prefix: pathlib.Path, tmp_path: pathlib.Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"^```cmake\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    begin = "cmake_minimum_required(VERSION 3.25)\nproject(hello LANGUAGES C)\nadd_executable(hello main.c)\n"
    (tmp_path / "CMakeLists.txt").write_text(begin + shown, encoding="utf-8")
    shutil.copy(CONSUMER / "main.c", tmp_path)
    run("cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", tmp_path / "build")
    assert run(tmp_path / "build" / "hello") == EXPECTED


def test_find_package_refuses_another_minor_version(prefix: pathlib.Path, tmp_path: pathlib.Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(CONSUMER, source)
    text = (source / "CMakeLists.txt").read_text(encoding="utf-8")
    other = re.sub(r"\(claude \d+\.\d+", "(claude 9.9", text)
    assert other != text
    (source / "CMakeLists.txt").write_text(other, encoding="utf-8")
    command = ["cmake", "-S", str(source), "-B", str(tmp_path / "build"), f"-DCMAKE_PREFIX_PATH={prefix}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "0.8.0" in done.stderr


@pytest.mark.parametrize("module", ["libclaude", "libclaude-static"])
def test_pkg_config(module: str, prefix: pathlib.Path, tmp_path: pathlib.Path) -> None:
    program = tmp_path / "consumer"
    flags = pkg_config(prefix, "--cflags", "--libs", module)
    run("gcc", "-std=c99", "-Wall", "-Werror", CONSUMER / "main.c", "-o", program, *flags)
    needed = run("readelf", "-d", program)
    assert ("libclaude.so.0.8" in needed) == (module == "libclaude")
    assert run(program, LD_LIBRARY_PATH=str(library_folder(prefix))) == EXPECTED


def test_pkg_config_hides_dependencies_of_the_shared_library(prefix: pathlib.Path) -> None:
    assert "-lcurl" not in pkg_config(prefix, "--libs", "libclaude")
    requires = pkg_config(prefix, "--print-requires-private", "libclaude")
    assert {"libcurl", "json-c", "zlib"} <= set(requires)


def test_sources_as_a_subdirectory(tmp_path: pathlib.Path) -> None:
    """add_subdirectory() brings the aliases, and neither tests nor examples."""
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\n"
        "project(host LANGUAGES C)\n"
        f'add_subdirectory("{ROOT}" claude)\n'
        f'add_executable(host "{CONSUMER}/main.c")\n'
        "target_link_libraries(host PRIVATE claude::claude)\n"
        f'add_executable(host-static "{CONSUMER}/main.c")\n'
        "target_link_libraries(host-static PRIVATE claude::claude_static)\n"
        "if(TARGET claude-sandbox OR TARGET example_stream)\n"
        '    message(FATAL_ERROR "tests or examples came along")\n'
        "endif()\n",
        encoding="utf-8",
    )
    run("cmake", "-S", tmp_path, "-B", tmp_path / "build", "-G", "Ninja")
