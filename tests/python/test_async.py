"""AsyncClient under asyncio and uvloop: the same answers, cancelling, many streams, many event loops."""

from __future__ import annotations

import asyncio
import copy
import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Callable, TypeVar

import libclaude
import pytest
import uvloop
from claudetest import CANARY, ask, environment, message_json
from libclaude import AsyncClient, EventKind

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from multiprocessing.connection import Connection

    from sandbox import Sandbox

# What nobody catches fails the test: exceptions in finalizers, coroutines that nobody awaits.
pytestmark = pytest.mark.filterwarnings("error")

T = TypeVar("T")
NewLoop = Callable[[], asyncio.AbstractEventLoop]


def run_in(loop: asyncio.AbstractEventLoop, main: Coroutine[Any, Any, T]) -> T:
    """What asyncio.run() does, in an event loop that stays open."""
    try:
        return loop.run_until_complete(asyncio.wait_for(main, 30))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def new_loop(request: pytest.FixtureRequest) -> NewLoop:
    made: NewLoop = request.param
    return made


@pytest.fixture
def run(new_loop: NewLoop) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    def go(main: Coroutine[Any, Any, Any]) -> Any:
        loop = new_loop()
        try:
            return run_in(loop, main)
        finally:
            loop.close()

    return go


Run = Callable[["Coroutine[Any, Any, T]"], T]


