"""Functions that the library calls: providers of tokens, log lines, expiry. What they raise comes out of the call."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import threading
import time
import weakref
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, ask, environment
from libclaude import AsyncClient, Client, Loop, Secret, Trail
from sandbox import message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sandbox import Sandbox

pytestmark = pytest.mark.filterwarnings("error")

OTHER = "sk-ant-another-one-U8k2pQ7m-not-a-real-key"
BAD_KEY: dict[str, Any] = {"status": 401, "error": {"type": "authentication_error", "message": "invalid x-api-key"}}


class Mine(Exception):  # noqa: N818
    """What the functions here raise."""


def fetching(sandbox: Sandbox, provider: Callable[[Any], Any], **given: Any) -> Client:
    return Client(base_url=sandbox.url, credentials=provider, **given)


def run_loop(loop: Loop, call: libclaude.LoopCall) -> libclaude.Message:
    while not call.ended:
        assert loop.wait(20)
        while loop.next():
            pass
    return call.result()


# ---- providers of tokens


def test_a_token_is_fetched_when_it_is_needed(sandbox: Sandbox) -> None:
    reasons: list[str] = []

    def provide(reason: str) -> tuple[str, float]:
        reasons.append(reason)
        return OTHER, time.time() + 3600

    with fetching(sandbox, provide) as client:
        assert reasons == []
        assert client.secret() is None
        client.messages.create(**ask())
        client.messages.create(**ask())
        secret = client.secret()
        assert secret is not None
        assert secret.expires_at is not None
        assert secret.expires_at > time.time()
    assert reasons == ["first"]
    assert [request.header("x-api-key") for request in sandbox.requests()] == [OTHER, OTHER]


@pytest.mark.parametrize(
    "fetched",
    [
        OTHER,
        Secret(OTHER),
        (OTHER, None),
        (Secret(OTHER), time.time() + 9999),
        (OTHER, datetime.now(timezone.utc) + timedelta(hours=2)),
        (OTHER, int(time.time()) + 9999),
    ],
)
def test_what_a_provider_may_return(sandbox: Sandbox, fetched: Any) -> None:
    with fetching(sandbox, lambda reason: fetched) as client:
        client.messages.create(**ask())
    assert sandbox.requests()[0].header("x-api-key") == OTHER


@pytest.mark.parametrize("fetched", [None, 5, (OTHER,), (OTHER, "soon"), (OTHER, -1), (OTHER, float("nan")), "a\nb"])
def test_what_a_provider_may_not_return(sandbox: Sandbox, fetched: Any) -> None:
    with fetching(sandbox, lambda reason: fetched) as client, pytest.raises((TypeError, ValueError)) as caught:
        client.messages.create(**ask())
    assert OTHER not in str(caught.value)
    assert sandbox.counts()[0] == 0


def test_an_async_function_is_no_provider(sandbox: Sandbox) -> None:
    async def provide(reason: str) -> str:
        return OTHER

    with fetching(sandbox, provide) as client, pytest.raises(TypeError, match="async"):
        client.messages.create(**ask())
    with pytest.raises(libclaude.InvalidRequestError, match="credentials must be callable"):
        fetching(sandbox, OTHER)  # type: ignore[arg-type]


def test_a_key_that_is_refused_is_fetched_anew(sandbox: Sandbox) -> None:
    sandbox.scenario({"sequence": [BAD_KEY, message("Yes")]})
    reasons: list[str] = []
    keys = iter([CANARY, OTHER])

    def provide(reason: str) -> str:
        reasons.append(reason)
        return next(keys)

    with fetching(sandbox, provide, config={"auth.refresh_on_401": True}) as client:
        answer = client.messages.create(**ask())
    assert (answer.text, reasons) == ("Yes", ["first", "refused"])
    assert [request.header("x-api-key") for request in sandbox.requests()] == [CANARY, OTHER]
    assert answer.report is not None
    assert (answer.report.attempts, answer.report.resends, answer.report.retries) == (2, 1, 0)


def test_exceptions_of_a_provider(sandbox: Sandbox) -> None:
    def fail(reason: str) -> str:
        raise Mine(reason)

    def signed(attempt: libclaude.Attempt) -> None:
        return None

    config = {"auth.refresh_pause_ms": 1}
    with fetching(sandbox, fail, config=config, sign=signed) as client:
        with pytest.raises(Mine, match="first"):
            client.messages.create(**ask())
        time.sleep(0.01)
        with pytest.raises(Mine), client.messages.stream(**ask()):
            pass
        time.sleep(0.01)
        with Loop(client) as loop, pytest.raises(Mine):
            run_loop(loop, loop.submit(0, **ask()))
    paused = fetching(sandbox, fail, config={"auth.refresh_pause_ms": 86400000})
    with paused as client:
        with pytest.raises(Mine):
            client.messages.create(**ask())
        with pytest.raises(libclaude.ClaudeError) as caught:  # it is not asked again so soon
            client.messages.create(**ask())
        assert caught.value.name == "CLAUDE_E_CALLBACK"
    assert sandbox.counts()[0] == 0


def test_exceptions_of_several_providers(sandbox: Sandbox) -> None:
    def failing_with(text: str) -> Callable[[str], str]:
        def fail(reason: str) -> str:
            raise Mine(text)

        return fail

    secret = Secret(OTHER)
    config = {"auth.refresh_pause_ms": 1}
    with Client(secret, base_url=sandbox.url, credentials=failing_with("the client's"), config=config) as client:
        time.sleep(1.2)
        secret.expires_at = time.time() + 1.1  # half of its time is over
        client.messages.create(**ask())  # goes on with the old token
        for name in ("a", "b"):
            client.set_snapshot(name, base_url=sandbox.url, credentials=failing_with(name))
        for name in ("b", "a"):
            with pytest.raises(Mine, match=name):
                client.messages.create(**ask(), options={"request.snapshot": name})


def test_a_provider_goes_with_its_snapshot(sandbox: Sandbox) -> None:
    class Fetch:
        def __call__(self, reason: str) -> str:
            return OTHER

    with Client(CANARY, base_url=sandbox.url) as client:
        provider = Fetch()
        gone = weakref.ref(provider)
        client.set_snapshot("a", base_url=sandbox.url, credentials=provider)
        del provider
        client.messages.create(**ask(), options={"request.snapshot": "a"})
        client.remove_snapshot("a")
        gc.collect()
        assert gone() is None


def test_exceptions_of_a_provider_in_an_event_loop(sandbox: Sandbox) -> None:
    def fail(reason: str) -> str:
        raise Mine(reason)

    async def main() -> None:
        async with AsyncClient(base_url=sandbox.url, credentials=fail) as client:
            with pytest.raises(Mine):
                await client.messages.create(**ask())
        async with AsyncClient(base_url=sandbox.url, credentials=lambda reason: OTHER) as client:
            await client.messages.create(**ask())

    asyncio.run(main())
    assert sandbox.requests()[0].header("x-api-key") == OTHER


def test_calls_go_on_with_a_token_that_is_still_good(sandbox: Sandbox) -> None:
    failures: list[BaseException] = [Mine(), KeyboardInterrupt()]

    def provide(reason: str) -> str:
        assert reason == "expires"
        raise failures[0]

    secret = Secret(OTHER)
    config = {"auth.refresh_pause_ms": 1}
    with Client(secret, base_url=sandbox.url, credentials=provide, config=config) as client:
        time.sleep(4)
        secret.expires_at = time.time() + 3.9  # half of its time is over
        for _ in range(12):
            client.messages.create(**ask())
            time.sleep(0.002)
        hook: Any = client._hook
        assert len(hook._kept) == 8
        failures.pop(0)
        with pytest.raises(KeyboardInterrupt):
            client.messages.create(**ask())
        failures.insert(0, Mine())
        time.sleep(0.002)
        client.messages.create(**ask())


def test_a_provider_holds_nobody_off(sandbox: Sandbox) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def provide(reason: str) -> str:
        inside.set()
        assert go_on.wait(30)
        with Client(CANARY, base_url=sandbox.url) as other:  # may use the library, other clients included
            other.messages.create(**ask("other"))
        with pytest.raises(libclaude.InvalidStateError):
            waiting.messages.create(**ask("itself"))
        return OTHER

    answers: list[str] = []
    with fetching(sandbox, provide) as waiting, Client(CANARY, base_url=sandbox.url) as free:
        threads = [
            threading.Thread(target=lambda: answers.append(waiting.messages.create(**ask()).text)) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        assert inside.wait(30)
        assert free.messages.create(**ask("free")).text == "Echo: free"
        assert answers == []
        go_on.set()
        for thread in threads:
            thread.join(30)
    assert answers == ["Echo: hi"] * 3


# ---- keys that change


def test_a_key_is_replaced(client: Client, sandbox: Sandbox) -> None:
    client.messages.create(**ask())
    client.rotate_secret(OTHER)
    client.messages.create(**ask())
    secret = client.secret()
    assert secret is not None
    assert (secret.fingerprint, secret.source) == (Secret(OTHER).fingerprint, "program")
    assert [request.header("x-api-key") for request in sandbox.requests()] == [CANARY, OTHER]
    with pytest.raises(libclaude.InvalidRequestError):
        client.rotate_secret(OTHER, endpoint=3)
    assert client.secret(endpoint=3) is None
    for wrong in (-1, True, "1"):
        with pytest.raises(libclaude.InvalidRequestError, match="endpoint is"):
            client.secret(endpoint=wrong)  # type: ignore[arg-type]


def test_a_key_of_an_endpoint_is_replaced(sandbox: Sandbox) -> None:
    failover = libclaude.Failover({"network.allow_http": True})
    failover.add_endpoint(sandbox.url, api_key=CANARY)
    with Client(CANARY, base_url=sandbox.url, failover=failover) as client:
        client.rotate_secret(Secret(OTHER), endpoint=0)
        client.messages.create(**ask(), features="failover")
    assert sandbox.requests()[0].header("x-api-key") == OTHER


def test_where_a_secret_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSPACE_PATH", str(tmp_path))
    with pytest.raises(libclaude.NoKeyError):
        Secret.load_with_precedence()
    found = Secret.load_with_precedence(runtime=OTHER)
    assert (found.source, found.expose()) == ("program", OTHER)
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    found = Secret.load_with_precedence(runtime=Secret(OTHER))
    assert (found.source, found.expose()) == ("environment", CANARY)
    assert Secret.load_with_precedence("ANOTHER_KEY", OTHER).source == "program"


def test_expiry(sandbox: Sandbox) -> None:
    told: list[tuple[str, float, float]] = []
    secret = Secret(CANARY)
    assert secret.expires_at is None
    secret.on_expiry(3600, lambda *what: told.append(what))
    with pytest.raises(libclaude.InvalidStateError):
        secret.on_expiry(3600, print)
    with Client(secret, base_url=sandbox.url) as client:
        client.messages.create(**ask())
        assert told == []
        secret.expires_at = at = time.time() + 60
        client.messages.create(**ask())
        client.messages.create(**ask())
        ((fingerprint, expires_at, left),) = told
        assert fingerprint == secret.fingerprint
        assert expires_at == pytest.approx(at, abs=0.002)
        assert 0 < left <= 60
        secret.expires_at = datetime.now(timezone.utc) - timedelta(seconds=5)
        client.messages.create(**ask())
        assert told[1][2] < 0
        secret.expires_at = None
        assert secret.expires_at is None
    for lead, tell in ((-1, print), (True, print), ("1", print), (1, None)):
        with pytest.raises(libclaude.InvalidRequestError):
            Secret(CANARY).on_expiry(lead, tell)  # type: ignore[arg-type]


def test_exceptions_of_an_expiry_callback(sandbox: Sandbox) -> None:
    def fail(*what: object) -> None:
        raise Mine

    def expired() -> Client:
        secret = Secret(CANARY)
        secret.expires_at = time.time() - 1
        secret.on_expiry(0, fail)
        return Client(secret, base_url=sandbox.url)

    with expired() as client:
        with pytest.raises(Mine):
            client.messages.create(**ask())
        client.messages.create(**ask())  # once for each time
    with expired() as client, pytest.raises(Mine), client.messages.stream(**ask()):
        pass
    with expired() as client:
        key = client.secret()
        assert key is not None
        with pytest.raises(Mine):
            key.expose()
        assert key.expose() == CANARY
        client.messages.create(**ask())
    secret = Secret(CANARY)
    secret.expires_at = 1
    secret.on_expiry(0, fail)
    config = {"health.strategy": "models"}
    with Client(secret, base_url=sandbox.url, config=config) as client, pytest.raises(Mine):
        libclaude.Health.check_endpoint(client, sandbox.url)
    with Client(OTHER, base_url=sandbox.url) as client:
        client.messages.create(**ask())  # nothing is left over
    with Client(CANARY, base_url=sandbox.url, config={"auth.refuse_expired": True}) as client:
        secret = Secret(OTHER)
        secret.expires_at = 1
        client.rotate_secret(secret)
        with pytest.raises(libclaude.NoKeyError):
            client.messages.create(**ask())


# ---- log lines


def test_log_lines(sandbox: Sandbox) -> None:
    lines: list[tuple[str, str, Any]] = []
    with Client(CANARY, base_url=sandbox.url, on_log=lambda *line: lines.append(line)) as client:
        client.messages.create(**ask())
    assert [line[:2] for line in lines] == [("info", "call.begin"), ("info", "call.end")]
    assert lines[0][2].endpoint == "messages.create"
    assert lines[1][2]["code"] == "CLAUDE_OK"
    lines.clear()
    with Client(CANARY, base_url=sandbox.url, on_log=lambda *line: lines.append(line), log_level="trace") as client:
        client.messages.create(**ask("a secret"))
    assert {line[0] for line in lines} == {"info", "debug", "trace"}
    shown = json.dumps(lines)
    assert CANARY not in shown
    assert "a secret" not in shown
    with pytest.raises(libclaude.InvalidRequestError, match="log_level"):
        Client(CANARY, on_log=print, log_level="loud")  # type: ignore[arg-type]
    with pytest.raises(libclaude.InvalidRequestError, match="on_log"):
        Client(CANARY, on_log="print")  # type: ignore[arg-type]


EVENTS = ["call.begin", "attempt.begin", "attempt.end", "call.end"]


def failing(event: str) -> Callable[..., None]:
    def tell(level: str, happened: str, fields: Any) -> None:
        if happened == event:
            raise Mine(event)

    return tell


@pytest.mark.parametrize("event", EVENTS)
def test_exceptions_of_log_functions(sandbox: Sandbox, event: str) -> None:
    with Client(CANARY, base_url=sandbox.url, on_log=failing(event), log_level="debug") as client:
        with pytest.raises(Mine, match=event):
            client.messages.create(**ask())
        with pytest.raises(Mine, match=event), client.messages.stream(**ask()) as stream:
            stream.until_done()
        with pytest.raises(Mine, match=event), client.messages.stream(**ask()) as stream:
            for _ in stream:
                pass
        with pytest.raises(Mine, match=event), client.messages.stream(**ask()) as stream:
            "".join(stream.text_stream)
        with Loop(client) as loop, pytest.raises(Mine, match=event):
            run_loop(loop, loop.submit(0, **ask()))
    with Client(CANARY, base_url=sandbox.url) as client:
        client.messages.create(**ask())  # nothing is left over


@pytest.mark.parametrize("fails", [False, True])
def test_a_function_may_close_the_loop_that_calls_it(sandbox: Sandbox, fails: bool) -> None:
    def close(level: str, happened: str, fields: Any) -> None:
        if happened == "attempt.end":
            loop.close()
            if fails:
                raise Mine

    with Client(CANARY, base_url=sandbox.url, on_log=close, log_level="debug") as client:
        loop = Loop(client)
        with pytest.raises(Mine if fails else libclaude.InvalidStateError):
            run_loop(loop, loop.submit(0, **ask()))
        with pytest.raises(libclaude.InvalidStateError, match="closed"):
            loop.next()


def test_a_stream_ends_where_the_log_function_fails(sandbox: Sandbox) -> None:
    def tell(level: str, happened: str, fields: Any) -> None:
        if happened == "call.end" or (happened == "stream.event" and fields.name == "content_block_delta"):
            raise Mine(happened)

    def texts(stream: libclaude.MessageStream) -> list[str]:
        return list(stream.text_stream)

    sandbox.scenario("text")
    with Client(CANARY, base_url=sandbox.url, on_log=tell, log_level="trace") as client:
        for read in (list, texts, libclaude.MessageStream.until_done):
            with pytest.raises(Mine, match=r"stream\.event"):
                client.messages.stream(**ask()).__enter__().until_done()
            stream = client.messages.stream(**ask()).__enter__()
            with pytest.raises(Mine, match=r"stream\.event"):
                read(stream)
            with Client(CANARY, base_url=sandbox.url) as silent:
                silent.messages.create(**ask())  # nothing is left over
            del stream


def test_exceptions_of_log_functions_in_an_event_loop(sandbox: Sandbox) -> None:
    heard: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: heard.append(context))
        async with AsyncClient(CANARY, base_url=sandbox.url, on_log=failing("call.begin")) as client:
            with pytest.raises(Mine):
                await client.messages.create(**ask())
        async with AsyncClient(CANARY, base_url=sandbox.url, on_log=failing("call.end")) as client:
            answer = await client.messages.create(**ask())
            assert answer.text == "Echo: hi"

    asyncio.run(main())
    assert [type(context["exception"]) for context in heard] == [Mine]


def test_exceptions_stay_with_their_thread(sandbox: Sandbox) -> None:
    failing_calls: set[int] = set()
    results: list[tuple[str, str]] = []

    def tell(level: str, happened: str, fields: Any) -> None:
        fails = threading.current_thread().name == "fails"
        if happened == "call.begin" and fails:
            failing_calls.add(fields.call)
        if happened in ("call.begin", "attempt.end", "call.end") and fields.call in failing_calls:
            raise Mine(happened)

    def work() -> None:
        name = threading.current_thread().name
        for number in range(60):
            try:
                if number % 2:
                    client.messages.create(**ask())
                else:
                    with client.messages.stream(**ask()) as stream:
                        stream.get_final_message()
                results.append((name, "answered"))
            except Exception as error:
                results.append((name, type(error).__name__))

    with Client(CANARY, base_url=sandbox.url, on_log=tell, log_level="trace") as client:
        threads = [threading.Thread(target=work, name=name) for name in ("goes well", "fails") * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert set(results) == {("goes well", "answered"), ("fails", "Mine")}
    assert len(results) == 360


def test_exceptions_about_a_call_that_is_dropped(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.scenario({"delay_ms": 3600000})
    heard: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: heard.append(what.exc_value))
    with Client(CANARY, base_url=sandbox.url, on_log=failing("call.end")) as client:
        call = client._start(client._request("messages.create", ask(), False, libclaude._base.Settings()), None)
        del call
        gc.collect()
    assert [type(error) for error in heard] == [Mine]
    with Client(CANARY, base_url=sandbox.url, on_log=failing("call.end")) as client:
        runner = client.messages.tool_runner(**ask(), tools=[])
        assert runner._step(50) is None
        del runner
        gc.collect()
    assert [type(error) for error in heard] == [Mine, Mine]
    sandbox.scenario("text")
    with Client(CANARY, base_url=sandbox.url) as client:
        client.messages.create(**ask())


def test_functions_at_the_end_of_the_interpreter(sandbox: Sandbox) -> None:
    program = f"""
