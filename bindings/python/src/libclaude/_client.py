"""The client: configuration, key and connections, shared by any number of threads."""

from __future__ import annotations

from ._args import c_text, milliseconds, option_text
from ._call import Call
from ._errors import bad_state, check, invalid
from ._ffi import NULL, ffi, lib
from ._json import encode
from ._response import Message, Response, as_message, wrap
from ._secret import Secret
from ._sign import SignHook
from ._stream import MessageStreamManager, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any, Literal, NoReturn, TypeVar, overload

    from ._claude import CData
    from ._sign import Signer

    ClientT = TypeVar("ClientT", bound="Client")
    Headers = Mapping[str, "str | None"]
    Options = Mapping[str, Any]

_BODY_TIMEOUTS = ("timeout.total_ms",)
_STREAM_TIMEOUTS = ("timeout.first_byte_ms", "timeout.idle_ms")


class Client:
    """A client of the Claude API. Usable by any number of threads at once, and after a fork.

    Nothing is read from the environment and nothing is retried unless it is asked for: Client() takes what it is given,
    from_env() and from_workspace() look for the rest where their names say.

    api_key   the key, as str (its format is checked) or Secret
    base_url  where requests go, for gateways and tests
    timeout   seconds: how long an answer may take; for a stream, how long it may be silent
    config    options of the library by name (docs/options.md), for example {"auth.style": "bearer"}
    headers   sent with every request; a value of None removes a header
    sign      called with an Attempt before each attempt; returns headers to add, or None
    """

    def __init__(
        self,
        api_key: str | Secret | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = None,
        config: Options | None = None,
        headers: Headers | None = None,
        sign: Signer | None = None,
    ) -> None:
        self._open(lib.claude_client_new, _configure(api_key, base_url, timeout, config, headers), sign)

    @classmethod
    def from_env(
        cls: type[ClientT],
        api_key: str | Secret | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = None,
        config: Options | None = None,
        headers: Headers | None = None,
        sign: Signer | None = None,
    ) -> ClientT:
        """A client from ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL and their relatives; arguments win over them."""
        client = cls.__new__(cls)
        client._open(lib.claude_client_from_env, _configure(api_key, base_url, timeout, config, headers), sign)
        return client

    @classmethod
    def from_workspace(
        cls: type[ClientT],
        api_key: str | Secret | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = None,
        config: Options | None = None,
        headers: Headers | None = None,
        sign: Signer | None = None,
    ) -> ClientT:
        """A client with the workspace's key (see Secret.from_workspace); arguments win over it."""
        client = cls.__new__(cls)
        client._open(lib.claude_client_from_workspace, _configure(api_key, base_url, timeout, config, headers), sign)
        return client

    def _open(self, make: Any, config: CData, sign: Signer | None) -> None:
        self._handle: CData | None = None
        self._hook = SignHook(sign) if sign is not None else None
        if self._hook is not None:
            self._hook.register(config)
        out, err = ffi.new("claude_client_t **"), ffi.new("claude_error_t **")
        check(make(config, out, err), err)
        self._handle = ffi.gc(out[0], lib.claude_client_unref)

    @property
    def messages(self) -> Messages:
        """The Messages API."""
        return Messages(self)

    def close(self) -> None:
        """Lets go of the connections. Calls in flight go on; new ones are refused."""
        self._handle = None

    def __enter__(self: ClientT) -> ClientT:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self._handle is None else 'open'}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Client cannot be pickled or copied; make one per process, or share one before forking")

    def _start(self, request: CData, flags: int) -> Call:
        handle = self._handle
        if handle is None:
            raise bad_state("the client has been closed")
        out, err = ffi.new("claude_call_t **"), ffi.new("claude_error_t **")
        check(lib.claude_client_start(handle, request, flags, out, err), err)
        return Call(out[0], self._hook)

    def _execute(self, request: CData) -> CData:
        call = self._start(request, 0)
        call.wait()
        return call.result()


