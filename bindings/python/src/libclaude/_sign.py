"""The hook that signs each attempt, for gateways that want signatures."""

from __future__ import annotations

import atexit
from collections import OrderedDict
from collections.abc import Mapping
from itertools import count

from ._args import c_text
from ._errors import check, invalid
from ._ffi import ffi, lib, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Optional

    from ._claude import CData

    Signer = Callable[["Attempt"], Optional[Mapping[str, str]]]


# Numbers that calls fail with: those of signers, and above them those of providers.
_NUMBERS = 0x3FFFFFFF
_FIRST_OF_PROVIDERS = _NUMBERS + 1
_KEPT_MAX = 8


class Attempt:
    """A request about to be sent. The header that carries the key is not among `headers`."""

    __slots__ = ("body_sha256", "headers", "method", "url")

    def __init__(self, method: str, url: str, headers: dict[str, str], body_sha256: str) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.body_sha256 = body_sha256


class SignHook:
    """A program's function, and the exceptions it raised, kept until the call they ended has returned."""

    __slots__ = ("_failures", "_numbers", "_sign")

    def __init__(self, sign: Signer) -> None:
        if not callable(sign):
            raise invalid(f"sign must be callable, not {type(sign).__name__}")
        self._sign = sign
        self._failures: dict[int, BaseException] = {}
        self._numbers = count()

    def register(self, config: CData) -> None:
        """Hands the hook to a configuration, which gives it back through libclaude_destroy."""
        handle = ffi.new_handle(self)
        held[handle] = handle
        err = ffi.new("claude_error_t **")
        check(lib.claude_py_on_sign(config, handle, err), err)

    def failure(self, user_code: int) -> BaseException | None:
        """The exception that ended a call with this code."""
        return self._failures.pop(user_code, None)

    def run(self, sign: CData) -> int:
        """Asks the program; 0 to go on, else a number that failure() understands."""
        try:
            added = self._sign(_attempt(sign))
            if added is not None:
                _add(sign, added)
        except BaseException as error:
            number = next(self._numbers) % _NUMBERS + 1
            self._failures[number] = error
            return number
        return 0


class Hooks:
    """What may end a call with an exception of the program's: the client's signer, and its providers of tokens.

    Of what providers raised the last few are kept: a call may have gone on with the old token.
    """

    __slots__ = ("_kept", "_numbers", "signer")

    def __init__(self) -> None:
        self.signer: SignHook | None = None
        self._kept: OrderedDict[int, BaseException] = OrderedDict()
        self._numbers = count()

    def keep(self, error: BaseException) -> int:
        """What a provider has raised; the number that failure() understands."""
        number = _FIRST_OF_PROVIDERS + next(self._numbers) % _NUMBERS
        self._kept[number] = error
        while len(self._kept) > _KEPT_MAX:
            self._kept.popitem(last=False)
        return number

    def failure(self, user_code: int) -> BaseException | None:
        """The exception that ended a call with this code."""
        if user_code >= _FIRST_OF_PROVIDERS:
            return self._kept.pop(user_code, None)
        return self.signer.failure(user_code) if self.signer is not None else None


atexit.register(lib.claude_py_end)

# What C holds a pointer to must stay alive until C says that it is done.
held: dict[CData, CData] = {}


def _attempt(sign: CData) -> Attempt:
    name, value = ffi.new("const char **"), ffi.new("const char **")
    headers: dict[str, str] = {}
    index = 0
    while lib.claude_sign_header_at(sign, index, name, value):
        headers[text_of(name[0]) or ""] = text_of(value[0]) or ""
        index += 1
    return Attempt(
        text_of(lib.claude_sign_method(sign)) or "",
        text_of(lib.claude_sign_url(sign)) or "",
        headers,
        text_of(lib.claude_sign_body_sha256(sign)) or "",
    )


def _add(sign: CData, headers: Any) -> None:
    if not isinstance(headers, Mapping):
        raise TypeError(f"sign must return a mapping of headers or None, not {type(headers).__name__}")
    err = ffi.new("claude_error_t **")
    for name, value in headers.items():
        data = c_text(value, f"header {name}")
        check(lib.claude_sign_add_header(sign, c_text(name, "the name of a header"), data, err), err)


@ffi.def_extern(error=-1)
def libclaude_sign(sign: CData, user_data: CData) -> int:
    hook: SignHook = ffi.from_handle(user_data)
    return hook.run(sign)


@ffi.def_extern()
def libclaude_destroy(user_data: CData) -> None:
    held.pop(user_data, None)
