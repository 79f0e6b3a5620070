"""What all clients have in common: configuration, key and connections, and how a request is made."""

from __future__ import annotations

from ._args import c_text, milliseconds, option_text
from ._errors import bad_state, check, invalid
from ._features import flags_of
from ._ffi import NULL, ffi, lib
from ._json import encode
from ._secret import Secret
from ._sign import Hooks, SignHook
from ._trust import trust_host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn, TypeVar, Union

    from ._claude import CData
    from ._credential import CredentialHook, Provider
    from ._deprecation import Deprecations, OnDeprecation
    from ._diag import Curl, SelfTest
    from ._features import Features
    from ._files import File
    from ._json import Object
    from ._log import Level, OnLog
    from ._metrics import Metrics
    from ._models import ModelTable
    from ._observe import Observer, OnAttempt
    from ._quota import Quota
    from ._reliability import CircuitBreaker, Failover, RateLimiter
    from ._sign import Signer

    AnyClient = TypeVar("AnyClient", bound="BaseClient")
    Headers = Mapping[str, "str | None"]
    Options = Mapping[str, Any]
    Form = Union[Mapping[str, Any], Sequence[tuple[str, Any]]]

_BODY_TIMEOUTS = ("timeout.total_ms",)
_STREAM_TIMEOUTS = ("timeout.first_byte_ms", "timeout.idle_ms")


class Settings:
    """What a call is given beside its body."""

    __slots__ = ("betas", "features", "files", "form", "headers", "options", "path", "query", "timeout")

    def __init__(
        self,
        headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        *,
        features: Features | None = None,
        path: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        betas: Sequence[str] | None = None,
        form: Form | None = None,
        files: Sequence[File] | None = None,
    ) -> None:
        self.headers = headers
        self.timeout = timeout
        self.options = options
        self.features = None if features is None else flags_of(features)
        self.path = path
        self.query = query
        self.betas = betas
        self.form = form
        self.files = files

    def apply(self, request: CData, stream: bool) -> None:
        """Sets all of it; what was set before and is set again is replaced."""
        err = ffi.new("claude_error_t **")
        for name, value in _mapping(self.headers, "extra_headers"):
            text = NULL if value is None else c_text(value, f"header {name}")
            check(lib.claude_request_set_header(request, c_text(name, "the name of a header"), text, err), err)
        values = dict(_mapping(self.options, "options"))
        if self.timeout is not None:
            limit = milliseconds(self.timeout)
            values.update(dict.fromkeys(_STREAM_TIMEOUTS if stream else _BODY_TIMEOUTS, limit))
        for key, value in values.items():
            option = option_text(value, key)
            name = c_text(key, "the name of an option")
            check(lib.claude_request_set_option(request, name, option or NULL, err), err)
        self._address(request, err)
        if self.form is not None:
            from ._files import add_form

            add_form(request, self.form)

    def _address(self, request: CData, err: CData) -> None:
        for name, value in _mapping(self.path, "path"):
            text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
            data = c_text(text, f"path parameter {name}")
            check(lib.claude_request_set_path(request, c_text(name, "the name of a path parameter"), data, err), err)
        if self.query:
            data = encode(dict(_mapping(self.query, "query")))
            check(lib.claude_request_set_query_json(request, data, len(data), err), err)
        for beta in [self.betas] if isinstance(self.betas, str) else self.betas or ():
            check(lib.claude_request_add_beta(request, c_text(beta, "a beta name"), err), err)
        for file in self.files or ():
            attach(request, file)


def attach(request: CData, file: File) -> None:
    """Lets a file's token stand in the body."""
    handle = getattr(file, "_handle", None)
    if handle is None:
        raise invalid(f"files must be a list of File, not of {type(file).__name__}")
    err = ffi.new("claude_error_t **")
    check(lib.claude_request_attach(request, handle, err), err)


def functions_of(
    on_deprecation: OnDeprecation | None,
    on_attempt: OnAttempt | None,
    sign: Signer | None,
    on_log: OnLog | None,
    log_level: Level,
) -> dict[str, Any]:
    """What calls a program's functions, for all configurations of a client."""
    found: dict[str, Any] = {}
    if on_deprecation is not None:
        from ._deprecation import Deprecations

        found["deprecations"] = Deprecations(on_deprecation)
    if on_attempt is not None:
        from ._observe import Observer

        found["observer"] = Observer(on_attempt)
    if on_log is not None:
        from ._log import LogHook

        found["log"] = LogHook(on_log, log_level)
    if sign is not None:
        found["sign"] = SignHook(sign)
    return found


