"""The names of the interface: headers, map, symbol list and the library itself say the same."""

from __future__ import annotations

import pathlib
import re

import abi_headers
import pytest
import release_files
from abi_tools import ROOT, run
from update import changed_options

CAPI = ROOT / "capi"


def nodes() -> dict[str, list[str]]:
    """The nodes of the map with their symbols, in the order written."""
    text = re.sub(r"/\*.*?\*/", "", (CAPI / "libclaude.map").read_text(encoding="utf-8"), flags=re.DOTALL)
    found = {}
    for name, body in re.findall(r"(\w[\w.]*)\s*\{(.*?)\}", text, re.DOTALL):
        found[name] = re.findall(r"(\w+);", body.split("local:")[0])
    return found


def test_map_and_headers_name_the_same_functions() -> None:
    declared = {function.name for function in abi_headers.functions()}
    exported = {name for names in nodes().values() for name in names}
    assert exported - declared == set(), "in capi/libclaude.map, but not declared in a header"
    assert declared - exported == set(), "declared in a header, but not in capi/libclaude.map (scripts/abi-update)"


def test_map_is_alphabetical_and_without_doubles() -> None:
    for node, names in nodes().items():
        assert names == sorted(set(names)), f"node {node}"


def test_every_symbol_is_in_the_node_of_its_since() -> None:
    for function in abi_headers.functions():
        assert function.name in nodes()[f"LIBCLAUDE_{function.since}"], function.name


def test_nodes_hide_everything_else() -> None:
    text = (CAPI / "libclaude.map").read_text(encoding="utf-8")
    assert re.search(r"local:\s*\*;\s*\}", text)


def test_released_nodes_are_what_was_released() -> None:
    assert release_files.changed_nodes(ROOT) == []
    assert release_files.nodes((CAPI / "libclaude.map").read_text(encoding="utf-8")) == nodes()


def test_every_function_is_defined_once_in_capi() -> None:
    code = {path: path.read_text(encoding="utf-8") for path in sorted(CAPI.glob("*.c"))}
    wrong = {}
    for function in abi_headers.functions():
        pattern = re.compile(rf"^(?![ \t/*]).*\b{function.name}\((?:[^;{{]|\n)*?\)\n?\s*\{{", re.MULTILINE)
        places = [path.name for path, text in code.items() for _ in pattern.findall(text)]
        if len(places) != 1:
            wrong[function.name] = places
    assert wrong == {}


def test_exports_are_the_golden_list(shared: pathlib.Path) -> None:
    lines = run("nm", "-D", "--defined-only", "--with-symbol-versions", shared).splitlines()
    have = sorted(line.split(maxsplit=1)[1] for line in lines)
    golden = (CAPI / "abi" / "symbols.txt").read_text(encoding="utf-8").splitlines()
    assert have == golden, "exports changed: if that is wanted, run scripts/abi-update"


def test_exports_are_all_ours(shared: pathlib.Path) -> None:
    for line in run("nm", "-D", "--defined-only", "--with-symbol-versions", shared).splitlines():
        kind, name = line.split()[1:]
        assert (kind == "A" and name in nodes()) or re.fullmatch(r"claude_\w+@@LIBCLAUDE_\d+\.\d+", name), line


def test_symbols_in_versions() -> None:
    """capi/symbols-in-versions.md names every symbol with the release that introduced it."""
    text = (CAPI / "symbols-in-versions.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| ([0-9.]+) \|", text, re.MULTILINE))
    assert listed == {function.name: function.since for function in abi_headers.functions()}, "run scripts/abi-update"


def test_constants_never_change() -> None:
    """capi/abi/constants.txt pins name and value of every constant."""
    golden = (CAPI / "abi" / "constants.txt").read_text(encoding="utf-8").splitlines()
    have = [f"{name} {value}" for name, value in abi_headers.constants().items()]
    changed = [line for line in golden if line not in have]
    assert changed == [], "a constant was removed or has another value"
    assert have == golden, "a new constant: run scripts/abi-update"


OPTION = "retry.jitter | number | - | 1 | 0..1 | both | backoff_jitter"


@pytest.mark.parametrize(
    ("now", "is_kept"),
    [
        (OPTION, True),
        ("retry.jitter | number | - | 0.5 | 0..2 | both | backoff_jitter", True),
        ("retry.jitter | number | - | 1 | 0..1 | both | jitter backoff_jitter", True),
        ("retry.jitters | number | - | 1 | 0..1 | both | backoff_jitter", False),
        ("retry.jitter | integer | - | 1 | 0..1 | both | backoff_jitter", False),
        ("retry.jitter | number | ms | 1 | 0..1 | both | backoff_jitter", False),
        ("retry.jitter | number | - | 1 | 0..1 | both | -", False),
    ],
)
def test_an_option_stays_what_it_is(now: str, is_kept: bool) -> None:
    """scripts/abi-update refuses what changes an option."""
    assert changed_options(f"# options\n{OPTION}\n", f"a.new | string | - | - | - | both | -\n{now}\n") == (
        [] if is_kept else [OPTION]
    )


def test_version_of_headers() -> None:
    defines = abi_headers.defines()
    numbers = [defines[f"CLAUDE_VERSION_{part}"] for part in ("MAJOR", "MINOR", "PATCH")]
    assert ".".join(numbers) == (ROOT / "VERSION").read_text(encoding="utf-8").strip()
    major, minor, patch = map(int, numbers)
    assert int(defines["CLAUDE_VERSION_NUM"], 16) == major << 16 | minor << 8 | patch


def test_every_symbol_is_used_by_a_test() -> None:
    text = ""
    for folder in ("unit", "component", "python"):
        for path in sorted((ROOT / "tests" / folder).rglob("*")):
            if path.suffix in (".c", ".py"):
                text += path.read_text(encoding="utf-8")
    words = set(re.findall(r"\bclaude_\w+", text))
    unused = [function.name for function in abi_headers.functions() if function.name not in words]
    assert unused == [], "no unit, component or python test names these functions"
