"""Builds without features: the same interface, and each function of what is left out says so.

By default the build of everything, the preset minimal and a build without anything; with CLAUDE_TEST_LONG=1 also one
without each feature.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import abi_headers
from abi_tools import ROOT, run
from builds import DEFAULT, FOLDER, NOTHING_ELSE, Build, failing
from listed import CORE, FIXED, OPTIONAL, OTHER_NAMES, feature_of, option_of, options, rows

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Callable

    from sandbox import Sandbox

# Rooms' functions that only a feature needs: not in a build without it.
CODE = {
    "streaming": ["cl_sse_next", "cl_accumulator_new", "cl_event_parse", "cl_partial_add", "cl_text_buffer_add"],
    "streaming-control": ["cl_call_take_kept", "cl_call_keep_event"],
    "tools": ["cl_tool_simple", "cl_runner_new", "cl_request_add_tool", "cl_block_tool_use"],
    "authentication": ["cl_secret_from_workspace", "cl_sign_body_sha256", "cl_secret_on_audit"],
    "content-generation": ["cl_schema_check", "cl_request_set_structured_output"],
    "model-management": ["cl_models_builtin", "cl_models_load", "cl_cost_of_usage"],
    "count-tokens": ["cl_count_tokens_request"],
    "retry-logic": ["cl_retry_decide"],
    "circuit-breaker": ["cl_breaker_new", "cl_breaker_allow", "cl_breaker_record"],
    "rate-limiting": ["cl_limiter_new", "cl_limiter_ask", "cl_limiter_settle"],
    "failover": ["cl_failover_new", "cl_failover_select", "cl_failover_record"],
    "health-checks": ["cl_health_new", "cl_health_check", "cl_health_check_one"],
    "enterprise-quota": ["cl_quota_new", "cl_quota_reserve", "cl_quota_settle"],
    "metrics": ["cl_metrics_new", "cl_metrics_snapshot"],
    "compression": ["cl_pack_new", "cl_pack_read", "cl_unpack_new", "cl_unpack_push"],
    "dynamic-config": ["cl_watcher_new", "cl_runtime_parse", "cl_client_change"],
    "curl-diagnostics": ["cl_curl_command", "cl_shell_word"],
    "general-diagnostics": ["cl_diagnostics_new", "cl_selftest_run", "cl_log_begin", "cl_recent_new"],
}


# ---- the table


def test_every_function_is_core_or_of_one_feature() -> None:
    items = [row.item for row in rows()]
    assert len(items) == len(set(items)), "a header or function is listed twice"
    names = {function.name for function in abi_headers.functions()}
    headers = {function.header for function in abi_headers.functions()}
    assert set(items) <= names | headers, "what is listed does not exist"
    assert headers <= set(items), "a header is listed with its feature, or as core"
    assert set(feature_of()) == names
    assert {row.feature for row in rows()} <= {CORE, *OPTIONAL}


def test_a_row_says_something() -> None:
    listed = {row.item: row for row in rows()}
    headers = {function.name: function.header for function in abi_headers.functions()}
    for row in rows():
        if row.item in headers:
            same = listed[headers[row.item]].feature == row.feature
            assert not same or row.answer, f"{row.item}: its header says that already"


def test_every_name_has_one_place() -> None:
    assert list(options()) == OPTIONAL
    assert not set(OPTIONAL) & set(FIXED)
    text = (ROOT / "src" / "base" / "features.h").read_text(encoding="utf-8")
    macros = re.findall(r"^#ifndef (CL_FEATURE_\w+)\n#define \1 1\n#endif$", text, re.MULTILINE)
    assert macros == [option_of(name).replace("CLAUDE", "CL") for name in OPTIONAL]


def test_the_guide_tells_it() -> None:
    text = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
    table = {line.split("|")[1].strip().strip("`"): line for line in text.splitlines() if line.startswith("| `")}
    assert set(table) == {*OPTIONAL, *FIXED}
    for name in OPTIONAL:
        assert f"`{option_of(name)}`" in table[name], name
    items = {f"{row.feature}: {row.item}" for row in rows() if row.feature != CORE}
    headers = {f"{row.feature}: {row.item}" for row in rows() if row.item.endswith(".h")}
    core = {row.item for row in rows() if row.feature == CORE}
    named = {name: set(re.findall(r"`(\w+\.h|claude_\w+)\(?\)?`", table[name])) - core for name in OPTIONAL}
    told = {f"{name}: {item}" for name in OPTIONAL for item in named[name]}
    own = {function.name: function.header for function in abi_headers.functions()}
    spared = {item for item in items if f"{item.split(': ')[0]}: {own.get(item.split(': ')[1])}" in headers}
    assert items - spared - told == set(), "docs/features.md does not tell"
    assert told - items == set(), "docs/features.md tells what is not so"


# ---- the builds


def exported(build: Build) -> list[str]:
    lines = run("nm", "-D", "--defined-only", "--with-symbol-versions", build.library).splitlines()
    return sorted(line.split(maxsplit=1)[1] for line in lines)


def defined(build: Build) -> set[str]:
    return {line.split()[-1] for line in run("nm", "--defined-only", build.library).splitlines()}


def test_the_interface_is_the_same(build: Build, default: Build) -> None:
    assert exported(build) == exported(default)
    archive = run("nm", "--defined-only", "--extern-only", build.folder / "lib" / "libclaude.a")
    names = {line.split()[-1] for line in archive.splitlines() if " T " in line}
    assert names == {function.name for function in abi_headers.functions()}


def test_every_function(build: Build, program: Path, sandbox: Sandbox) -> None:
    said = {**FIXED, **{name: int(name not in build.left_out) for name in OPTIONAL}}
    said |= {other: said[name] for other, name in OTHER_NAMES.items()}
    said["teleport"] = 0
    pairs = [f"{name}={value}" for name, value in said.items()]
    printed = run(program, sandbox.url, *pairs, LD_LIBRARY_PATH=str(build.library.parent))
    count = sum(row.feature != CORE for row in feature_of().values())
    assert printed == f"{count} functions, 0 failures\n"


def test_it_tells_what_it_has(build: Build) -> None:
    script = (
        "import ctypes, sys; library = ctypes.CDLL(sys.argv[1]); library.claude_build_info.restype = ctypes.c_char_p;"
        "print(library.claude_build_info().decode())"
    )
    info = json.loads(run(sys.executable, "-c", script, build.library))
    assert set(info["features"]) & set(OPTIONAL) == set(OPTIONAL) - build.left_out
    assert set(info["features"]) & set(FIXED) == {name for name, there in FIXED.items() if there}


def test_code_goes_with_its_feature(build: Build) -> None:
    names = defined(build)
    for feature, code in CODE.items():
        if feature in build.left_out:
            assert not names & set(code), feature
        else:
            assert set(code) <= names, feature


def test_less_is_smaller(build: Build, default: Build) -> None:
    def size(of: Build) -> int:
        return int(run("size", of.library).splitlines()[1].split()[0])

    print(f"{build.name}: {size(build)} bytes of code and constants")
    if build.name in ("none", "minimal"):
        assert size(build) < size(default) * 4 / 5


# ---- options that do not fit together


def test_what_needs_another() -> None:
    for name, needs in options().items():
        for other in needs:
            printed = failing(
                "cmake",
                "--fresh",
                "--preset",
                "dev",
                "-B",
                str(FOLDER / "refused"),
                *NOTHING_ELSE,
                f"-D{option_of(other)}=OFF",
            )
            text = " ".join(printed.split())
            assert f"The feature {name} needs the feature {other}" in text
            assert f"-D{option_of(other)}=ON" in text
            assert f"-D{option_of(name)}=OFF" in text


# ---- bindings


def test_python_raises(made: Callable[[str], Build], sandbox: Sandbox) -> None:
    """Python's module, made for the build of everything, with a library that lacks all that can be left out."""
    support = ROOT / "tests" / "features" / "support"
    places = [support, ROOT / "tests" / "abi", ROOT / "bindings" / "python" / "src"]
    printed = run(
        sys.executable,
        support / "without.py",
        sandbox.url,
        PYTHONPATH=":".join(map(str, places)),
        LD_LIBRARY_PATH=str(made("none").library.parent),
    )
    assert printed == "fine\n"


def test_lua_raises(made: Callable[[str], Build], sandbox: Sandbox) -> None:
    """The same for Lua."""
    printed = run(
        "lua5.4",
        ROOT / "tests" / "features" / "support" / "without.lua",
        sandbox.url,
        LUA_PATH=f"{ROOT}/bindings/lua/?.lua;;",
        LUA_CPATH=f"{DEFAULT}/lua/lua5.4/?.so;;",
        LD_LIBRARY_PATH=str(made("none").library.parent),
    )
    assert printed == "fine\n"
