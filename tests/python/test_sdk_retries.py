"""Retries beside those of the official SDK: the same server, the same answers, in the same run."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import anthropic
import anthropic._base_client
import libclaude
import pytest
from claudetest import CANARY, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox

ANSWER = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-5",
    "content": [{"type": "text", "text": "Yes"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 1},
}
FINE: dict[str, Any] = {"body_json": ANSWER}
# The SDK's waits, a tenth as long.
SCALE = 10
AS_THE_SDK = {
    "retry.enabled": True,
    "retry.max_retries": 2,
    "retry.initial_delay_ms": 500 // SCALE,
    "retry.max_delay_ms": 8000 // SCALE,
    "retry.jitter": 0.25,
}


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the SDK would have slept, in milliseconds: it does not."""
    waits: list[float] = []
    monkeypatch.setattr(anthropic._base_client.time, "sleep", lambda seconds: waits.append(seconds * 1000))
    return waits


@contextlib.contextmanager
def both(sandbox: Sandbox) -> Iterator[tuple[anthropic.Anthropic, libclaude.Client]]:
    theirs = anthropic.Anthropic(api_key="sk-test", base_url=sandbox.url, max_retries=2)
    with theirs, libclaude.Client(CANARY, base_url=sandbox.url, config=AS_THE_SDK) as ours:
        yield theirs, ours


def requests_of_sdk(client: anthropic.Anthropic, sandbox: Sandbox, scenario: dict[str, Any]) -> int:
    sandbox.reset()
    sandbox.scenario(scenario)
    with contextlib.suppress(anthropic.APIError):
        client.messages.create(**ask())
    return sandbox.counts()[0]


def our_report(client: libclaude.Client, sandbox: Sandbox, scenario: dict[str, Any]) -> libclaude.Report:
    sandbox.reset()
    sandbox.scenario(scenario)
    report: libclaude.Report | None
    try:
        report = client.messages.create(**ask(), features="retries").report
    except libclaude.ClaudeError as error:
        report = error.report
    assert report is not None
    assert sandbox.counts()[0] == report.wire_attempts
    return report


def failing(status: int, *headers: list[str]) -> dict[str, Any]:
    """With a wait that neither has to guess, unless the headers say otherwise."""
    return {"status": status, "headers": [["retry-after-ms", "1"], *headers], "body": ""}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529])
def test_the_same_statuses_are_tried_again(status: int, sandbox: Sandbox, slept: list[float]) -> None:
    with both(sandbox) as (theirs, ours):
        expected = requests_of_sdk(theirs, sandbox, failing(status))
        assert our_report(ours, sandbox, failing(status)).wire_attempts == expected
    assert len(slept) == expected - 1


@pytest.mark.parametrize(("status", "advice", "requests"), [(400, "true", 3), (500, "false", 1), (529, "true", 3)])
def test_the_same_advice_is_taken(
    status: int, advice: str, requests: int, sandbox: Sandbox, slept: list[float]
) -> None:
    scenario = failing(status, ["x-should-retry", advice])
    with both(sandbox) as (theirs, ours):
        assert requests_of_sdk(theirs, sandbox, scenario) == requests
        assert our_report(ours, sandbox, scenario).wire_attempts == requests
    assert len(slept) == requests - 1


@pytest.mark.parametrize(
    ("headers", "asked"),
    [([["retry-after-ms", "25"]], 25), ([["retry-after", "0.04"]], 40), ([["retry-after-ms", "7.5"]], 7.5)],
)
def test_what_the_server_asks_for_is_waited(
    headers: list[list[str]], asked: float, sandbox: Sandbox, slept: list[float]
) -> None:
    scenario = {"sequence": [{"status": 429, "headers": headers, "body": ""}, FINE]}
    with both(sandbox) as (theirs, ours):
        assert requests_of_sdk(theirs, sandbox, scenario) == 2
        report = our_report(ours, sandbox, scenario)
    assert slept == [pytest.approx(asked)]
    assert report.attempts == 2
    # Never less, and at most a tenth of the first wait more, so that a fleet does not come back at once.
    assert asked <= report.backoff_ms <= asked + 1 + 500 / SCALE / 10


def test_waits_of_its_own_lie_in_the_same_windows(sandbox: Sandbox, slept: list[float]) -> None:
    busy = {"status": 529, "body": ""}
    with both(sandbox) as (theirs, ours):
        assert requests_of_sdk(theirs, sandbox, busy) == 3
        report = our_report(ours, sandbox, busy)
    waits = [attempt.backoff_ms * SCALE for attempt in report.attempt_list[1:]]
    assert len(waits) == len(slept) == 2
    for retries, (own, sdk) in enumerate(zip(waits, slept)):
        longest = 500 * 2**retries
        assert 0.75 * longest <= sdk <= longest
        # Rounded to a millisecond, which is ten of the SDK's.
        assert 0.75 * longest - SCALE <= own <= longest + SCALE


def test_a_broken_connection_is_tried_again(sandbox: Sandbox, slept: list[float]) -> None:
    scenario = {"sequence": [{"close_without_reply": "rst"}, FINE]}
    with both(sandbox) as (theirs, ours):
        assert requests_of_sdk(theirs, sandbox, scenario) == 2
        assert our_report(ours, sandbox, scenario).wire_attempts == 2
    assert len(slept) == 1
