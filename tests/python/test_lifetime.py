"""Threads, processes, and objects that go in any order."""

from __future__ import annotations

import gc
import multiprocessing
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, ask, environment

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from sandbox import Sandbox


def test_threads_share_a_client(client: libclaude.Client, sandbox: Sandbox) -> None:
    wrong: list[str] = []
    done: list[int] = []

    def work(number: int) -> None:
        for turn in range(15):
            text = f"thread {number} turn {turn}"
            if turn % 3 == 0:
                got = client.messages.create(**ask(text)).text
            elif turn % 3 == 1:
                with client.messages.stream(**ask(text)) as stream:
                    got = "".join(stream.text_stream)
            else:
                got = "".join(event.text or "" for event in client.messages.create(stream=True, **ask(text)))
            if got != f"Echo: {text}":
                wrong.append(got)
        done.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert sorted(done) == list(range(8))
    assert sandbox.counts()[0] == 8 * 15


def test_other_threads_run_while_one_waits(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(libclaude.CallCancelled):
            for _ in stream:
                pass
        ended.set()

    with client.messages.stream(**ask()) as stream:
        thread = threading.Thread(target=wait)
        thread.start()
        # Only possible while the waiting thread has let go of the interpreter.
        assert client.messages.create(**ask("meanwhile"), extra_headers={"x-sandbox-scenario": "text"}).text
        stream.close()
        thread.join()
    assert ended.is_set()


@pytest.mark.parametrize("seed", range(20))
def test_any_order_of_release(sandbox: Sandbox, seed: int) -> None:
    shuffle = random.Random(seed)
    sandbox.scenario("text-tool-thinking")
    secret = libclaude.Secret(CANARY)
    client = libclaude.Client(secret, base_url=sandbox.url, sign=lambda _attempt: None)
    finished = client.messages.stream(**ask()).__enter__()
    message = finished.get_final_message()
    running = client.messages.stream(**ask()).__enter__()
    events = [next(running), next(running)]
    texts = running.text_stream
    sandbox.scenario("overloaded")
    with pytest.raises(libclaude.OverloadedError) as caught:
        client.messages.create(**ask())
    things: list[Any] = [secret, client, finished, message, message.headers, running, events, texts, caught.value]
    things += [caught.value.response, message.content, client.messages]
    del secret, client, finished, message, running, events, texts, caught
    shuffle.shuffle(things)
    while things:
        thing = things.pop()
        assert repr(thing)
        del thing
        if shuffle.random() < 0.5:
            gc.collect()


def test_nothing_is_left_behind(sandbox: Sandbox) -> None:
    # 2,000 rounds of everything; an object lost in each would be megabytes.
    command = [sys.executable, str(Path(__file__).with_name("repeated.py")), sandbox.url]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1024


def test_released_inside_the_hook(sandbox: Sandbox) -> None:
    kept: list[Any] = []

    def sign(_attempt: libclaude.Attempt) -> None:
        kept.clear()
        gc.collect()

    client = libclaude.Client(CANARY, base_url=sandbox.url, sign=sign)
    other = libclaude.Client(CANARY, base_url=sandbox.url)
    kept += [other.messages.create(stream=True, **ask()), other, client.messages]
    del other
    assert client.messages.create(**ask("still")).text == "Echo: still"
    assert kept == []


def in_child(channel: Connection, client: libclaude.Client, stream: libclaude.Stream) -> None:
    """Uses what the parent made."""
    try:
        answers = [client.messages.create(**ask("from the child")).text]
        with client.messages.stream(**ask("streamed")) as own:
            answers.append("".join(own.text_stream))
        for use in (lambda: next(stream), stream.until_done):
            try:
                use()
            except libclaude.InvalidStateError as error:
                answers.append(error.name)
        stream.close()
        channel.send(answers)
    except BaseException as error:
        channel.send([repr(error)])
        raise


def test_a_client_made_before_a_fork(client: libclaude.Client, sandbox: Sandbox) -> None:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    client.messages.create(**ask())
    sandbox.scenario("stall")
    with client.messages.stream(**ask()) as stream:
        assert next(stream).type == "message_start"
        sandbox.scenario(None)
        child = context.Process(target=in_child, args=(theirs, client, stream))
        child.start()
        assert ours.recv() == [
            "Echo: from the child",
            "Echo: streamed",
            "CLAUDE_E_FORKED",
            "CLAUDE_E_FORKED",
        ]
        child.join()
        assert child.exitcode == 0
        # The parent's call has noticed nothing.
        assert next(stream.text_stream) == "Hello"
        assert client.messages.create(**ask("from the parent")).text == "Echo: from the parent"
