"""The observer of attempts: what it is told, what it may set, and what becomes of the exceptions it raises."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import weakref
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, ask, environment, message_json
from libclaude import AsyncClient, Client, ObservedAttempt
from sandbox import message

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox import Sandbox

pytestmark = pytest.mark.filterwarnings("error")

RETRIES = {"retry.enabled": True, "retry.jitter": 0, "retry.initial_delay_ms": 1}
BUSY: dict[str, Any] = {
    "status": 529,
    "headers": [["retry-after-ms", "3"]],
    "error": {"type": "overloaded_error", "message": "Overloaded"},
}


class Mine(Exception):  # noqa: N818
    """What the observers here raise."""


def observed(sandbox: Sandbox, observe: Callable[[ObservedAttempt], object], **given: Any) -> Client:
    return Client(CANARY, base_url=sandbox.url, on_attempt=observe, config=RETRIES, **given)


# ---- what it is told ----


def test_each_attempt_is_told_twice(sandbox: Sandbox) -> None:
    seen: list[ObservedAttempt] = []
    sandbox.scenario({"sequence": [BUSY, message("Hello")]})
    with observed(sandbox, seen.append) as client:
        with client.messages.stream(**ask(), features="retries") as stream:
            final = stream.get_final_message()
        assert len({attempt.call for attempt in seen}) == 1
    assert [(attempt.number, attempt.starts) for attempt in seen] == [(1, True), (1, False), (2, True), (2, False)]
    for attempt in seen:
        assert attempt.method == "POST"
        assert attempt.endpoint_name == "messages.create"
        assert attempt.model == "claude-opus-5"
        assert attempt.endpoint == 0
        assert attempt.url.startswith(sandbox.url)
        assert attempt.limiter_wait_ms == 0
    first, failed, second, done = seen
    assert first.url == sandbox.url + "/v1/messages"
    assert (first.code, first.name, first.http_status, first.request_id, first.duration_ms) == (0, None, None, None, 0)
    assert (failed.name, failed.http_status) == ("CLAUDE_E_OVERLOADED", 529)
    assert failed.code < 0
    assert failed.request_id
    assert (failed.first_event_ms, failed.input_tokens, failed.output_tokens) == (None, None, None)
    assert (first.backoff_ms, second.backoff_ms, done.backoff_ms) == (0, 3, 3)
    assert (done.code, done.name, done.http_status, done.request_id) == (0, None, 200, final.request_id)
    assert (done.input_tokens, done.output_tokens) == (1, 7)
    assert done.first_event_ms is not None
    assert "1 of call" in repr(first)
    assert repr(first).endswith("starts>")
    assert repr(failed).endswith("ended with CLAUDE_E_OVERLOADED>")
    assert CANARY not in "".join(map(repr, seen))


def test_trace_context_reaches_the_server(sandbox: Sandbox) -> None:
    kept: list[ObservedAttempt] = []

    def observe(attempt: ObservedAttempt) -> None:
        kept.append(attempt)
        if not attempt.starts:
            with pytest.raises(libclaude.InvalidStateError, match="ended"):
                attempt.set_header("traceparent", "late")
            assert attempt.header("traceparent") is None
            return
        assert attempt.header("X-Team") == "blue"
        assert attempt.header("x-api-key") is None
        attempt.set_header("traceparent", f"00-{attempt.header('x-trace')}-{attempt.number:016x}-01")
        attempt.set_header("X-Team", "red")
        for name in ("x-api-key", "Host", "a b"):
            with pytest.raises(libclaude.InvalidRequestError):
                attempt.set_header(name, "x")
        with pytest.raises(libclaude.InvalidRequestError, match="must be a str"):
            attempt.set_header("traceparent", 7)  # type: ignore[arg-type]

    sandbox.scenario({"sequence": [BUSY, message("Hello")]})
    trace = "0af7651916cd43dd8448eb211c80319c"
    with observed(sandbox, observe, headers={"x-team": "blue"}) as client:
        client.messages.create(**ask(), stream=True, features="retries", extra_headers={"x-trace": trace}).until_done()
    sent = [request.header("traceparent") for request in sandbox.requests()]
    assert sent == [f"00-{trace}-{number:016x}-01" for number in (1, 2)]
    assert {request.header("x-team") for request in sandbox.requests()} == {"red"}
    with pytest.raises(libclaude.InvalidStateError, match="until the observer has returned"):
        kept[0].header("traceparent")
    with pytest.raises(libclaude.InvalidStateError, match="until the observer has returned"):
        kept[0].set_header("traceparent", "x")


def test_calls_at_once_are_told_apart(sandbox: Sandbox) -> None:
    calls = 30
    started: dict[int, str] = {}
    ended: dict[int, list[tuple[str, int | None]]] = {}

    def observe(attempt: ObservedAttempt) -> None:
        if attempt.starts:
            started[attempt.call] = attempt.header("x-number") or ""
            attempt.set_header("x-span", f"{attempt.header('x-number')}.{attempt.number}")
        else:
            ended.setdefault(attempt.call, []).append((started[attempt.call], attempt.http_status))

    async def main() -> None:
        async with AsyncClient(
            CANARY, base_url=sandbox.url, on_attempt=observe, config={**RETRIES, "retry.budget": 0}, features="retries"
        ) as client:
            await asyncio.gather(
                *(
                    client.messages.create(
                        **ask(),
                        extra_headers={"x-number": str(number), "x-sandbox-scenario": f"busy-{number % 3}"},
                    )
                    for number in range(calls)
                )
            )

    for number in range(3):
        sandbox.register(f"busy-{number}", {"sequence": [BUSY] * 10 * number + [message("Hello")]})
    asyncio.run(asyncio.wait_for(main(), 30))
    spans = [request.header("x-span") for request in sandbox.requests()]
    assert len(spans) == len(set(spans))
    assert {span.partition(".")[0] for span in spans if span} == set(map(str, range(calls)))
    assert len(ended) == calls
    assert sorted(number for told in ended.values() for number in {each for each, _ in told}) == sorted(
        map(str, range(calls))
    )
    assert sum(len(told) for told in ended.values()) == len(spans)
    assert {told[-1][1] for told in ended.values()} == {200}


# ---- what it raises ----


def failing(phase: bool, error: BaseException, number: int = 1) -> Callable[[ObservedAttempt], None]:
    def observe(attempt: ObservedAttempt) -> None:
        if attempt.starts is phase and attempt.number == number:
            raise error

    return observe


def by_loop(client: Client) -> object:
    with libclaude.Loop(client) as loop:
        call = loop.submit(0, **ask(), features="retries")
        while not call.ended:
            assert loop.wait(20)
            while loop.next() is not None:
                pass
        for _ in range(2):
            try:
                call.result()
            except BaseException as error:
                last = error
        raise last


CALLS: dict[str, Callable[[Client], object]] = {
    "create": lambda client: client.messages.create(**ask(), features="retries"),
    "stream": lambda client: client.messages.stream(**ask(), features="retries").__enter__().until_done(),
    "events": lambda client: list(client.messages.create(stream=True, **ask(), features="retries")),
    "texts": lambda client: list(client.messages.stream(**ask(), features="retries").__enter__().text_stream),
    "loop": by_loop,
    "runner": lambda client: client.messages.tool_runner(**ask(), tools=[], features="retries").until_done(),
}


async def a_create(client: AsyncClient) -> object:
    return await client.messages.create(**ask(), features="retries")


async def a_stream(client: AsyncClient) -> object:
    async with client.messages.stream(**ask(), features="retries") as stream:
        return await stream.get_final_message()


async def a_texts(client: AsyncClient) -> object:
    async with client.messages.stream(**ask(), features="retries") as stream:
        return [text async for text in stream.text_stream]


async def a_runner(client: AsyncClient) -> object:
    return await client.messages.tool_runner(**ask(), tools=[], features="retries").until_done()


AWAITED = {"a-create": a_create, "a-stream": a_stream, "a-texts": a_texts, "a-runner": a_runner}


def make_call(name: str, sandbox: Sandbox, observe: Callable[[ObservedAttempt], object]) -> None:
    if name in CALLS:
        with observed(sandbox, observe) as client:
            CALLS[name](client)
        return

    async def main() -> None:
        async with AsyncClient(CANARY, base_url=sandbox.url, on_attempt=observe, config=RETRIES) as client:
            await AWAITED[name](client)

    asyncio.run(asyncio.wait_for(main(), 30))


@pytest.mark.parametrize("name", [*CALLS, *AWAITED])
@pytest.mark.parametrize(
    ("phase", "number", "sent"), [(True, 1, 0), (False, 1, 1), (True, 2, 1), (False, 2, 2)], ids=str
)
def test_exceptions_come_out_where_the_call_was_made(
    sandbox: Sandbox, name: str, phase: bool, number: int, sent: int
) -> None:
    sandbox.scenario({"sequence": [BUSY, message("Hello")]})
    if "create" in name or "runner" in name:
        sandbox.scenario({"sequence": [BUSY, {"body": message_json("[]")}]})
    error = Mine("mine")
    with pytest.raises(Mine) as caught:
        make_call(name, sandbox, failing(phase, error, number))
    assert caught.value is error
    assert sandbox.counts()[0] == sent


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)], ids=repr)
def test_exceptions_that_end_programs(sandbox: Sandbox, error: BaseException) -> None:
    with observed(sandbox, failing(True, error)) as client:
        for name, call in CALLS.items():
            with pytest.raises(type(error)) as caught:
                call(client)
            assert caught.value is error, name
    assert sandbox.counts()[0] == 0


def test_other_calls_go_on(sandbox: Sandbox) -> None:
    def observe(attempt: ObservedAttempt) -> None:
        number = int(attempt.header("x-number") or -1) if attempt.starts else numbers[attempt.call]
        numbers[attempt.call] = number
        if attempt.starts is (number % 2 == 0) and number % 4 < 2:
            raise Mine(number)

    numbers: dict[int, int] = {}

    async def main() -> None:
        async with AsyncClient(CANARY, base_url=sandbox.url, on_attempt=observe) as client:
            outcomes = await asyncio.gather(
                *(client.messages.create(**ask(), extra_headers={"x-number": str(number)}) for number in range(24)),
                return_exceptions=True,
            )
            for number, outcome in enumerate(outcomes):
                if number % 4 < 2:
                    assert isinstance(outcome, Mine)
                    assert outcome.args == (number,)
                else:
                    assert isinstance(outcome, libclaude.Message)

    asyncio.run(asyncio.wait_for(main(), 30))
    assert sandbox.counts()[0] == 18


def test_exceptions_of_calls_that_nobody_waits_for(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    unraised: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: unraised.append(repr(args.exc_value)))

    def observe(attempt: ObservedAttempt) -> None:
        if not attempt.starts:
            raise Mine(len(unraised))

    sandbox.scenario("stall")
    with observed(sandbox, observe) as client:
        with client.messages.stream(**ask()) as stream:
            next(stream)
        assert unraised == []
        del stream
        gc.collect()
        assert unraised == ["Mine(0)"]
        client.messages.create(**ask(), stream=True)
        gc.collect()
        assert unraised == ["Mine(0)", "Mine(1)"]

    async def main() -> None:
        async with AsyncClient(CANARY, base_url=sandbox.url, on_attempt=observe) as client:
            await client.messages.create(**ask(), stream=True)

    asyncio.run(main())
    gc.collect()
    assert unraised == ["Mine(0)", "Mine(1)", "Mine(2)"]


def test_exceptions_are_let_go(sandbox: Sandbox) -> None:
    seen: list[weakref.ref[BaseException]] = []

    def observe(attempt: ObservedAttempt) -> None:
        raise Mine(attempt.number)

    with observed(sandbox, observe) as client:
        for name in ("create", "stream", "loop", "runner"):
            try:
                CALLS[name](client)
            except Mine as error:
                seen.append(weakref.ref(error))
        assert client._observer is not None
        assert client._observer._steps == {}
        gc.collect()
        assert len(client._observer._calls) == 0
        assert [gone() for gone in seen] == [None] * 4


def test_the_observer_is_let_go(sandbox: Sandbox) -> None:
    class Observe:
        def __call__(self, _attempt: ObservedAttempt) -> None:
            return None

    observe = Observe()
    gone = weakref.ref(observe)
    client = observed(sandbox, observe)
    client.messages.create(**ask())
    del observe
    gc.collect()
    assert gone() is not None
    client.close()
    del client
    gc.collect()
    assert gone() is None


def test_an_observer_left_over_at_the_end_makes_no_noise(sandbox: Sandbox) -> None:
    code = (
        "import libclaude\ndef observe(attempt): pass\n"
        f"kept = libclaude.Client({CANARY!r}, base_url={sandbox.url!r}, on_attempt=observe)\n"
        f"stream = kept.messages.create(stream=True, **{ask()!r})\nprint(next(stream).type)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "message_start\n", "")


def test_what_is_no_observer(sandbox: Sandbox) -> None:
    with pytest.raises(libclaude.InvalidRequestError, match="on_attempt must be callable, not int"):
        observed(sandbox, 7)  # type: ignore[arg-type]
