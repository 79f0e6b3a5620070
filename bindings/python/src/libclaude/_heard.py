"""Exceptions of functions that the library calls while it does something for the program: they come out of that."""

from __future__ import annotations

from threading import get_ident

from ._ffi import lib

# What was raised, by the thread that is inside of the library, until that has returned.
raised: dict[int, BaseException] = {}


def keep(error: BaseException) -> None:
    """For a callback: the first exception is kept. What nobody waits for goes where those of finalizers go."""
    if mine():
        return
    if lib.claude_py_is_dropping():
        raise error
    raised[get_ident()] = error


def mine() -> bool:
    """Whether something was raised on this thread: `if raised and mine()` costs next to nothing where nothing was."""
    return get_ident() in raised


def taken() -> BaseException | None:
    """What was raised on this thread."""
    return raised.pop(get_ident(), None)


def come_out() -> None:
    """Raises what was raised on this thread."""
    error = taken()
    if error is not None:
        raise error