class Attached:
    """What a configuration is given beside its options."""

    __slots__ = ("_objects", "_provider", "functions", "hook")

    def __init__(
        self,
        *,
        functions: dict[str, Any],
        models: ModelTable | None,
        breaker: CircuitBreaker | None,
        limiter: RateLimiter | None,
        failover: Failover | None,
        quota: Quota | None,
        credentials: Provider | None,
        hook: Hooks | None = None,
    ) -> None:
        self.functions = functions
        self.hook = hook or Hooks()
        self._provider: CredentialHook | None = None
        if credentials is not None:
            from ._credential import CredentialHook

            self._provider = CredentialHook(credentials, self.hook)
        given = (
            (lib.claude_config_set_models, models, "_models", "ModelTable"),
            (lib.claude_config_set_breaker, breaker, "_reliability", "CircuitBreaker"),
            (lib.claude_config_set_limiter, limiter, "_reliability", "RateLimiter"),
            (lib.claude_config_set_failover, failover, "_reliability", "Failover"),
            (lib.claude_config_set_quota, quota, "_quota", "Quota"),
        )
        self._objects = [(attach, _handle_of(*each)) for attach, *each in given if each[0] is not None]

    def attach(self, config: CData) -> None:
        """Gives all of it to a configuration."""
        err = ffi.new("claude_error_t **")
        for attach, handle in self._objects:
            check(attach(config, handle, err), err)
        for each in self.functions.values():
            each.register(config)
        if self._provider is not None:
            self._provider.register(config)


def _handle_of(given: Any, module: str, kind: str) -> CData:
    from importlib import import_module

    if not isinstance(given, getattr(import_module(f".{module}", __package__), kind)):
        raise invalid(f"a {kind} is wanted, not {type(given).__name__}")
    handle: CData = given._handle
    return handle


