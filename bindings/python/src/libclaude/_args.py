"""Arguments on their way into C."""

from __future__ import annotations

import math
import os

from ._errors import invalid

DAY = 86400

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def c_text(value: Any, what: str) -> bytes:
    """A str (or for a path, what os.fspath takes) as the NUL-terminated UTF-8 that C wants. Errors never repeat it."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str):
        raise invalid(f"{what} must be a str, not {type(value).__name__}")
    try:
        data = os.fsencode(value) if what == "path" else value.encode()
    except UnicodeEncodeError as error:
        raise invalid(f"{what} has a lone surrogate at character {error.start}") from None
    if b"\0" in data:
        raise invalid(f"{what} has a NUL character at character {value.index(chr(0))}")
    return data


def option_text(value: Any, key: str) -> bytes | None:
    """The value of an option as the library reads it; None is its default."""
    if value is None:
        return None
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return c_text(str(value) if isinstance(value, (int, float)) else value, f"option {key}")


def milliseconds(seconds: object, what: str = "timeout") -> int:
    """A time in seconds as whole milliseconds, rounded up."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise invalid(f"{what} must be a number of seconds, not {type(seconds).__name__}")
    if not 0 < seconds <= DAY:
        raise invalid(f"{what} is {seconds!r}; it must be more than 0 and at most {DAY} seconds")
    return math.ceil(seconds * 1000)


def whole(number: object, what: str) -> int:
    """An int that fits 64 bits."""
    if isinstance(number, bool) or not isinstance(number, int):
        raise invalid(f"{what} must be an int, not {type(number).__name__}")
    return max(min(number, 2**63 - 1), -(2**63))


def since_1970(when: object, what: str) -> int:
    """A time, in seconds since 1970 or as a datetime, in milliseconds since 1970."""
    from datetime import datetime

    if isinstance(when, datetime):
        when = when.timestamp()
    if isinstance(when, bool) or not isinstance(when, (int, float)):
        raise invalid(f"{what} must be a number of seconds since 1970, or a datetime, not {type(when).__name__}")
    if not 0 <= when <= 2**53:
        raise invalid(f"{what} is {when!r}; it must be a time after 1970")
    return math.floor(when * 1000)
