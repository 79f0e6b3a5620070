"""The client for asyncio. Its calls run on the thread of the event loop, which watches one descriptor for them all."""

from __future__ import annotations

import asyncio
import os
import struct
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from ._base import BaseClient, Settings
from ._errors import bad_state, check, make, take
from ._features import AsyncExecuting
from ._ffi import NULL, ffi, lib, text_of
from ._heard import come_out, mine, raised, taken
from ._loop import LoopCall
from ._report import copied
from ._response import Message, RawResponse, Response, as_message, rate_limits_of, wrap
from ._stream import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Any, Literal, NoReturn, TypeVar, overload

    from ._async_tools import AsyncToolRunner
    from ._base import Form
    from ._claude import Batch, CData
    from ._features import Features
    from ._files import File
    from ._observe import Observer
    from ._pages import AsyncPages
    from ._report import Report
    from ._resources import AsyncMessagesBatches, AsyncRoot
    from ._response import RateLimit
    from ._sign import Hooks
    from ._structured import ParsedMessage
    from ._tools import Tool
    from ._validate import Problem

    ClientT = TypeVar("ClientT", bound="AsyncClient")
    StreamT = TypeVar("StreamT", bound="AsyncStream")
    Headers = Mapping[str, "str | None"]
    Options = Mapping[str, Any]
else:
    AsyncRoot = object

# A stream whose events nobody takes is held when they need so much memory, an event counting for its JSON and this.
_HOLD_BYTES, _EVENT_BYTES = 256 * 1024, 512

_DONE, _TEXT, _BYTES = lib.CLAUDE_DONE, int(EventKind.TEXT_DELTA), lib.CLAUDE_EVENT_BYTES
_RECORD = struct.Struct("=Qiiiii4x")
# Looked up once: these run for every wake-up.
_take, _unpack, _read_records = lib.claude_py_take, ffi.unpack, _RECORD.iter_unpack


