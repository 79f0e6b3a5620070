"""The group `bindings` of scripts/bench: libclaude in Python, Go and Lua beside the official SDKs.

Everything is installed as a user would, below build/bench: the release library, the bindings built against it, and the
official SDKs from their registries. Each row is a process of its own on the client's core.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "tests" / "bench" / "bindings"
PLACE = ROOT / "build" / "bench"
PREFIX = PLACE / "prefix"
VENV = ROOT / ".venv" / "bin"
TYPESCRIPT_SDK = "@anthropic-ai/sdk@1.12.0"

# language -> the one it is compared with
LANGUAGES: dict[str, str | None] = {
    "official.python": None,
    "official.go": None,
    "official.typescript": None,
    "python": "official.python",
    "go": "official.go",
    "lua": "official.typescript",
}
WHATS = ["import", "cold", "text", "events", "request.1", "request.64", "idle.1000"]
IMPORTS = {
    "python": "import time; t = time.perf_counter(); import libclaude; print((time.perf_counter() - t) * 1e3)",
    "official.python": "import time; t = time.perf_counter(); import anthropic; print((time.perf_counter() - t) * 1e3)",
    "official.typescript": "const t = performance.now(); await import('@anthropic-ai/sdk');"
    " console.log(performance.now() - t)",
    "lua": "local t = os.clock(); require 'claude'; print((os.clock() - t) * 1e3)",
}
# A million deltas for libclaude; few enough for a client that takes 50 us for each.
SCENARIOS: dict[str, dict[str, object]] = {
    "bench-bulk": {"generate": {"events": 1_000_000, "event_bytes": 126, "per_write": "bulk"}},
    "bench-few": {"generate": {"events": 50_000, "event_bytes": 126, "per_write": "bulk"}},
    "bench-idle": {"hold_ms": -1},
}


def rows() -> dict[str, str | None]:
    """Each row after the one it is compared with. A Go program imports nothing when it runs."""
    found: dict[str, str | None] = {}
    for language, baseline in LANGUAGES.items():
        for what in WHATS:
            if what != "import" or language in IMPORTS:
                found[f"{language}.{what}"] = f"{baseline}.{what}" if baseline else None
    return found


def split(row: str) -> tuple[str, str]:
    """Language and what is measured."""
    language = max((name for name in LANGUAGES if row.startswith(f"{name}.")), key=len)
    return language, row[len(language) + 1 :]


def environment() -> dict[str, str]:
    """In which the bindings and the library are found as if they were installed."""
    paths = {
        "PKG_CONFIG_PATH": str(PREFIX / "lib" / "pkgconfig"),
        "LD_LIBRARY_PATH": str(PREFIX / "lib"),
        "PYTHONPATH": str(PLACE / "python"),
        "LUA_PATH": f"{PLACE}/lua/share/lua/5.4/?.lua;{PLACE}/lua/share/lua/5.4/?/init.lua;{PROGRAMS}/?.lua;;",
        "LUA_CPATH": f"{PLACE}/lua/lib/lua/5.4/?.so;;",
    }
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **paths}


def do(*command: str, cwd: Path = ROOT) -> None:
    """Runs a step of the installation."""
    done = subprocess.run(
        command, cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\nerror: {' '.join(command)} failed")


def install_library(build: Path) -> None:
    """The release library and its headers. What pkg-config says is made when the build is configured."""
    shutil.rmtree(PREFIX, ignore_errors=True)
    do("cmake", "--install", str(build), "--prefix", str(PREFIX))
    for path in PREFIX.rglob("*.pc"):
        lines = path.read_text(encoding="utf-8").splitlines()
        configured = next(line for line in lines if line.startswith("prefix=")).removeprefix("prefix=")
        path.write_text("\n".join(lines).replace(configured, str(PREFIX)) + "\n", encoding="utf-8")


def install_python() -> None:
    """The binding, from a copy: building leaves files behind."""
    shutil.rmtree(PLACE / "python", ignore_errors=True)
    copy = PLACE / "python-source"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(ROOT / "bindings" / "python", copy, ignore=shutil.ignore_patterns("build", "*.so", "*.egg-info"))
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--target", str(PLACE / "python")]
    do(str(VENV / "python"), "-m", "pip", "install", *options, str(copy))


def install_typescript() -> None:
    """The official SDK and our program beside it: a module finds its packages from its own place."""
    folder = PLACE / "typescript"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "node_modules" / "@anthropic-ai" / "sdk").exists():
        do("npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), TYPESCRIPT_SDK)
    shutil.copy(PROGRAMS / "official_typescript.mjs", folder)


def install_go(name: str) -> None:
    """One of the two Go programs."""
    do("go", "build", "-o", str(PLACE / f"go-{name}"), f"./{name}", cwd=PROGRAMS / "go")


def install_lua() -> None:
    """The binding for Lua 5.4."""
    make = ["make", "-s", "-C", str(ROOT / "bindings" / "lua"), f"OUT={PLACE}/lua-build"]
    places = [f"INST_LUADIR={PLACE}/lua/share/lua/5.4", f"INST_LIBDIR={PLACE}/lua/lib/lua/5.4"]
    shutil.rmtree(PLACE / "lua-build", ignore_errors=True)
    do(*make, *places, "LUA_INCDIR=/usr/include/lua5.4", "install")


INSTALL: dict[str, Callable[[], None]] = {
    "python": install_python,
    "go": functools.partial(install_go, "libclaude"),
    "lua": install_lua,
    "official.python": lambda: None,  # the tests of the sandbox need it too
    "official.go": functools.partial(install_go, "official"),
    "official.typescript": install_typescript,
}


def program(language: str) -> list[str]:
    """What starts a language's program."""
    return {
        "python": [str(VENV / "python"), str(PROGRAMS / "libclaude_python.py")],
        "official.python": [str(VENV / "python"), str(PROGRAMS / "official_python.py")],
        "official.typescript": ["node", str(PLACE / "typescript" / "official_typescript.mjs")],
        "go": [str(PLACE / "go-libclaude")],
        "official.go": [str(PLACE / "go-official")],
        "lua": ["lua5.4", str(PROGRAMS / "libclaude_lua.lua")],
    }[language]


