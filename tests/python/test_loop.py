"""Many calls on one thread: Loop, under event loops of others and under its own wait()."""

from __future__ import annotations

import asyncio
import copy
import gc
import multiprocessing
import pickle
import selectors
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, ask, environment
from libclaude import EventKind, Loop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from sandbox import Sandbox

Happened = list[tuple[Any, "libclaude.Event | None"]]


@pytest.fixture
def loop(client: libclaude.Client) -> Iterator[Loop]:
    with Loop(client) as running:
        yield running


def drain(loop: Loop) -> Happened:
    """Waits until all calls have ended; all that happened."""
    happened: Happened = []
    while len(loop):
        assert loop.wait(20)
        happened += iter(loop.next, None)
    return happened


def until(loop: Loop, kind: int) -> None:
    """Waits for an event of this kind."""
    while True:
        for _, event in iter(loop.next, None):
            if event is not None and event.kind == kind:
                return
        assert loop.wait(20)


def texts(happened: Happened, tag: Any) -> str:
    return "".join(event.text or "" for which, event in happened if which == tag and event is not None)


def test_calls_at_once(loop: Loop, sandbox: Sandbox) -> None:
    calls = [loop.submit(number, **ask(f"question {number}")) for number in range(5)]
    assert len(loop) == 5
    happened = drain(loop)
    assert len(loop) == 0
    for number, call in enumerate(calls):
        assert texts(happened, number) == f"Echo: question {number}"
        assert call.result().text == f"Echo: question {number}"
        assert call.tag == number
        assert [event for tag, event in happened if tag == number][-1] is None
    assert sandbox.counts()[0] == 5


def test_events_are_those_of_a_stream(client: libclaude.Client, loop: Loop, sandbox: Sandbox) -> None:
    for scenario in ("text-tool-thinking", "unknown-events", "interleaved"):
        sandbox.scenario(scenario)
        with client.messages.stream(**ask()) as stream:
            expected = [(event.kind, event.type, event.index, event.text, event.json) for event in stream]
        call = loop.submit(None, **ask())
        events = [event for _, event in drain(loop) if event is not None]
        assert [(event.kind, event.type, event.index, event.text, event.json) for event in events] == expected
        assert call.result().stop_reason


def test_tags_are_any_object(loop: Loop) -> None:
    class Thing:
        pass

    tags = [Thing(), None, "text", [1, 2]]
    for tag in tags:
        loop.submit(tag, **ask())
    seen = [tag for tag, event in drain(loop) if event is None]
    assert all(any(tag is other for other in seen) for tag in tags)


def test_no_stream(loop: Loop) -> None:
    call = loop.submit("whole", stream=False, **ask("hello"))
    assert drain(loop) == [("whole", None)]
    assert call.result().text == "Echo: hello"


def test_arguments_of_a_request(loop: Loop, sandbox: Sandbox) -> None:
    loop.submit(0, extra_headers={"x-mine": "1"}, timeout=30, options={"stream.strict": True}, **ask(temperature=0.5))
    drain(loop)
    (request,) = sandbox.requests()
    assert request.header("x-mine") == "1"
    assert request.json()["temperature"] == 0.5
    assert request.json()["stream"] is True
    with pytest.raises(libclaude.InvalidRequestError):
        loop.submit(0, options={"no.such.option": 1}, **ask())
    assert len(loop) == 0


def test_a_call_that_nobody_holds_goes_on(loop: Loop) -> None:
    loop.submit("kept", **ask("hello"))
    gc.collect()
    assert texts(drain(loop), "kept") == "Echo: hello"


@pytest.mark.parametrize("take", [1, 3, 1000])
def test_a_selector_and_a_few_events_at_a_time(loop: Loop, sandbox: Sandbox, take: int) -> None:
    sandbox.scenario("text-tool-thinking")
    calls = [loop.submit(number, **ask()) for number in range(2)]
    happened: Happened = []
    with selectors.DefaultSelector() as selector:
        selector.register(loop, selectors.EVENT_READ)
        while len(loop):
            assert selector.select(20), "not woken"
            loop.dispatch()
            for _ in range(take):
                one = loop.next()
                if one is None:
                    break
                happened.append(one)
    assert len(happened) == 2 * 21
    assert [call.result().stop_reason for call in calls] == ["tool_use", "tool_use"]


def test_asyncio(loop: Loop, sandbox: Sandbox) -> None:
    sandbox.scenario("slow")

    async def main() -> Happened:
        happened: Happened = []
        ended = asyncio.Event()

        def ready() -> None:
            loop.dispatch()
            happened.extend(iter(loop.next, None))
            if not len(loop):
                ended.set()

        asyncio.get_running_loop().add_reader(loop, ready)
        for number in range(3):
            loop.submit(number, **ask())
        await asyncio.wait_for(ended.wait(), 20)
        asyncio.get_running_loop().remove_reader(loop)
        return happened

    happened = asyncio.run(main())
    assert [texts(happened, number) for number in range(3)] == ["Hello, world!"] * 3


