"""Keys that never show."""

from __future__ import annotations

import math

from ._args import c_text, since_1970
from ._errors import check, invalid
from ._ffi import NULL, ffi, lib, text_of
from ._heard import come_out, keep, mine, raised

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any, NoReturn

    from ._claude import CData

    OnExpiry = Callable[[str, float, float], object]


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
    def load_with_precedence(cls, name: str = "ANTHROPIC_API_KEY", runtime: str | Secret | None = None) -> Secret:
        """From the workspace's file, else the environment variable, else `runtime`; `source` tells which it was."""
        other = cls(runtime) if isinstance(runtime, str) else runtime
        handle = NULL if other is None else other._handle
        return cls._of(_owned(lib.claude_secret_load_with_precedence, c_text(name, "name"), handle))

    @classmethod
    def _of(cls, handle: CData) -> Secret:
        secret = cls.__new__(cls)
        secret._handle = handle
        return secret

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that name the secret and reveal nothing."""
        return text_of(lib.claude_secret_fingerprint(self._handle)) or ""

    @property
    def source(self) -> str:
        """Where it came from: "workspace", "environment", "file" or "program"."""
        return text_of(lib.claude_secret_source(self._handle)) or ""

    @property
    def expires_at(self) -> float | None:
        """When it runs out, in seconds since 1970 UTC; None: never, or not known. Can be set, also to a datetime."""
        found = lib.claude_secret_expires_at(self._handle)
        return found / 1000 if found >= 0 else None

    @expires_at.setter
    def expires_at(self, when: float | datetime | None) -> None:
        err = ffi.new("claude_error_t **")
        number = -1 if when is None else since_1970(when, "expires_at")
        check(lib.claude_secret_set_expiry(self._handle, number, err), err)

    def on_expiry(self, lead: float, tell: OnExpiry) -> None:
        """Has `tell` called at the secret's first use within `lead` seconds of its expiry or after it, once for each.

        It gets the fingerprint, when the secret expires (seconds since 1970 UTC), and how many seconds are left.
        What it raises comes out of the call that uses the secret. Can be said once.
        """
        if not callable(tell):
            raise invalid(f"tell must be callable, not {type(tell).__name__}")
        if isinstance(lead, bool) or not isinstance(lead, (int, float)) or not 0 <= lead <= 2**43:
            raise invalid(f"lead is {lead!r}; it must be a number of seconds, 0 or more")
        from ._sign import held

        handle = ffi.new_handle(tell)
        held[handle] = handle
        err = ffi.new("claude_error_t **")
        check(lib.claude_py_on_expiry(self._handle, math.ceil(lead * 1000), handle, err), err)

    def expose(self) -> str:
        """The text. Every use is counted."""
        length = ffi.new("size_t *")
        text = lib.claude_secret_expose(self._handle, length)
        if raised and mine():
            come_out()
        return ffi.unpack(text, length[0]).decode()

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


@ffi.def_extern()
def libclaude_secret_expiry(fingerprint: CData, expires_at_ms: int, left_ms: int, user_data: CData) -> None:
    tell: OnExpiry = ffi.from_handle(user_data)
    try:
        tell(text_of(fingerprint) or "", expires_at_ms / 1000, left_ms / 1000)
    except BaseException as error:
        keep(error)
