"""What is tried again, how often and when: this package beside the official SDK, against the same server.

The SDK's waits are recorded instead of waited for; ours are real, and all at once.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import anthropic
import libclaude
import pytest
from claudetest import CANARY, ask, message_json

if TYPE_CHECKING:
    from sandbox import Request, Sandbox

RETRIES = 2
COUNT_HEADER = "x-stainless-retry-count"
# What the SDK does by itself, as docs/python.md has it.
LIKE_SDK = {"retry.enabled": True, "retry.max_retries": RETRIES, "retry.jitter": 0.25}
STATUSES = (400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529)
HINTS: dict[str, list[list[str]]] = {
    "nothing": [],
    "milliseconds": [["retry-after-ms", "70"]],
    "seconds": [["retry-after", "1"]],
    "fraction": [["retry-after", "0.05"]],
    "milliseconds-fraction": [["retry-after-ms", "7.5"]],
    "both": [["retry-after", "9"], ["retry-after-ms", "40"]],
    "zero": [["retry-after", "0"]],
    "nonsense": [["retry-after", "soon"], ["retry-after-ms", "20ms"]],
    "yes": [["x-should-retry", "true"], ["retry-after-ms", "30"]],
    "no": [["x-should-retry", "false"], ["retry-after-ms", "30"]],
}


def replies() -> dict[str, dict[str, Any]]:
    """The servers' answers, by name."""
    error = {"error": {"type": "some_error", "message": "No"}}
    found = {
        f"{status}-{hint}": {"status": status, "headers": headers, **error}
        for status in STATUSES
        for hint, headers in HINTS.items()
    }
    found["closed"] = {"close_without_reply": "fin"}
    found["reset"] = {"close_without_reply": "rst"}
    return found


def recovering(reply: dict[str, Any]) -> dict[str, Any]:
    return {"sequence": [reply, {"body": message_json("[]")}]}


