"""Images and documents from paths, bytes and open files."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, MODEL, ask, environment
from libclaude import File, document_block, image_block

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3
PDF = b"%PDF-1.7\n" + os.urandom(1000)
MAGIC = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0rest",
    "image/gif": b"GIF89arest",
    "image/webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "application/pdf": PDF,
}


def source(kind: str, data: bytes) -> dict[str, Any]:
    return {"type": "base64", "media_type": kind, "data": base64.b64encode(data).decode()}


@pytest.mark.parametrize("kind", MAGIC)
def test_media_types(kind: str) -> None:
    make = document_block if kind == "application/pdf" else image_block
    block = make(MAGIC[kind])
    assert block == {"type": make.__name__.partition("_")[0], "source": source(kind, MAGIC[kind])}


def test_where_an_image_may_come_from(tmp_path: Path) -> None:
    path = tmp_path / "picture of nothing"
    path.write_bytes(PNG)
    expected = {"type": "image", "source": source("image/png", PNG)}
    with path.open("rb") as opened:
        opened.read(0)
        for file in (PNG, bytearray(PNG), memoryview(PNG), io.BytesIO(PNG), opened):
            assert image_block(file) == expected
    for held in (path, File(path), File(PNG)):
        block = image_block(held)
        assert isinstance(block["source"]["data"], File)
        assert block["source"]["media_type"] == "image/png"
    assert image_block(file_id="file_1", cache_control={"type": "ephemeral"}) == {
        "type": "image",
        "source": {"type": "file", "file_id": "file_1"},
        "cache_control": {"type": "ephemeral"},
    }
    assert image_block("https://example.com/a.png") == {
        "type": "image",
        "source": {"type": "url", "url": "https://example.com/a.png"},
    }


def test_documents(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("Grüße\0\n", encoding="utf-8")
    block = document_block(path, title="Notes", citations={"enabled": True})
    assert block == {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "Grüße\0\n"},
        "title": "Notes",
        "citations": {"enabled": True},
    }
    assert document_block("https://example.com/a.pdf")["source"]["type"] == "url"
    assert document_block(file_id="file_2")["source"] == {"type": "file", "file_id": "file_2"}


def test_files_as_data(client: libclaude.Client, sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    content = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/x", "data": io.BytesIO(b"any")}},
        {"type": "image", "source": {"type": "base64", "data": path}},
        {"type": "document", "source": {"type": "text", "data": b"plain text"}},
        document_block(PDF),
        image_block(path),
        {"type": "image", "source": {"type": "base64", "media_type": "image/y", "data": File(b"any")}},
        {"type": "text", "text": "What is this?"},
    ]
    client.messages.create(model=MODEL, max_tokens=9, messages=({"role": "user", "content": content},))
    sent = sandbox.requests()[0].json()["messages"][0]["content"]
    assert [block.get("source") for block in sent] == [
        source("image/x", b"any"),
        source("image/png", PNG),
        {"type": "text", "media_type": "text/plain", "data": "plain text"},
        source("application/pdf", PDF),
        source("image/png", PNG),
        source("image/y", b"any"),
        None,
    ]
    # What was given is as it was.
    assert content[1]["source"] == {"type": "base64", "data": path}


@pytest.mark.parametrize(
    ("make", "file", "words"),
    [
        (image_block, b"no image", "does not begin like image/jpeg, image/png, image/gif or image/webp"),
        (image_block, b"", "image data is empty"),
        (image_block, "cat.png", "give a file's path as pathlib.Path"),
        (image_block, 5, "the image must be a pathlib.Path, bytes or a file in binary mode, not int"),
        (image_block, io.StringIO("text"), "the image is a file in text mode"),
        (document_block, b"caf\xe9", "not valid UTF-8 at offset 3"),
        (document_block, None, "not NoneType"),
    ],
)
def test_bad_files(make: Any, file: Any, words: str) -> None:
    with pytest.raises(libclaude.InvalidRequestError, match=words):
        make(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        image_block(tmp_path / "nothing")
    with pytest.raises(libclaude.FileError, match="only regular files can be sent") as caught:
        image_block(tmp_path)
    assert isinstance(caught.value, OSError)


def test_what_is_known_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    file = File(path)
    assert (file.name, file.media_type, file.size) == ("a.png", "image/png", len(PNG))
    assert repr(file) == f"<File 'a.png', {len(PNG)} bytes, image/png>"
    assert (File(b"", "b.txt").name, File(b"").name, File(b"x").media_type) == ("b.txt", "", "application/octet-stream")
    with path.open("rb") as opened:
        assert File(opened).name == "a.png"
    with pytest.raises(libclaude.InvalidRequestError, match=r"must be a pathlib.Path, bytes or a file"):
        File("a.png")  # type: ignore[arg-type]


def test_a_path_is_read_while_it_is_sent(client: libclaude.Client, sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    message = {"role": "user", "content": [image_block(path)]}
    client.messages.create(model=MODEL, max_tokens=9, messages=[message])
    assert sandbox.requests()[0].json()["messages"][0]["content"][0]["source"] == source("image/png", PNG)
    path.write_bytes(PNG + b"more")
    with pytest.raises(libclaude.FileError, match="changed"):
        client.messages.create(model=MODEL, max_tokens=9, messages=[message])


SENDS = """
import resource, sys
from pathlib import Path
import libclaude

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

