"""A whole release in a repository that is thrown away, without its tests. Only with CLAUDE_TEST_LONG=1: it builds."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from version import current

if TYPE_CHECKING:
    from repository import Repository

VERSION = current()
MINOR = VERSION.rpartition(".")[0]
NEXT_MINOR = f"{MINOR.split('.')[0]}.{int(MINOR.split('.')[1]) + 1}"
NEXT = f"{NEXT_MINOR}.0"


def test_a_release(repository: Repository) -> None:
    (repository.folder / ".git" / "release-rehearsal").touch()
    start = repository.git("rev-parse", "HEAD")
    done = repository.release(VERSION, "--skip-tests")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "THE TESTS ARE SKIPPED" in done.stderr

    # Two commits, and both tags on the first of them.
    assert repository.git("log", "--format=%s", f"{start}..").splitlines() == [f"Open {NEXT}", f"Release {VERSION}"]
    commit = repository.git("rev-parse", "HEAD~1")
    for tag in (f"v{VERSION}", f"bindings/go/v{VERSION}"):
        assert repository.git("rev-parse", f"{tag}^{{commit}}") == commit
        assert "A rehearsal: not for use." in repository.git("tag", "-l", "--format=%(contents)", tag)
    assert repository.git("status", "--porcelain") == ""

    # Nothing has left the machine.
    assert repository.git("ls-remote", "origin", "refs/*").split() == [start, "refs/heads/main"]

    # What was released, and what comes next.
    released = repository.git("show", f"v{VERSION}:CHANGELOG.md")
    assert "not yet released" not in released
    assert repository.git("show", f"v{VERSION}:VERSION") == VERSION
    assert f"LIBCLAUDE_{MINOR} {VERSION} " in repository.git("show", f"v{VERSION}:capi/abi/released.txt")
    assert repository.read("VERSION") == f"{NEXT}\n"
    assert f"## {NEXT} (not yet released)" in repository.read("CHANGELOG.md")
    assert f"LIBCLAUDE_{NEXT_MINOR} {{" in repository.read("capi/libclaude.map")
    assert (repository.folder / f"capi/abi/libclaude-{NEXT_MINOR}.abi").exists()
    assert repository.git("diff", "--name-only", f"v{VERSION}", "--", f"capi/abi/libclaude-{MINOR}.abi") == ""

    # What is handed out.
    out = repository.folder / "build" / "release" / VERSION
    names = {path.name for path in out.iterdir()}
    debs = {
        name
        for name in names
        if name.endswith(f"_{VERSION}-1_{repository.run('dpkg', '--print-architecture').strip()}.deb")
    }
    assert {name.partition("_")[0] for name in debs} >= {
        f"libclaude{MINOR}",
        "libclaude-dev",
        "claudec",
        "python3-libclaude",
        "lua-claude",
    }
    wheels = {name for name in names if name.startswith(f"libclaude-{VERSION}-cp39-abi3-") and name.endswith(".whl")}
    assert len(wheels) == 1
    rest = {f"libclaude-{VERSION}.tar.gz", f"claude-{VERSION}-1.rockspec", f"claude-{VERSION}-1.src.rock", "SHA256SUMS"}
    assert names == debs | wheels | rest
    assert f'version = "{VERSION}-1"' in (out / f"claude-{VERSION}-1.rockspec").read_text(encoding="utf-8")
    with tarfile.open(out / f"libclaude-{VERSION}.tar.gz") as archive:
        information = archive.extractfile(f"libclaude-{VERSION}/PKG-INFO")
        assert information is not None
        assert f"\nVersion: {VERSION}\n" in information.read().decode()
        assert {(member.uid, member.mtime) for member in archive.getmembers()} == {
            (0, int(repository.git("log", "-1", "--format=%ct", f"v{VERSION}")))
        }
    repository.run("sh", "-c", f"cd '{out}' && sha256sum --quiet --check SHA256SUMS")

    # A second time it is refused.
    again = repository.release(VERSION, "--skip-tests")
    assert again.returncode == 1
