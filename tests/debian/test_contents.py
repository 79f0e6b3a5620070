"""What the packages say of themselves, and what is in them."""

from __future__ import annotations

import gzip
import platform
import re
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

from debs import COMPLETIONS, MINOR, ROOT, RUNTIME, VERSION, Deb, succeed
from hardening import missing

if TYPE_CHECKING:
    from pathlib import Path

LIBRARIES = f"usr/lib/{succeed('dpkg-architecture', '-qDEB_HOST_MULTIARCH').strip()}"
LUAS = ("5.1", "5.2", "5.3", "5.4")


def test_there_is_a_package_for_each_kind_of_user(packages: dict[str, Deb]) -> None:
    assert {RUNTIME, "libclaude-dev", "claudec", "python3-libclaude", "lua-claude"} <= set(packages)
    for name, deb in packages.items():
        assert deb.fields["Version"] == f"{VERSION}-1"
        assert deb.fields["Source"] == "libclaude"
        assert deb.path.name == f"{name}_{VERSION}-1_{deb.fields['Architecture']}.deb"
        assert len(deb.files()) > 5, "an empty package"
    assert packages[RUNTIME].fields["Provides"] == f"libclaude0 (= {VERSION}-1)"


def test_dependencies(packages: dict[str, Deb]) -> None:
    runtime = packages[RUNTIME].fields["Depends"]
    for pattern in (r"libc6 \(>= ", r"libcurl4(t64)? \(>= ", r"libjson-c5 \(>= ", "zlib1g"):
        assert re.search(pattern, runtime), pattern
    assert packages["libclaude-dev"].fields["Depends"].startswith(f"{RUNTIME} (= {VERSION}-1), ")
    for name in packages.keys() - {RUNTIME, "libclaude-dev"}:
        assert f"{RUNTIME} (>= {VERSION})" in packages[name].fields["Depends"].split(", ")
    assert re.search(r"python3-cffi-backend-api-max \(>= \d+\)", packages["python3-libclaude"].fields["Depends"])


def test_files_of_the_library(packages: dict[str, Deb]) -> None:
    code = {name for name in packages[RUNTIME].files() if not name.startswith("usr/share/")}
    assert code == {f"{LIBRARIES}/libclaude.so.{MINOR}", f"{LIBRARIES}/libclaude.so.{VERSION}"}
    headers = {f"usr/include/claude/{path.name}" for path in (ROOT / "capi" / "include" / "claude").glob("*.h")}
    names = ("libclaude.a", "libclaude.so", "pkgconfig/libclaude.pc", "pkgconfig/libclaude-static.pc")
    wanted = headers | {f"{LIBRARIES}/{name}" for name in names}
    have = {name for name in packages["libclaude-dev"].files() if not name.startswith("usr/share/")}
    assert {name for name in have - wanted if not name.startswith(f"{LIBRARIES}/cmake/claude/claude")} == set()
    assert wanted <= have
    assert f"{LIBRARIES}/cmake/claude/claudeConfig.cmake" in have


def test_reference(packages: dict[str, Deb]) -> None:
    """A page for each header, and one that leads to them."""
    folder = packages["libclaude-dev"].folder / "usr/share/doc/libclaude-dev/html"
    assert f'libclaude<span id="projectnumber">&#160;{VERSION}</span>' in (folder / "index.html").read_text("utf-8")
    for path in (ROOT / "capi" / "include" / "claude").glob("*.h"):
        assert (folder / f"{path.stem.replace('_', '__')}_8h.html").is_file()


def test_files_of_the_bindings(packages: dict[str, Deb]) -> None:
    python = packages["python3-libclaude"].files()
    package = "usr/lib/python3/dist-packages/libclaude"
    sources = {path.name for path in (ROOT / "bindings" / "python" / "src" / "libclaude").glob("*.py*")} - {
        "__pycache__"
    }
    assert {f"{package}/{name}" for name in {*sources, "py.typed", "_claude.abi3.so"}} <= python
    assert f"{package}-{VERSION}.dist-info/METADATA" in python
    lua = packages["lua-claude"].files()
    for version in LUAS:
        assert f"{LIBRARIES}/lua/{version}/claude/core.so" in lua
        assert f"usr/share/lua/{version}/claude.lua" in lua
        assert (packages["lua-claude"].folder / f"usr/share/lua/{version}/claude/client.lua").is_file()


def test_files_of_the_tool(packages: dict[str, Deb]) -> None:
    deb = packages["claudec"]
    assert {name for name in deb.files() if not name.startswith(("usr/share/doc/", "usr/share/lintian/"))} == {
        "usr/bin/claudec",
        "usr/share/man/man1/claudec.1.gz",
        *COMPLETIONS.values(),
    }
    page = gzip.decompress((deb.folder / "usr/share/man/man1/claudec.1.gz").read_bytes())
    assert page == (ROOT / "examples" / "cli" / "claudec.1").read_bytes()


def test_documents(packages: dict[str, Deb]) -> None:
    license_text = re.sub(r"\s+", " ", (ROOT / "LICENSE").read_text(encoding="utf-8").partition("Permission")[2])
    for name, deb in packages.items():
        folder = deb.folder / "usr" / "share" / "doc" / name
        copyright_text = (folder / "copyright").read_text(encoding="utf-8").replace("\n .\n", "\n")
        assert re.sub(r"\s+", " ", copyright_text.partition("Permission")[2]) == license_text
        changes = gzip.decompress((folder / "changelog.gz").read_bytes())
        assert changes == (ROOT / "CHANGELOG.md").read_bytes()
        ours = gzip.decompress((folder / "changelog.Debian.gz").read_bytes()).decode()
        assert ours.startswith(f"libclaude ({VERSION}-1) ")


