"""scripts/release --dry-run: it says each step, changes nothing, and finds what is in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from version import current

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository

VERSION = current()
MINOR = VERSION.rpartition(".")[0]
NEXT = f"{MINOR.split('.')[0]}.{int(MINOR.split('.')[1]) + 1}.0"
STEPS = [
    "run all tests",
    "make a copy",
    "check that the records",
    "date the changelog's section",
    f"close the node LIBCLAUDE_{MINOR}",
    f'commit "Release {VERSION}"',
    "build the Debian packages",
    "build the source distribution",
    "build the wheel for everybody",
    f"write the rockspec claude-{VERSION}-1.rockspec, and the rock with its sources",
    f"tag v{VERSION}, and bindings/go/v{VERSION}",
    f"open {NEXT}",
    f'commit "Open {NEXT}"',
    "take the commits and tags over",
]


def test_it_says_each_step_and_changes_nothing(repository: Repository) -> None:
    before = repository.state()
    done = repository.release(VERSION, "--dry-run")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if f"release {VERSION}: would " in line]
    assert len(lines) == len(STEPS)
    for line, text in zip(lines, STEPS):
        assert f"would {text}" in line
    assert repository.state() == before


def test_tests_that_are_left_out_are_announced(repository: Repository) -> None:
    done = repository.release(VERSION, "--dry-run", "--skip-tests")
    assert done.returncode == 0
    assert "THE TESTS ARE SKIPPED" in done.stderr
    assert "would skip the tests" in done.stdout


def test_a_release_cannot_leave_its_tests_out(repository: Repository) -> None:
    before = repository.state()
    done = repository.release(VERSION, "--skip-tests")
    assert done.returncode == 1
    assert "--skip-tests is for --dry-run and rehearsals" in done.stderr or "needs root" in done.stderr
    assert repository.state() == before


def dirty(repository: Repository) -> None:
    (repository.folder / "README.md").write_text("changed\n", encoding="utf-8")


def dated(repository: Repository) -> None:
    repository.replace("CHANGELOG.md", f"## {VERSION} (not yet released)", f"## {VERSION} (2001-02-03)")
    repository.commit()


def unsaid(repository: Repository) -> None:
    repository.replace("CHANGELOG.md", f"## {VERSION} (not yet released)", "## Some day")
    repository.commit()


def tagged(repository: Repository) -> None:
    repository.git("tag", f"bindings/go/v{VERSION}")


def another_header(repository: Repository) -> None:
    repository.replace("capi/include/claude/types.h", "CLAUDE_VERSION_PATCH ", "CLAUDE_VERSION_PATCH 1")
    repository.commit()


def another_mention(repository: Repository) -> None:
    repository.replace("docs/c.md", f"libclaude.so.{MINOR}", "libclaude.so.0.3")
    repository.commit()


def edited_node(repository: Repository) -> None:
    (repository.folder / "capi/abi/released.txt").write_text(f"LIBCLAUDE_{MINOR} {VERSION} 00\n", encoding="utf-8")
    repository.commit()


def no_branch(repository: Repository) -> None:
    repository.git("checkout", "-q", "--detach")


@pytest.mark.parametrize(
    ("arguments", "change", "told"),
    [
        (["9.9.9"], None, f"the file VERSION says {VERSION}, not 9.9.9"),
        (["0.9"], None, "0.9 is no version"),
        ([VERSION, "--next", VERSION], None, "does not come after"),
        ([VERSION, "--next", "1.0.0"], None, "the SONAME has one number"),
        ([VERSION, "--quickly"], None, "usage: scripts/release"),
        ([], None, "usage: scripts/release"),
        ([VERSION], dirty, "changes that are not committed"),
        ([VERSION], dated, 'says "2001-02-03", and not "not yet released"'),
        ([VERSION], unsaid, f'has no section "## {VERSION} (not yet released)"'),
        ([VERSION], tagged, f"the tag bindings/go/v{VERSION} exists"),
        ([VERSION], another_header, "not of version"),
        ([VERSION], another_mention, "not of version"),
        ([VERSION], edited_node, "is released and was edited afterwards"),
        ([VERSION], no_branch, "no branch is checked out"),
    ],
)
def test_what_is_in_the_way_is_named(
    arguments: list[str], change: Callable[[Repository], None] | None, told: str, repository: Repository
) -> None:
    if change is not None:
        change(repository)
    done = repository.release(*arguments, "--dry-run")
    assert done.returncode == 1
    assert told in done.stderr