class BaseClient:
    """What Client and AsyncClient have in common.

    Nothing is read from the environment and nothing is retried unless it is asked for: the constructor takes what it is
    given, from_env() and from_workspace() look for the rest where their names say.
    """

    _asynchronous = False
    _deprecations: Deprecations | None = None
    _handle: CData | None = None
    _functions: Mapping[str, Any] = {}
    _hook: Hooks | None = None
    _observer: Observer | None = None
    _settings: tuple[Settings, ...] = ()

    def __init__(
        self,
        api_key: str | Secret | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = None,
        config: Options | None = None,
        headers: Headers | None = None,
        models: ModelTable | None = None,
        on_deprecation: OnDeprecation | None = None,
        on_attempt: OnAttempt | None = None,
        sign: Signer | None = None,
        features: Features | None = None,
        breaker: CircuitBreaker | None = None,
        limiter: RateLimiter | None = None,
        failover: Failover | None = None,
        quota: Quota | None = None,
        credentials: Provider | None = None,
        on_log: OnLog | None = None,
        log_level: Level = "info",
    ) -> None:
        """The arguments, all of them optional.

        api_key   the key, as str (its format is checked) or Secret
        base_url  where requests go, for gateways and tests
        timeout   seconds: how long an answer may take; for a stream, how long it may be silent
        config    options of the library by name (docs/options.md), for example {"auth.style": "bearer"}
        headers   sent with every request; a value of None removes a header
        models    facts and prices to use in place of those that are built in
        on_deprecation  a class of warnings, for example DeprecationWarning, to be warned of each deprecated model that
                  is asked; or a function to be called with its name and a text. What is raised ends the call
        on_attempt  called with an ObservedAttempt when an attempt starts and when it has ended
        sign      called with an Attempt before each attempt; returns headers to add, or None
        features  what calls have if they do not say otherwise: "retries", "circuit_breaker", "rate_limiting",
                  "failover", "quota", several of them in a list, or "enterprise_features" for all that are enabled
        breaker, limiter, failover, quota  to be used, and to be shared with other clients; each enables its feature
        credentials  called with "first", "expires" or "refused" when a token is needed; returns it, or a tuple of it
                  and when it expires (seconds since 1970 UTC, a datetime, or None). What it raises ends the call
        on_log    called with level, event and fields of each log line up to `log_level`, which is "error", "warn",
                  "info", "debug" or "trace"
        """
        settings = _configure(api_key, base_url, timeout, config, headers)
        self._open(
            lib.claude_client_new,
            settings,
            Attached(
                models=models,
                functions=functions_of(on_deprecation, on_attempt, sign, on_log, log_level),
                breaker=breaker,
                limiter=limiter,
                failover=failover,
                quota=quota,
                credentials=credentials,
            ),
        )
        self._ask_for(features)

    @classmethod
    def from_env(
        cls: type[AnyClient],
        api_key: str | Secret | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = None,
        config: Options | None = None,
        headers: Headers | None = None,
        models: ModelTable | None = None,
        on_deprecation: OnDeprecation | None = None,
        on_attempt: OnAttempt | None = None,
        sign: Signer | None = None,
        features: Features | None = None,
        breaker: CircuitBreaker | None = None,
        limiter: RateLimiter | None = None,
        failover: Failover | None = None,
        quota: Quota | None = None,
        credentials: Provider | None = None,
        on_log: OnLog | None = None,
        log_level: Level = "info",
    ) -> AnyClient:
        """A client from ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL and their relatives; arguments win over them."""
        client = cls.__new__(cls)
        settings = _configure(api_key, base_url, timeout, config, headers)
        client._open(
            lib.claude_client_from_env,
            settings,
            Attached(
                models=models,
                functions=functions_of(on_deprecation, on_attempt, sign, on_log, log_level),
                breaker=breaker,
                limiter=limiter,
                failover=failover,
                quota=quota,
                credentials=credentials,
            ),
        )
        client._ask_for(features)
        return client

    @classmethod
    def from_workspace(
        cls: type[AnyClient],
        api_key: str | Secret | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = None,
        config: Options | None = None,
        headers: Headers | None = None,
        models: ModelTable | None = None,
        on_deprecation: OnDeprecation | None = None,
        on_attempt: OnAttempt | None = None,
        sign: Signer | None = None,
        features: Features | None = None,
        breaker: CircuitBreaker | None = None,
        limiter: RateLimiter | None = None,
        failover: Failover | None = None,
        quota: Quota | None = None,
        credentials: Provider | None = None,
        on_log: OnLog | None = None,
        log_level: Level = "info",
    ) -> AnyClient:
        """A client with the workspace's key (see Secret.from_workspace); arguments win over it."""
        client = cls.__new__(cls)
        settings = _configure(api_key, base_url, timeout, config, headers)
        client._open(
            lib.claude_client_from_workspace,
            settings,
            Attached(
                models=models,
                functions=functions_of(on_deprecation, on_attempt, sign, on_log, log_level),
                breaker=breaker,
                limiter=limiter,
                failover=failover,
                quota=quota,
                credentials=credentials,
            ),
        )
        client._ask_for(features)
        return client

    def _open(self, make: Any, config: CData, attached: Attached) -> None:
        attached.attach(config)
        self._functions = attached.functions
        self._deprecations = attached.functions.get("deprecations")
        self._observer = attached.functions.get("observer")
        self._hook = attached.hook
        self._hook.signer = attached.functions.get("sign")
        trust_host(config, from_env=make == lib.claude_client_from_env)
        out, err = ffi.new("claude_client_t **"), ffi.new("claude_error_t **")
        check(make(config, out, err), err)
        self._handle = ffi.gc(out[0], lib.claude_client_unref)

    def _ask_for(self, features: Features | None) -> None:
        if features is not None:
            self._settings = (Settings(features=features),)

    def metrics(self) -> Metrics:
        """A snapshot of what the client's calls have done, in figures; needs the option `metrics.enabled`."""
        from ._metrics import Metrics

        return Metrics(self._opened())

    def diagnostics(self) -> Object:
        """What can be said of the client, for bug reports and status pages (docs/diagnostics.md). Sends nothing."""
        from ._diag import diagnostics

        return diagnostics(self._opened())

    def selftest(self, *, key: bool = False, model: str | None = None, timeout: float = 10) -> SelfTest:
        """Checks the way to `base_url` step by step; with `key` also whether the key and the `model` are known there.

        Takes `timeout` seconds at most, also after Ctrl-C. With an AsyncClient:
        `await asyncio.to_thread(client.selftest)`.
        """
        from ._diag import SelfTest

        return SelfTest(self._opened(), key, model, timeout)

    def curl(
        self,
        endpoint: str,
        body: Any = None,
        *,
        path: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        betas: Sequence[str] | None = None,
        form: Form | None = None,
        files: Sequence[File] | None = None,
        stream: bool = False,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        body_file: str | None = None,
    ) -> Curl:
        """The curl command that sends what request() with these arguments would send. Sends nothing itself.

        A body above 128 KiB needs `body_file`: the name of a file for `Curl.body`, which the program writes.
        """
        from ._diag import Curl

        settings = Settings(
            extra_headers, timeout, options, path=path, query=query, betas=betas, form=form, files=files
        )
        request = self._request(endpoint, body, stream, settings)
        return Curl(self._opened(), request, lib.CLAUDE_STREAM if stream else 0, body_file)

    def rotate_secret(self, api_key: str | Secret, *, endpoint: int | None = None) -> None:
        """Replaces the client's key, or that of an endpoint of its failover, from the next attempt on."""
        secret = api_key if isinstance(api_key, Secret) else Secret(api_key)
        err, index = ffi.new("claude_error_t **"), _key_of(endpoint)
        check(lib.claude_client_rotate_secret(self._opened(), index, secret._handle, err), err)

    def secret(self, *, endpoint: int | None = None) -> Secret | None:
        """The key that the next attempt would use; None: there is none."""
        handle = lib.claude_client_secret(self._opened(), _key_of(endpoint))
        return Secret._of(ffi.gc(handle, lib.claude_secret_unref)) if handle else None

    def set_snapshot(
        self,
        name: str | None = None,
        api_key: str | Secret | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = None,
        config: Options | None = None,
        headers: Headers | None = None,
        models: ModelTable | None = None,
        breaker: CircuitBreaker | None = None,
        limiter: RateLimiter | None = None,
        failover: Failover | None = None,
        quota: Quota | None = None,
        credentials: Provider | None = None,
    ) -> None:
        """Gives the client another configuration, or one more under a name, for calls that start from now on.

        A call names it with options={"request.snapshot": name}; without a name it is for those that name none. The
        other arguments are those of the constructor, and nothing but the functions on_attempt, on_deprecation, on_log
        and sign is taken over from the client: the key is given anew.
        """
        attached = Attached(
            functions=dict(self._functions),
            models=models,
            breaker=breaker,
            limiter=limiter,
            failover=failover,
            quota=quota,
            credentials=credentials,
            hook=self._hook,
        )
        handle = _configure(api_key, base_url, timeout, config, headers)
        attached.attach(handle)
        trust_host(handle, from_env=False)
        err = ffi.new("claude_error_t **")
        check(lib.claude_client_set_snapshot(self._opened(), _snapshot(name), handle, err), err)

    def remove_snapshot(self, name: str) -> None:
        """Removes the configuration of this name."""
        err = ffi.new("claude_error_t **")
        check(lib.claude_client_set_snapshot(self._opened(), _snapshot(name), NULL, err), err)

    def generation(self, name: str | None = None) -> int:
        """Generation of the configuration of this name, or of the one without a name: 1 at first; 0: there is none."""
        return lib.claude_client_generation(self._opened(), _snapshot(name))

    def with_options(
        self: AnyClient,
        *,
        headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        features: Features | None = None,
    ) -> AnyClient:
        """A client of the same key and connections whose calls have these settings unless they say otherwise.

        Each of the two is closed for itself; the connections stay as long as one is open.
        """
        settings = Settings(headers, timeout, options, features=features)
        settings.apply(new_request("messages.create"), stream=False)  # says what is wrong with them here
        clone = type(self).__new__(type(self))
        clone.__dict__.update(self.__dict__)
        clone._settings = (*self._settings, settings)
        return clone

    def _opened(self) -> CData:
        if self._handle is None:
            raise bad_state("the client has been closed")
        return self._handle

    def _request(self, endpoint: str, body: Any, stream: bool, settings: Settings) -> CData:
        """A request with the client's settings and those of the call."""
        request = new_request(endpoint)
        if body is not None:
            set_body(request, body)
        return self._prepared(request, stream, settings)

    def _prepared(self, request: CData, stream: bool, settings: Settings) -> CData:
        """The request, with the client's settings and those of the call."""
        for each in (*self._settings, settings):
            each.apply(request, stream)
        return request

    def _flags(self, settings: Settings | None) -> int:
        """The features of a call: what it says itself, or else the client; the last word counts."""
        flags = 0
        for each in (*self._settings, settings):
            if each is not None and each.features is not None:
                flags = each.features
        return flags

    def _counting(self, body: Any, settings: Settings) -> CData:
        """The request that counts the tokens of a message."""
        request = self._request("messages.create", body, False, settings)
        return made_request(lib.claude_count_tokens_request, request)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            from ._endpoints import member

            return member(self, name)

        def __dir__(self) -> list[str]:
            from ._endpoints import root

            return [*super().__dir__(), *root(self)]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self._handle is None else 'open'}>"

    def __reduce__(self) -> NoReturn:
        name = type(self).__name__
        raise TypeError(f"{name} cannot be pickled or copied; make one per process, or share one before forking")


