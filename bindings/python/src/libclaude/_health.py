"""Health checks: whether endpoints answer, and how fast."""

from __future__ import annotations

import threading
from types import MappingProxyType

from ._args import c_text
from ._errors import check
from ._ffi import NULL, ffi, lib, text_of
from ._heard import come_out, mine, raised
from ._json import decode
from ._secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from ._base import BaseClient


class EndpointHealth:
    """What a check has found of an endpoint."""

    __slots__ = ("error", "http_status", "response_ms", "state", "url")

    def __init__(
        self, url: str, state: str, response_ms: int | None, http_status: int | None = None, error: str = ""
    ) -> None:
        self.url = url
        self.state = state
        """"healthy", "degraded" or "unhealthy"; "unknown" before the first check."""
        self.response_ms = response_ms
        """How long it took to answer; None: no answer."""
        self.http_status = http_status
        """Its answer's status; None: no answer, or not told."""
        self.error = error
        """Why there was no answer; "" if there was one."""

    def __repr__(self) -> str:
        return f"<EndpointHealth {self.url} {self.state}, {self.response_ms} ms>"


class Health:
    """A set of endpoints to be checked: those of the client's failover, or else its `base_url`, until others are added.

        health = libclaude.Health(client)
        for each in health.check():
            print(each.url, each.state)

    Options `health.*` of the client say how. Nothing is checked but by check(), and no tokens are spent. What is found
    is told to the client's failover. Usable by any number of threads, whose checks are made one after the other.
    """

    __slots__ = ("_handle", "_owner", "_results", "_shares")

    def __init__(self, client: BaseClient) -> None:
        out, err = ffi.new("claude_health_t **"), ffi.new("claude_error_t **")
        check(lib.claude_health_new(client._opened(), out, err), err)
        self._handle = ffi.gc(out[0], lib.claude_health_unref)
        self._owner = threading.Lock()
        self._look()

    def add_endpoint(self, base_url: str, *, api_key: str | Secret | None = None) -> None:
        """Adds an endpoint; the first takes the place of the client's. Possible until the first check.

        Only the strategy "models" sends a key: without an `api_key`, the client's if it is on the client's server.
        """
        secret = api_key if isinstance(api_key, Secret) or api_key is None else Secret(api_key)
        err, key = ffi.new("claude_error_t **"), NULL if secret is None else secret._handle
        with self._owner:
            code = lib.claude_health_add_endpoint(self._handle, c_text(base_url, "base_url"), key, err)
            check(code, err)
            self._look()

    def check(self) -> tuple[EndpointHealth, ...]:
        """Checks all endpoints at once; what was found. Takes `health.timeout_ms` at most, also after Ctrl-C.

        With an AsyncClient: `await asyncio.to_thread(health.check)`.
        """
        err = ffi.new("claude_error_t **")
        with self._owner:
            code = lib.claude_health_check(self._handle, err)
            if raised and mine():
                lib.claude_error_unref(err[0])
                come_out()
            check(code, err)
            self._look()
            return self._results

    @property
    def results(self) -> tuple[EndpointHealth, ...]:
        """What the latest check has found."""
        return self._results

    @property
    def shares(self) -> Mapping[str, float]:
        """Share of the endpoints in each state, 0 to 1, by the latest check."""
        return self._shares

    @staticmethod
    def check_endpoint(client: BaseClient, base_url: str) -> EndpointHealth:
        """Checks one endpoint, with the options of a client."""
        state, response_ms = ffi.new("int32_t *"), ffi.new("int64_t *")
        url, err = c_text(base_url, "base_url"), ffi.new("claude_error_t **")
        code = lib.claude_health_check_endpoint(client._opened(), url, state, response_ms, err)
        if raised and mine():
            lib.claude_error_unref(err[0])
            come_out()
        check(code, err)
        name = text_of(lib.claude_health_state_name(state[0])) or ""
        return EndpointHealth(base_url, name, response_ms[0] if response_ms[0] >= 0 else None)

    def _look(self) -> None:
        length = ffi.new("size_t *")
        text = lib.claude_health_json(self._handle, length)
        if not text:
            raise MemoryError
        found = decode(ffi.unpack(text, length[0]))
        self._results = tuple(
            EndpointHealth(
                each.url,
                each.state,
                each.response_ms if each.response_ms >= 0 else None,
                each.http_status or None,
                each.error,
            )
            for each in found.endpoints
        )
        self._shares = MappingProxyType({name: share / 1000 for name, share in found.shares.items()})

    def __repr__(self) -> str:
        return f"<Health of {len(self._results)} endpoints>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Health cannot be pickled or copied")
