"""The files that a release changes: the changelog, the map of symbols, and the record of what is released.

release_files.py notes X.Y.Z              prints the changelog's section; fails if there is none, or nothing in it
release_files.py date X.Y.Z YYYY-MM-DD    dates that section
release_files.py close X.Y.Z              records the newest node of the map as released: it is never edited again
release_files.py check-node X.Y.Z         fails unless the version may still be released as the map is
release_files.py open X.Y.Z               begins the changelog's section of the next version, and its node
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import version as versions

NOT_YET = "not yet released"
CHANGELOG = "CHANGELOG.md"
MAP = "capi/libclaude.map"
RELEASED = "capi/abi/released.txt"
PREAMBLE = """# The released nodes of capi/libclaude.map, the version that released each, and a checksum of its symbols.
# They are never edited again. Written by scripts/release, checked by tests/abi and scripts/abi-update.
"""
# A node: its name, its symbols, and the one it follows.
NODE = re.compile(
    r"^(LIBCLAUDE_([0-9.]+)) \{\n(?:global:\n(.*?))?local:\n    \*;\n\}(?: LIBCLAUDE_[0-9.]+)?;$", re.M | re.S
)


def node_of(version: str) -> str:
    """The node into which the symbols of a version go."""
    return "LIBCLAUDE_" + version.rpartition(".")[0]


def nodes(text: str) -> dict[str, list[str]]:
    """The nodes of a map with their symbols."""
    return {found[1]: re.findall(r"^    (\w+);$", found[3] or "", re.MULTILINE) for found in NODE.finditer(text)}


def checksum(symbols: list[str]) -> str:
    """What stands for a node's symbols in the record."""
    return hashlib.sha256("\n".join(symbols).encode()).hexdigest()


def released(root: Path) -> dict[str, tuple[str, str]]:
    """The released nodes: the version that released each, and the checksum it had."""
    path = root / RELEASED
    if not path.exists():
        return {}
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {name: (version, total) for name, version, total in filter(None, lines)}


def changed_nodes(root: Path) -> list[str]:
    """The released nodes that are no longer what was released."""
    have = nodes((root / MAP).read_text(encoding="utf-8"))
    return [name for name, (_, total) in released(root).items() if checksum(have.get(name, [])) != total]


def section(text: str, version: str) -> tuple[int, int, str, str]:
    """Where a version's section is in the changelog, what its heading says of the date, and its text."""
    found = re.search(rf"^## {re.escape(version)} \(([^)\n]*)\)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        sys.exit(f'error: {CHANGELOG} has no section "## {version} ({NOT_YET})": say there what is new')
    if not found[2].strip():
        sys.exit(f"error: {CHANGELOG}: the section of {version} is empty")
    return found.start(1), found.end(1), found[1], found[2].strip()


def notes(root: Path, version: str) -> str:
    """What is new in a version that is not yet released."""
    _, _, date, text = section((root / CHANGELOG).read_text(encoding="utf-8"), version)
    if date != NOT_YET:
        sys.exit(f'error: {CHANGELOG}: the section of {version} says "{date}", and not "{NOT_YET}"')
    return text


def set_date(root: Path, version: str, date: str) -> None:
    """Dates the section of a version."""
    notes(root, version)
    text = (root / CHANGELOG).read_text(encoding="utf-8")
    start, end, _, _ = section(text, version)
    (root / CHANGELOG).write_text(text[:start] + date + text[end:], encoding="utf-8")


def check_node(root: Path, version: str) -> None:
    """Fails unless the map is fit for this version: a minor version has one node, which its first release closes."""
    name = node_of(version)
    have = nodes((root / MAP).read_text(encoding="utf-8"))
    changed = changed_nodes(root)
    if changed:
        sys.exit(f"error: {MAP}: {', '.join(changed)} is released and was edited afterwards")
    if not have:
        sys.exit(f"error: {MAP}: no node can be read")
    if list(have)[-1] != name:
        sys.exit(f"error: {MAP}: the newest node is {list(have)[-1]}, but version {version} needs {name}")
    if name in released(root) and version.endswith(".0"):
        sys.exit(f"error: {name} was released by {released(root)[name][0]}")
    if name not in released(root) and not version.endswith(".0"):
        sys.exit(f"error: {name} is not released yet: its first version is {version.rpartition('.')[0]}.0")


def close_node(root: Path, version: str) -> None:
    """Records the node of a version as released; that of a patch is that already."""
    check_node(root, version)
    name = node_of(version)
    if name in released(root):
        return
    symbols = nodes((root / MAP).read_text(encoding="utf-8"))[name]
    if not symbols:
        # A version without new symbols has a node nevertheless: programs can ask for it.
        print(f"{name} has no symbols of its own")
    path = root / RELEASED
    text = path.read_text(encoding="utf-8") if path.exists() else PREAMBLE
    path.write_text(f"{text}{name} {version} {checksum(symbols)}\n", encoding="utf-8")


def open_next(root: Path, version: str) -> None:
    """Begins the section of the next version in the changelog, and its node in the map."""
    path = root / CHANGELOG
    text = path.read_text(encoding="utf-8")
    first = text.index("\n## ") + 1
    path.write_text(f"{text[:first]}## {version} ({NOT_YET})\n\n{text[first:]}", encoding="utf-8")
    text = (root / MAP).read_text(encoding="utf-8")
    have = list(nodes(text))
    if node_of(version) not in have:
        node = f"{node_of(version)} {{\nlocal:\n    *;\n}} {have[-1]};\n"
        (root / MAP).write_text(f"{text.rstrip()}\n\n{node}", encoding="utf-8")


def main() -> None:
    """One of the steps above."""
    parser = argparse.ArgumentParser(description="The files that a release changes.")
    parser.add_argument("step", choices=["notes", "date", "close", "check-node", "open"])
    parser.add_argument("version")
    parser.add_argument("date", nargs="?")
    parser.add_argument("--root", type=Path, default=versions.ROOT)
    options = parser.parse_args()
    versions.numbers(options.version)
    root = options.root
    if options.step == "notes":
        print(notes(root, options.version))
    elif options.step == "date":
        set_date(root, options.version, options.date)
    elif options.step == "close":
        close_node(root, options.version)
    elif options.step == "check-node":
        check_node(root, options.version)
    else:
        open_next(root, options.version)


if __name__ == "__main__":
    main()