import libclaude
client = libclaude.Client(base_url={sandbox.url!r}, credentials=lambda reason: {OTHER!r}, on_log=lambda *line: None,
    log_level="trace")
secret = libclaude.Secret({CANARY!r})
secret.on_expiry(0, print)
client.messages.create(model="m", max_tokens=5, messages=[{{"role": "user", "content": "hi"}}])
running = client.messages.stream(model="m", max_tokens=5, messages=[{{"role": "user", "content": "hi"}}]).__enter__()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


# ---- the trail of keys


@pytest.fixture
def trail() -> Iterator[None]:
    Trail.start(4)
    yield
    Trail.stop()


@pytest.mark.usefixtures("trail")
def test_the_trail(client: Client) -> None:
    secret = Secret(CANARY)
    before = time.time() * 1000
    secret.expose()
    client.messages.create(**ask())
    found = Trail()
    assert [use.operation for use in found.uses] == ["expose", "header"]
    assert (found.capacity, found.dropped) == (4, 0)
    use = found.uses[0]
    assert use.fingerprint == secret.fingerprint
    assert use.thread == threading.get_native_id()
    assert abs(use.time_ms - before) < 60_000
    assert all("+0x" in frame for frame in use.backtrace)
    for _ in range(5):
        secret.expose()
    assert (len(Trail().uses), Trail().dropped) == (4, 3)
    Trail.clear()
    assert Trail().uses == ()
    Trail.stop()
    with pytest.raises(libclaude.InvalidStateError):
        Trail()
    for capacity in (0, -1, 100_000):
        with pytest.raises(libclaude.InvalidRequestError):
            Trail.start(capacity)


