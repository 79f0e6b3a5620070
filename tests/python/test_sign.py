"""The hook that signs attempts, and what becomes of the exceptions it raises."""

from __future__ import annotations

import gc
import hashlib
import subprocess
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, ask, environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox import Sandbox


def signing(sandbox: Sandbox, sign: Callable[[libclaude.Attempt], Any]) -> libclaude.Client:
    return libclaude.Client(CANARY, base_url=sandbox.url, headers={"x-team": "blue"}, sign=sign)


def test_headers_are_added(sandbox: Sandbox) -> None:
    attempts: list[libclaude.Attempt] = []

    def sign(attempt: libclaude.Attempt) -> dict[str, str]:
        attempts.append(attempt)
        return {"x-signature": attempt.body_sha256[:8], "X-Team": "red"}

    with signing(sandbox, sign) as client:
        client.messages.create(**ask())
        with client.messages.stream(**ask()) as stream:
            stream.until_done()
    whole, streamed = sandbox.requests()
    for attempt, request in zip(attempts, (whole, streamed)):
        assert attempt.method == "POST"
        assert attempt.url == sandbox.url + "/v1/messages"
        assert attempt.body_sha256 == hashlib.sha256(request.body).hexdigest()
        assert request.header("x-signature") == attempt.body_sha256[:8]
        assert request.header("x-team") == "red"
        assert attempt.headers["x-team"] == "blue"
        assert "x-api-key" not in {name.lower() for name in attempt.headers}
        assert CANARY not in repr(attempt.headers)
    assert len(attempts) == 2


def test_nothing_to_add(sandbox: Sandbox) -> None:
    with signing(sandbox, lambda _attempt: None) as client:
        assert client.messages.create(**ask("unsigned")).text == "Echo: unsigned"


@pytest.mark.parametrize("error", [ZeroDivisionError("mine"), KeyboardInterrupt(), SystemExit(3)], ids=repr)
def test_exceptions_come_out_where_the_call_was_made(sandbox: Sandbox, error: BaseException) -> None:
    def sign(_attempt: libclaude.Attempt) -> None:
        raise error

    calls: list[Callable[[libclaude.Client], object]] = [
        lambda client: client.messages.create(**ask()),
        lambda client: client.messages.stream(**ask()).__enter__(),
        lambda client: client.messages.create(stream=True, **ask()),
        lambda client: client.messages.count_tokens(**ask()),
    ]
    with signing(sandbox, sign) as client:
        for call in calls:
            with pytest.raises(type(error)) as caught:
                call(client)
            assert caught.value is error
    assert sandbox.counts()[0] == 0


def test_wrong_results(sandbox: Sandbox) -> None:
    results: list[tuple[Any, type[Exception], str]] = [
        ("x: y", TypeError, "must return a mapping of headers or None, not str"),
        ({"x-a": 5}, libclaude.InvalidRequestError, "header x-a must be a str, not int"),
        ({"x-a": "b\r\nx-evil: 1"}, libclaude.InvalidRequestError, "x-a"),
        ({"x a": "b"}, libclaude.InvalidRequestError, "header name"),
    ]
    for result, error, words in results:
        returned = result
        with signing(sandbox, lambda _attempt: returned) as client, pytest.raises(error, match=words):  # noqa: B023
            client.messages.create(**ask())
    assert sandbox.counts()[0] == 0


def test_each_thread_gets_its_own_exception(sandbox: Sandbox) -> None:
    together = threading.Barrier(8)

    def sign(_attempt: libclaude.Attempt) -> None:
        together.wait(timeout=20)
        raise LookupError(threading.current_thread().name)

    caught: dict[str, str] = {}

    def call() -> None:
        try:
            client.messages.create(**ask())
        except LookupError as error:
            caught[threading.current_thread().name] = str(error)

    with signing(sandbox, sign) as client:
        threads = [threading.Thread(target=call, name=f"signer-{number}") for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert caught == {thread.name: thread.name for thread in threads}


def test_exceptions_are_let_go(sandbox: Sandbox) -> None:
    class Refused(Exception):  # noqa: N818
        pass

    seen: list[weakref.ref[BaseException]] = []

    def sign(_attempt: libclaude.Attempt) -> None:
        raise Refused

    def call() -> None:
        try:
            client.messages.create(**ask())
        except Refused as error:
            seen.append(weakref.ref(error))

    with signing(sandbox, sign) as client:
        call()
        gc.collect()
        assert [gone() for gone in seen] == [None]


def test_the_hook_is_let_go(sandbox: Sandbox) -> None:
    class Sign:
        def __call__(self, _attempt: libclaude.Attempt) -> None:
            return None

    sign = Sign()
    gone = weakref.ref(sign)
    client = signing(sandbox, sign)
    stream = client.messages.create(stream=True, **ask())
    del sign
    client.close()
    del client
    gc.collect()
    assert gone() is not None
    assert [event.type for event in stream][-1] == "message_stop"
    del stream
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("used", [False, True])
def test_a_hook_left_over_at_the_end_makes_no_noise(sandbox: Sandbox, used: bool) -> None:
    code = (
        "import libclaude\ndef sign(attempt): pass\n"
        f"kept = libclaude.Client({CANARY!r}, base_url={sandbox.url!r}, sign=sign)\n"
    )
    if used:
        code += f"stream = kept.messages.create(stream=True, **{ask()!r})\nprint(next(stream).type)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "message_start\n" if used else "", "")


def test_the_hook_of_a_refused_client_is_let_go() -> None:
    class Sign:
        def __call__(self, _attempt: libclaude.Attempt) -> None:
            return None

    sign = Sign()
    gone = weakref.ref(sign)
    with pytest.raises(libclaude.NoKeyError):
        libclaude.Client(sign=sign)
    del sign
    gc.collect()
    assert gone() is None