def test_owners_and_modes(packages: dict[str, Deb]) -> None:
    for deb in packages.values():
        for line in succeed("dpkg-deb", "--contents", deb.path).splitlines():
            assert line.split()[1] == "root/root", line
        for path in deb.folder.rglob("*"):
            mode = stat.S_IMODE(path.lstat().st_mode)
            if not path.is_symlink():
                assert mode == (0o755 if path.is_dir() or "/bin/" in str(path) else 0o644), path


def test_symbols_are_the_librarys(packages: dict[str, Deb], tmp_path: Path) -> None:
    """dpkg-gensymbols finds nothing new and nothing gone: the file is current. And it would."""
    deb = packages[RUNTIME]
    text = (deb.control / "symbols").read_text(encoding="utf-8")
    assert text.startswith(f"libclaude.so.{MINOR} {RUNTIME} #MINVER#\n")
    (tmp_path / "debian").mkdir()
    (tmp_path / "debian" / "control").write_text(
        f"Source: libclaude\n\nPackage: {RUNTIME}\nArchitecture: any\n", encoding="utf-8"
    )
    library = deb.folder / LIBRARIES / f"libclaude.so.{VERSION}"
    # As if for a version later than all in the file: else what is gone counts as not there yet.
    command = ["dpkg-gensymbols", f"-p{RUNTIME}", "-v99", "-c4", f"-P{deb.folder}", f"-e{library}", "-O"]

    def differs(symbols: str) -> bool:
        (tmp_path / "symbols").write_text(symbols, encoding="utf-8")
        call = [*command, f"-I{tmp_path / 'symbols'}"]
        return subprocess.run(call, cwd=tmp_path, capture_output=True, check=False).returncode != 0

    assert not differs(text)
    assert differs(text.replace(f" claude_version@LIBCLAUDE_{MINOR} ", f" claude_vision@LIBCLAUDE_{MINOR} "))
    assert differs(f"{text} claude_zero@LIBCLAUDE_{MINOR} {MINOR}.0\n")


def test_every_symbol_has_the_version_it_came_with(packages: dict[str, Deb]) -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| ([0-9.]+) \|", (ROOT / "capi" / "symbols-in-versions.md").read_text(encoding="utf-8"), re.M
    )
    text = (packages[RUNTIME].control / "symbols").read_text(encoding="utf-8")
    have = set(re.findall(r"^ (claude_\w+)@LIBCLAUDE_([0-9.]+) ([0-9.]+)$", text, re.MULTILINE))
    assert have == {(name, since, f"{since}.0") for name, since in rows}


def test_a_program_depends_on_what_it_uses(packages: dict[str, Deb], tmp_path: Path) -> None:
    """dpkg-shlibdeps, as a packager of somebody else's program uses it."""
    system = tmp_path / "debian" / "installed"
    shutil.copytree(packages[RUNTIME].folder, system, symlinks=True)
    shutil.copytree(packages[RUNTIME].control, system / "DEBIAN")
    (tmp_path / "debian" / "control").write_text("Source: x\n\nPackage: x\nArchitecture: any\n", encoding="utf-8")
    program = tmp_path / "program"
    (tmp_path / "program.c").write_text(
        "#include <claude/claude.h>\nint main(void) { return claude_version() == 0; }\n", encoding="utf-8"
    )
    library = system / LIBRARIES / f"libclaude.so.{MINOR}"
    succeed("gcc", f"-I{ROOT / 'capi' / 'include'}", tmp_path / "program.c", library, "-o", program)
    told = succeed("dpkg-shlibdeps", "-O", f"-e{program}", f"-l{system / LIBRARIES}", cwd=tmp_path)
    assert re.search(rf"\b{re.escape(RUNTIME)} \(>= [0-9.]+\)", told), told


def test_binaries_are_hardened(packages: dict[str, Deb]) -> None:
    binaries = [path for deb in packages.values() for path in deb.binaries()]
    assert len(binaries) >= 2 + len(LUAS)
    for path in binaries:
        # What is only glue calls next to nothing that could be fortified.
        library = path.name.startswith("libclaude.so")
        assert missing(path, program="/bin/" in str(path), fortify=library) == [], path
        assert str(ROOT).encode() not in path.read_bytes(), f"{path} names the folder it was built in"
    if platform.machine() == "x86_64":
        archive = packages["libclaude-dev"].folder / LIBRARIES / "libclaude.a"
        assert re.search(r"x86 feature: IBT, SHSTK", succeed("readelf", "-nW", archive))


def test_lintian_has_nothing_to_say(packages: dict[str, Deb]) -> None:
    """What is overridden says why, in cmake/debian/lintian-overrides."""
    paths = [deb.path for deb in packages.values()]
    options = ["--allow-root", "--profile", "debian", "--display-info", "--pedantic", "--fail-on", "none"]
    # The linker puts one text into the end of another, and what is left of a word is then taken for a word.
    told = succeed("lintian", *options, "--suppress-tags", "spelling-error-in-binary", *paths)
    assert [line for line in told.splitlines() if not line.startswith("N:")] == []
