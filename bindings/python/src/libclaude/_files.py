"""Files in messages: images and documents as content blocks."""

from __future__ import annotations

import os
from binascii import b2a_base64
from collections.abc import Mapping

from ._errors import invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Union

    File = Union[os.PathLike[str], bytes, bytearray, memoryview, BinaryIO]

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)


def image_block(file: File | str, media_type: str | None = None, **more: Any) -> dict[str, Any]:
    """An image as a content block, to be put into the content of a message.

    `file` is a path (pathlib.Path), bytes, a file opened in binary mode, or a URL as str. The media type is found in
    the bytes if it is not given. Other arguments are further members of the block, for example `cache_control`.
    """
    if isinstance(file, str):
        return {"type": "image", "source": _url(file), **more}
    data = read(file, "the image")
    kind = media_type or media_type_of(data)
    if kind is None:
        raise invalid("the image is neither PNG, JPEG, GIF nor WebP; say its media_type")
    return {"type": "image", "source": _base64(data, kind), **more}


def document_block(file: File | str, media_type: str | None = None, **more: Any) -> dict[str, Any]:
    """A PDF or a text as a content block, to be put into the content of a message.

    `file` is as for image_block(). Bytes that are no PDF are taken as text in UTF-8. Other arguments are further
    members of the block, for example `title`, `context`, `citations`.
    """
    if isinstance(file, str):
        return {"type": "document", "source": _url(file), **more}
    data = read(file, "the document")
    kind = media_type or media_type_of(data) or "text/plain"
    source = _text(data, kind) if kind == "text/plain" else _base64(data, kind)
    return {"type": "document", "source": source, **more}


def media_type_of(data: bytes) -> str | None:
    """What the first bytes say, for the types that the API takes."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)


def is_file(value: Any) -> bool:
    """Whether read() takes it."""
    return isinstance(value, (os.PathLike, bytes, bytearray, memoryview)) or hasattr(value, "read")


def read(file: Any, what: str) -> bytes:
    """All bytes of a path, of bytes, or of an open file from where it stands."""
    if isinstance(file, os.PathLike):
        with open(file, "rb") as opened:
            data = opened.read()
    elif isinstance(file, (bytes, bytearray, memoryview)):
        data = bytes(file)
    elif hasattr(file, "read"):
        data = file.read()
        if not isinstance(data, bytes):
            raise invalid(f"{what} is a file in text mode; open it in binary mode")
    else:
        raise invalid(f"{what} must be a pathlib.Path, bytes or a file in binary mode, not {type(file).__name__}")
    if not data:
        raise invalid(f"{what} is empty")
    return data


def inlined(value: Any, path: str = "") -> Any:
    """A copy in which each `source` whose `data` is a file has what is in it."""
    if isinstance(value, Mapping):
        copied = {name: inlined(member, f"{path}.{name}" if path else str(name)) for name, member in value.items()}
        return _filled(copied, path) if is_file(copied.get("data")) else copied
    if isinstance(value, (list, tuple)):
        return [inlined(item, f"{path}[{index}]") for index, item in enumerate(value)]
    return value


def _filled(source: dict[str, Any], path: str) -> dict[str, Any]:
    kind = source.get("type")
    if kind not in ("base64", "text"):
        return source
    data = read(source["data"], f"{path}.data")
    if kind == "text":
        return {"media_type": "text/plain", **source, "data": _text(data, "text/plain")["data"]}
    media_type = source.get("media_type") or media_type_of(data)
    if media_type is None:
        raise invalid(f"{path}.media_type is missing, and the data does not say what it is")
    return {**source, **_base64(data, media_type)}


def _base64(data: bytes, media_type: str) -> dict[str, Any]:
    return {"type": "base64", "media_type": media_type, "data": b2a_base64(data, newline=False).decode("ascii")}


def _text(data: bytes, media_type: str) -> dict[str, Any]:
    try:
        return {"type": "text", "media_type": media_type, "data": data.decode()}
    except UnicodeDecodeError as error:
        raise invalid(f"the document is neither PDF nor text in UTF-8 (byte {error.start})") from None


def _url(text: str) -> dict[str, Any]:
    if not text.startswith(("https://", "http://")):
        raise invalid("a str must be a URL that begins with https:// or http://; give a file's path as pathlib.Path")
    return {"type": "url", "url": text}
