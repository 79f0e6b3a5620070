"""The client for programs that wait: shared by any number of threads."""

from __future__ import annotations

from ._base import BaseClient, Settings
from ._call import Call
from ._errors import check
from ._features import Executing
from ._ffi import ffi, lib
from ._heard import come_out, mine, raised
from ._response import Message, RawResponse, Response, as_message, wrap
from ._stream import MessageStream, MessageStreamManager, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Executor
    from types import TracebackType
    from typing import Any, Literal, TypeVar, overload

    from ._base import Form
    from ._claude import CData
    from ._features import Features
    from ._files import File
    from ._pages import Page
    from ._resources import MessagesBatches, Root
    from ._structured import ParsedMessage
    from ._tools import Tool, ToolRunner
    from ._validate import Problem

    ClientT = TypeVar("ClientT", bound="Client")
    Headers = Mapping[str, "str | None"]
    Options = Mapping[str, Any]
else:
    Root = object


class Client(BaseClient, Executing, Root):
    """A client of the Claude API for programs that wait. Usable by any number of threads at once, and after a fork."""

    @property
    def messages(self) -> Messages:
        """The Messages API."""
        return Messages(self)

    def pages(
        self,
        endpoint: str,
        *,
        path: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        betas: Sequence[str] | None = None,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        features: Features | None = None,
    ) -> Page:
        """The first page of a list, by its endpoint's name: "models.list". The arguments are those of request()."""
        from ._pages import Page

        settings = Settings(extra_headers, timeout, options, features=features, path=path, query=query, betas=betas)
        request = self._request(endpoint, None, False, settings)
        return Page(self, request, self._execute(request, settings), settings)

    if TYPE_CHECKING:

        @overload
        def request(
            self,
            endpoint: str,
            body: Any = None,
            *,
            path: Mapping[str, Any] | None = None,
            query: Mapping[str, Any] | None = None,
            betas: Sequence[str] | None = None,
            form: Form | None = None,
            files: Sequence[File] | None = None,
            stream: Literal[False] = False,
            extra_headers: Headers | None = None,
            timeout: float | None = None,
            options: Options | None = None,
            features: Features | None = None,
        ) -> Response: ...

        @overload
        def request(
            self,
            endpoint: str,
            body: Any = None,
            *,
            path: Mapping[str, Any] | None = None,
            query: Mapping[str, Any] | None = None,
            betas: Sequence[str] | None = None,
            form: Form | None = None,
            files: Sequence[File] | None = None,
            stream: Literal[True],
            extra_headers: Headers | None = None,
            timeout: float | None = None,
            options: Options | None = None,
            features: Features | None = None,
        ) -> MessageStream: ...

    def request(
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
        features: Features | None = None,
    ) -> Response | MessageStream:
        """Calls any endpoint by its name, for example "messages.batches.cancel" (docs/endpoints.md has all).

        path     parameters of the path: {"message_batch_id": "msgbatch_1"}
        query    parameters of the query; lists and nested mappings are understood
        body     a mapping, or JSON as bytes, which are sent as they are
        betas    beta names to send beside those that the endpoint needs
        form     for endpoints that take a form: names with texts, numbers, and files (see libclaude.File)
        files    files whose tokens stand in a body that is given as bytes
        features "retries", "circuit_breaker", "rate_limiting", "failover", "quota", several of them, or
                 "enterprise_features"
        stream   True gives the MessageStream; an answer of JSON lines, or of bytes, comes in its events, too
        """
        settings = Settings(
            extra_headers,
            timeout,
            options,
            features=features,
            path=path,
            query=query,
            betas=betas,
            form=form,
            files=files,
        )
        request = self._request(endpoint, body, stream, settings)
        if stream:
            return MessageStream(self._start(request, settings, stream=True))
        return wrap(self._execute(request, settings))

    def close(self) -> None:
        """Lets go of the connections. Calls in flight go on; new ones are refused."""
        self._handle = None

    def __enter__(self: ClientT) -> ClientT:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, request: CData, settings: Settings | None, stream: bool = False) -> Call:
        handle = self._opened()
        flags = self._flags(settings) | (lib.CLAUDE_STREAM if stream else 0)
        out, err = ffi.new("claude_call_t **"), ffi.new("claude_error_t **")
        code = lib.claude_client_start(handle, request, flags, out, err)
        if raised and mine():
            lib.claude_error_unref(err[0])
            lib.claude_py_drop_call(out[0])
            come_out()
        check(code, err)
        call = Call(out[0], self._hook, self._observer)
        if self._deprecations is not None:
            self._deprecations.tell()
        return call

    def _execute(self, request: CData, settings: Settings | None) -> CData:
        call = self._start(request, settings)
        call.wait()
        return call.result()