# ---- no object shows a key


def test_nothing_shows_a_key(sandbox: Sandbox, tmp_path: Path) -> None:
    lines: list[Any] = []
    attempts: list[Any] = []
    seen: list[Any] = []

    def provide(reason: str) -> tuple[str, float]:
        return CANARY, time.time() + 3600

    Trail.start(64)
    try:
        failover = libclaude.Failover({"network.allow_http": True})
        failover.add_endpoint(sandbox.url, api_key=CANARY)
        quota = libclaude.Quota({"quota.daily_requests": 100})
        secret = Secret(CANARY)
        secret.expires_at = time.time() + 60
        secret.on_expiry(3600, lambda *what: seen.append(what))
        watcher = libclaude.ConfigWatcher(tmp_path / "none.json", {"base_url": sandbox.url})
        with Client(
            secret,
            base_url=sandbox.url,
            failover=failover,
            quota=quota,
            on_log=lambda *line: lines.append(line),
            log_level="trace",
            on_attempt=attempts.append,
            sign=seen.append,
            config={"diagnostics.timings": 4, "diagnostics.log_bodies": True, "metrics.enabled": True},
        ) as client:
            answer = client.messages.create(**ask(), features=["quota", "failover"])
            with client.messages.stream(**ask()) as stream:
                seen += [*stream, stream, stream.report]
            with Loop(client) as loop:
                call = loop.submit(0, **ask())
                seen += [loop, call, run_loop(loop, call)]
            sandbox.scenario(BAD_KEY)
            with pytest.raises(libclaude.AuthenticationError) as caught:
                client.messages.create(**ask())
            seen += [caught.value, caught.value.report, caught.value.response]
            watcher.attach(client)
            client.set_snapshot("eu", CANARY, base_url=sandbox.url)
            seen += [client, client.diagnostics(), client.selftest(key=True).checks, client.metrics(), client.secret()]
            seen += [client.curl("messages.create", ask()).command, client.curl("messages.create", ask())]
        with Client(base_url=sandbox.url, credentials=provide) as fetched:
            sandbox.scenario("text")
            seen += [fetched.messages.create(**ask()), fetched, fetched.diagnostics()]
        for wrong in (CANARY + "\n", CANARY + "\u20ac", CANARY + " x"):
            with pytest.raises(libclaude.ClaudeError) as bad:
                Client(wrong)
            seen += [bad.value]
        objects = [*lines, *attempts, *seen, answer, answer.report, quota, quota.state, failover, *failover, watcher]
        objects += [watcher.error, secret, Trail(), *Trail().uses, *(use.backtrace for use in Trail().uses)]
    finally:
        Trail.stop()
    shown = "\n".join(f"{each!r} {each}" for each in objects)
    assert len(objects) > 50
    assert any(request.header("x-api-key") == CANARY for request in sandbox.requests())
    assert CANARY not in shown
    assert CANARY[-16:] not in shown
