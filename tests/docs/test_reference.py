"""The reference of the interface: made without a warning, nothing is missing in it, and its links lead somewhere."""

from __future__ import annotations

import html
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev")).resolve()
VERSIONS = (ROOT / "capi" / "symbols-in-versions.md").read_text("utf-8")
SINCE = dict(re.findall(r"^\| `(\w+)` \| ([0-9.]+) \|", VERSIONS, re.MULTILINE))


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The pages by their names. A warning of Doxygen fails the build."""
    done = subprocess.run(
        ["cmake", "--build", BUILD, "--target", "reference"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return {path.name: path.read_text("utf-8") for path in (BUILD / "reference" / "html").glob("*.html")}


def entries(pages: dict[str, str]) -> dict[str, str]:
    """What the pages say of each function, as text."""
    found: dict[str, str] = {}
    for page in pages.values():
        for entry in page.split('<h2 class="memtitle">')[1:]:
            name = re.search(r"</span>(\w+)\(\)</h2>", entry)
            if name:
                assert name[1] not in found, f"{name[1]}() is there twice"
                found[name[1]] = html.unescape(re.sub(r"<[^>]*>", "", entry))
    return found


def test_every_function_has_its_class_and_version(pages: dict[str, str]) -> None:
    text = (ROOT / "capi" / "libclaude.map").read_text("utf-8")
    functions = set(re.findall(r"^    (claude_\w+);$", text, re.MULTILINE))
    have = entries(pages)
    assert functions
    assert set(have) == functions
    for name, entry in have.items():
        assert re.search(r"Thread class[ABC]\b", entry), name
        since = re.search(r"Since([0-9.]+)", entry)
        assert since, f"{name}: @since is missing"
        assert since[1] == SINCE[name], name


def test_every_constant_is_explained(pages: dict[str, str]) -> None:
    text = (ROOT / "capi" / "abi" / "constants.txt").read_text("utf-8")
    names = set(re.findall(r"^(CLAUDE_\w+) ", text, re.MULTILINE))
    row = r'<td class="fieldname">(?:<a [^>]*></a>)*(\w+)&#160;</td><td class="fielddoc"><p ?>(.+?)</p>'
    explained = {name for page in pages.values() for name, _ in re.findall(row, page, re.DOTALL)}
    macros = {name for page in pages.values() for name in re.findall(r"#define&#160;</td>.*?>(CLAUDE_\w+)</a>", page)}
    assert names
    assert names - explained - macros == set()


def test_first_page_names_every_header(pages: dict[str, str]) -> None:
    headers = {path.name for path in (ROOT / "capi" / "include" / "claude").glob("*.h")}
    subjects = pages["index.html"].partition("The headers by subject")[2]
    named = re.findall(r'href="(\w+_8h\.html)"[^>]*>(\w+\.h)</a>', subjects)
    assert sorted(name for _, name in named) == sorted(headers)
    assert {page for page, _ in named} == {name for name in pages if name.endswith("_8h.html")}


def test_links(pages: dict[str, str]) -> None:
    anchors = {name: set(re.findall(r'\b(?:id|name)="([^"]+)"', page)) for name, page in pages.items()}
    checked = 0
    for name, page in pages.items():
        for link in map(html.unescape, re.findall(r'\b(?:href|src)="([^"]+)"', page)):
            if re.match(r"https?://|javascript:", link):
                continue
            target, _, anchor = link.partition("#")
            assert not target or (BUILD / "reference" / "html" / target).is_file(), f"{name}: {link}"
            if anchor:
                assert anchor in anchors[target or name], f"{name}: {link}"
            checked += 1
    assert checked > len(SINCE)


def make_elsewhere(folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """Makes the reference of a copy of the headers, as the build does."""
    settings = (BUILD / "reference" / "Doxyfile").read_text("utf-8")
    settings = settings.replace(str(BUILD / "reference"), str(folder)).replace(str(ROOT), str(folder))
    (folder / "Doxyfile").write_text(settings, encoding="utf-8")
    return subprocess.run(["doxygen", folder / "Doxyfile"], capture_output=True, text=True, check=False)


@pytest.fixture
def elsewhere(pages: dict[str, str], tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of all that the reference is made from, in a folder with a space in its name."""
    folder = tmp_path / "another place"
    for name in ("capi/include", "docs/reference"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def test_same_bytes_elsewhere(elsewhere: pathlib.Path) -> None:
    assert make_elsewhere(elsewhere).returncode == 0
    here = BUILD / "reference" / "html"
    files = sorted(path.name for path in here.iterdir())
    assert sorted(path.name for path in (elsewhere / "html").iterdir()) == files
    for name in files:
        assert (here / name).read_bytes() == (elsewhere / "html" / name).read_bytes(), name


def test_what_is_wrong_with_a_comment_is_found(elsewhere: pathlib.Path) -> None:
    header = elsewhere / "capi" / "include" / "claude" / "call.h"
    text = header.read_text("utf-8")
    broken = {
        " * @param size        room in bytes, 1 or more\n": (" *\n", "parameter 'size'"),
        " * @return the status; 0 while": (" * the status; 0 while", "return type of member claude_call_http_status"),
        " * @param which  ": (" * @param witch  ", "argument 'witch'"),
        "@return 1 or 0; 0 for NULL\n": ("@return 1 or 0; see claude_call_isnt()\n", "'claude_call_isnt()'"),
        "@return CLAUDE_CALL_*; 0 for NULL\n": ("@return CLAUDE_CALL_WAITING\n", "'CLAUDE_CALL_WAITING'"),
        "    /** Under way. */\n": ("", "'CLAUDE_CALL_RUNNING'"),
        "CLAUDE_API void claude_call_cancel(": (
            "CLAUDE_API void claude_call_other(void);\nCLAUDE_API void claude_call_cancel(",
            "Member claude_call_cancel(claude_call_t *call) (function) of file call.h is not documented",
        ),
    }
    for before, (after, _) in broken.items():
        assert before in text, before
        text = text.replace(before, after, 1)
    text = text.replace("Whether a call is under way:", "Whether a call is CLAUDE_CALL_RUNNING:")
    header.write_text(text, encoding="utf-8")
    done = make_elsewhere(elsewhere)
    assert done.returncode != 0
    for _, complaint in broken.values():
        assert complaint in done.stderr
