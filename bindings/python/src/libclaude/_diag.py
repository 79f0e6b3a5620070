"""Finding out what is wrong: the curl command, the report of a client, the self-test, the trail of keys."""

from __future__ import annotations

from ._args import c_text, milliseconds, whole
from ._errors import check
from ._ffi import NULL, ffi, lib
from ._heard import come_out, mine, raised
from ._json import Object, decode
from ._reliability import _made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from ._claude import CData

    Status = Literal["ok", "warn", "fail", "skipped"]


class Curl:
    """The curl command that sends what a call would send. The key stands there as $ANTHROPIC_API_KEY."""

    __slots__ = ("body", "command")

    def __init__(self, client: CData, request: CData, flags: int, body_file: str | None) -> None:
        name = NULL if body_file is None else c_text(body_file, "path")
        made = _made(lib.claude_curl_command, "claude_curl_t", lib.claude_curl_unref, client, request, flags, name)
        length = ffi.new("size_t *")
        text = lib.claude_curl_text(made, length)
        self.command = ffi.unpack(text, length[0]).decode("utf-8", "surrogateescape")
        """The command, for the POSIX shell."""
        body = lib.claude_curl_body(made, length)
        self.body = ffi.unpack(ffi.cast("const char *", body), length[0]) if body else None
        """What belongs into `body_file`; None if the command needs no file."""

    def __str__(self) -> str:
        return self.command

    def __repr__(self) -> str:
        return f"<Curl, a command of {len(self.command)} characters>"


class SelfTestCheck:
    """A check of a self-test."""

    __slots__ = ("fix", "ms", "name", "status", "text")

    def __init__(self, found: Any) -> None:
        self.name: str = found.name
        """"dns", "proxy", "tcp", "tls", "http", "clock", "key" or "model"."""
        self.status: Status = found.status
        """"ok", "warn", "fail" or "skipped"."""
        self.text: str = found.text
        """What was found."""
        self.fix: str = found.fix
        """How to mend it; "" where nothing needs to be mended."""
        self.ms: int | None = found.ms if found.ms is not None and found.ms >= 0 else None
        """How long it took; None: it was not made, or did not end."""

    def __repr__(self) -> str:
        return f"<SelfTestCheck {self.name} {self.status}: {self.text}>"


class SelfTest:
    """What client.selftest() has found."""

    __slots__ = ("checks", "url", "worst")

    def __init__(self, client: CData, key: bool, model: str | None, timeout: float) -> None:
        out, err = ffi.new("claude_selftest_t **"), ffi.new("claude_error_t **")
        flags = lib.CLAUDE_SELFTEST_KEY if key else 0
        name = NULL if model is None else c_text(model, "model")
        code = lib.claude_selftest_run(client, flags, name, milliseconds(timeout), out, err)
        if raised and mine():
            lib.claude_error_unref(err[0])
            lib.claude_selftest_unref(out[0])
            come_out()
        check(code, err)
        test = ffi.gc(out[0], lib.claude_selftest_unref)
        found = decode(_text(lib.claude_selftest_json, test))
        self.url: str = found.url
        self.worst: Status = found.worst
        """The worst that was found."""
        self.checks = tuple(SelfTestCheck(each) for each in found.checks)

    @property
    def ok(self) -> bool:
        """Whether nothing has failed."""
        return self.worst != "fail"

    def __repr__(self) -> str:
        return f"<SelfTest of {self.url}: {self.worst}>"


def diagnostics(client: CData) -> Object:
    """What client.diagnostics() gives."""
    made = _made(lib.claude_client_diagnostics, "claude_diagnostics_t", lib.claude_diagnostics_unref, client)
    found: Object = decode(_text(lib.claude_diagnostics_json, made))
    return found


class TrailUse:
    """A use of a secret."""

    __slots__ = ("backtrace", "fingerprint", "operation", "thread", "time_ms")

    def __init__(self, found: Any) -> None:
        self.time_ms: int = found.time_ms
        """Milliseconds since 1970-01-01 UTC."""
        self.operation: str = found.operation
        """"expose": the program asked for the text. "header": it was put into a request."""
        self.fingerprint: str = found.fingerprint
        """See Secret.fingerprint."""
        self.thread: int = found.thread
        """The system's number of the thread."""
        self.backtrace: tuple[str, ...] = tuple(found.backtrace)
        """The callers in machine code, the innermost first: "module+0x1234", for addr2line."""

    def __repr__(self) -> str:
        return f"<TrailUse {self.operation} of {self.fingerprint}>"


class Trail:
    """A copy of the trail of keys: who used which secret when, the oldest use first. Off until Trail.start()."""

    __slots__ = ("capacity", "dropped", "uses")

    def __init__(self) -> None:
        """Takes a copy; an InvalidStateError if it was not started."""
        made = _made(lib.claude_trail_read, "claude_trail_t", lib.claude_trail_unref)
        found = decode(_text(lib.claude_trail_json, made))
        self.capacity: int = found.capacity
        self.dropped: int = found.dropped
        """How many older uses there was no more room for."""
        self.uses = tuple(TrailUse(each) for each in found.exposures)

    @staticmethod
    def start(capacity: int = 256) -> None:
        """Keeps the last so many uses of all secrets of the process; what was kept is forgotten."""
        err = ffi.new("claude_error_t **")
        check(lib.claude_trail_start(max(whole(capacity, "capacity"), 0), err), err)

    @staticmethod
    def stop() -> None:
        """Stops, and forgets what was kept."""
        lib.claude_trail_stop()

    @staticmethod
    def clear() -> None:
        """Forgets what was kept, and goes on."""
        lib.claude_trail_clear()

    def __repr__(self) -> str:
        return f"<Trail of {len(self.uses)} uses>"


def _text(function: Any, handle: CData) -> bytes:
    length = ffi.new("size_t *")
    text = function(handle, length)
    if not length[0]:
        raise MemoryError
    return ffi.unpack(text, length[0])