class Messages:
    """The Messages API. Keyword arguments are the members of the request's JSON body and are passed on as they are."""

    __slots__ = ("_client",)

    def __init__(self, client: Client) -> None:
        self._client = client

    if TYPE_CHECKING:

        @overload
        def create(
            self,
            *,
            stream: Literal[False] = False,
            extra_headers: Headers | None = None,
            timeout: float | None = None,
            options: Options | None = None,
            **body: Any,
        ) -> Message: ...

        @overload
        def create(
            self,
            *,
            stream: Literal[True],
            extra_headers: Headers | None = None,
            timeout: float | None = None,
            options: Options | None = None,
            **body: Any,
        ) -> Stream: ...

        @overload
        def create(
            self,
            *,
            stream: bool,
            extra_headers: Headers | None = None,
            timeout: float | None = None,
            options: Options | None = None,
            **body: Any,
        ) -> Message | Stream: ...

    def create(
        self,
        *,
        stream: bool = False,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        **body: Any,
    ) -> Message | Stream:
        """Sends a message and returns the answer, or with stream=True the Stream of its events.

        `timeout` is in seconds, `options` sets options of the library for this call.
        """
        request = _request("messages.create", body, extra_headers, timeout, options, stream)
        if stream:
            return Stream(self._client._start(request, lib.CLAUDE_STREAM))
        return as_message(self._client._execute(request))

    def stream(
        self,
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        **body: Any,
    ) -> MessageStreamManager:
        """For a `with` statement: sends a message and gives the MessageStream of its answer."""
        request = _request("messages.create", body, extra_headers, timeout, options, stream=True)
        return MessageStreamManager(lambda: self._client._start(request, lib.CLAUDE_STREAM))

    def count_tokens(
        self,
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        **body: Any,
    ) -> Response:
        """Counts the tokens of a message without sending it to the model: `.input_tokens`."""
        request = _request("messages.count_tokens", body, extra_headers, timeout, options, stream=False)
        return wrap(self._client._execute(request))


def _mapping(value: Any, what: str) -> Any:
    if value is not None and not hasattr(value, "items"):
        raise invalid(f"{what} must be a mapping, not {type(value).__name__}")
    return (value or {}).items()


def _configure(
    api_key: str | Secret | None,
    base_url: str | None,
    timeout: float | None,
    config: Options | None,
    headers: Headers | None,
) -> CData:
    out, err = ffi.new("claude_config_t **"), ffi.new("claude_error_t **")
    check(lib.claude_config_new(out, err), err)
    handle = ffi.gc(out[0], lib.claude_config_unref)
    options = dict(_mapping(config, "config"))
    if timeout is not None:
        options.update(dict.fromkeys((*_BODY_TIMEOUTS, *_STREAM_TIMEOUTS), milliseconds(timeout)))
    if base_url is not None:
        options["base_url"] = base_url
    data = encode(options)
    check(lib.claude_config_load_json(handle, data, len(data), err), err)
    for name, value in _mapping(headers, "headers"):
        text = NULL if value is None else c_text(value, f"header {name}")
        check(lib.claude_config_set_header(handle, c_text(name, "the name of a header"), text, err), err)
    if api_key is not None:
        secret = api_key if isinstance(api_key, Secret) else Secret(api_key)
        check(lib.claude_config_set_secret(handle, secret._handle, err), err)
    return handle


def _request(
    endpoint: str,
    body: dict[str, Any],
    headers: Headers | None,
    timeout: float | None,
    options: Options | None,
    stream: bool,
) -> CData:
    out, err = ffi.new("claude_request_t **"), ffi.new("claude_error_t **")
    check(lib.claude_request_new(endpoint.encode(), out, err), err)
    request = ffi.gc(out[0], lib.claude_request_unref)
    data = encode(body)
    check(lib.claude_request_set_json(request, data, len(data), err), err)
    for name, value in _mapping(headers, "extra_headers"):
        text = NULL if value is None else c_text(value, f"header {name}")
        check(lib.claude_request_set_header(request, c_text(name, "the name of a header"), text, err), err)
    values = dict(_mapping(options, "options"))
    if timeout is not None:
        values.update(dict.fromkeys(_STREAM_TIMEOUTS if stream else _BODY_TIMEOUTS, milliseconds(timeout)))
    for key, value in values.items():
        option = option_text(value, key)
        check(lib.claude_request_set_option(request, c_text(key, "the name of an option"), option or NULL, err), err)
    return request
