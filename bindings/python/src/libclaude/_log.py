"""Log lines of a client's calls."""

from __future__ import annotations

from ._errors import check, invalid
from ._ffi import ffi, lib, text_of
from ._heard import keep
from ._json import decode
from ._sign import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal

    from ._claude import CData

    Level = Literal["error", "warn", "info", "debug", "trace"]
    OnLog = Callable[[Level, str, Any], object]

_LEVELS = {
    text_of(lib.claude_log_level_name(level)): level for level in range(lib.CLAUDE_LOG_ERROR, lib.CLAUDE_LOG_TRACE + 1)
}
_NAMES: dict[int, Any] = {level: name for name, level in _LEVELS.items()}


class LogHook:
    """A program's function for log lines."""

    __slots__ = ("_level", "_tell")

    def __init__(self, tell: OnLog, level: Level) -> None:
        if not callable(tell):
            raise invalid(f"on_log must be callable, not {type(tell).__name__}")
        if level not in _LEVELS:
            raise invalid(f"log_level is {level!r}; it must be one of {', '.join(map(str, _LEVELS))}")
        self._tell = tell
        self._level = _LEVELS[level]

    def register(self, config: CData) -> None:
        """Hands it to a configuration, which gives it back through libclaude_destroy."""
        handle = ffi.new_handle(self)
        held[handle] = handle
        err = ffi.new("claude_error_t **")
        check(lib.claude_py_on_log(config, self._level, handle, err), err)

    def run(self, level: int, event: str, fields: bytes) -> None:
        """Tells the program."""
        try:
            self._tell(_NAMES[level], event, decode(fields))
        except BaseException as error:
            keep(error)


@ffi.def_extern()
def libclaude_log(level: int, event: CData, fields: CData, len: int, user_data: CData) -> None:
    hook: LogHook = ffi.from_handle(user_data)
    hook.run(level, text_of(event) or "", ffi.unpack(fields, len))