def _key_of(endpoint: int | None) -> int:
    if endpoint is None:
        return lib.CLAUDE_KEY_OF_CLIENT
    if isinstance(endpoint, bool) or not isinstance(endpoint, int) or not 0 <= endpoint < 2**31:
        raise invalid(f"endpoint is {endpoint!r}; it must be the index of an endpoint, or None")
    return endpoint


def _snapshot(name: str | None) -> Any:
    return NULL if name is None else c_text(name, "the name of a snapshot")


def made_request(function: Any, *arguments: Any) -> CData:
    """The request that a function of the library makes."""
    out, err = ffi.new("claude_request_t **"), ffi.new("claude_error_t **")
    check(function(*arguments, out, err), err)
    return ffi.gc(out[0], lib.claude_request_unref)


def new_request(endpoint: str) -> CData:
    """An empty request; the library knows the endpoints by name."""
    return made_request(lib.claude_request_new, c_text(endpoint, "the name of an endpoint"))


def set_body(request: CData, body: Any) -> None:
    """JSON as bytes, which are sent as they are; or what is written as JSON, and the files in it."""
    err = ffi.new("claude_error_t **")
    files: list[File] = []
    data = body if isinstance(body, bytes) else encode(body, files)
    check(lib.claude_request_set_json(request, data, len(data), err), err)
    for file in files:
        attach(request, file)


