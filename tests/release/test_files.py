"""The files that a release changes: what names the version, the changelog, the nodes of the map."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from release_files import nodes
from version import current

if TYPE_CHECKING:
    from repository import Repository

VERSION = current()
MINOR = VERSION.rpartition(".")[0]
NEXT_MINOR = f"{MINOR.split('.')[0]}.{int(MINOR.split('.')[1]) + 1}"
NEXT = f"{NEXT_MINOR}.0"
TYPES = "capi/include/claude/types.h"


def tool(repository: Repository, name: str, *arguments: str) -> str:
    return repository.run(sys.executable, f"scripts/lib/{name}.py", *arguments)


def test_all_that_names_the_version_follows_it(repository: Repository) -> None:
    tool(repository, "version", "--set", "0.77.3")
    tool(repository, "version", "--check")
    assert repository.read("VERSION") == "0.77.3\n"
    header = repository.read(TYPES)
    for line in ("MAJOR 0", "MINOR 77", "PATCH 3", "NUM 0x004d03"):
        assert f"#define CLAUDE_VERSION_{line}\n" in header
    assert "libclaude.so.0.77" in repository.read("docs/c.md")
    assert "v0.77.3" in repository.read("examples/go/go.mod")
    assert "minimumVersion = 0x004d00" in repository.read("bindings/go/client.go")
    assert r"libclaude-0\.77\.3-cp39" in repository.read("tests/packaging/test_wheel.py")
    changed = set(repository.git("diff", "--name-only").splitlines())
    assert not {name for name in changed if name.startswith(("docs/decisions/", "capi/abi/", "CHANGELOG"))}
    tool(repository, "version", "--set", VERSION)
    assert repository.git("status", "--porcelain") == ""


def test_nothing_names_the_version_that_is_not_followed(repository: Repository) -> None:
    """After a change of the version nothing of the old one is left, but where history is told."""
    tool(repository, "version", "--set", "0.77.3")
    full, minor = re.escape(VERSION), re.escape(MINOR)
    left = repository.attempt("git", "grep", "-nIE", rf"\b{full}\b|\.so\.{minor}\b|libclaude{minor}\b", "--", ".")
    history = re.compile(
        r"CHANGELOG\.md|docs/decisions/|capi/abi/|capi/libclaude\.map|scripts/constraints\.txt|tests/release/"
    )
    assert [line for line in left.stdout.splitlines() if not history.match(line)] == []


def test_the_changelog_is_dated_and_begun_anew(repository: Repository) -> None:
    notes = tool(repository, "release_files", "notes", VERSION)
    assert notes.strip()
    tool(repository, "release_files", "date", VERSION, "2001-02-03")
    tool(repository, "release_files", "open", NEXT)
    text = repository.read("CHANGELOG.md")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[:2] == [f"{NEXT} (not yet released)", f"{VERSION} (2001-02-03)"]
    assert notes.strip() in text


def declare(repository: Repository, name: str, since: str) -> None:
    comment = f"/**\n * Does nothing.\n *\n * @threads A\n * @since {since}\n */\n"
    text = repository.read("capi/include/claude/request.h")
    at = text.index("CLAUDE_API")
    start = text.rindex("/**", 0, at)
    text = f"{text[:start]}{comment}CLAUDE_API void {name}(void);\n\n{text[start:]}"
    (repository.folder / "capi/include/claude/request.h").write_text(text, encoding="utf-8")


def test_a_released_node_stays_as_it_is(repository: Repository) -> None:
    """What is new goes into the next node, and nowhere else."""
    released = nodes(repository.read("capi/libclaude.map"))
    tool(repository, "release_files", "close", VERSION)
    tool(repository, "release_files", "open", NEXT)
    assert nodes(repository.read("capi/libclaude.map")) == {**released, f"LIBCLAUDE_{NEXT_MINOR}": []}
    update = (sys.executable, "tests/abi/update.py")
    repository.run(*update)
    declare(repository, "claude_quite_new", NEXT_MINOR)
    repository.run(*update)
    assert nodes(repository.read("capi/libclaude.map")) == {**released, f"LIBCLAUDE_{NEXT_MINOR}": ["claude_quite_new"]}
    declare(repository, "claude_much_too_late", MINOR)
    done = repository.attempt(*update)
    assert done.returncode == 1
    assert f"LIBCLAUDE_{MINOR} is released and never changes" in done.stderr
    assert "claude_much_too_late" not in repository.read("capi/libclaude.map")


def test_a_released_abi_is_not_broken(repository: Repository) -> None:
    """What is open may be changed with a reason; what is released may not."""
    update = ("scripts/abi-update", "--break", "docs/decisions/0007-the-abi-dump-is-of-a-probe.md")
    tool(repository, "release_files", "close", VERSION)
    before = repository.git("status", "--porcelain")
    done = repository.attempt(*update)
    assert done.returncode == 1
    assert f"LIBCLAUDE_{MINOR} is released: its ABI is not broken any more" in done.stderr
    assert repository.git("status", "--porcelain") == before


def test_the_linker_takes_the_map_of_the_next_version(repository: Repository) -> None:
    tool(repository, "release_files", "open", NEXT)
    text = repository.read("capi/libclaude.map")
    names = [name for symbols in nodes(text).values() for name in symbols]
    source = repository.folder / "all.c"
    source.write_text("".join(f"void {name}(void) {{}}\n" for name in [*names, "cl_hidden"]), encoding="utf-8")
    link = ["-nostdlib", "-Wl,--version-script=capi/libclaude.map", "-Wl,--no-undefined-version"]
    repository.run("gcc", "-shared", "-fPIC", *link, source, "-o", "all.so")
    told = repository.run("nm", "-D", "--defined-only", "--with-symbol-versions", "all.so")
    assert f" A LIBCLAUDE_{NEXT_MINOR}\n" in told
    assert len(re.findall(rf"@@LIBCLAUDE_{re.escape(MINOR)}\n", told)) == len(nodes(text)[f"LIBCLAUDE_{MINOR}"])
    assert "cl_hidden" not in told


def test_a_patch_keeps_the_node(repository: Repository) -> None:
    patch = f"{MINOR}.1"
    check = ("release_files", "check-node", patch)
    refused = repository.attempt(sys.executable, f"scripts/lib/{check[0]}.py", *check[1:])
    assert refused.returncode == 1
    assert f"LIBCLAUDE_{MINOR} is not released yet" in refused.stderr
    tool(repository, "release_files", "close", f"{MINOR}.0")
    before = repository.read("capi/abi/released.txt")
    tool(repository, *check)
    tool(repository, "release_files", "close", patch)
    tool(repository, "release_files", "open", patch)
    assert repository.read("capi/abi/released.txt") == before
    assert repository.git("diff", "--name-only", "--", "capi/libclaude.map") == ""
