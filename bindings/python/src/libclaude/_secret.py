"""Keys that never show."""

from __future__ import annotations

from ._args import c_text
from ._errors import check, invalid
from ._ffi import ffi, lib, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any, NoReturn

    from ._claude import CData


class Secret:
    """An API key or token, kept by the library in locked memory that core dumps leave out."""

    __slots__ = ("_handle",)

    def __init__(self, text: str) -> None:
        """Checks that `text` has the format of an API key; see unchecked() for others."""
        self._handle = _from_text(lib.claude_secret_new, text)

    @classmethod
    def unchecked(cls, text: str) -> Secret:
        """Any visible ASCII text, for gateways with their own keys and for bearer tokens."""
        return cls._of(_from_text(lib.claude_secret_new_unchecked, text))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Secret:
        """From a file that only its owner can read."""
        return cls._of(_owned(lib.claude_secret_from_file, c_text(path, "path")))

    @classmethod
    def from_env(cls, name: str = "ANTHROPIC_API_KEY") -> Secret:
        """From an environment variable."""
        return cls._of(_owned(lib.claude_secret_from_env, c_text(name, "name")))

    @classmethod
    def from_workspace(cls, name: str = "ANTHROPIC_API_KEY") -> Secret:
        """From the workspace's file of secrets, else from the environment variable of that name."""
        return cls._of(_owned(lib.claude_secret_from_workspace, c_text(name, "name")))

    @classmethod
    def _of(cls, handle: CData) -> Secret:
        secret = cls.__new__(cls)
        secret._handle = handle
        return secret

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that name the secret and reveal nothing."""
        return text_of(lib.claude_secret_fingerprint(self._handle)) or ""

    def expose(self) -> str:
        """The text. Every use is counted."""
        length = ffi.new("size_t *")
        return ffi.unpack(lib.claude_secret_expose(self._handle, length), length[0]).decode()

    def __repr__(self) -> str:
        return f"<Secret {self.fingerprint}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")


def _owned(function: Any, *arguments: Any) -> CData:
    out, err = ffi.new("claude_secret_t **"), ffi.new("claude_error_t **")
    check(function(*arguments, out, err), err)
    return ffi.gc(out[0], lib.claude_secret_unref)


def _from_text(function: Any, text: str) -> CData:
    if not isinstance(text, str):
        raise invalid(f"an API key must be a str, not {type(text).__name__}")
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise invalid("the API key has characters that cannot travel in a header") from None
    return _owned(function, data, len(data))