def _mapping(value: Any, what: str) -> Any:
    if value is not None and not hasattr(value, "items"):
        raise invalid(f"{what} must be a mapping, not {type(value).__name__}")
    return (value or {}).items()


def config_of(options: Options | None) -> CData:
    """A configuration with these options."""
    out, err = ffi.new("claude_config_t **"), ffi.new("claude_error_t **")
    check(lib.claude_config_new(out, err), err)
    handle = ffi.gc(out[0], lib.claude_config_unref)
    data = encode(dict(_mapping(options, "config")))
    check(lib.claude_config_load_json(handle, data, len(data), err), err)
    return handle


def _configure(
    api_key: str | Secret | None,
    base_url: str | None,
    timeout: float | None,
    config: Options | None,
    headers: Headers | None,
) -> CData:
    options = dict(_mapping(config, "config"))
    if timeout is not None:
        options.update(dict.fromkeys((*_BODY_TIMEOUTS, *_STREAM_TIMEOUTS), milliseconds(timeout)))
    if base_url is not None:
        options["base_url"] = base_url
    handle, err = config_of(options), ffi.new("claude_error_t **")
    for name, value in _mapping(headers, "headers"):
        text = NULL if value is None else c_text(value, f"header {name}")
        check(lib.claude_config_set_header(handle, c_text(name, "the name of a header"), text, err), err)
    if api_key is not None:
        secret = api_key if isinstance(api_key, Secret) else Secret(api_key)
        check(lib.claude_config_set_secret(handle, secret._handle, err), err)
    return handle
