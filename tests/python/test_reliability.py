"""Retries, circuit breakers, rate limiting and failover of calls, and what a program is told of them."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import libclaude
import pytest
import uvloop
from claudetest import CANARY, ask, environment
from libclaude import AsyncClient, Client
from sandbox import Sandbox, message

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

# What nobody catches fails the test: exceptions in finalizers, coroutines that nobody awaits.
pytestmark = pytest.mark.filterwarnings("error")

OTHER_KEY = "sk-ant-another-one-U8k2pQ7m-not-a-real-key"
SCARCE = {"limiter.requests_per_second": 0.001, "limiter.burst": 1}
RETRIES = {"retry.enabled": True, "retry.jitter": 0, "retry.initial_delay_ms": 1}
ANSWER = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-5",
    "content": [{"type": "text", "text": "Yes"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 1},
}
BUSY: dict[str, Any] = {
    "status": 529,
    "headers": [["retry-after-ms", "1"]],
    "error": {"type": "overloaded_error", "message": "Overloaded"},
}
FINE: dict[str, Any] = {"body_json": ANSWER}


BAD: dict[str, Any] = {"status": 400, "error": {"type": "invalid_request_error", "message": "No"}}


def sequence(*replies: dict[str, Any]) -> dict[str, Any]:
    return {"sequence": list(replies)}


@pytest.fixture(scope="module")
def second_server() -> Iterator[Sandbox]:
    with Sandbox(path=os.environ.get("CLAUDE_SANDBOX")) as running:
        yield running


@pytest.fixture
def other(second_server: Sandbox) -> Sandbox:
    second_server.reset()
    return second_server


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    def go(main: Coroutine[Any, Any, Any]) -> Any:
        loop = request.param()
        try:
            return loop.run_until_complete(asyncio.wait_for(main, 30))
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    return go


Run = Callable[["Coroutine[Any, Any, Any]"], Any]


def client_of(sandbox: Sandbox, **given: Any) -> Client:
    return Client(CANARY, base_url=sandbox.url, **given)


# ---- how features are asked for ----


def test_a_call_asks_for_retries(sandbox: Sandbox) -> None:
    sandbox.scenario(sequence(BUSY, BUSY, FINE))
    with client_of(sandbox, config=RETRIES) as client:
        answer = client.messages.create(**ask(), features="retries")
    report = answer.report
    assert report is not None
    assert (report.attempts, report.retries, report["wire_attempts"], report.backoff_ms) == (3, 2, 3, 2)
    assert list(report.features) == ["retries"]
    assert [attempt.name for attempt in report.attempt_list] == ["CLAUDE_E_OVERLOADED"] * 2 + ["CLAUDE_OK"]
    assert dict(report)["stopped_by"] == ""
    assert report.breaker_state is None
    assert report.endpoint_url == sandbox.url
    again = pickle.loads(pickle.dumps(report))
    assert type(again) is libclaude.Report
    assert again == report
    assert again.attempt_list[0].http_status == 529
    with pytest.raises(TypeError, match="cannot be changed"):
        report["retries"] = 7
    assert sandbox.counts()[0] == 3


def test_nothing_happens_by_itself(sandbox: Sandbox) -> None:
    sandbox.scenario(BUSY)
    with client_of(sandbox, config=RETRIES) as client, pytest.raises(libclaude.OverloadedError) as caught:
        client.messages.create(**ask())
    assert caught.value.report is not None
    assert list(caught.value.report.features) == []
    assert sandbox.counts()[0] == 1


def test_a_client_asks_for_all_its_calls(sandbox: Sandbox) -> None:
    def attempts(call: Callable[[], Any]) -> int:
        sandbox.reset()
        sandbox.scenario(BUSY)
        with pytest.raises(libclaude.OverloadedError):
            call()
        return sandbox.counts()[0]

    config = {**RETRIES, "retry.max_retries": 2}
    with client_of(sandbox, config=config, features="retries") as client:
        assert attempts(lambda: client.messages.create(**ask())) == 3
        assert attempts(lambda: client.messages.create(**ask(), features=[])) == 1
        assert attempts(lambda: client.models.retrieve("m")) == 3
        assert attempts(lambda: client.models.retrieve("m", features=())) == 1
        assert attempts(lambda: client.with_options(features=[]).messages.create(**ask())) == 1
        assert attempts(lambda: client.with_options(timeout=5).messages.create(**ask())) == 3
        assert attempts(lambda: client.messages.create(**ask(), options={"retry.max_retries": 0})) == 1
        assert attempts(lambda: client.messages.stream(**ask()).__enter__()) == 3
    with client_of(sandbox, config=config) as client:
        other = client.with_options(features={"retries"}, options={"retry.max_retries": 1, "retry.jitter": 0.25})
        assert attempts(lambda: other.messages.create(**ask())) == 2
        assert attempts(lambda: client.messages.create(**ask())) == 1
        assert attempts(lambda: client.execute_with_retries("messages.create", ask())) == 3
        assert attempts(lambda: client.execute_with_enterprise_features("messages.create", ask())) == 3


CALLS: dict[str, Callable[[Client], Any]] = {
    "create": lambda client: client.messages.create(**ask(), features="retries"),
    "raw": lambda client: client.messages.with_raw_response.create(**ask(), features="retries"),
    "raw-count": lambda client: client.messages.with_raw_response.count_tokens(**ask(), features="retries"),
    "count": lambda client: client.messages.count_tokens(**ask(), features="retries"),
    "request": lambda client: client.request("messages.create", ask(), features="retries"),
    "execute": lambda client: client.execute_with_retries("messages.create", ask()),
    "pages": lambda client: client.pages("models.list", features="retries"),
    "function": lambda client: client.models.list(features="retries"),
    "create-stream": lambda client: client.messages.create(**ask(), stream=True, features="retries"),
    "stream": lambda client: client.messages.stream(**ask(), features="retries").__enter__(),
    "upload": lambda client: client.files.upload(b"content", features="retries"),
    "download": lambda client: client.files.download("file_1", features="retries").read(),
    "results": lambda client: client.messages.batches.results("b_1", features="retries"),
    "wait": lambda client: client.messages.batches.wait("b_1", features="retries"),
    "skill": lambda client: client.skills.create({"s/SKILL.md": b"x"}, features="retries"),
    "version": lambda client: client.skills.versions.create("s", {"s/SKILL.md": b"x"}, features="retries"),
    "parse": lambda client: client.messages.parse(**ask(), output_format={"type": "object"}, features="retries"),
    "runner": lambda client: next(client.messages.tool_runner(**ask(), tools=[], features="retries")),
}


@pytest.mark.parametrize("name", CALLS)
def test_every_call_takes_features(sandbox: Sandbox, name: str) -> None:
    sandbox.scenario(BUSY)
    with client_of(sandbox, config={**RETRIES, "retry.max_retries": 1}) as client:
        with pytest.raises(libclaude.OverloadedError) as caught:
            CALLS[name](client)
        assert caught.value.feature == "retry"
    assert sandbox.counts()[0] == 2


async def pages_of(pages: libclaude.AsyncPages) -> Any:
    return await pages


async def entered(manager: Any) -> Any:
    return await manager.__aenter__()


async def next_of(runner: libclaude.AsyncToolRunner) -> Any:
    return await runner.__anext__()


AWAITED: dict[str, Callable[[AsyncClient], Coroutine[Any, Any, Any]]] = {
    "create": lambda client: client.messages.create(**ask(), features="retries"),
    "raw": lambda client: client.messages.with_raw_response.create(**ask(), features="retries"),
    "raw-count": lambda client: client.messages.with_raw_response.count_tokens(**ask(), features="retries"),
    "count": lambda client: client.messages.count_tokens(**ask(), features="retries"),
    "request": lambda client: client.request("messages.create", ask(), features="retries"),
    "execute": lambda client: client.execute_with_retries("messages.create", ask()),
    "enterprise": lambda client: client.execute_with_enterprise_features("messages.create", ask()),
    "pages": lambda client: pages_of(client.pages("models.list", features="retries")),
    "function": lambda client: client.models.retrieve("m", features="retries"),
    "list": lambda client: pages_of(client.models.list(features="retries")),
    "create-stream": lambda client: client.messages.create(**ask(), stream=True, features="retries"),
    "stream": lambda client: entered(client.messages.stream(**ask(), features="retries")),
    "upload": lambda client: client.files.upload(b"content", features="retries"),
    "download": lambda client: client.files.download("file_1", features="retries"),
    "results": lambda client: client.messages.batches.results("b_1", features="retries"),
    "wait": lambda client: client.messages.batches.wait("b_1", features="retries"),
    "skill": lambda client: client.skills.create({"s/SKILL.md": b"x"}, features="retries"),
    "version": lambda client: client.skills.versions.create("s", {"s/SKILL.md": b"x"}, features="retries"),
    "parse": lambda client: client.messages.parse(**ask(), output_format={"type": "object"}, features="retries"),
    "runner": lambda client: next_of(client.messages.tool_runner(**ask(), tools=[], features="retries")),
}


@pytest.mark.parametrize("name", AWAITED)
def test_every_awaited_call_takes_features(sandbox: Sandbox, name: str) -> None:
    sandbox.scenario(BUSY)

    async def main() -> None:
        config = {**RETRIES, "retry.max_retries": 1}
        async with AsyncClient(CANARY, base_url=sandbox.url, config=config) as client:
            with pytest.raises(libclaude.OverloadedError) as caught:
                await AWAITED[name](client)
            assert caught.value.feature == "retry"

    asyncio.run(asyncio.wait_for(main(), 30))
    assert sandbox.counts()[0] == 2


def test_every_page_has_the_features_of_the_first(sandbox: Sandbox) -> None:
    page = {"data": [{"id": "a"}], "has_more": True, "first_id": "a", "last_id": "a"}
    last = {"body_json": {**page, "has_more": False}}
    pages = sequence(BUSY, {"body_json": page}, BUSY, last)
    sandbox.scenario(pages)
    with client_of(sandbox, config=RETRIES) as client:
        assert [each.id for each in client.models.list(features="retries")] == ["a", "a"]
    assert sandbox.counts()[0] == 4

    async def main() -> None:
        async with AsyncClient(CANARY, base_url=sandbox.url, config=RETRIES) as client:
            assert [each.id async for each in client.models.list(features="retries")] == ["a", "a"]

    sandbox.reset()
    sandbox.scenario(pages)
    asyncio.run(main())
    assert sandbox.counts()[0] == 4


def test_a_runner_with_retries(sandbox: Sandbox) -> None:
    @libclaude.tool
    def weather(city: str) -> str:
        """Tells the weather."""
        return f"sunny in {city}"

    call = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}}
    asks = {"body_json": {**ANSWER, "content": [call], "stop_reason": "tool_use"}}
    replies = sequence(BUSY, asks, BUSY, FINE)
    sandbox.scenario(replies)
    with client_of(sandbox, config=RETRIES) as client:
        assert client.messages.tool_runner(**ask(), tools=[weather], features="retries").until_done().text == "Yes"

    async def main() -> None:
        async with AsyncClient(CANARY, base_url=sandbox.url, config=RETRIES, features="retries") as client:
            assert (await client.messages.tool_runner(**ask(), tools=[weather]).until_done()).text == "Yes"

    sandbox.scenario(replies)
    asyncio.run(main())
    assert sandbox.counts()[0] == 8


def test_what_is_no_feature(sandbox: Sandbox) -> None:
    wrong: list[Any] = ["retry", ["retries", "with_failover"], 7, {"retries": True}.values(), [["retries"]]]
    with client_of(sandbox, config=RETRIES) as client:
        for features in wrong:
            with pytest.raises(libclaude.InvalidRequestError, match="it must be one of retries, circuit_breaker"):
                client.messages.create(**ask(), features=features)
            with pytest.raises(libclaude.InvalidRequestError, match="it must be one of retries, circuit_breaker"):
                client_of(sandbox, features=features)
        with pytest.raises(libclaude.InvalidRequestError, match=r"failover\.enabled"):
            client.messages.create(**ask(), features=["retries", "failover"])
    for name in ("breaker", "limiter", "failover", "models"):
        with pytest.raises(libclaude.InvalidRequestError, match="is wanted, not str"):
            client_of(sandbox, **{name: "one"})
    assert sandbox.counts()[0] == 0


# ---- streams ----


def test_a_stream_is_retried_before_its_first_event_only(sandbox: Sandbox) -> None:
    failing = {"data": {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}}
    sandbox.scenario(sequence({"events": [failing]}, message("Hel", "lo")))
    with client_of(sandbox, config=RETRIES, features="retries") as client:
        with client.messages.stream(**ask()) as stream:
            assert stream.report is None
            assert list(stream.text_stream) == ["Hel", "lo"]
            assert stream.report is not None
            assert stream.report.retries == 1
            final = stream.get_final_message()
            assert final.report == stream.report
        sandbox.reset()
        sandbox.scenario(sequence(message("Hel", failing), message("Hel", "lo")))
        with client.messages.stream(**ask()) as stream:
            got: list[str] = []
            with pytest.raises(libclaude.OverloadedError) as caught:
                got.extend(stream.text_stream)
    assert sandbox.counts()[0] == 1
    assert caught.value.report is not None
    assert caught.value.report.stopped_by == "committed"
    assert caught.value.report == stream.report
    assert caught.value.response is not None
    assert caught.value.response.text == "Hel"
    assert not caught.value.retryable


def test_a_stream_is_retried_in_an_event_loop(run: Run, sandbox: Sandbox) -> None:
    failing = {"data": {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}}
    sandbox.scenario(sequence({"events": [failing]}, BUSY, message("Hel", "lo")))

    async def main() -> None:
        client = AsyncClient(CANARY, base_url=sandbox.url, config=RETRIES)
        async with client, client.messages.stream(**ask(), features="retries") as stream:
            assert [text async for text in stream.text_stream] == ["Hel", "lo"]
            assert stream.report is not None
            assert stream.report.retries == 2
            assert (await stream.get_final_message()).report == stream.report

    run(main())
    assert sandbox.counts()[0] == 3


def test_limits_are_told_with_streams_and_errors(sandbox: Sandbox) -> None:
    headers = [
        ["date", "Mon, 23 Nov 2026 01:02:00 GMT"],
        ["anthropic-ratelimit-requests-limit", "50"],
        ["anthropic-ratelimit-requests-remaining", "20"],
        ["anthropic-ratelimit-requests-reset", "2026-11-23T01:02:03Z"],
    ]
    sandbox.scenario({**message("Hello"), "headers": headers})
    with client_of(sandbox) as client:
        with client.messages.stream(**ask()) as stream:
            limit = stream.rate_limits["requests"]
            assert (limit.limit, limit.remaining, limit.used_percent, limit.reset_in_ms) == (50, 20, 60, 3000)
            final = stream.get_final_message()
        assert final.rate_limits["requests"].used_percent == 60
        sandbox.scenario({**BUSY, "status": 429, "headers": [*headers, ["retry-after", "7"]]})
        with pytest.raises(libclaude.APIStatusError) as caught:
            client.messages.create(**ask())
        assert caught.value.rate_limits["requests"].reset_in_ms == 3000
        assert caught.value.retry_after == 7.0
        with pytest.raises(libclaude.InvalidRequestError) as refused:
            client.messages.create(model="m")
        assert refused.value.rate_limits == {}
        assert refused.value.retry_after is None


# ---- waits ----


def test_many_retries_on_one_descriptor(sandbox: Sandbox) -> None:
    calls = 40
    sandbox.register("busy-first", sequence(*[BUSY] * calls, *[FINE] * calls))

    async def main() -> None:
        watched: list[int] = []
        loop = asyncio.get_running_loop()
        add_reader = loop.add_reader

        def add(fd: int, *given: Any) -> None:
            watched.append(fd)
            add_reader(fd, *given)

        loop.add_reader = add  # type: ignore[assignment, method-assign]
        config = {**RETRIES, "retry.budget": 0}
        async with AsyncClient(CANARY, base_url=sandbox.url, config=config, features="retries") as client:
            headers = {"x-sandbox-scenario": "busy-first"}
            answers = await asyncio.gather(
                *(client.messages.create(**ask(), extra_headers=headers) for _ in range(calls))
            )
        assert len(watched) == 1
        assert sum(answer.report.retries for answer in answers if answer.report) == calls
        assert {answer.text for answer in answers} == {"Yes"}

    asyncio.run(asyncio.wait_for(main(), 30))
    assert sandbox.counts()[0] == 2 * calls


def test_cancelling_a_task_ends_its_wait(run: Run, sandbox: Sandbox) -> None:
    sandbox.scenario({**BUSY, "headers": [["retry-after", "50"]]})
    config = {**RETRIES, "metrics.enabled": True}

    async def main() -> None:
        async with AsyncClient(CANARY, base_url=sandbox.url, config=config, features="retries") as client:
            task = asyncio.ensure_future(client.messages.create(**ask()))
            await until(lambda: client.metrics()["attempts"] == 1)
            began = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(lambda: client.metrics()["calls_running"] == 0)
            assert time.monotonic() - began < 5
            metrics = client.metrics()
            assert (metrics["calls_canceled"], metrics["attempts"], metrics["calls"]) == (1, 1, 1)
            assert metrics.errors == {"CLAUDE_E_OVERLOADED": 1}

    run(main())
    assert sandbox.counts()[0] == 1


async def until(come: Callable[[], bool], within: float = 20) -> None:
    deadline = time.monotonic() + within
    while not come():
        assert time.monotonic() < deadline
        await asyncio.sleep(0)


def test_cancelling_a_task_gives_up_its_turn(run: Run, sandbox: Sandbox) -> None:
    limiter = libclaude.RateLimiter(SCARCE)
    config = {"limiter.max_wait_ms": 86400000, "timeout.total_ms": 0}

    async def main() -> None:
        async with AsyncClient(CANARY, base_url=sandbox.url, limiter=limiter, config=config) as client:
            await client.messages.create(**ask(), features="rate_limiting")
            task = asyncio.ensure_future(client.messages.create(**ask(), features="rate_limiting"))
            await until(lambda: limiter.queued == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(lambda: limiter.queued == 0)

    run(main())
    assert sandbox.counts()[0] == 1


@pytest.mark.parametrize("way", ["backoff", "backoff-stream", "turn"])
def test_ctrl_c_ends_a_wait(sandbox: Sandbox, way: str) -> None:
    turns = 4
    sandbox.scenario({**BUSY, "headers": [["retry-after", "50"]]} if way != "turn" else FINE)
    command = [sys.executable, str(Path(__file__).with_name("interrupted.py")), sandbox.url, way, str(turns)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment())
    assert child.stdin is not None
    assert child.stdout is not None
    took = []
    try:
        for turn in range(turns):
            assert child.stdout.readline() == "ready\n"
            deadline = time.monotonic() + 20
            while sandbox.counts()[0] != (turn + 1 if way != "turn" else 1) or not asleep(child.pid):
                assert time.monotonic() < deadline
            sent = time.monotonic()
            os.kill(child.pid, signal.SIGINT)
            took.append(float(child.stdout.readline()) - sent)
            child.stdin.write("\n")
            child.stdin.flush()
        assert child.wait(timeout=20) == 0
    finally:
        child.kill()
        child.communicate()
    # A loaded machine may delay one of them, but not all.
    assert min(took) <= 0.2
    assert max(took) <= 5


def asleep(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return stat.rpartition(")")[2].split()[0] == "S"


def test_a_loop_retries(sandbox: Sandbox) -> None:
    sandbox.scenario(sequence(BUSY, message("Hello")))
    with client_of(sandbox, config=RETRIES) as client, libclaude.Loop(client) as loop:
        call = loop.submit("poem", **ask(), features="retries")
        assert call.report is None
        while not call.ended:
            assert loop.wait(20)
            while loop.next() is not None:
                pass
        assert call.result().text == "Hello"
        assert call.report is not None
        assert call.report.retries == 1
        loop.request("models", "models.list", features=["retries"])
        with pytest.raises(libclaude.InvalidRequestError, match=r"breaker\.enabled"):
            loop.request("models", "models.list", features=["circuit_breaker"])


# ---- circuit breakers ----


def test_an_open_breaker_refuses(sandbox: Sandbox) -> None:
    sandbox.scenario(BUSY)
    config = {"breaker.enabled": True, "breaker.failure_threshold": 2, **RETRIES}
    with client_of(sandbox, config=config) as client:
        with pytest.raises(libclaude.CircuitOpenError, match="circuit breaker of") as caught:
            client.messages.create(**ask(), features=["retries", "circuit_breaker"])
        error = caught.value
        assert error.feature == "circuit-breaker"
        assert error.retry_after is not None
        assert 50 < error.retry_after <= 60
        assert isinstance(error.cause, libclaude.OverloadedError)
        assert error.__cause__ is error.cause
        assert error.cause.http_status == 529
        assert error.report is not None
        assert (error.report.breaker_state, error.report.stopped_by) == ("open", "circuit-breaker")
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is libclaude.CircuitOpenError
        assert again.retry_after_ms == error.retry_after_ms
        assert again.cause is not None
        assert again.cause.http_status == 529
        assert again.report == error.report
        with pytest.raises(libclaude.CircuitOpenError) as second:
            client.execute_with_circuit_breaker("messages.create", ask())
        assert second.value.cause is None
        assert second.value.attempts == 0
        assert not isinstance(second.value, libclaude.APIError)
    assert sandbox.counts()[0] == 2


def test_a_breaker_is_shared(sandbox: Sandbox, other: Sandbox) -> None:
    breaker = libclaude.CircuitBreaker({"breaker.failure_threshold": 1, "breaker.open_ms": 60000})
    sandbox.scenario(BUSY)
    with client_of(sandbox, breaker=breaker) as first, client_of(other, breaker=breaker) as second:
        assert second.execute_with_circuit_breaker("messages.create", ask("one")).text == "Echo: one"
        with pytest.raises(libclaude.OverloadedError):
            first.execute_with_circuit_breaker("messages.create", ask())
        assert breaker.state == "open"
        with pytest.raises(libclaude.CircuitOpenError):
            second.execute_with_circuit_breaker("messages.create", ask())
        breaker.close()
        assert second.execute_with_circuit_breaker("messages.create", ask("two")).text == "Echo: two"
        assert second.messages.create(**ask("by itself")).text == "Echo: by itself"
    counters = breaker.counters
    assert (counters["successes"], counters["failures"], counters["refused"], counters["opened"]) == (2, 1, 1, 1)


def test_one_of_many_threads_probes(sandbox: Sandbox) -> None:
    threads = 16
    breaker = libclaude.CircuitBreaker()
    breaker.open(0.001)
    while breaker.state != "half_open":
        pass
    sandbox.scenario({**FINE, "delay_ms": 300})
    together = threading.Barrier(threads)
    outcomes: list[str] = []

    def call() -> None:
        together.wait(timeout=20)
        try:
            client.messages.create(**ask())
            outcomes.append("answer")
        except libclaude.CircuitOpenError:
            outcomes.append("refused")

    with client_of(sandbox, breaker=breaker, features="circuit_breaker") as client:
        callers = [threading.Thread(target=call) for _ in range(threads)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert sorted(outcomes) == ["answer"] + ["refused"] * (threads - 1)
    assert sandbox.counts()[0] == 1
    assert breaker.state == "closed"
    assert breaker.counters["probes"] == 1


def test_a_breaker_alone() -> None:
    breaker = libclaude.CircuitBreaker({"breaker.failure_threshold": 2, "breaker.open_ms": 3600000})
    for error in (ValueError("mine"), KeyboardInterrupt(), OSError("mine")):
        with pytest.raises(type(error)), breaker.allow():
            raise error
    assert breaker.state == "open"
    assert 3500 < breaker.retry_after <= 3600
    with pytest.raises(libclaude.CircuitOpenError) as caught:
        breaker.allow()
    assert caught.value.retry_after is not None
    assert caught.value.report is None
    assert repr(breaker) == "<CircuitBreaker open>"
    breaker.close()
    with breaker.allow():
        pass
    permit = breaker.allow()
    permit.failure()
    permit.success()  # too late
    breaker.allow().neutral()
    del permit
    assert breaker.counters == {
        "successes": 1,
        "failures": 3,
        "neutral": 2,
        "refused": 1,
        "opened": 1,
        "probes": 0,
        "failures_in_a_row": 1,
    }
    breaker.open()
    assert breaker.state == "open"
    for seconds in (0, -1, "1", True):
        with pytest.raises(libclaude.InvalidRequestError, match="the time"):
            breaker.open(seconds)  # type: ignore[arg-type]
    with pytest.raises(libclaude.InvalidRequestError, match=r"breaker\.open_ms"):
        libclaude.CircuitBreaker({"breaker.open_ms": -1})


def test_a_lost_permit_keeps_nobody_out() -> None:
    breaker = libclaude.CircuitBreaker({"breaker.probe_lease_ms": 3600000})
    breaker.open(0.001)
    while breaker.state != "half_open":
        pass
    permit = breaker.allow()
    with pytest.raises(libclaude.CircuitOpenError):
        breaker.allow()
    del permit
    breaker.allow().success()
    assert breaker.state == "closed"


# ---- rate limiters ----


def test_a_limiter_refuses(sandbox: Sandbox) -> None:
    limiter = libclaude.RateLimiter({**SCARCE, "limiter.max_wait_ms": 0})
    with client_of(sandbox, limiter=limiter) as first, client_of(sandbox, limiter=limiter, config=RETRIES) as second:
        first.execute_with_rate_limiting("messages.create", ask())
        with pytest.raises(libclaude.ThrottledError, match=r"limiter\.max_wait_ms") as caught:
            second.messages.create(**ask(), features="enterprise_features")
        error = caught.value
        assert error.feature == "rate-limiting"
        assert error.category == "RateLimit"
        assert error.retry_after is not None
        assert 900 < error.retry_after <= 1000
        assert error.report is not None
        assert list(error.report.features) == ["retries", "rate_limiting"]
        assert error.cause is None
        second.messages.create(**ask())
    assert sandbox.counts()[0] == 2


def test_a_limiter_alone() -> None:
    limiter = libclaude.RateLimiter({"limiter.output_tokens_per_minute": 1000, "limiter.requests_per_second": 100})
    assert limiter.available() == 20
    assert limiter.available("models", "output_tokens") is None
    assert limiter.available(what="output_tokens") == 1000
    with limiter.reserve("messages", 10, 400) as turn:
        assert limiter.available(what="output_tokens") == 600
        assert turn.wait_ms() == 0
        turn.settle(8, 100)
    assert limiter.available(what="output_tokens") == 900
    with limiter.reserve(output_tokens=900):
        pass
    with pytest.raises(libclaude.ThrottledError, match="can never go") as caught:
        limiter.reserve(output_tokens=1001)
    assert caught.value.retry_after is None
    waiting = limiter.reserve(output_tokens=500)
    assert limiter.queued == 1
    assert repr(limiter) == "<RateLimiter, 1 waiting>"
    assert 20000 < waiting.wait_ms() <= 30000
    waiting.settle()
    assert limiter.queued == 0
    with pytest.raises(libclaude.InvalidStateError):
        waiting.wait_ms()
    for given in ({"kind": "nothing"}, {"input_tokens": -1}, {"output_tokens": 1.5}, {"input_tokens": True}):
        with pytest.raises(libclaude.InvalidRequestError):
            limiter.reserve(**given)


def test_waiting_for_a_turn() -> None:
    limiter = libclaude.RateLimiter({"limiter.requests_per_second": 20, "limiter.burst": 1})
    began = time.monotonic()
    for _ in range(3):
        with limiter.reserve():
            pass
    assert time.monotonic() - began >= 0.095

    async def main() -> None:
        async with limiter.reserve(), limiter.reserve() as second:
            assert second.wait_ms() == 0

    asyncio.run(asyncio.wait_for(main(), 20))
    assert time.monotonic() - began >= 0.19

    async def cancelled() -> None:
        slow = libclaude.RateLimiter({**SCARCE, "limiter.max_wait_ms": 86400000})
        slow.reserve().wait()
        task = asyncio.ensure_future(slow.reserve().__aenter__())
        await asyncio.sleep(0)
        assert slow.queued == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert slow.queued == 0

    asyncio.run(cancelled())


def test_a_limiter_learns(sandbox: Sandbox) -> None:
    limiter = libclaude.RateLimiter()
    headers = [["anthropic-ratelimit-requests-limit", "50"], ["anthropic-ratelimit-requests-remaining", "3"]]
    sandbox.scenario({**FINE, "headers": headers})
    with client_of(sandbox) as client:
        limiter.learn(client.messages.create(**ask()))
        assert limiter.available() == 3
        limiter.learn(client.messages.with_raw_response.create(**ask()))
        sandbox.scenario({**BUSY, "status": 429, "headers": [["retry-after", "3600"]]})
        with pytest.raises(libclaude.APIStatusError) as caught:
            client.messages.create(**ask())
        limiter.learn(caught.value, "messages")
        assert limiter.available() == 0
        with pytest.raises(libclaude.ThrottledError, match="asked for a pause"):
            limiter.reserve()
        with pytest.raises(libclaude.InvalidRequestError):
            limiter.learn(caught.value, "nothing")  # type: ignore[arg-type]


# ---- failover ----


def test_each_endpoint_sees_its_own_key_only(sandbox: Sandbox, other: Sandbox) -> None:
    failover = libclaude.Failover({"failover.unhealthy_after": 2})
    assert failover.add_endpoint(sandbox.url) == 0
    key = libclaude.Secret(OTHER_KEY)
    assert failover.add_endpoint(other.url + "/v9/", 2, api_key=key, models={"claude-opus-5": "opus"}) == 1
    sandbox.scenario(BUSY)
    other.scenario(FINE)
    given = {"headers": {"x-secret-of-mine": "s3cret"}, "failover": failover, "features": "failover"}
    with client_of(sandbox, **given) as client:
        answer = client.messages.create(**ask(), extra_headers={"x-also-mine": "s3cret"})
        assert answer.report is not None
        assert (answer.report.endpoint_index, answer.report.failovers) == (1, 1)
        assert answer.report.endpoint_url == other.url + "/v9"
        assert [endpoint.state for endpoint in failover] == ["degraded", "healthy"]
        client.execute_with_failover("messages.create", ask())
        assert [endpoint.state for endpoint in failover] == ["unhealthy", "healthy"]
        client.execute_with_failover("messages.create", ask())
        with pytest.raises(libclaude.InvalidStateError, match="endpoint"):
            failover.add_endpoint("https://third.example")
    assert (sandbox.counts()[0], other.counts()[0]) == (2, 3)
    for request in sandbox.requests():
        assert request.header("x-api-key") == CANARY
        assert request.header("x-secret-of-mine") == "s3cret"
        assert OTHER_KEY not in str(request)
    for request in other.requests():
        assert request.target == "/v9/v1/messages"
        assert request.header("x-api-key") == OTHER_KEY
        assert request.json()["model"] == "opus"
        assert CANARY not in str(request)
        assert "s3cret" not in str(request)


def test_failover_in_an_event_loop(run: Run, sandbox: Sandbox, other: Sandbox) -> None:
    failover = libclaude.Failover()
    failover.add_endpoint(sandbox.url)
    failover.add_endpoint(other.url, 2, api_key=OTHER_KEY)
    sandbox.scenario({"close_without_reply": "rst"})
    other.scenario(message("Hello"))

    async def main() -> None:
        async with AsyncClient(CANARY, base_url=sandbox.url, failover=failover) as client:
            async with client.messages.stream(**ask(), features="failover") as stream:
                assert await stream.get_final_text() == "Hello"
            answer = await client.execute_with_failover("messages.create", ask())
            assert answer.report is not None
            assert answer.report.failovers == 1

    run(main())
    assert (sandbox.counts()[0], other.counts()[0]) == (2, 2)


def test_a_failover_alone() -> None:
    failover = libclaude.Failover({"failover.strategy": "round_robin", "failover.unhealthy_after": 2})
    with pytest.raises(libclaude.InvalidStateError):
        libclaude.Failover().select_endpoint()
    for number, priority in enumerate((3, 1, 2)):
        assert failover.add_endpoint(f"https://{number}.example", priority) == number
    assert len(failover) == 3
    assert repr(failover) == "<Failover of 3 endpoints>"
    assert repr(failover[1]) == "<Endpoint 1 https://1.example unknown>"
    assert [(each.index, each.url, each.priority) for each in failover][2] == (2, "https://2.example", 2)
    assert [failover.select_endpoint() for _ in range(4)] == [0, 1, 2, 0]
    assert failover.select_endpoint({0, 1}) == 2
    with pytest.raises(libclaude.InvalidStateError):
        failover.select_endpoint([0, 1, 2])
    for state in ("degraded", "unhealthy"):
        failover.record(1, False)
        assert failover[1].state == state
    assert 1 not in [failover.select_endpoint() for _ in range(4)]
    failover.record(1, True)
    assert failover[1].state == "healthy"
    failover[0].state = "unhealthy"
    assert 0 not in [failover.select_endpoint() for _ in range(4)]
    for index in (-1, 3):
        with pytest.raises(IndexError, match="there are 3"):
            failover[index]
        with pytest.raises(IndexError, match="there are 3"):
            failover.record(index, True)
        with pytest.raises(IndexError, match="there are 3"):
            failover.select_endpoint([index])
    with pytest.raises(libclaude.InvalidRequestError, match="state is 'ill'"):
        failover[0].state = "ill"  # type: ignore[assignment]
    with pytest.raises(libclaude.InvalidRequestError, match="API key"):
        libclaude.Failover().add_endpoint("https://a.example", api_key="no key")
    with pytest.raises(libclaude.InvalidRequestError):
        libclaude.Failover().add_endpoint("http://a.example")
    libclaude.Failover({"network.allow_http": True}).add_endpoint("http://a.example")


@pytest.mark.parametrize("kind", ["CircuitBreaker", "RateLimiter", "Failover"])
def test_they_stay_where_they_are(kind: str) -> None:
    made = getattr(libclaude, kind)()
    assert made
    with pytest.raises(TypeError, match=f"a {kind} cannot be pickled"):
        pickle.dumps(made)


# ---- health checks ----


@pytest.fixture
def nobody() -> str:
    """A URL where nobody listens any more."""
    with Sandbox(path=os.environ.get("CLAUDE_SANDBOX")) as gone:
        return gone.url


def test_health_checks(sandbox: Sandbox, other: Sandbox, nobody: str) -> None:
    failover = libclaude.Failover()
    for url in (sandbox.url, other.url, nobody):
        failover.add_endpoint(url, api_key=OTHER_KEY)
    other.scenario({"status": 503})
    config = {"health.healthy_ms": 20000, "health.degraded_ms": 20000, "health.timeout_ms": 20000}
    with client_of(sandbox, failover=failover, config=config) as client:
        health = libclaude.Health(client)
        assert [each.state for each in health.results] == ["unknown"] * 3
        found = health.check()
        assert [(each.url, each.state) for each in found] == [
            (sandbox.url, "healthy"),
            (other.url, "unhealthy"),
            (nobody, "unhealthy"),
        ]
        assert found is health.results
        assert [each.http_status for each in found][1:] == [503, None]
        assert found[0].response_ms is not None
        assert found[2].response_ms is None
        assert (found[0].error, found[2].error != "") == ("", True)
        assert health.shares == {"unknown": 0, "healthy": 0.333, "degraded": 0, "unhealthy": 0.667}
        assert [endpoint.state for endpoint in failover] == ["healthy", "unhealthy", "unhealthy"]
        with pytest.raises(libclaude.InvalidStateError):
            health.add_endpoint("https://late.example")
        assert libclaude.Health.check_endpoint(client, nobody).state == "unhealthy"
        one = libclaude.Health.check_endpoint(client, sandbox.url)
        assert (one.url, one.state) == (sandbox.url, "healthy")
    assert {request.method for request in sandbox.requests()} == {"HEAD"}
    assert {request.header("x-api-key") for request in sandbox.requests()} == {None}


def test_health_checks_with_keys(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with AsyncClient(CANARY, base_url=sandbox.url, config={"health.strategy": "models"}) as client:
            health = libclaude.Health(client)
            health.add_endpoint(sandbox.url + "/other", api_key=OTHER_KEY)
            health.add_endpoint(sandbox.url)
            found = await asyncio.to_thread(health.check)
            assert len(found) == 2
            assert repr(health) == "<Health of 2 endpoints>"

    asyncio.run(main())
    keys = {request.target.partition("/v1")[0]: request.header("x-api-key") for request in sandbox.requests()}
    assert keys == {"/other": OTHER_KEY, "": CANARY}


# ---- metrics ----


def test_metrics(sandbox: Sandbox) -> None:
    sandbox.scenario(sequence(BUSY, FINE, BAD))
    with client_of(sandbox, config={**RETRIES, "enable_metrics": True}, features="retries") as client:
        before = client.metrics()
        client.messages.create(**ask())
        with pytest.raises(libclaude.BadRequestError):
            client.messages.create(**ask())
        metrics = client.metrics()
    assert (before["calls"], metrics["calls"], metrics["calls_failed"], metrics["attempts"]) == (0, 2, 1, 3)
    assert (metrics["retries"], metrics["input_tokens"], metrics["call_duration_ms"]) == (1, 3, 2)
    assert metrics.errors == {"CLAUDE_E_OVERLOADED": 1, "CLAUDE_E_BAD_REQUEST": 1}
    histogram = metrics.histograms["backoff_ms"]
    assert (histogram.count, histogram.sum, sum(histogram.counts)) == (1, 1, 1)
    assert len(histogram.counts) == len(histogram.bounds) + 1
    assert '"retries":1' in metrics.json.replace(" ", "")
    lines = metrics.prometheus.splitlines()
    assert "claude_retries_total 1" in lines
    assert "# TYPE claude_call_duration_seconds histogram" in lines
    assert 'claude_errors_total{code="CLAUDE_E_OVERLOADED"} 1' in lines
    known = {metric.name: metric for metric in libclaude.metrics_known()}
    assert set(metrics) == set(known)
    assert len(metrics) == len(known)
    assert (known["retries"].kind, known["retries"].unit, known["retries"].help) == (
        "counter",
        "attempts",
        "Attempts that were retries.",
    )
    assert known["call_duration_ms"].otel_name == "gen_ai.client.inference.duration"
    assert {metric.kind for metric in known.values()} == {"counter", "gauge", "histogram"}
    for name in ("nonsense", 7):
        with pytest.raises(KeyError):
            metrics[name]  # type: ignore[index]


def test_metrics_that_are_not_counted(client: Client) -> None:
    with pytest.raises(libclaude.InvalidRequestError, match=r"metrics\.enabled"):
        client.metrics()