class Clock:
    """Python's clock for the SDK, which notes how long it was to sleep."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


class Outcome:
    """What a call came to."""

    def __init__(self, status: int | None, waits: list[float]) -> None:
        self.status = status
        self.waits = waits


def by_sdk(sandbox: Sandbox, names: list[str], clock: Clock, retries: int = RETRIES) -> dict[str, Outcome]:
    outcomes = {}
    with anthropic.Anthropic(api_key="sk-test", base_url=sandbox.url, max_retries=retries) as client:
        for name in names:
            clock.slept = []
            status: int | None = 200
            try:
                client.messages.create(**ask(), extra_headers={"x-sandbox-scenario": name})
            except anthropic.APIStatusError as error:
                status = error.status_code
            except anthropic.APIConnectionError:
                status = None
            outcomes[name] = Outcome(status, clock.slept)
    return outcomes


def by_us(sandbox: Sandbox, names: list[str], **more: Any) -> dict[str, Outcome]:
    config = {**LIKE_SDK, "retry.budget": 0, "retry.count_header": COUNT_HEADER, **more}

    async def call(client: libclaude.AsyncClient, name: str) -> Outcome:
        answer: libclaude.Message | libclaude.ClaudeError
        try:
            answer = await client.messages.create(**ask(), extra_headers={"x-sandbox-scenario": name})
        except libclaude.APIError as error:
            answer = error
        assert answer.report is not None
        waits = [attempt.backoff_ms / 1000 for attempt in answer.report.attempt_list][1:]
        return Outcome(answer.http_status if isinstance(answer, libclaude.ClaudeError) else answer.status, waits)

    async def main() -> dict[str, Outcome]:
        async with libclaude.AsyncClient(CANARY, base_url=sandbox.url, config=config, features="retries") as client:
            outcomes = await asyncio.gather(*(call(client, name) for name in names))
        return dict(zip(names, outcomes))

    return asyncio.run(asyncio.wait_for(main(), 60))


def sent(sandbox: Sandbox) -> dict[str, list[Request]]:
    """The requests of each call, by the name of its scenario."""
    found: defaultdict[str, list[Request]] = defaultdict(list)
    for request in sandbox.requests():
        found[request.header("x-sandbox-scenario") or ""].append(request)
    return found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(anthropic._base_client, "time", made)
    return made


@pytest.mark.parametrize("recovers", [False, True], ids=["always", "once"])
def test_the_same_is_tried_again(sandbox: Sandbox, clock: Clock, recovers: bool) -> None:
    scenarios = replies()
    for name, reply in scenarios.items():
        for who in ("sdk", "us"):
            sandbox.register(f"{who}-{name}", recovering(reply) if recovers else reply)
    theirs = by_sdk(sandbox, [f"sdk-{name}" for name in scenarios], clock)
    ours = by_us(sandbox, [f"us-{name}" for name in scenarios])
    requests = sent(sandbox)
    again = 0
    for name in scenarios:
        their, our = theirs[f"sdk-{name}"], ours[f"us-{name}"]
        their_requests, our_requests = requests[f"sdk-{name}"], requests[f"us-{name}"]
        assert our.status == their.status, name
        assert len(our_requests) == len(their_requests) == 1 + len(their.waits) == 1 + len(our.waits), name
        counts = [request.header(COUNT_HEADER) for request in our_requests]
        assert counts == [request.header(COUNT_HEADER) for request in their_requests]
        again += len(our.waits)
        for number, (their_wait, our_wait) in enumerate(zip(their.waits, our.waits)):
            check_wait(scenarios[name].get("headers", []), number, their_wait, our_wait, name)
    assert again == (80 if recovers else 160)


def check_wait(headers: list[list[str]], number: int, theirs: float, ours: float, name: str) -> None:
    """A wait that the server asked for is kept to by both, ours up to a tenth longer; else both are in the window."""
    asked = {header: value for header, value in headers if header.startswith("retry-after")}
    if asked in ({}, {"retry-after": "0"}) or "nonsense" in name:
        most = min(0.5 * 2**number, 8)
        assert 0.75 * most <= theirs <= most, name
        assert 0.75 * most - 0.001 <= ours <= most, name
        return
    wait = float(asked["retry-after-ms"]) / 1000 if "retry-after-ms" in asked else float(asked["retry-after"])
    assert theirs == pytest.approx(wait), name
    assert wait <= ours <= 1.1 * wait, name


def test_waits_grow_and_stop_growing_alike(sandbox: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundredth of all times, so that the longest can be waited for."""
    monkeypatch.setattr(anthropic._base_client, "INITIAL_RETRY_DELAY", 0.005)
    monkeypatch.setattr(anthropic._base_client, "MAX_RETRY_DELAY", 0.08)
    names = [f"busy-{number}" for number in range(10)]
    for name in names:
        sandbox.register(name, {"status": 529})
    retries = 8
    theirs = [outcome.waits for outcome in by_sdk(sandbox, names, clock, retries).values()]
    times = {"retry.max_retries": retries, "retry.initial_delay_ms": 5, "retry.max_delay_ms": 80}
    ours = [outcome.waits for outcome in by_us(sandbox, names, **times).values()]
    for waits in (*theirs, *ours):
        assert len(waits) == retries
        for number, wait in enumerate(waits):
            most = min(0.005 * 2**number, 0.08)
            assert 0.75 * most - 0.001 <= wait <= most
    # Both leave something to chance.
    assert len({waits[-1] for waits in theirs}) > 1
    assert len({waits[-1] for waits in ours}) > 1


def test_a_date(sandbox: Sandbox, clock: Clock) -> None:
    """Theirs is by the clock of this machine, ours by that of the server."""
    now = time.time()
    headers = [["date", formatdate(now, usegmt=True)], ["retry-after", formatdate(now + 2, usegmt=True)]]
    for who in ("sdk", "us"):
        sandbox.register(who, recovering({"status": 503, "headers": headers}))
    (theirs,) = by_sdk(sandbox, ["sdk"], clock)["sdk"].waits
    (ours,) = by_us(sandbox, ["us"])["us"].waits
    assert 0 < theirs <= 2
    assert 2 <= ours <= 2.2
