"""Images and documents from paths, bytes and open files."""

from __future__ import annotations

import base64
import io
import os
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import MODEL
from libclaude import document_block, image_block

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
        for file in (path, PNG, bytearray(PNG), memoryview(PNG), io.BytesIO(PNG), opened):
            assert image_block(file) == expected
    assert image_block(b"anything", "image/tiff")["source"]["media_type"] == "image/tiff"
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
    assert document_block(b"\xff\xfe", "application/pdf")["source"] == source("application/pdf", b"\xff\xfe")


def test_files_as_data(client: libclaude.Client, sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    content = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/x", "data": io.BytesIO(b"any")}},
        {"type": "image", "source": {"type": "base64", "data": path}},
        {"type": "document", "source": {"type": "text", "data": b"plain text"}},
        document_block(PDF),
        {"type": "text", "text": "What is this?"},
    ]
    client.messages.create(model=MODEL, max_tokens=9, messages=({"role": "user", "content": content},))
    sent = sandbox.requests()[0].json()["messages"][0]["content"]
    assert [block.get("source") for block in sent] == [
        source("image/x", b"any"),
        source("image/png", PNG),
        {"type": "text", "media_type": "text/plain", "data": "plain text"},
        source("application/pdf", PDF),
        None,
    ]
    # What was given is as it was.
    assert content[1]["source"] == {"type": "base64", "data": path}


@pytest.mark.parametrize(
    ("make", "file", "words"),
    [
        (image_block, b"no image", "neither PNG, JPEG, GIF nor WebP"),
        (image_block, b"", "the image is empty"),
        (image_block, "cat.png", "give a file's path as pathlib.Path"),
        (image_block, 5, "the image must be a pathlib.Path, bytes or a file in binary mode, not int"),
        (image_block, io.StringIO("text"), "the image is a file in text mode"),
        (document_block, b"caf\xe9", "neither PDF nor text in UTF-8 .byte 3."),
        (document_block, None, "not NoneType"),
    ],
)
def test_bad_files(make: Any, file: Any, words: str) -> None:
    with pytest.raises(libclaude.InvalidRequestError, match=words):
        make(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        image_block(tmp_path / "nothing")


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