def import_command(language: str) -> list[str]:
    """Prints the time of an import in a fresh process, in milliseconds."""
    code = IMPORTS[language]
    if language == "official.typescript":
        return ["node", "--input-type=module", "-e", code]
    if language == "lua":
        return ["lua5.4", "-e", code]
    return [str(VENV / "python"), "-c", code]


def output_of(command: list[str], core: int | None, cwd: Path | None = None, *, installed: bool = True) -> str:
    """What a program prints that runs on the client's core, with the bindings and the library that were installed, or
    with what it was built against."""

    def pin() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})

    env = environment() if installed else None
    done = subprocess.run(command, env=env, cwd=cwd, stdout=subprocess.PIPE, text=True, check=False, preexec_fn=pin)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(command)} ended with {done.returncode}")
    return done.stdout


def lines_of(row: str, url: str, cold: Path, core: int | None) -> str:
    """Measures one row: lines of `row value unit`."""
    language, what = split(row)
    if what == "import":
        folder = PLACE / "typescript" if language == "official.typescript" else None
        return f"{row} {float(output_of(import_command(language), core, folder)):.4f} ms\n"
    if what == "cold":
        return output_of([str(cold), row, str(-1 if core is None else core), *program(language), row, what], None)
    return output_of([*program(language), row, what, url], core)


def measure(wanted: list[str], build: Path, url: str, core: int | None, runs: int, add: Callable[[str], None]) -> None:
    """Installs what is needed and takes every wanted row once per run."""
    PLACE.mkdir(parents=True, exist_ok=True)
    install_library(build)
    for language in dict.fromkeys(split(row)[0] for row in wanted):
        started = time.monotonic()
        INSTALL[language]()
        print(f"bindings: {language} installed in {time.monotonic() - started:.0f} s", file=sys.stderr)
    for run in range(runs):
        print(f"bindings: run {run + 1} of {runs}", file=sys.stderr)
        for row in wanted:
            add(lines_of(row, url, build / "bin" / "bench" / "bench_cold", core))