# ---- failures ----


def test_an_error_is_raised_by_the_result(loop: Loop, sandbox: Sandbox) -> None:
    sandbox.scenario("overloaded")
    call = loop.submit("it", **ask())
    assert drain(loop) == [("it", None)]
    for _ in range(2):
        with pytest.raises(libclaude.OverloadedError) as caught:
            call.result()
        assert caught.value.http_status == 529
        assert caught.value.request_id


def test_the_partial_answer_of_a_broken_stream(loop: Loop, sandbox: Sandbox) -> None:
    sandbox.scenario("truncated")
    call = loop.submit(0, **ask())
    assert texts(drain(loop), 0) == "Hello, wor"
    with pytest.raises(libclaude.StreamTruncatedError) as caught:
        call.result()
    assert caught.value.response is not None
    assert caught.value.response.text == "Hello, wor"


def test_a_call_that_is_running_has_no_result(loop: Loop, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    call = loop.submit(0, **ask())
    until(loop, EventKind.TEXT_DELTA)
    with pytest.raises(libclaude.InvalidStateError, match="has not ended"):
        call.result()
    assert not call.ended


def test_an_exception_of_the_hook(sandbox: Sandbox) -> None:
    class MineError(Exception):
        pass

    def sign(_attempt: libclaude.Attempt) -> None:
        raise MineError("from the hook")

    with libclaude.Client(CANARY, base_url=sandbox.url, sign=sign) as client, Loop(client) as loop:
        call = loop.submit(0, **ask())
        assert drain(loop) == [(0, None)]
        with pytest.raises(MineError, match="from the hook"):
            call.result()
    assert sandbox.counts()[0] == 0


def test_a_hook_that_uses_the_loop(sandbox: Sandbox) -> None:
    names: list[str] = []

    def sign(_attempt: libclaude.Attempt) -> None:
        for use in (mine.dispatch, mine.next):
            try:
                use()
            except libclaude.InvalidStateError as error:
                names.append(error.name)

    with libclaude.Client(CANARY, base_url=sandbox.url, sign=sign) as client, Loop(client) as mine:
        call = mine.submit(0, **ask("still there"))
        assert texts(drain(mine), 0) == "Echo: still there"
        assert call.result().text == "Echo: still there"
    assert names == ["CLAUDE_E_BUSY", "CLAUDE_E_BUSY"]


def test_deadline(loop: Loop, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    call = loop.submit(0, timeout=0.2, **ask())
    drain(loop)
    with pytest.raises(libclaude.APITimeoutError):
        call.result()


# ---- cancelling, pausing ----


@pytest.mark.parametrize("elsewhere", [False, True])
def test_cancel(loop: Loop, sandbox: Sandbox, elsewhere: bool) -> None:
    sandbox.scenario("stall")
    call = loop.submit("mine", **ask())
    until(loop, EventKind.TEXT_DELTA)
    thread = threading.Thread(target=call.cancel)
    if elsewhere:
        thread.start()
    else:
        call.cancel()
    assert drain(loop)[-1] == ("mine", None)
    with pytest.raises(libclaude.CallCancelled):
        call.result()
    call.cancel()
    if elsewhere:
        thread.join()


def test_pause_and_resume(loop: Loop, sandbox: Sandbox) -> None:
    sandbox.scenario("text-tool-thinking")
    call = loop.submit(0, **ask())
    until(loop, EventKind.MESSAGE_START)
    call.pause()
    assert call.paused
    loop.wait(0.1)
    assert loop.next() is None
    call.resume()
    assert not call.paused
    assert len(drain(loop)) == 20


# ---- wait, wakeup ----


def test_wait_for_nothing(loop: Loop) -> None:
    assert loop.wait(0) is False
    assert loop.wait(0.01) is False
    assert loop.next() is None
    assert loop.dispatch() is False


def test_wakeup(loop: Loop, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    loop.submit(0, **ask())
    until(loop, EventKind.TEXT_DELTA)
    while loop.wait(0.05):
        list(iter(loop.next, None))
    start = time.monotonic()
    timer = threading.Timer(0.05, loop.wakeup)
    timer.start()
    assert loop.wait(20) is False
    timer.join()
    # One that comes too early is kept.
    loop.wakeup()
    assert loop.wait(20) is False
    assert time.monotonic() - start < 20
    assert loop.wait(0.01) is False


def test_wakeup_under_a_selector(loop: Loop) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(loop, selectors.EVENT_READ)
        for _ in range(3):
            loop.wakeup()
            assert selector.select(20)
            loop.dispatch()
            assert loop.next() is None
            assert not selector.select(0)


@pytest.mark.parametrize("timeout", [-1, "1", True, float("nan")])
def test_bad_timeouts(loop: Loop, timeout: Any) -> None:
    with pytest.raises(libclaude.InvalidRequestError, match="timeout"):
        loop.wait(timeout)


def test_ctrl_c(sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    code = (
        "import libclaude, signal, sys\n"
        # Programs in the background ignore it, and so would their children.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"loop = libclaude.Loop(libclaude.Client({CANARY!r}, base_url={sandbox.url!r}))\n"
        f"loop.submit(0, **{ask()!r})\n"
        "print('waiting', flush=True)\n"
        "try:\n"
        "    while True:\n"
        "        loop.wait()\n"
        "        while loop.next(): pass\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(7)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment())
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    deadline = time.monotonic() + 20
    while not sandbox.requests():
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 7
    process.stdout.close()


# ---- threads, processes, ends ----


def test_one_thread_at_a_time(loop: Loop, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    loop.submit(0, **ask())
    until(loop, EventKind.TEXT_DELTA)
    while loop.wait(0.05):
        list(iter(loop.next, None))
    refused: list[str] = []

    def meddle() -> None:
        for use in (loop.next, loop.dispatch, lambda: loop.submit(1, **ask())):
            try:
                use()
            except libclaude.InvalidStateError as error:
                refused.append(error.name)

    with loop._owner:  # as while this thread is inside of the library
        thread = threading.Thread(target=meddle)
        thread.start()
        thread.join()
    assert refused == ["CLAUDE_E_BUSY"] * 3
    # Afterwards another thread may have it.
    thread = threading.Thread(target=meddle)
    thread.start()
    thread.join()
    assert len(refused) == 3


def test_close(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    loop = Loop(client)
    call = loop.submit(0, **ask())
    until(loop, EventKind.TEXT_DELTA)
    assert "1 calls" in repr(loop)
    loop.close()
    loop.close()
    assert "closed" in repr(loop)
    assert len(loop) == 0
    for use in (loop.fileno, loop.dispatch, loop.next, loop.wakeup, loop.wait, lambda: loop.submit(0, **ask())):
        with pytest.raises(libclaude.InvalidStateError, match="closed"):
            use()
    with pytest.raises(libclaude.CallCancelled):
        call.result()


def test_a_loop_outlives_its_client(client: libclaude.Client) -> None:
    loop = Loop(client)
    client.close()
    loop.submit(0, **ask("late"))
    assert texts(drain(loop), 0) == "Echo: late"
    with pytest.raises(libclaude.InvalidStateError, match="closed"):
        Loop(client)


def test_losing_a_loop_ends_its_calls(client: libclaude.Client, sandbox: Sandbox) -> None:
    before = sandbox.stats()["connections_open"]
    sandbox.scenario("stall")
    loop = Loop(client)
    loop.submit(0, **ask())
    until(loop, EventKind.TEXT_DELTA)
    del loop
    gc.collect()
    deadline = time.monotonic() + 20
    while sandbox.stats()["connections_open"] > before:
        assert time.monotonic() < deadline


def test_no_copies(loop: Loop) -> None:
    call = loop.submit(0, **ask())
    for thing in (loop, call):
        with pytest.raises(TypeError):
            pickle.dumps(thing)
        with pytest.raises(TypeError):
            copy.copy(thing)
    assert "running" in repr(call)
    drain(loop)
    assert "ended" in repr(call)
    assert loop  # also without calls


def in_child(channel: Connection, loop: Loop) -> None:
    """Uses the parent's loop."""
    names = []
    for use in (loop.dispatch, loop.next, lambda: loop.submit(1, **ask())):
        try:
            use()
        except libclaude.InvalidStateError as error:
            names.append(error.name)
    loop.close()
    channel.send(names)


def test_a_loop_of_the_parent(client: libclaude.Client, loop: Loop, sandbox: Sandbox) -> None:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    sandbox.scenario("text-tool-thinking")
    call = loop.submit(0, **ask())
    until(loop, EventKind.MESSAGE_START)
    child = context.Process(target=in_child, args=(theirs, loop))
    child.start()
    assert ours.recv() == ["CLAUDE_E_FORKED"] * 3
    child.join()
    assert child.exitcode == 0
    # The parent's loop has noticed nothing.
    assert len(drain(loop)) == 20
    assert call.result().stop_reason == "tool_use"
