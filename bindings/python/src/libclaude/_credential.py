"""Tokens that a client fetches: the provider, and the exceptions it raises."""

from __future__ import annotations

from ._args import since_1970
from ._errors import check, invalid
from ._ffi import ffi, lib
from ._heard import keep
from ._secret import Secret
from ._sign import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any, Literal, Optional, Union

    from ._claude import CData
    from ._sign import Hooks

    Reason = Literal["first", "expires", "refused"]
    Token = Union[str, Secret]
    Fetched = Union[Token, tuple[Token, Optional[Union[float, datetime]]]]
    Provider = Callable[[Reason], Fetched]

_REASONS: dict[int, Reason] = {
    lib.CLAUDE_CREDENTIAL_FIRST: "first",
    lib.CLAUDE_CREDENTIAL_EXPIRES: "expires",
    lib.CLAUDE_CREDENTIAL_REFUSED: "refused",
}


class CredentialHook:
    """A program's provider. What it raises goes to the client that asks it."""

    __slots__ = ("_client", "_provide")

    def __init__(self, provide: Provider, client: Hooks) -> None:
        if not callable(provide):
            raise invalid(f"credentials must be callable, not {type(provide).__name__}")
        self._provide = provide
        self._client = client

    def register(self, config: CData) -> None:
        """Hands it to a configuration, which gives it back through libclaude_destroy."""
        handle = ffi.new_handle(self)
        held[handle] = handle
        err = ffi.new("claude_error_t **")
        check(lib.claude_py_set_credential_provider(config, handle, err), err)

    def run(self, credential: CData) -> int:
        """Asks the program; 0 to go on, else a number that Hooks.failure() understands."""
        try:
            fetched = self._provide(_REASONS[lib.claude_credential_reason(credential)])
            secret = _secret_of(fetched)
            err = ffi.new("claude_error_t **")
            check(lib.claude_credential_set_secret(credential, secret._handle, err), err)
        except BaseException as error:
            number = self._client.keep(error)
            if not isinstance(error, Exception):
                keep(error)  # Ctrl-C, for example: also where there is an old token to go on with
            return number
        return 0


def _secret_of(fetched: Any) -> Secret:
    """What a provider may return: a token, or a token and when it expires."""
    token, expires = fetched if isinstance(fetched, tuple) and len(fetched) == 2 else (fetched, None)
    if isinstance(token, str):
        token = Secret.unchecked(token)
    if not isinstance(token, Secret):
        if hasattr(token, "close") and hasattr(token, "__await__"):
            token.close()
        raise TypeError(
            f"credentials must return a token, or (token, expiry), and not {type(token).__name__}; "
            "it cannot be an async function"
        )
    if expires is not None:
        err = ffi.new("claude_error_t **")
        check(lib.claude_secret_set_expiry(token._handle, since_1970(expires, "the expiry"), err), err)
    return token


@ffi.def_extern(error=-1)
def libclaude_credential(credential: CData, user_data: CData) -> int:
    hook: CredentialHook = ffi.from_handle(user_data)
    return hook.run(credential)
