"""Forms with files, read by two parsers that know nothing of what wrote them: Python's for mail, and the sandbox's."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from native import CONSTANTS, Client, File, NativeError, Request
from received import form_of, only

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox

MIXED = bytes(range(256)) * 4
CONTENTS = {
    "empty": b"",
    "line ends": b"\r\n\r\n\n\r--\r\n--",
    "looks like a boundary": b"\r\n--claude-form-00000000000000000000000000000000--\r\n",
    "all bytes": MIXED,
    "ends in the middle": b"text\r",
    "text": "Grüße\n".encode(),
}


@pytest.fixture(autouse=True)
def _echo(sandbox: Sandbox) -> None:
    sandbox.scenario({"echo": True})


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_contents(content: bytes, sandbox: Sandbox, plain: Client) -> None:
    request = Request("files.upload").file("file", File(content, "a.bin"), None, "application/x-test")
    plain.execute(request)
    assert form_of(only(sandbox)) == [("file", "a.bin", "application/x-test", content)]


@pytest.mark.parametrize(
    ("filename", "written"),
    [
        ("plain.txt", "plain.txt"),
        ("folder/sub folder/SKILL.md", "folder/sub folder/SKILL.md"),
        ("Grüße 犬😀.txt", "Grüße 犬😀.txt"),
        ("semi;colon=1.txt", "semi;colon=1.txt"),
        ('quo"te.txt', "quo%22te.txt"),
        ("line\r\nend: x.txt", "line%0D%0Aend: x.txt"),
        ("per%22cent.txt", "per%22cent.txt"),
        ("%", "%"),
    ],
)
def test_names_of_files(filename: str, written: str, sandbox: Sandbox, plain: Client) -> None:
    """Quotes and line ends are written as browsers do it."""
    plain.execute(Request("skills.create").file("files[]", File(b"1"), filename, "text/plain"))
    head = only(sandbox).body.split(b"\r\n\r\n")[0].decode()
    assert f'Content-Disposition: form-data; name="files[]"; filename="{written}"\r\n' in head
    assert len(head.split("\r\n")) == 3
    if filename.isascii():
        assert form_of(only(sandbox)) == [("files[]", written, "text/plain", b"1")]


def test_many_parts_in_their_order(sandbox: Sandbox, plain: Client, tmp_path: Path) -> None:
    path = tmp_path / "on disk.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + MIXED)
    request = Request("skills.create").field("display_name", "Grüße\r\n--x")
    for number in range(50):
        request.file("files[]", File(f"{number}".encode() * number, None), f"skill/{number}.txt", "text/plain")
    request.field("empty", "").file("files[]", File(path))
    plain.execute(request)
    parts = form_of(only(sandbox))
    assert parts[0] == ("display_name", None, "", "Grüße\r\n--x".encode())
    assert parts[1:51] == [
        ("files[]", f"skill/{number}.txt", "text/plain", f"{number}".encode() * number) for number in range(50)
    ]
    assert parts[51] == ("empty", None, "", b"")
    assert parts[52:] == [("files[]", "on disk.png", "image/png", path.read_bytes())]


def test_a_file_that_has_no_name(sandbox: Sandbox, plain: Client) -> None:
    plain.execute(Request("files.upload").file("file", File(b"1")))
    ((name, filename, _, content),) = form_of(only(sandbox))
    assert (name, content) == ("file", b"1")
    assert filename, "or it would be a field"


def test_each_request_has_a_boundary_of_its_own(sandbox: Sandbox, plain: Client) -> None:
    request = Request("files.upload").file("file", File(b"1", "a"))
    for _ in range(3):
        plain.execute(request)
    assert len({received.header("content-type") for received in sandbox.requests()}) == 3


@pytest.mark.parametrize("size", [1, 65535, 65536, 65537, 3 << 20])
def test_up_and_down_again(size: int, sandbox: Sandbox, plain: Client, tmp_path: Path) -> None:
    """The sandbox's parser is strict, and it counts."""
    sandbox.scenario(None)
    content = random.Random(size).randbytes(size)
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    uploaded = plain.execute(
        Request("files.upload").file("file", File(path)).field("expires_in_seconds", "3600")
    ).json()
    assert (uploaded["filename"], uploaded["size_bytes"]) == ("file.bin", size)
    assert uploaded["mime_type"] == "application/octet-stream"
    assert plain.execute(Request("files.download").path("file_id", uploaded["id"])).body == content
    assert b"".join(plain.read(Request("files.download").path("file_id", uploaded["id"]), 10000).chunks) == content


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(NativeError) as caught:
            File(path)
        assert caught.value.code in (CONSTANTS["CLAUDE_E_IO"], CONSTANTS["CLAUDE_E_INVALID"])
        assert path.name in caught.value.text


def test_a_file_that_has_changed(sandbox: Sandbox, plain: Client, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"12345")
    request = Request("files.upload").file("file", File(path))
    path.write_bytes(b"123456")
    with pytest.raises(NativeError) as caught:
        plain.execute(request)
    assert caught.value.code == CONSTANTS["CLAUDE_E_IO"]
    assert not any(received.complete for received in sandbox.requests())


@pytest.mark.parametrize(
    ("name", "filename", "media_type"),
    [
        ("", "a", "text/plain"),
        ("file", "", "text/plain"),
        ("file", "a", "text/plain\r\nx: y"),
        ("file", "a", "text\x01/plain"),
    ],
)
def test_what_is_refused(name: str, filename: str, media_type: str) -> None:
    with pytest.raises(NativeError) as caught:
        Request("files.upload").file(name, File(b"1"), filename, media_type)
    assert caught.value.code == CONSTANTS["CLAUDE_E_INVALID"]
