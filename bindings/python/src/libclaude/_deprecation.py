"""What a program wants to hear of deprecated models."""

from __future__ import annotations

import sys
from collections import deque

from ._errors import check, invalid
from ._ffi import ffi, lib, text_of
from ._sign import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Union

    from ._claude import CData

    OnDeprecation = Union[type[Warning], Callable[[str, str], object]]


class Deprecations:
    """What the library has said, until the call that it was said of has been started: then the program is told."""

    __slots__ = ("_heard", "_tell")
    _tell: Any

    def __init__(self, tell: OnDeprecation) -> None:
        if not callable(tell):
            raise invalid(f"on_deprecation must be a class of warnings or callable, not {type(tell).__name__}")
        self._heard: deque[tuple[str, str]] = deque()
        self._tell = tell

    def register(self, config: CData) -> None:
        """Hands it to a configuration, which gives it back through libclaude_destroy."""
        handle = ffi.new_handle(self)
        held[handle] = handle
        err = ffi.new("claude_error_t **")
        check(lib.claude_py_on_deprecation(config, handle, err), err)

    def hear(self, model: str, text: str) -> None:
        """Runs inside of the library."""
        self._heard.append((model, text))

    def tell(self) -> None:
        """Tells the program; what it raises is the caller's."""
        while self._heard:
            model, text = self._heard.popleft()
            tell = self._tell
            if isinstance(tell, type) and issubclass(tell, Warning):
                _warn(text, tell)
            else:
                tell(model, text)


def _warn(text: str, category: type[Warning]) -> None:
    """A warning that names the line of the program that made the call."""
    import warnings

    level = 1
    frame: Any = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("libclaude."):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)


@ffi.def_extern()
def libclaude_deprecation(model: CData, text: CData, user_data: CData) -> None:
    deprecations: Deprecations = ffi.from_handle(user_data)
    deprecations.hear(text_of(model) or "", text_of(text) or "")
