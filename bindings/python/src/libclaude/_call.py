"""One call in flight. Every wait in this package is here or in _stream.py, in slices that let Ctrl-C through."""

from __future__ import annotations

from ._errors import CallCancelled, bad_state, check, take
from ._ffi import NULL, ffi, lib
from ._heard import come_out, mine, raised, taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from ._claude import CData, View
    from ._observe import Observer
    from ._sign import Hooks


class Call:
    """A started call, owned: dropping it cancels what still runs."""

    __slots__ = ("handle", "hook", "view", "watched")

    def __init__(self, handle: CData, hook: Hooks | None, observer: Observer | None) -> None:
        self.handle = ffi.gc(handle, lib.claude_py_drop_call)
        self.hook = hook
        self.watched = None if observer is None else observer.watch(handle)
        self.view: View = ffi.new("claude_py_view *")
        self.view.call = handle

    def wait(self) -> None:
        """Returns when the call has succeeded; raises why it failed."""
        try:
            code = 0
            while code == 0:
                code = lib.claude_py_wait(self.view)
                if raised and mine():
                    self.heard(code)
        except BaseException:
            self.interrupted()
            raise
        if code < 0:
            self.fail(code)
        self.check()

    def result(self) -> CData:
        """The response of a call that has succeeded: a reference for the caller."""
        out, err = ffi.new("claude_response_t **"), ffi.new("claude_error_t **")
        check(lib.claude_call_result(self.handle, out, err), err)
        response: CData = out[0]
        return response

    def fail(self, code: int) -> NoReturn:
        """Raises what the library reported; for a callback's exception, that exception itself."""
        handle, self.view.err = self.view.err, NULL
        failure = self.watched.take() if self.watched is not None else None
        if failure is not None:
            lib.claude_error_unref(handle)
            raise failure
        if not handle:
            if code == lib.CLAUDE_E_CANCELED:
                raise CallCancelled("the call was cancelled", {"code": code})
            raise bad_state("the call is in use by another thread", code)
        error = take(handle)
        original = self.hook.failure(error.user_code) if self.hook is not None else None
        raise original or error

    def check(self) -> None:
        """Raises what an observer of attempts has raised, although the call has succeeded."""
        failure = self.watched.take() if self.watched is not None else None
        if failure is not None:
            raise failure

    def heard(self, code: int) -> None:
        """Raises what a function of the program has raised on this thread meanwhile."""
        if code < 0:
            handle, self.view.err = self.view.err, NULL
            lib.claude_error_unref(handle)
        come_out()

    def interrupted(self) -> None:
        """After an exception in the middle of waiting: nobody reads on, so nothing goes on."""
        lib.claude_py_abandon(self.view)
        if raised and mine():
            taken()  # there is an exception under way already

    def cancel(self) -> None:
        """Ends the call, from any thread."""
        lib.claude_py_cancel(self.view)
        if raised and mine():
            come_out()