class Connections:
    """How many connections a test has opened and not closed."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.before = sandbox.stats()["connections_open"]

    def now(self) -> int:
        return int(self.sandbox.stats()["connections_open"] - self.before)

    async def become(self, wanted: int, within: float = 20) -> None:
        """Gives the event loop its turns until there are that many."""
        deadline = time.monotonic() + within
        while self.now() != wanted:
            assert time.monotonic() < deadline, f"there are not {wanted} connections"
            await asyncio.sleep(0)


@pytest.fixture
def connections(sandbox: Sandbox) -> Connections:
    return Connections(sandbox)


@pytest.fixture
def client(sandbox: Sandbox) -> AsyncClient:
    return AsyncClient(CANARY, base_url=sandbox.url)


def the_engine(client: AsyncClient) -> weakref.ref[Any]:
    """The only engine of a client."""
    assert client._engines is not None
    (engine,) = client._engines._known.values()
    return weakref.ref(engine)


def known(event: libclaude.Event) -> tuple[Any, ...]:
    return (event.kind, event.type, event.index, event.text, event.json)


# ---- answers ----


def test_create(run: Run[Any], client: AsyncClient) -> None:
    async def main() -> None:
        message = await client.messages.create(**ask("Grüße, 世界 🦉"))
        assert isinstance(message, libclaude.Message)
        assert message.text == message["content"][0].text == "Echo: Grüße, 世界 🦉"
        assert message.status == 200
        assert message.request_id == message.headers["request-id"]
        count = await client.messages.count_tokens(model="m", messages=[{"role": "user", "content": "hi"}])
        assert count.input_tokens > 0

    run(main())


@pytest.mark.parametrize("scenario", ["text-tool-thinking", "unknown-events", "interleaved"])
def test_events_are_those_of_a_client_that_waits(
    run: Run[Any], client: AsyncClient, sandbox: Sandbox, scenario: str
) -> None:
    sandbox.scenario(scenario)
    with libclaude.Client(CANARY, base_url=sandbox.url) as waiting, waiting.messages.stream(**ask()) as expected:
        events = [known(event) for event in expected]
        message = expected.get_final_message().to_dict()

    async def main() -> None:
        async with client.messages.stream(**ask()) as stream:
            assert [known(event) async for event in stream] == events
            assert [event async for event in stream] == []
            final = await stream.get_final_message()
            assert final is await stream.get_final_message()
            assert final == message
            assert await stream.get_final_text() == final.text
        raw = await client.messages.create(stream=True, **ask())
        assert type(raw) is libclaude.AsyncStream
        assert [known(event) async for event in raw] == events

    run(main())


def test_text_stream(run: Run[Any], client: AsyncClient, sandbox: Sandbox) -> None:
    async def main() -> None:
        async with client.messages.stream(**ask("a text that comes in several pieces")) as stream:
            first = await stream.__anext__()
            assert first.type == "message_start"
            async for text in stream.text_stream:
                assert text
                break
            pieces = [text, *[piece async for piece in stream.text_stream]]
            assert len(pieces) > 2
            assert "".join(pieces) == "Echo: a text that comes in several pieces"
            with pytest.raises(StopAsyncIteration):
                await stream.__anext__()
        sandbox.scenario("huge-event")  # more than one batch has room for
        roomy = {"limit.event_bytes": 32 * 1024 * 1024}
        async with client.messages.stream(options=roomy, **ask()) as stream:
            texts = [text async for text in stream.text_stream]
        assert max(map(len, texts)) == len(await stream.get_final_text()) >= 16 * 1024 * 1024 - 1024

    run(main())


def test_until_done(run: Run[Any], client: AsyncClient) -> None:
    async def main() -> None:
        async with client.messages.stream(**ask("whole")) as stream:
            await stream.until_done()
            assert [event async for event in stream] == []
        assert await stream.get_final_text() == "Echo: whole"

    run(main())


def test_events_that_nobody_wants_are_not_made(
    run: Run[Any], client: AsyncClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.scenario({"generate": {"events": 3000, "event_bytes": 130}})
    made: list[int] = []

    def note(*arguments: Any) -> libclaude.Event:
        made.append(arguments[0])
        return libclaude.Event(*arguments)

    monkeypatch.setattr("libclaude._async.Event", note)

    async def main() -> None:
        async with client.messages.stream(**ask()) as stream:
            assert len((await stream.get_final_message()).text) > 3000
        assert len(made) < 1000

    run(main())


def test_nul_and_no_text(run: Run[Any], client: AsyncClient, sandbox: Sandbox) -> None:
    def delta(text: str) -> dict[str, Any]:
        data = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        return {"data": data}

    start = {"data": {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}}
    message = {"raw": 'event: message_start\ndata: {"type":"message_start","message":' + message_json("[]") + "}\n\n"}
    sandbox.scenario(
        {"events": [message, start, delta("a\0b"), delta(""), delta("🦉"), {"data": {"type": "message_stop"}}]}
    )

    async def main() -> None:
        async with client.messages.stream(**ask()) as stream:
            assert [event.text async for event in stream] == [None, None, "a\0b", "", "🦉", None]

    run(main())


# ---- failures ----


async def collect(stream: libclaude.AsyncMessageStream, texts: list[str]) -> None:
    async for text in stream.text_stream:
        texts.append(text)


def test_errors(run: Run[Any], client: AsyncClient, sandbox: Sandbox) -> None:
    async def main() -> None:
        sandbox.scenario("overloaded")
        with pytest.raises(libclaude.OverloadedError) as caught:
            await client.messages.create(**ask())
        assert caught.value.http_status == 529
        with pytest.raises(libclaude.OverloadedError):
            await client.messages.create(stream=True, **ask())
        with pytest.raises(libclaude.OverloadedError):
            await client.messages.stream(**ask()).__aenter__()
        sandbox.scenario("truncated")
        texts: list[str] = []
        async with client.messages.stream(**ask()) as stream:
            with pytest.raises(libclaude.StreamTruncatedError) as truncated:
                await collect(stream, texts)
            assert texts == ["Hello", ", wor"]
            assert truncated.value.response is not None
            assert truncated.value.response.text == "Hello, wor"
            for use in (stream.__anext__, stream.until_done, stream.get_final_message):
                with pytest.raises(libclaude.StreamTruncatedError):
                    await use()

    run(main())


def test_deadline(run: Run[Any], client: AsyncClient, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")

    async def main() -> None:
        async with client.messages.stream(timeout=0.1, **ask()) as stream:
            with pytest.raises(libclaude.APITimeoutError):
                await stream.until_done()

    run(main())


@pytest.mark.parametrize("error", [ZeroDivisionError("mine"), KeyboardInterrupt(), SystemExit(3)], ids=repr)
def test_exceptions_of_the_hook(run: Run[Any], sandbox: Sandbox, error: BaseException) -> None:
    def sign(_attempt: libclaude.Attempt) -> None:
        raise error

    async def use(call: Coroutine[Any, Any, Any]) -> BaseException:
        try:
            await call
        except BaseException as caught:
            return caught
        raise AssertionError

    async def main() -> None:
        async with AsyncClient(CANARY, base_url=sandbox.url, sign=sign) as client:
            assert await use(client.messages.create(**ask())) is error
            assert await use(client.messages.create(stream=True, **ask())) is error
            assert await use(client.messages.stream(**ask()).__aenter__()) is error

    run(main())
    assert sandbox.counts()[0] == 0


def test_bad_input(run: Run[Any], client: AsyncClient, sandbox: Sandbox) -> None:
    async def main() -> None:
        for bad, words in (({"temperature": float("nan")}, "temperature"), ({"model": "\ud800"}, "lone surrogate")):
            with pytest.raises(libclaude.InvalidRequestError, match=words):
                await client.messages.create(**{**ask(), **bad})
            with pytest.raises(libclaude.InvalidRequestError, match=words):
                client.messages.stream(**{**ask(), **bad})
        with pytest.raises(libclaude.InvalidRequestError, match="model is missing"):
            await client.messages.create(max_tokens=1, messages=[])

    run(main())
    assert sandbox.counts()[0] == 0


def test_an_error_of_ours_ends_every_call(run: Run[Any], client: AsyncClient, sandbox: Sandbox) -> None:
    async def main(monkeypatch: pytest.MonkeyPatch) -> None:
        sandbox.scenario({"hold_ms": -1, "ping_interval_ms": 5})
        async with client.messages.stream(**ask()) as stream:
            task = asyncio.ensure_future(client.messages.create(**ask()))
            await asyncio.sleep(0)
            engine = the_engine(client)

            def fail(*_arguments: Any) -> None:
                raise MemoryError

            monkeypatch.setattr("libclaude._async.Event", fail)
            with pytest.raises(MemoryError):
                async for _ in stream:
                    pass
            with pytest.raises(MemoryError):
                await task
            monkeypatch.undo()
            sandbox.scenario(None)
            # Of the old engine nothing more is heard, and it is gone.
            assert (await client.messages.create(**ask("again"))).text == "Echo: again"
            assert engine() is not the_engine(client)()

    with pytest.MonkeyPatch.context() as monkeypatch:
        run(main(monkeypatch))


# ---- cancelling ----


WAYS: dict[str, Callable[[AsyncClient, asyncio.Event], Coroutine[Any, Any, Any]]] = {}


def way(function: Callable[[AsyncClient, asyncio.Event], Coroutine[Any, Any, Any]]) -> None:
    WAYS[function.__name__] = function


@way
async def create(client: AsyncClient, begun: asyncio.Event) -> None:
    begun.set()
    await client.messages.create(**ask(), extra_headers={"x-sandbox-scenario": "silence"})


@way
async def events(client: AsyncClient, begun: asyncio.Event) -> None:
    async for event in await client.messages.create(stream=True, **ask()):
        if event.text == ", wor":
            begun.set()


@way
async def texts(client: AsyncClient, begun: asyncio.Event) -> None:
    async with client.messages.stream(**ask()) as stream:
        async for text in stream.text_stream:
            if text == ", wor":
                begun.set()


@way
async def final(client: AsyncClient, begun: asyncio.Event) -> None:
    stream = await client.messages.stream(**ask()).__aenter__()
    begun.set()
    await stream.get_final_message()


@pytest.mark.parametrize("name", ["create", "events", "texts", "final"])
def test_a_cancelled_task_cancels_its_call(
    run: Run[Any], client: AsyncClient, sandbox: Sandbox, connections: Connections, name: str
) -> None:
    sandbox.register("silence", {"framing": "length", "body": "{}", "faults": [{"at_body": 1, "do": "stall"}]})
    sandbox.scenario("stall")

    async def main() -> None:
        begun = asyncio.Event()
        task = asyncio.ensure_future(WAYS[name](client, begun))
        await begun.wait()
        await connections.become(1)
        while not sandbox.requests():
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        await connections.become(0, within=1)
        assert caught.value.__traceback__  # what it holds does not keep the call

    run(main())


def test_wait_for(run: Run[Any], client: AsyncClient, sandbox: Sandbox, connections: Connections) -> None:
    sandbox.scenario("stall")

    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.messages.create(**ask()), 0.05)
        await connections.become(0, within=1)

    run(main())


def test_leaving_closing_and_losing(
    run: Run[Any], client: AsyncClient, sandbox: Sandbox, connections: Connections
) -> None:
    sandbox.scenario("stall")

    async def main() -> None:
        async with client.messages.stream(**ask()) as stream:
            await connections.become(1)
        await connections.become(0, within=1)
        # What had come is still there.
        with pytest.raises(libclaude.CallCancelled):
            await stream.until_done()
        stream = await client.messages.stream(**ask()).__aenter__()
        await connections.become(1)
        waiting = asyncio.ensure_future(stream.until_done())
        await asyncio.sleep(0)
        await stream.close()
        with pytest.raises(libclaude.CallCancelled):
            await waiting
        await connections.become(0, within=1)
        raw = await client.messages.create(stream=True, **ask())
        await connections.become(1)
        del raw
        gc.collect()
        await connections.become(0, within=1)

    run(main())


def test_ctrl_c(sandbox: Sandbox, connections: Connections) -> None:
    sandbox.scenario("stall")
    code = (
        "import asyncio, libclaude, signal, sys, time\n"
        # Programs in the background ignore it, and so would their children.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "async def main():\n"
        f"    async with libclaude.AsyncClient({CANARY!r}, base_url={sandbox.url!r}) as client:\n"
        f"        async with client.messages.stream(**{ask()!r}) as stream:\n"
        "            async for text in stream.text_stream:\n"
        "                if text == ', wor': print('waiting', flush=True)\n"
        "try:\n"
        "    asyncio.run(main())\n"
        "except KeyboardInterrupt:\n"
        "    print(time.monotonic(), flush=True)\n"
        "    sys.stdin.readline()\n"
        "    sys.exit(7)\n"
    )
    took = []
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "waiting\n"
            sent = time.monotonic()
            process.send_signal(signal.SIGINT)
            took.append(float(process.stdout.readline()) - sent)
            asyncio.run(connections.become(0))
            process.communicate("\n", timeout=20)
            assert process.returncode == 7
        finally:
            process.kill()
            process.communicate()
    # A loaded machine may delay one of them, but not all.
    assert min(took) <= 0.2


# ---- many at once ----


def test_many_streams(run: Run[Any], client: AsyncClient, sandbox: Sandbox) -> None:
    async def one(number: int) -> str:
        if number % 3 == 0:
            text: str = (await client.messages.create(**ask(f"number {number}"))).text
            return text
        async with client.messages.stream(**ask(f"number {number}")) as stream:
            return "".join([text async for text in stream.text_stream])

    async def main() -> None:
        threads = len(os.listdir("/proc/self/task"))
        answers = await asyncio.gather(*map(one, range(60)))
        assert answers == [f"Echo: number {number}" for number in range(60)]
        assert len(os.listdir("/proc/self/task")) == threads

    run(main())
    assert sandbox.counts()[0] == 60


def test_others_have_their_turn(run: Run[Any], client: AsyncClient, sandbox: Sandbox) -> None:
    sandbox.register("bulk", {"generate": {"events": 50_000, "event_bytes": 130}})
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def main() -> None:
        counting = asyncio.ensure_future(count())
        async with client.messages.stream(**ask(), extra_headers={"x-sandbox-scenario": "bulk"}) as stream:
            got = []
            async for event in stream:
                got.append(event)
                if len(got) == 100:
                    # A short call comes through beside the flood.
                    assert (await client.messages.create(**ask("short"))).text == "Echo: short"
        counting.cancel()
        assert len(got) == 50_006
        assert turns >= 50_000 // 256

    run(main())


def test_who_takes_nothing_makes_the_server_wait(run: Run[Any], client: AsyncClient, sandbox: Sandbox) -> None:
    count = 100_000
    sandbox.register("bulk", {"generate": {"events": count, "event_bytes": 200}})
    bulk = {"x-sandbox-scenario": "bulk"}

    async def main() -> None:
        async with client.messages.stream(**ask(), extra_headers=bulk) as slow:
            await slow.__anext__()
            async with client.messages.stream(**ask(), extra_headers=bulk) as quick:
                assert len([event async for event in quick]) == count + 6
            # The one has got everything, the other only what there is room for.
            assert 100 < len(slow._call.events) < 1000
            assert slow._call.paused
            assert not sandbox.requests()[0].replied
            rest = [event.text async for event in slow]
            assert sum(text is not None for text in rest) == count
            assert len("".join(filter(None, rest))) == len((await slow.get_final_message()).text)

    run(main())


def test_the_end_of_a_held_stream(run: Run[Any], client: AsyncClient, sandbox: Sandbox) -> None:
    generate = {"generate": {"events": 2000, "event_bytes": 130}}

    async def main() -> None:
        sandbox.scenario(generate)
        async with client.messages.stream(**ask()) as stream:
            while not stream._call.held:
                await asyncio.sleep(0)
            assert len((await stream.get_final_message()).text) > 2000
        async with client.messages.stream(**ask()) as stream:
            while not stream._call.held:
                await asyncio.sleep(0)
            await stream.close()
            with pytest.raises(libclaude.CallCancelled):
                await stream.until_done()

    run(main())


# ---- event loops, threads, processes ----


def test_one_after_the_other(
    new_loop: NewLoop, client: AsyncClient, sandbox: Sandbox, connections: Connections
) -> None:
    for turn in range(3):
        loop = new_loop()
        message = run_in(loop, client.messages.create(**ask(f"turn {turn}")))
        assert message.text == f"Echo: turn {turn}"
        assert connections.now() == 1
        loop.close()
        gc.collect()
        asyncio.run(connections.become(0))
    assert sandbox.counts() == (3, 3)


def test_side_by_side(new_loop: NewLoop, client: AsyncClient) -> None:
    wrong: list[str] = []

    async def main(number: int) -> None:
        for turn in range(10):
            async with client.messages.stream(**ask(f"{number} {turn}")) as stream:
                text = "".join([text async for text in stream.text_stream])
            if text != f"Echo: {number} {turn}":
                wrong.append(text)

    def work(number: int) -> None:
        loop = new_loop()
        try:
            run_in(loop, main(number))
        except BaseException as error:
            wrong.append(repr(error))
        loop.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_closed_event_loop(new_loop: NewLoop, client: AsyncClient, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    first, second = new_loop(), new_loop()
    stream = run_in(first, client.messages.stream(**ask()).__aenter__())
    for words in ("belongs to another event loop", "another event loop, which has been closed"):
        for use in (stream.until_done, stream.get_final_message):
            with pytest.raises(libclaude.InvalidStateError, match=words):
                run_in(second, use())
        first.close()
    run_in(second, stream.close())
    second.close()


def test_no_event_loop(client: AsyncClient, sandbox: Sandbox) -> None:
    call = client.messages.create(**ask())
    with pytest.raises(libclaude.InvalidStateError, match="no running asyncio event loop"):
        call.send(None)
    assert sandbox.counts()[0] == 0


def test_two_tasks_on_one_stream(run: Run[Any], client: AsyncClient, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")

    async def main() -> None:
        async with client.messages.stream(**ask()) as stream:
            first = asyncio.ensure_future(stream.until_done())
            await asyncio.sleep(0)
            with pytest.raises(libclaude.InvalidStateError, match="in use by another task") as caught:
                await stream.__anext__()
            assert caught.value.name == "CLAUDE_E_BUSY"
            assert not first.done()
        with pytest.raises(libclaude.CallCancelled):
            await first

    run(main())


def test_close(run: Run[Any], client: AsyncClient, sandbox: Sandbox, connections: Connections) -> None:
    async def main() -> None:
        async with client as same:
            assert same is client
            await client.messages.create(**ask())
            await connections.become(1)
            sandbox.scenario("stall")
            stream = await client.messages.create(stream=True, **ask())
            engine = the_engine(client)
        assert repr(client) == "<AsyncClient closed>"
        # A call in flight goes on; with its end goes the engine.
        assert (await stream.__anext__()).type == "message_start"
        with pytest.raises(libclaude.InvalidStateError, match="the client has been closed"):
            await client.messages.create(**ask())
        assert engine() is not None
        await stream.close()
        await connections.become(0, within=1)
        deadline = time.monotonic() + 20
        while engine() is not None:
            assert time.monotonic() < deadline, "the engine is still there"
            await asyncio.sleep(0)
        await client.close()

    run(main())


def test_losing_a_client(run: Run[Any], sandbox: Sandbox, connections: Connections) -> None:
    async def main() -> None:
        client = AsyncClient(CANARY, base_url=sandbox.url)
        await client.messages.create(**ask())
        await connections.become(1)
        del client
        gc.collect()
        await connections.become(0, within=1)

    run(main())


def test_an_engine_of_the_parent_is_left_alone(run: Run[Any], sandbox: Sandbox) -> None:
    async def main() -> None:
        client = AsyncClient(CANARY, base_url=sandbox.url)
        await client.messages.create(**ask())
        engine = the_engine(client)()
        assert engine is not None
        engine._pid = 1  # what a child finds
        del client
        for _ in range(3):
            await asyncio.sleep(0)
        assert not engine.retired

    run(main())


def test_closing_a_client_after_its_event_loop(client: AsyncClient) -> None:
    loop = asyncio.new_event_loop()
    run_in(loop, client.messages.create(**ask()))
    engine = the_engine(client)()
    loop.close()
    assert engine is not None
    asyncio.run(client.close())
    assert not engine.retired


def in_child(channel: Connection, client: AsyncClient) -> None:
    async def main() -> str:
        async with client.messages.stream(**ask("from the child")) as stream:
            return "".join([text async for text in stream.text_stream])

    try:
        channel.send(asyncio.run(main()))
    except BaseException as error:
        channel.send(repr(error))
        raise


@pytest.mark.parametrize("used", [False, True], ids=["new", "used"])
def test_a_client_made_before_a_fork(new_loop: NewLoop, client: AsyncClient, sandbox: Sandbox, used: bool) -> None:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    loop = new_loop()
    sandbox.scenario("stall")
    stream = run_in(loop, client.messages.create(stream=True, **ask())) if used else None
    sandbox.scenario(None)
    child = context.Process(target=in_child, args=(theirs, client))
    child.start()
    assert ours.recv() == "Echo: from the child"
    child.join()
    assert child.exitcode == 0
    # The parent has noticed nothing.
    assert run_in(loop, client.messages.create(**ask("from the parent"))).text == "Echo: from the parent"
    if stream is not None:
        rest = [run_in(loop, stream.__anext__()) for _ in range(4)]
        assert [event.kind for event in rest if event.kind == EventKind.TEXT_DELTA]
    loop.close()


def test_no_copies(run: Run[Any], client: AsyncClient) -> None:
    async def main() -> None:
        stream = await client.messages.create(stream=True, **ask())
        for thing in (client, stream, client.messages.stream(**ask())):
            for attempt in (pickle.dumps, copy.copy):
                with pytest.raises(TypeError, match="cannot be pickled"):
                    attempt(thing)

    run(main())


def test_nothing_is_left_behind(run: Run[Any], client: AsyncClient, sandbox: Sandbox) -> None:
    async def main() -> None:
        for _ in range(5):
            await client.messages.create(**ask())
            async with client.messages.stream(**ask()) as stream:
                await stream.__anext__()
        engine = the_engine(client)()
        assert engine is not None
        deadline = time.monotonic() + 20
        while engine._calls:
            assert time.monotonic() < deadline
            await asyncio.sleep(0)

    run(main())
    gc.collect()
    assert client._engines is not None
    assert not list(client._engines._known)
