"""Files: in messages as images and documents, and in forms."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from ._args import c_text
from ._errors import check, invalid
from ._ffi import NULL, ffi, lib, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Union

    from ._claude import CData

    Content = Union["File", os.PathLike[str], bytes, bytearray, memoryview, BinaryIO]


class File:
    """A file to be sent: of a path, whose content is read while it is sent and never held in memory, or of bytes.

    It may stand for a string anywhere in a request's body, where its content is sent in base64, and in a form as it is.
    """

    __slots__ = ("_handle",)

    def __init__(self, content: Content, name: str | None = None) -> None:
        """A pathlib.Path; or bytes, or a file opened in binary mode, which are read at once.

        `name` is what bytes are called where a name is wanted.
        """
        out, err = ffi.new("claude_file_t **"), ffi.new("claude_error_t **")
        if isinstance(content, File):
            out[0] = lib.claude_file_ref(content._handle)
        elif isinstance(content, os.PathLike):
            os.stat(content)  # raises what Python programs expect of a file that is not there
            check(lib.claude_file_open(c_text(content, "path"), out, err), err)
        else:
            data = read(content, "the file")
            if name is None and isinstance(getattr(content, "name", None), str):
                name = os.path.basename(content.name)  # type: ignore[union-attr]
            called = NULL if name is None else c_text(name, "the name of a file")
            check(lib.claude_file_from_bytes(data, len(data), called, out, err), err)
        self._handle: CData = ffi.gc(out[0], lib.claude_file_unref)

    @property
    def name(self) -> str:
        """The last part of the path, or what the bytes are called."""
        return text_of(lib.claude_file_name(self._handle)) or ""

    @property
    def media_type(self) -> str:
        """By its first bytes, or else by its name; "application/octet-stream" if neither tells."""
        return text_of(lib.claude_file_media_type(self._handle)) or ""

    @property
    def size(self) -> int:
        """How many bytes."""
        return lib.claude_file_size(self._handle)

    @property
    def token(self) -> str:
        """The text that stands for it in a body that is given as bytes; such a request is told of it by `files`."""
        return text_of(lib.claude_file_token(self._handle)) or ""

    def __repr__(self) -> str:
        return f"<File {self.name!r}, {self.size} bytes, {self.media_type}>"


def image_block(
    file: Content | str | None = None, media_type: str | None = None, *, file_id: str | None = None, **more: Any
) -> dict[str, Any]:
    """An image as a content block, to be put into the content of a message.

    `file` is a path (pathlib.Path), which is read while the request is sent; bytes; a file opened in binary mode; or a
    URL as str. `file_id` names one that was uploaded before. The media type is found in the bytes if it is not given.
    Other arguments are further members of the block, for example `cache_control`.
    """
    return {**_block("image", file, media_type, file_id), **more}


def document_block(
    file: Content | str | None = None, media_type: str | None = None, *, file_id: str | None = None, **more: Any
) -> dict[str, Any]:
    """A PDF or a text as a content block, to be put into the content of a message.

    The arguments are those of image_block(). What is no PDF is taken as text in UTF-8, and read at once. Other
    arguments are further members of the block, for example `title`, `context`, `citations`.
    """
    return {**_block("document", file, media_type, file_id), **more}


_MAKERS: dict[str, dict[str, Any]] = {
    "image": {
        "bytes": lib.claude_block_image_bytes,
        "file": lib.claude_block_image_file,
        "file_id": lib.claude_block_image_file_id,
        "url": lib.claude_block_image_url,
    },
    "document": {
        "bytes": lib.claude_block_document_bytes,
        "file": lib.claude_block_document_file,
        "file_id": lib.claude_block_document_file_id,
        "url": lib.claude_block_document_url,
    },
}


def _block(kind: str, file: Any, media_type: str | None, file_id: str | None) -> dict[str, Any]:
    """A block as the library makes it, with the File in the place of its token."""
    out, err = ffi.new("claude_block_t **"), ffi.new("claude_error_t **")

    def make(source: str, *arguments: Any) -> dict[str, Any]:
        check(_MAKERS[kind][source](*arguments, out, err), err)
        block = ffi.gc(out[0], lib.claude_block_unref)
        length = ffi.new("size_t *")
        made: dict[str, Any] = json.loads(ffi.unpack(lib.claude_block_to_json(block, length), length[0]))
        return made

    if file_id is not None:
        if file is not None:
            raise invalid(f"the {kind} is given both as a file and by its file_id")
        return make("file_id", c_text(file_id, "file_id"))
    if isinstance(file, str):
        return make("url", c_text(_url(file), "the URL"))
    if isinstance(file, (os.PathLike, File)):
        file = File(file)
        block = make("file", file._handle)
        if block["source"].get("data") == file.token:
            block["source"]["data"] = file
        if media_type is not None:
            block["source"]["media_type"] = media_type
        return block
    data = read(file, f"the {kind}")
    return make("bytes", data, len(data), NULL if media_type is None else c_text(media_type, "media_type"))


def _url(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise invalid("a str must be a URL that begins with https:// or http://; give a file's path as pathlib.Path")
    return text


def is_content(value: Any) -> bool:
    """Whether a File can be made of it."""
    return isinstance(value, (File, os.PathLike, bytes, bytearray, memoryview)) or hasattr(value, "read")


def read(file: Any, what: str) -> bytes:
    """All bytes of bytes, or of an open file from where it stands."""
    if isinstance(file, (bytes, bytearray, memoryview)):
        return bytes(file)
    if not hasattr(file, "read"):
        raise invalid(f"{what} must be a pathlib.Path, bytes or a file in binary mode, not {type(file).__name__}")
    data = file.read()
    if not isinstance(data, bytes):
        raise invalid(f"{what} is a file in text mode; open it in binary mode")
    return data


# ---- in the body of a request


def with_tokens(value: Any, files: list[File], path: str = "") -> Any:
    """A copy in which tokens stand for files, which are listed in `files`.

    A file is a File; or anything that a File can be made of, as the `data` of a `source`.
    """
    if isinstance(value, File):
        files.append(value)
        return value.token
    if isinstance(value, Mapping):
        if value.get("type") in ("base64", "text") and is_content(value.get("data")):
            value = _filled(value, f"{path}.data" if path else "data")
        return {
            name: with_tokens(member, files, f"{path}.{name}" if path else str(name)) for name, member in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [with_tokens(item, files, f"{path}[{index}]") for index, item in enumerate(value)]
    return value


def _filled(source: Mapping[str, Any], path: str) -> dict[str, Any]:
    """A source with a File in the place of its data, or with its text."""
    data = source["data"]
    if source["type"] == "text":
        return {"media_type": "text/plain", **source, "data": _text(data, path)}
    file = data if isinstance(data, (File, os.PathLike)) else read(data, path)
    file = File(file)
    if file.size == 0:
        raise invalid(f"{path} is empty")
    media_type = source.get("media_type") or file.media_type
    if media_type == "application/octet-stream":
        raise invalid(f"{path[:-5]}.media_type is missing, and the data does not say what it is")
    return {**source, "media_type": media_type, "data": file}


def _text(file: Any, path: str) -> str:
    if isinstance(file, os.PathLike):
        with open(file, "rb") as opened:
            data = opened.read()
    else:
        data = read(file, path)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise invalid(f"{path} is not text in UTF-8 (byte {error.start})") from None


# ---- in a form


def add_form(request: CData, form: Any) -> None:
    """Adds the parts of a form: a mapping or pairs of names with texts, numbers, or files.

    A file is what a File can be made of, or a tuple of its name, the file and, if wanted, its media type. A list stands
    for several parts of that name.
    """
    pairs = form.items() if isinstance(form, Mapping) else form
    try:
        parts = [(name, value) for name, value in pairs]
    except (TypeError, ValueError):
        raise invalid("form must be a mapping or a list of pairs of a name and a value") from None
    for name, value in parts:
        for each in value if isinstance(value, list) else [value]:
            _add_part(request, c_text(name, "the name of a form's part"), name, each)


def _add_part(request: CData, name: bytes, shown: str, value: Any) -> None:
    err = ffi.new("claude_error_t **")
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, (str, int, float)):
        text = encoded(str(value), f"form part {shown}")
        check(lib.claude_request_add_form_field(request, name, text, len(text), err), err)
        return
    filename, content, media_type = (
        (*value, None)[:3] if isinstance(value, tuple) and len(value) > 1 else (None, value, None)
    )
    if not is_content(content):
        raise invalid(f"form part {shown} must be text, a number or a file, not {type(content).__name__}")
    file = File(content, filename)
    check(
        lib.claude_request_add_file(
            request,
            name,
            file._handle,
            NULL if filename is None else c_text(filename, "the name of a file"),
            NULL if media_type is None else c_text(media_type, "media_type"),
            err,
        ),
        err,
    )


def encoded(text: str, what: str) -> bytes:
    """Text in UTF-8, NULs included."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise invalid(f"{what} has a lone surrogate at character {error.start}") from None