class _Call(LoopCall):
    """A call and its events that nobody has taken yet. `tag` is where C looks whether events are wanted."""

    __slots__ = ("events", "held", "loop", "size", "waiter")

    def __init__(
        self,
        handle: CData,
        hook: Hooks | None,
        observer: Observer | None,
        tag: CData,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(handle, hook, observer, tag)
        self.loop = loop
        self.events: deque[Event] = deque()
        self.size = 0
        self.held = False
        self.waiter: asyncio.Future[None] | None = None

    def add(self, event: Event, size: int) -> None:
        """Keeps an event; above the limit the server has to wait."""
        self.events.append(event)
        self.size += size + _EVENT_BYTES
        if self.size > _HOLD_BYTES and not self.held:
            self.held = True
            self.pause()

    def wake(self) -> None:
        """Tells the task that waits for events."""
        waiter, self.waiter = self.waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def more(self) -> bool:
        """Waits until there are events; False at the end. A task that is cancelled meanwhile ends the call."""
        while not self.events:
            if self.ended:
                return False
            self._let_go_on()
            self.waiter = waiter = self.loop.create_future()
            try:
                await waiter
            except BaseException:
                if self.waiter is waiter:
                    self.waiter = None
                self.cancel()
                raise
        return True

    def _let_go_on(self) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self.loop:
            state = ", which has been closed" if self.loop.is_closed() else ""
            raise bad_state(f"the call belongs to another event loop{state}")
        if self.waiter is not None:
            raise bad_state("the call is in use by another task", lib.CLAUDE_E_BUSY)
        self.size = 0
        if self.held:
            self.held = False
            self.resume()

    async def outcome(self) -> CData:
        """The response when the call has ended: a reference for the caller; events are passed over."""
        self.tag[0] = 1
        self.events.clear()
        while await self.more():
            self.events.clear()
        return self._outcome()

    def check(self) -> None:
        """Raises why a call that has ended failed."""
        lib.claude_response_unref(self._outcome())

    def fail(self, error: BaseException) -> None:
        """Ends the call with an error of our own."""
        self._failure = error
        self.ended = True
        self.cancel()
        self.wake()


class _Engine:
    """The calls of a client in one event loop.

    The event loop's watch on the descriptor holds it, and nothing else does for long: an event loop that is closed
    drops the engine, its calls and their connections with it.
    """

    __slots__ = (
        "__weakref__",
        "_batch",
        "_calls",
        "_dropping",
        "_handle",
        "_hook",
        "_observer",
        "_pid",
        "_records",
        "loop",
        "retired",
    )

    def __init__(
        self, client: CData, hook: Hooks | None, observer: Observer | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        out, err = ffi.new("claude_loop_t **"), ffi.new("claude_error_t **")
        check(lib.claude_loop_new(client, out, err), err)
        self._handle = ffi.gc(out[0], lib.claude_py_drop_loop)
        self._batch: Batch = ffi.new("claude_py_batch *")
        self._batch.loop = self._handle
        self._dropping = ffi.gc(self._batch, lib.claude_py_drop)
        self._records = memoryview(ffi.buffer(self._batch.records))
        self._calls: dict[int, _Call] = {}
        self._hook = hook
        self._observer = observer
        self._pid = os.getpid()
        self.loop = loop
        self.retired = False
        loop.add_reader(lib.claude_loop_fd(self._handle), self._ready)

    def submit(self, request: CData, flags: int) -> _Call:
        """Starts a call."""
        unwanted = ffi.new("int32_t *")
        tag = int(ffi.cast("uintptr_t", unwanted))
        out, err = ffi.new("claude_call_t **"), ffi.new("claude_error_t **")
        code = lib.claude_loop_submit(self._handle, request, flags, tag, out, err)
        if raised and mine():
            lib.claude_error_unref(err[0])
            lib.claude_py_drop_call(out[0])
            come_out()
        check(code, err)
        call = self._calls[tag] = _Call(out[0], self._hook, self._observer, unwanted, self.loop)
        return call

    def _ready(self) -> None:
        """Runs whenever the descriptor is readable."""
        batch = self._batch
        try:
            code = _take(batch)
            if raised and mine():
                self._tell(taken())
            if batch.count:
                self._deliver(_unpack(batch.bytes, batch.used) if batch.used else b"", batch.count)
            if code < 0:
                handle, batch.err = batch.err, NULL
                text = text_of(lib.claude_code_text(code))
                raise take(handle) if handle else make({"code": code, "message": text})
        except BaseException as error:
            # Nobody knows what was lost.
            calls, self._calls = self._calls, {}
            for call in calls.values():
                call.fail(error)
            self.retired = True
            if not isinstance(error, Exception):
                raise
        if self.retired and not self._calls:
            self._end()

    def _tell(self, error: BaseException | None) -> None:
        """What a function for log lines, or the like, has raised: no call is known that it belongs to."""
        if error is not None and not isinstance(error, Exception):
            raise error
        message = "a function that libclaude called has failed"
        self.loop.call_exception_handler({"message": message, "exception": error})

    def _deliver(self, data: bytes, count: int) -> None:
        calls = self._calls
        at = 0
        for tag, kind, index, text_len, data_len, name_len in _read_records(self._records[: count * _RECORD.size]):
            call = calls[tag]
            if kind == _DONE:
                del calls[tag]
                call.ended = True
            else:
                text = None
                json_len = data_len if kind != _BYTES else text_len
                if text_len >= 0 and kind != _BYTES:
                    text = data[at : at + text_len].decode()
                    at += text_len
                event = Event(kind, index, text, data[at : at + json_len])
                at += json_len
                if name_len:
                    event._type = data[at : at + name_len].decode("utf-8", "replace")
                    at += name_len
                call.add(event, json_len)
            if call.waiter is not None:
                call.wake()

    def retire(self) -> None:
        """Ends the engine as soon as it has no calls. From any thread."""
        if self._pid != os.getpid():
            return  # what a child has of it is to be left alone
        with suppress(RuntimeError):  # the event loop is closed, and has let go of the engine
            self.loop.call_soon_threadsafe(self._retire)

    def _retire(self) -> None:
        self.retired = True
        if not self._calls:
            self._end()

    def _end(self) -> None:
        self.loop.remove_reader(lib.claude_loop_fd(self._handle))


class _Engines:
    """The engines of a client and of its copies, one for each event loop; they retire when the last of those goes."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[int, _Engine] = WeakValueDictionary()

    def running(self, client: CData, hook: Hooks | None, observer: Observer | None) -> _Engine:
        """The engine of the event loop that runs now."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise bad_state("there is no running asyncio event loop; an AsyncClient needs one") from None
        engine = self._known.get(id(loop))
        if engine is None or engine.retired:
            engine = self._known[id(loop)] = _Engine(client, hook, observer, loop)
        return engine

    def __del__(self) -> None:
        for engine in list(self._known.values()):
            engine.retire()


class AsyncClient(BaseClient, AsyncExecuting, AsyncRoot):
    """A client of the Claude API for asyncio (and uvloop). Without threads, usable in any number of event loops.

    In each event loop it is used in, it has connections of its own, which are closed with the client or the event loop.
    A task that is cancelled cancels the call that it waits for.
    """

    _asynchronous = True
    _engines: _Engines | None = None

    @property
    def messages(self) -> AsyncMessages:
        """The Messages API."""
        return AsyncMessages(self)

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
    ) -> AsyncPages:
        """The pages of a list, by its endpoint's name: "models.list". The arguments are those of request()."""
        from ._pages import AsyncPages

        settings = Settings(extra_headers, timeout, options, features=features, path=path, query=query, betas=betas)
        request = self._request(endpoint, None, False, settings)
        return AsyncPages(self, request, settings)

    if TYPE_CHECKING:

        @overload
        async def request(
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
        async def request(
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
        ) -> AsyncMessageStream: ...

    async def request(
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
    ) -> Response | AsyncMessageStream:
        """Calls any endpoint by its name, for example "messages.batches.cancel" (docs/endpoints.md has all).

        path     parameters of the path: {"message_batch_id": "msgbatch_1"}
        query    parameters of the query; lists and nested mappings are understood
        body     a mapping, or JSON as bytes, which are sent as they are
        betas    beta names to send beside those that the endpoint needs
        form     for endpoints that take a form: names with texts, numbers, and files (see libclaude.File)
        files    files whose tokens stand in a body that is given as bytes
        features "retries", "circuit_breaker", "rate_limiting", "failover", "quota", several of them, or
                 "enterprise_features"
        stream   True gives the AsyncMessageStream; an answer of JSON lines, or of bytes, comes in its events, too
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
            return await AsyncMessageStream(self._start(request, settings, stream=True))._begun()
        return wrap(await self._execute(request, settings))

    async def close(self) -> None:
        """Lets go of the connections. Calls in flight go on; new ones are refused."""
        self._handle = self._engines = None

    async def __aenter__(self: ClientT) -> ClientT:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _open(self, *arguments: Any) -> None:
        super()._open(*arguments)
        self._engines = _Engines()

    def _start(self, request: CData, settings: Settings | None, stream: bool = False) -> _Call:
        handle = self._opened()
        assert self._engines is not None
        flags = self._flags(settings) | (lib.CLAUDE_STREAM if stream else 0)
        call = self._engines.running(handle, self._hook, self._observer).submit(request, flags)
        if self._deprecations is not None:
            call._tell(self._deprecations)
        return call

    async def _execute(self, request: CData, settings: Settings | None) -> CData:
        return await self._start(request, settings).outcome()


class AsyncMessages:
    """The Messages API. Keyword arguments are the members of the request's JSON body and are passed on as they are."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> AsyncRawMessages:
        """The same functions, which give the answer as it came: a RawResponse."""
        return AsyncRawMessages(self._client)

    @property
    def batches(self) -> AsyncMessagesBatches:
        """Batches of messages."""
        from ._endpoints import resource

        batches: AsyncMessagesBatches = resource(self._client, "messages.batches")
        return batches

    if TYPE_CHECKING:

        @overload
        async def create(
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
        async def create(
            self,
            *,
            stream: Literal[True],
            extra_headers: Headers | None = None,
            timeout: float | None = None,
            betas: Sequence[str] | None = None,
            options: Options | None = None,
            features: Features | None = None,
            **body: Any,
        ) -> AsyncStream: ...

        @overload
        async def create(
            self,
            *,
            stream: bool,
            extra_headers: Headers | None = None,
            timeout: float | None = None,
            betas: Sequence[str] | None = None,
            options: Options | None = None,
            features: Features | None = None,
            **body: Any,
        ) -> Message | AsyncStream: ...

    async def create(
        self,
        *,
        stream: bool = False,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        betas: Sequence[str] | None = None,
        options: Options | None = None,
        features: Features | None = None,
        **body: Any,
    ) -> Message | AsyncStream:
        """Sends a message and returns the answer, or with stream=True the AsyncStream of its events.

        `timeout` is in seconds, `options` sets options of the library for this call. `features` asks for "retries",
        "circuit_breaker", "rate_limiting", "failover", "quota", several of them, or "enterprise_features": all that are
        enabled.
        """
        settings = Settings(extra_headers, timeout, options, features=features, betas=betas)
        request = self._client._request("messages.create", body, stream, settings)
        if stream:
            return await AsyncStream(self._client._start(request, settings, stream=True))._begun()
        return as_message(await self._client._execute(request, settings))

    def stream(
        self,
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        betas: Sequence[str] | None = None,
        options: Options | None = None,
        features: Features | None = None,
        **body: Any,
    ) -> AsyncMessageStreamManager:
        """For an `async with` statement: sends a message and gives the AsyncMessageStream of its answer."""
        settings = Settings(extra_headers, timeout, options, features=features, betas=betas)
        request = self._client._request("messages.create", body, True, settings)
        return AsyncMessageStreamManager(lambda: self._client._start(request, settings, stream=True))

    async def count_tokens(
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
        return wrap(await self._client._execute(request, settings))

    async def parse(
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
        return parsed(await self._client._execute(request, settings), output_format)

    def tool_runner(
        self,
        *,
        tools: Sequence[Tool | Mapping[str, Any]],
        max_turns: int | None = None,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        betas: Sequence[str] | None = None,
        options: Options | None = None,
        features: Features | None = None,
        **body: Any,
    ) -> AsyncToolRunner:
        """A conversation in which the model's calls of tools are run and answered, until it is done.

        `tools` are functions with the decorator libclaude.tool, and tools of the server as mappings. After `max_turns`
        messages (10; 0: no limit) it fails. Nothing is sent yet.
        """
        from ._async_tools import AsyncToolRunner
        from ._tools import Tool

        known = [each.param if isinstance(each, Tool) else each for each in tools]
        settings = Settings(extra_headers, timeout, options, features=features, betas=betas)
        request = self._client._request("messages.create", {**body, "tools": known}, False, settings)
        return AsyncToolRunner(self._client, request, tools, max_turns, self._client._flags(settings))

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


class AsyncRawMessages:
    """The Messages API, with answers as they come. For streams, see AsyncStream.status and AsyncStream.request_id."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def create(
        self,
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        betas: Sequence[str] | None = None,
        options: Options | None = None,
        features: Features | None = None,
        **body: Any,
    ) -> RawResponse:
        """Sends a message; see AsyncMessages.create(). With stream=True the body is the message put together."""
        settings = Settings(extra_headers, timeout, options, features=features, betas=betas)
        request = self._client._request("messages.create", body, False, settings)
        return RawResponse(await self._client._execute(request, settings), as_message)

    async def count_tokens(
        self,
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        betas: Sequence[str] | None = None,
        options: Options | None = None,
        features: Features | None = None,
        **body: Any,
    ) -> RawResponse:
        """Counts the tokens of a message; see AsyncMessages.count_tokens()."""
        settings = Settings(extra_headers, timeout, options, features=features, betas=betas)
        request = self._client._counting(body, settings)
        return RawResponse(await self._client._execute(request, settings), wrap)


class AsyncStream:
    """The events of a streaming call, for `async for`. Leaving an `async with` block closes it; so does losing it.

    One task at a time may wait for it. Events that nobody takes make the server wait.
    """

    __slots__ = ("_call", "request_id", "status")

    def __init__(self, call: _Call) -> None:
        self._call = call
        self.status = 0
        """The HTTP status."""
        self.request_id: str | None = None
        """What the API's support asks for."""

    async def _begun(self: StreamT) -> StreamT:
        """Waits for the first event, so that a refused request fails where it was made."""
        if not await self._call.more():
            self._call.check()
        self.status = lib.claude_call_http_status(self._call._handle)
        self.request_id = text_of(lib.claude_call_header(self._call._handle, b"request-id"))
        return self

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events()

    async def _events(self) -> AsyncIterator[Event]:
        call = self._call
        events = call.events
        while events or await call.more():
            yield events.popleft()
        call.check()

    async def __anext__(self) -> Event:
        if await self._call.more():
            return self._call.events.popleft()
        self._call.check()
        raise StopAsyncIteration

    @property
    def rate_limits(self) -> dict[str, RateLimit]:
        """The limits that the server told; see Response.rate_limits."""
        return rate_limits_of(self._call._handle, lib.claude_call_rate_limit)

    @property
    def report(self) -> Report | None:
        """What happened on the way: of a stream that has ended, None before."""
        return copied(lib.claude_call_report(self._call._handle))

    async def until_done(self) -> None:
        """Waits for the end of the stream; events that were not taken are passed over."""
        await self._call.outcome()

    async def close(self) -> None:
        """Ends the call if it is still running. The connection is closed, the answer is not complete."""
        self._call.cancel()

    async def __aenter__(self: StreamT) -> StreamT:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        self._call.cancel()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"an {type(self).__name__} cannot be pickled or copied")


class AsyncMessageStream(AsyncStream):
    """A stream of events that also knows the message they make."""

    __slots__ = ("_message",)

    def __init__(self, call: _Call) -> None:
        super().__init__(call)
        self._message: Message | None = None

    @property
    def text_stream(self) -> AsyncIterator[str]:
        """The pieces of the answer's text, as they come; other events are passed over."""
        return self._texts()

    async def _texts(self) -> AsyncIterator[str]:
        call = self._call
        events = call.events
        while events or await call.more():
            event = events.popleft()
            if event.kind == _TEXT and event.text is not None:
                yield event.text
        call.check()

    async def get_final_message(self) -> Message:
        """The whole message, waiting for the rest of the stream if need be."""
        if self._message is None:
            self._message = as_message(await self._call.outcome())
        return self._message

    async def get_final_text(self) -> str:
        """All text of the whole message, joined."""
        return (await self.get_final_message()).text


class AsyncMessageStreamManager:
    """What messages.stream() returns: entering sends the request, leaving closes the stream."""

    __slots__ = ("_start", "_stream")

    def __init__(self, start: Callable[[], _Call]) -> None:
        self._start = start
        self._stream: AsyncMessageStream | None = None

    async def __aenter__(self) -> AsyncMessageStream:
        self._stream = AsyncMessageStream(self._start())
        return await self._stream._begun()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            await self._stream.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a stream cannot be pickled or copied")
