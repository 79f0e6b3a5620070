"""The packages installed in a system where there is nothing else of ours, used there, and taken out again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from debs import COMPLETIONS, MINOR, ROOT, RUNTIME, VERSION, Deb
from installs import KEY, MESSAGE

if TYPE_CHECKING:
    from roots import Root
    from sandbox import Sandbox

SUPPORT = Path(__file__).resolve().parent / "support"
ECHO = "Echo: Hello!"


def environment(sandbox: Sandbox) -> dict[str, str]:
    return {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": sandbox.url}


@pytest.fixture(scope="module")
def bare(packages: dict[str, Deb], root: Root) -> dict[str, tuple[int, int, str]]:
    """The files of the system before anything of ours is there; a package that lacks another one is refused."""
    alone = root.attempt("dpkg", "--install", root.bring(packages["lua-claude"].path))
    assert alone.returncode != 0
    assert f" depends on {RUNTIME} (>= {VERSION})" in alone.stderr
    root.run("dpkg", "--purge", "lua-claude")
    # The first time that dpkg does something in a system that was put together, it has other packages to see to.
    root.run("dpkg", "--configure", "--pending")
    files = root.files()
    assert not any("claude" in name for name in files)
    return files


@pytest.fixture(scope="module")
def system(packages: dict[str, Deb], root: Root, bare: dict[str, tuple[int, int, str]]) -> Root:
    """The packages installed."""
    assert bare
    root.run("dpkg", "--install", *(root.bring(deb.path) for deb in packages.values()))
    return root


def test_dpkg_is_content(system: Root, packages: dict[str, Deb]) -> None:
    for name in packages:
        assert (
            system.run("dpkg-query", "--show", "-f", "${db:Status-Status} ${Version}", name) == f"installed {VERSION}-1"
        )
    assert system.run("dpkg", "--verify", *packages) == ""
    assert system.run("dpkg", "--audit") == ""


def test_the_loader_knows_the_library(system: Root) -> None:
    assert f"libclaude.so.{MINOR} " in system.run("ldconfig", "-p")


@pytest.mark.parametrize("module", ["libclaude", "libclaude-static"])
def test_a_program_is_compiled_and_talks(module: str, system: Root, sandbox: Sandbox) -> None:
    source = system.bring(ROOT / "examples" / "c" / "hello.c")
    command = f"cc -Wall -Werror {source} $(pkg-config --cflags --libs {module}) -o /tmp/hello"
    system.run("/bin/sh", "-ec", command)
    assert "Echo: Say hello" in system.run("/tmp/hello", **environment(sandbox))
    assert sandbox.requests()[-1].header("user-agent") == f"libclaude/{VERSION}"
    needed = system.run("/bin/sh", "-c", "ldd /tmp/hello")
    assert (f"libclaude.so.{MINOR}" in needed) == (module == "libclaude")


def test_the_tool(system: Root, sandbox: Sandbox) -> None:
    """What the description of the package promises: a look at whether an installation works."""
    settings = environment(sandbox)
    versions = system.run("claudec", "--version", **settings)
    assert versions == f"claudec {VERSION}\nlibclaude {VERSION}, compiled against {VERSION}\n"
    assert system.run("claudec", "-n", "Hello!", **settings) == f"{ECHO}\n"
    assert "claudec" in str(sandbox.requests()[-1].header("user-agent"))
    assert system.run("/bin/sh", "-c", "printf Hello! | claudec", **settings) == f"{ECHO}\n"
    checks = json.loads(system.run("claudec", "doctor", "--json", **settings))
    assert {check["name"]: check["status"] for check in checks["checks"]}["key"] == "ok", checks
    command = system.run("claudec", "curl", "-n", "Hello!", **settings)
    assert "$ANTHROPIC_API_KEY" in command
    assert KEY not in command
    wrong = system.attempt("claudec", "--nonsense", **settings)
    assert (wrong.returncode, wrong.stdout) == (64, "")
    for shell, name in COMPLETIONS.items():
        assert (system.folder / name).read_text(encoding="utf-8") == system.run("claudec", "completion", shell)


def test_python(system: Root, sandbox: Sandbox) -> None:
    told = json.loads(
        system.run("/usr/bin/python3", "-I", "-W", "error", system.bring(MESSAGE), sandbox.url, **environment(sandbox))
    )
    assert (told["text"], told["streamed"]) == (ECHO, ECHO)
    assert told["version"] == VERSION
    assert told["package"] == "/usr/lib/python3/dist-packages/libclaude/__init__.py"
    code = "import importlib.metadata as m; print(m.version('libclaude'))"
    assert system.run("/usr/bin/python3", "-I", "-c", code).strip() == VERSION
    compiled = system.folder / "usr/lib/python3/dist-packages/libclaude/__pycache__"
    assert any(compiled.glob("__init__.*.pyc")), "it is not compiled when it is installed"


@pytest.mark.parametrize("lua", ["lua5.1", "lua5.2", "lua5.3", "lua5.4", "luajit"])
def test_lua(lua: str, system: Root, sandbox: Sandbox) -> None:
    told = system.run(lua, system.bring(SUPPORT / "hello.lua"), **environment(sandbox)).splitlines()
    assert told[0] == ECHO
    version = "5.1" if lua == "luajit" else lua[-3:]
    (module,) = system.folder.glob(f"usr/lib/*/lua/{version}/claude/core.so")
    # Lua 5.1 does not tell where a module was found.
    place = f"/{module.relative_to(system.folder)}"
    assert told[1] == place or (lua == "lua5.1" and told[1] == "")


def test_a_file_that_is_changed_is_noticed(system: Root) -> None:
    """dpkg's own check looks at what is there: it would not be content with anything."""
    (path,) = system.folder.glob("usr/share/lua/5.1/claude.lua")
    kept = shutil.copy2(path, path.parent / "kept")
    path.write_text("", encoding="utf-8")
    assert "claude.lua" in system.attempt("dpkg", "--verify", "lua-claude").stdout
    Path(kept).replace(path)


def test_removed_they_leave_nothing_behind(
    system: Root, packages: dict[str, Deb], bare: dict[str, tuple[int, int, str]]
) -> None:
    """The last of these tests: also what programs and Python have made while the packages were there is gone."""
    system.run("dpkg", "--purge", *packages)
    after = system.files()
    assert {name for name in after.keys() | bare.keys() if after.get(name) != bare.get(name)} == set()
    assert "libclaude" not in system.run("ldconfig", "-p")