class Messages:
    """The Messages API. Keyword arguments are the members of the request's JSON body and are passed on as they are."""

    __slots__ = ("_client",)

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> RawMessages:
        """The same functions, which give the answer as it came: a RawResponse."""
        return RawMessages(self._client)

    @property
    def batches(self) -> MessagesBatches:
        """Batches of messages."""
        from ._endpoints import resource

        batches: MessagesBatches = resource(self._client, "messages.batches")
        return batches

    if TYPE_CHECKING:

        @overload
        def create(
            self,
            *,
            stream: Literal[False] = False,
            extra_headers: Headers | None = None,
            timeout: float | None = None,
            betas: Sequence[str] | None = None,
            options: Options | None = None,
            features: Features | None = None,
            **body: Any,
        ) -> Message: ...

        @overload
        def create(
            self,
            *,
            stream: Literal[True],
            extra_headers: Headers | None = None,
            timeout: float | None = None,
            betas: Sequence[str] | None = None,
            options: Options | None = None,
            features: Features | None = None,
            **body: Any,
        ) -> Stream: ...

        @overload
        def create(
            self,
            *,
            stream: bool,
            extra_headers: Headers | None = None,
            timeout: float | None = None,
            betas: Sequence[str] | None = None,
            options: Options | None = None,
            features: Features | None = None,
            **body: Any,
        ) -> Message | Stream: ...

    def create(
        self,
        *,
        stream: bool = False,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        betas: Sequence[str] | None = None,
        options: Options | None = None,
        features: Features | None = None,
        **body: Any,
    ) -> Message | Stream:
        """Sends a message and returns the answer, or with stream=True the Stream of its events.

        `timeout` is in seconds, `options` sets options of the library for this call. `features` asks for "retries",
        "circuit_breaker", "rate_limiting", "failover", "quota", several of them, or "enterprise_features": all that are
        enabled.
        """
        settings = Settings(extra_headers, timeout, options, features=features, betas=betas)
        request = self._client._request("messages.create", body, stream, settings)
        if stream:
            return Stream(self._client._start(request, settings, stream=True))
        return as_message(self._client._execute(request, settings))

    def stream(
        self,
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        betas: Sequence[str] | None = None,
        options: Options | None = None,
        features: Features | None = None,
        **body: Any,
    ) -> MessageStreamManager:
        """For a `with` statement: sends a message and gives the MessageStream of its answer."""
        settings = Settings(extra_headers, timeout, options, features=features, betas=betas)
        request = self._client._request("messages.create", body, True, settings)
        return MessageStreamManager(lambda: self._client._start(request, settings, stream=True))

    def count_tokens(
        self,
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        betas: Sequence[str] | None = None,
        options: Options | None = None,
        features: Features | None = None,
        **body: Any,
    ) -> Response:
        """Counts the tokens of a message without sending it to the model: `.input_tokens`.

        It takes what create() takes; what has no tokens (max_tokens, temperature, ...) is not sent.
        """
        settings = Settings(extra_headers, timeout, options, features=features, betas=betas)
        request = self._client._counting(body, settings)
        return wrap(self._client._execute(request, settings))

    def parse(
        self,
        *,
        output_format: Any,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        betas: Sequence[str] | None = None,
        options: Options | None = None,
        features: Features | None = None,
        **body: Any,
    ) -> ParsedMessage:
        """Sends a message whose answer must match a schema, and checks it: `.parsed_output`.

        `output_format` is a JSON Schema as a mapping; or a dataclass, a TypedDict, or a class with model_json_schema()
        as those of pydantic, of which `.parsed_output` is an object then. What parse_output() raises is raised.
        """
        from ._structured import ask_for, parsed, schema_of

        settings = Settings(extra_headers, timeout, options, features=features, betas=betas)
        request = self._client._request("messages.create", body, False, settings)
        ask_for(request, schema_of(output_format))
        return parsed(self._client._execute(request, settings), output_format)

    def tool_runner(
        self,
        *,
        tools: Sequence[Tool | Mapping[str, Any]],
        max_turns: int | None = None,
        executor: Executor | None = None,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        betas: Sequence[str] | None = None,
        options: Options | None = None,
        features: Features | None = None,
        **body: Any,
    ) -> ToolRunner:
        """A conversation in which the model's calls of tools are run and answered, until it is done.

        `tools` are functions with the decorator libclaude.tool, and tools of the server as mappings. After `max_turns`
        messages (10; 0: no limit) it fails.
        `executor` runs the tools of one message together, for example a ThreadPoolExecutor. Nothing is sent yet.
        """
        from ._tools import Tool, ToolRunner

        known = [each.param if isinstance(each, Tool) else each for each in tools]
        settings = Settings(extra_headers, timeout, options, features=features, betas=betas)
        request = self._client._request("messages.create", {**body, "tools": known}, False, settings)
        return ToolRunner(self._client, request, tools, max_turns, self._client._flags(settings), executor)

    def validate(
        self,
        *,
        stream: bool = False,
        betas: Sequence[str] | None = None,
        options: Options | None = None,
        **body: Any,
    ) -> list[Problem]:
        """What is wrong with a message that create() would send, by this client's options; none if nothing is."""
        from ._validate import problems

        request = self._client._request("messages.create", body, stream, Settings(options=options, betas=betas))
        flags = lib.CLAUDE_STREAM if stream else 0
        return problems(lib.claude_client_validate, self._client._opened(), request, flags)


class RawMessages:
    """The Messages API, with answers as they come. For streams, see Stream.status and Stream.request_id."""

    __slots__ = ("_client",)

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(
        self,
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        betas: Sequence[str] | None = None,
        options: Options | None = None,
        features: Features | None = None,
        **body: Any,
    ) -> RawResponse:
        """Sends a message; see Messages.create(). With stream=True the body is the message put together."""
        settings = Settings(extra_headers, timeout, options, features=features, betas=betas)
        request = self._client._request("messages.create", body, False, settings)
        return RawResponse(self._client._execute(request, settings), as_message)

    def count_tokens(
        self,
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        betas: Sequence[str] | None = None,
        options: Options | None = None,
        features: Features | None = None,
        **body: Any,
    ) -> RawResponse:
        """Counts the tokens of a message; see Messages.count_tokens()."""
        settings = Settings(extra_headers, timeout, options, features=features, betas=betas)
        request = self._client._counting(body, settings)
        return RawResponse(self._client._execute(request, settings), wrap)
