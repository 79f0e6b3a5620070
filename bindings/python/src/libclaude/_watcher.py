"""Configuration in a file that may change while clients use it."""

from __future__ import annotations

from ._args import c_text
from ._errors import ClaudeError, bad_state, check, invalid, take
from ._ffi import NULL, ffi, lib, text_of
from ._heard import come_out, keep, mine, raised
from ._json import encode
from ._reliability import _Handle, _made
from ._sign import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Any, TypeVar

    from ._base import BaseClient
    from ._claude import CData

    WatcherT = TypeVar("WatcherT", bound="ConfigWatcher")

    OnChange = Callable[[int], object]


class ConfigWatcher(_Handle):
    """A file of options (docs/configuration.md) for clients that are in use. No thread watches.

        watcher = libclaude.ConfigWatcher("/etc/myapp/claude.json", on_change=print)
        watcher.attach(client)      # from now on the client's calls look at the file themselves

    Programs without calls poll fileno() for reading and then call poll(). A file that is not as it should be changes
    nothing; `error` says why. Usable by any number of threads. One whose `on_change` refers to it is not
    collected before close().
    """

    __slots__ = ()

    def __init__(
        self,
        path: str | os.PathLike[str],
        initial: Mapping[str, Any] | None = None,
        *,
        on_change: OnChange | None = None,
    ) -> None:
        """`initial` is as the file, for what that leaves out. `on_change` is called with each new generation."""
        change = None if on_change is None else _Change(on_change)
        document = b"" if initial is None else _document(initial)
        data = NULL if initial is None else document
        place, unref = c_text(path, "path"), lib.claude_watcher_unref
        self._handle = _made(lib.claude_watcher_new, "claude_watcher_t", unref, place, data, len(document))
        if change is not None:
            change.register(self._handle)

    def attach(self, client: BaseClient, snapshot: str | None = None) -> None:
        """Gives what holds to a client, or to a snapshot of it, and from now on each change."""
        self._do(lib.claude_watcher_attach, client._opened(), _name(snapshot))

    def detach(self, client: BaseClient, snapshot: str | None = None) -> None:
        """Leaves a client alone from now on. It keeps the configuration that it has."""
        self._do(lib.claude_watcher_detach, client._opened(), _name(snapshot))

    def allow_server(self, base_url: str) -> None:
        """Lets the file name a base_url on this server, although clients with a key were made for another one."""
        self._do(lib.claude_watcher_allow_server, c_text(base_url, "base_url"))

    def poll(self) -> bool:
        """Looks at the file now; whether another configuration was taken over."""
        changed = ffi.new("int32_t *")
        self._do(lib.claude_watcher_poll, changed)
        return bool(changed[0])

    def reload(self) -> None:
        """Takes over what the file says, also after update(). Raises why that cannot be."""
        self._do(lib.claude_watcher_reload)

    def update(self, config: Mapping[str, Any]) -> None:
        """Takes over a configuration as if it stood in the file, until that is another one or reload() is called."""
        data = _document(config)
        self._do(lib.claude_watcher_update, data, len(data))

    def close(self) -> None:
        """Lets go of it: `on_change` hears of nothing more. Clients that are attached go on with the file."""
        try:
            handle = self._handle
            del self._handle
        except AttributeError:
            return
        err = ffi.new("claude_error_t **")
        check(lib.claude_py_on_change(handle, NULL, err), err)

    def get(self, name: str) -> str | None:
        """What holds now of an option, as text; None: it is not set."""
        config = _made(lib.claude_watcher_config, "claude_config_t", lib.claude_config_unref, self._opened())
        return text_of(lib.claude_config_get(config, c_text(name, "the name of an option")))

    @property
    def generation(self) -> int:
        """How many configurations have held: 1 at first."""
        return lib.claude_watcher_generation(self._opened())

    @property
    def error(self) -> ClaudeError | None:
        """Why the file was not taken over when it was last looked at; None: it was."""
        err = ffi.new("claude_error_t **")
        return take(err[0]) if lib.claude_watcher_error(self._opened(), err) < 0 else None

    def fileno(self) -> int:
        """A descriptor to be polled for reading, which then wants poll(). Never read from it or close it; -1: none."""
        return lib.claude_watcher_fd(self._opened())

    @property
    def is_notified(self) -> bool:
        """Whether the kernel tells of changes; else the file is compared once a second."""
        return bool(lib.claude_watcher_is_notified(self._opened()))

    def _do(self, function: Any, *arguments: Any) -> None:
        err = ffi.new("claude_error_t **")
        code = function(self._opened(), *arguments, err)
        if raised and mine():
            lib.claude_error_unref(err[0])
            come_out()
        check(code, err)

    def _opened(self) -> CData:
        try:
            return self._handle
        except AttributeError:
            raise bad_state("the watcher has been closed") from None

    def __enter__(self: WatcherT) -> WatcherT:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        handle = getattr(self, "_handle", None)
        state = "closed" if handle is None else f"generation {lib.claude_watcher_generation(handle)}"
        return f"<ConfigWatcher, {state}>"


class _Change:
    __slots__ = ("_tell",)

    def __init__(self, tell: OnChange) -> None:
        if not callable(tell):
            raise invalid(f"on_change must be callable, not {type(tell).__name__}")
        self._tell = tell

    def register(self, watcher: CData) -> None:
        handle = ffi.new_handle(self)
        held[handle] = handle
        err = ffi.new("claude_error_t **")
        check(lib.claude_py_on_change(watcher, handle, err), err)

    def run(self, generation: int) -> None:
        try:
            self._tell(generation)
        except BaseException as error:
            keep(error)


def _document(config: Any) -> bytes:
    if not hasattr(config, "items"):
        raise invalid(f"a configuration must be a mapping, not {type(config).__name__}")
    return encode(config)


def _name(snapshot: str | None) -> Any:
    return NULL if snapshot is None else c_text(snapshot, "the name of a snapshot")


@ffi.def_extern()
def libclaude_watcher(watcher: CData, generation: int, user_data: CData) -> None:
    change: _Change = ffi.from_handle(user_data)
    change.run(generation)
