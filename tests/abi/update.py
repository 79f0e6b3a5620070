"""Writes what follows from the headers: the map, symbols-in-versions.md, constants.txt; see scripts/abi-update."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import abi_headers

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "lib"))

import release_files

CAPI = abi_headers.ROOT / "capi"
MAP = CAPI / "libclaude.map"
CONSTANTS = CAPI / "abi" / "constants.txt"
PREAMBLE = """# Symbols in versions

Every symbol of libclaude and the release that introduced it. Written by `scripts/abi-update` from the headers'
`@since`, checked by `tests/abi`.

| symbol | introduced | deprecated |
|---|---|---|
"""


def update_map(breaking: bool) -> None:
    """Adds missing symbols to their nodes; removes vanished ones if that is allowed."""
    text = MAP.read_text(encoding="utf-8")
    functions = abi_headers.functions()
    listed = set(re.findall(r"^ {4}(claude_\w+);$", text, re.MULTILINE))
    vanished = listed - {function.name for function in functions}
    if vanished and not breaking:
        sys.exit(f"error: no longer declared: {', '.join(sorted(vanished))}. If that must be: --break")
    for since in sorted({function.since for function in functions}):
        names = sorted(function.name for function in functions if function.since == since)
        # A node that was just opened has no symbols yet, and so not even the word for them.
        node = re.compile(rf"(LIBCLAUDE_{re.escape(since)} \{{\n)(?:global:\n[^}}]*?)?(local:)", re.DOTALL)
        if not node.search(text):
            sys.exit(f"error: capi/libclaude.map has no node LIBCLAUDE_{since}: add it by hand, after the last one")
        body = "".join(f"    {name};\n" for name in names)
        text = node.sub(rf"\g<1>global:\n{body}\g<2>", text)
    released = release_files.released(abi_headers.ROOT)
    nodes = release_files.nodes(text)
    changed = [name for name, (_, total) in released.items() if release_files.checksum(nodes.get(name, [])) != total]
    if changed:
        sys.exit(
            f"error: {', '.join(changed)} is released and never changes: a new symbol says @since the next version"
        )
    MAP.write_text(text, encoding="utf-8")


def update_versions() -> None:
    """Writes symbols-in-versions.md."""
    rows = []
    for function in abi_headers.functions():
        deprecated = re.search(r"@deprecated\s+since\s+([0-9.]+)", function.comment)
        rows.append(f"| `{function.name}` | {function.since} | {deprecated[1] if deprecated else ''} |\n")
    (CAPI / "symbols-in-versions.md").write_text(PREAMBLE + "".join(rows), encoding="utf-8")


def update_constants(breaking: bool) -> None:
    """Writes constants.txt."""
    lines = [f"{name} {value}" for name, value in abi_headers.constants().items()]
    if CONSTANTS.exists() and not breaking:
        changed = [line for line in CONSTANTS.read_text(encoding="utf-8").splitlines() if line not in lines]
        if changed:
            sys.exit(f"error: constants changed or gone: {', '.join(changed)}. If that must be: --break")
    CONSTANTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


def changed_options(old: str, new: str) -> list[str]:
    """The lines of options.txt that are not kept: name, type, unit and aliases stay, defaults and ranges need not."""
    rows = [line.split(" | ") for line in new.splitlines() if not line.startswith("#")]
    now = {row[0]: row for row in rows}
    changed = []
    for line in old.splitlines():
        if line.startswith("#"):
            continue
        name, kind, unit, *_, aliases = line.split(" | ")
        row = now.get(name)
        if row is None or row[1:3] != [kind, unit] or not set(aliases.split()) - {"-"} <= set(row[-1].split()):
            changed.append(line)
    return changed


def check_options(old: Path, new: Path) -> None:
    """Ends the program if an option was changed or is gone."""
    changed = changed_options(old.read_text(encoding="utf-8"), new.read_text(encoding="utf-8"))
    if changed:
        sys.exit(f"error: options changed or gone: {'; '.join(changed)}. If that must be: --break")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--options"]:
        check_options(Path(sys.argv[2]), Path(sys.argv[3]))
        sys.exit()
    update_map("--break" in sys.argv)
    update_versions()
    update_constants("--break" in sys.argv)
