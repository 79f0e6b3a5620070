"""The version stands in the file VERSION. This writes what else has to name it: the header's numbers, and mentions in
documents, examples and tests.

    version.py --check       fails where a mention is not of the version
    version.py --set X.Y.Z   writes VERSION, and all of them
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where other versions are rightly named: history, records of released interfaces, versions of others.
EXCEPT = re.compile(
    r"CHANGELOG\.md$|docs/decisions/|capi/abi/|capi/libclaude\.map$|capi/symbols-in-versions\.md$"
    r"|scripts/constraints\.txt$|tests/release/"
)
FULL = r"\d+\.\d+\.\d+"
MINOR = r"\d+\.\d+"
# Each matches a mention; the group is the version, of as many numbers as there are.
MENTIONS = [
    re.compile(rf"\blibclaude\.so\.({FULL}|{MINOR})\b"),
    re.compile(rf"\blibclaude(?:-|/claude[ @]v|/)({FULL}|{MINOR})(?=[-./\s\"'`\\)]|$)", re.MULTILINE),
    re.compile(rf"\blibclaude({MINOR})\b(?!\.\d)"),
    re.compile(rf"\bfind_package\(claude ({MINOR})\b"),
    re.compile(rf"\bLIBCLAUDE_({MINOR})(?:\.0)?\b"),
    re.compile(rf"\bbuilt for ({FULL})\b"),
]
# Mentions that only their file makes one.
MENTIONS_OF = {
    "capi/include/claude/types.h": [re.compile(rf'@return "({FULL})"')],
    "tests/component/test_misuse.c": [re.compile(rf'_string\(\), "({FULL})"'), re.compile(rf'"version"\), "({FULL})"')],
    "tests/packaging/test_source.py": [re.compile(rf'"({FULL})" in last')],
    "tests/packaging/test_wheel.py": [re.compile(rf'"version"\] == "({FULL})"')],
    "tests/abi/test_consumer.py": [re.compile(rf'"({FULL})" in done\.stderr')],
    "bindings/go/internal_test.go": [re.compile(rf'"({MINOR})\."\)')],
}
HEADER = "capi/include/claude/types.h"
GO = "bindings/go/client.go"
# Without one of these words there is nothing to look for.
WORDS = ("libclaude", "LIBCLAUDE_", "find_package(claude", "built for", "CLAUDE_VERSION_", "minimumVersion", "or newer")


def numbers(version: str) -> tuple[int, int, int]:
    """A version as its numbers."""
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", version):
        sys.exit(f"error: {version} is no version: it has three numbers, such as 0.9.0")
    major, minor, patch = map(int, version.split("."))
    if minor > 255 or patch > 255:
        sys.exit(f"error: {version}: minor and patch are at most 255")
    return major, minor, patch


def current(root: Path = ROOT) -> str:
    """What VERSION says."""
    return (root / "VERSION").read_text(encoding="utf-8").strip()


def _of_length(version: str, count: int) -> str:
    return ".".join(version.split(".")[:count])


def _mentions(text: str, version: str, patterns: list[re.Pattern[str]]) -> str:
    """The text with its mentions made to be of the version."""

    def replace(found: re.Match[str]) -> str:
        wanted = _of_length(version, found[1].count(".") + 1)
        start, end = found.start(1) - found.start(), found.end(1) - found.start()
        return found[0][:start] + wanted + found[0][end:]

    for pattern in patterns:
        text = pattern.sub(replace, text)
    return text


def _with_escapes(text: str, version: str, patterns: list[re.Pattern[str]]) -> str:
    """The same also where dots are those of a regular expression."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if "\\." not in line:
            continue
        plain = line.replace("\\.", ".")
        for mention in {found[1] for pattern in patterns for found in pattern.finditer(plain)}:
            wanted = _of_length(version, mention.count(".") + 1)
            lines[at] = lines[at].replace(mention.replace(".", r"\."), wanted.replace(".", r"\."))
    return _mentions("\n".join(lines), version, patterns)


def _numbers_of_header(text: str, version: str) -> str:
    major, minor, patch = numbers(version)
    for name, value in {"MAJOR": major, "MINOR": minor, "PATCH": patch}.items():
        text = re.sub(rf"(#define CLAUDE_VERSION_{name}) \d+", rf"\1 {value}", text)
    return re.sub(r"(#define CLAUDE_VERSION_NUM) 0x[0-9A-Fa-f]+", rf"\1 0x{major:02x}{minor:02x}{patch:02x}", text)


def _oldest_of_go(text: str, version: str) -> str:
    """Go's binding needs the symbols of its minor version, and no patch of it."""
    major, minor, _ = numbers(version)
    text = re.sub(r"(const minimumVersion =) 0x[0-9A-Fa-f]+", rf"\1 0x{major:02x}{minor:02x}00", text)
    return re.sub(rf'"needs {FULL} or newer', f'"needs {major}.{minor}.0 or newer', text)


def updated(path: str, text: str, version: str) -> str:
    """What a file has to be for this version."""
    if path not in MENTIONS_OF and not any(word in text for word in WORDS):
        return text
    text = _with_escapes(text, version, MENTIONS + MENTIONS_OF.get(path, []))
    if path == HEADER:
        text = _numbers_of_header(text, version)
    return _oldest_of_go(text, version) if path.startswith("bindings/go/") else text


def files(root: Path) -> list[str]:
    """The files of the project that may name its version."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"], check=True, capture_output=True
    ).stdout.decode()
    names = [name for name in listed.split("\0") if name and not EXCEPT.match(name)]
    return [name for name in names if (root / name).is_file() and not (root / name).is_symlink()]


def outdated(root: Path, version: str) -> dict[str, str]:
    """The files that name another version, with what they should be."""
    found = {}
    for name in files(root):
        try:
            text = (root / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        made = updated(name, text, version)
        if made != text:
            found[name] = made
    return found


def main() -> None:
    """Checks, or sets."""
    parser = argparse.ArgumentParser(description="Keeps what names the version.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true")
    what.add_argument("--set", metavar="X.Y.Z")
    parser.add_argument("--root", type=Path, default=ROOT)
    options = parser.parse_args()
    version = options.set or current(options.root)
    numbers(version)
    wrong = outdated(options.root, version)
    if options.check:
        if wrong:
            sys.exit(f"error: not of version {version}: {', '.join(wrong)}. scripts/lib/version.py --set {version}")
        return
    (options.root / "VERSION").write_text(f"{version}\n", encoding="utf-8")
    for name, text in wrong.items():
        (options.root / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