with libclaude.Client(sys.argv[1], base_url=sys.argv[2]) as client:
    ask = {"model": "claude-opus-5", "messages": [{"role": "user", "content": "hi"}]}
    client.messages.count_tokens(**ask)
    before = peak()
    ask["messages"][0]["content"] = [libclaude.document_block(Path(sys.argv[3]))]
    client.messages.count_tokens(**ask)
    print(peak() - before)
"""


def test_a_large_file_is_not_held_in_memory(sandbox: Sandbox, tmp_path: Path) -> None:
    size = 20 << 20
    path = tmp_path / "a.pdf"
    with path.open("wb") as opened:
        opened.write(b"%PDF-1.7\n")
        opened.truncate(size)
    command = [sys.executable, "-c", SENDS, CANARY, sandbox.url, str(path)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert sandbox.requests()[1].body_length > size * 4 / 3
    assert int(done.stdout) < 4 << 10


@pytest.mark.parametrize("kind", [dict, list])
def test_forms(client: libclaude.Client, sandbox: Sandbox, tmp_path: Path, kind: Any) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("from a path", encoding="utf-8")
    parts = [
        ("number", 3600),
        ("yes", True),
        ("file", path),
        ("renamed", ("other.md", path)),
        ("files[]", [("x/y.bin", b"one"), ("z.txt", io.BytesIO(b"two"), "text/x"), File(b"three", "3")]),
    ]
    sandbox.scenario({"body_json": {}})
    client.request("files.upload", form=kind(parts))
    body = sandbox.requests()[0].body.decode()
    for part in (
        'name="number"\r\n\r\n3600\r\n',
        'name="yes"\r\n\r\ntrue\r\n',
        'name="file"; filename="notes.txt"\r\nContent-Type: text/plain\r\n\r\nfrom a path\r\n',
        'name="renamed"; filename="other.md"\r\n',
        'name="files[]"; filename="x/y.bin"\r\n',
        'filename="z.txt"\r\nContent-Type: text/x\r\n\r\ntwo\r\n',
        'filename="3"\r\n',
    ):
        assert part in body


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (5, "form must be a mapping or a list of pairs"),
        ([5], "form must be a mapping or a list of pairs"),
        ({"a": None}, "form part a must be text, a number or a file, not NoneType"),
        ({"a\0": "b"}, "the name of a form's part has a NUL"),
        ({"a": "\ud800"}, "form part a has a lone surrogate at character 0"),
        ({"a": io.StringIO("text")}, "file in text mode"),
    ],
)
def test_bad_forms(client: libclaude.Client, sandbox: Sandbox, form: Any, words: str) -> None:
    with pytest.raises(libclaude.InvalidRequestError, match=words):
        client.request("files.upload", form=form)
    assert sandbox.counts()[0] == 0


def test_bytes_with_a_token(client: libclaude.Client, sandbox: Sandbox) -> None:
    file = File(b"picture")
    client.request("messages.count_tokens", json.dumps(ask(file.token)).encode(), files=[file])
    assert sandbox.requests()[0].json() == ask(base64.b64encode(b"picture").decode())
    with pytest.raises(libclaude.InvalidRequestError, match="files must be a list of File, not of bytes"):
        client.request("messages.count_tokens", b"{}", files=[b"x"])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"who knows", r"messages\[0\].content\[0\].source.media_type is missing"),
        (b"", r"messages\[0\].content\[0\].source.data is empty"),
        (io.StringIO("x"), r"messages\[0\].content\[0\].source.data is a file in text mode"),
    ],
)
def test_bad_files_as_data(client: libclaude.Client, sandbox: Sandbox, data: Any, words: str) -> None:
    content = [{"type": "image", "source": {"type": "base64", "data": data}}]
    with pytest.raises(libclaude.InvalidRequestError, match=words):
        client.messages.create(model=MODEL, max_tokens=9, messages=[{"role": "user", "content": content}])
    # Bytes are files there alone.
    with pytest.raises(libclaude.InvalidRequestError, match=r"metadata.data is of type bytes"):
        client.messages.create(model=MODEL, max_tokens=9, messages=[], metadata={"type": "x", "data": b"x"})
    assert sandbox.counts()[0] == 0
