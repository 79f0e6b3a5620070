"""Quotas: limits, what is used, and calls that are refused."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, MODEL, ROOT, ask, environment, message_json
from libclaude import AsyncClient, Client, Quota

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox

pytestmark = pytest.mark.filterwarnings("error")

PRICED = "claude-haiku-5-5"


def test_limits() -> None:
    quota = Quota({"quota.daily_requests": 3, "quota.monthly_cost": 2.5})
    assert quota.limit("daily_requests") == 3
    assert quota.limit("monthly_cost") == Decimal("2.5")
    assert quota.limit("daily_tokens") is None
    quota.set_limit("daily_cost", Decimal("0.000000001"), model=PRICED)
    assert quota.limit("daily_cost", model=PRICED) == Decimal("1E-9")
    quota.set_limit("daily_cost", 1e-12, model=PRICED)  # less than a limit can be, and not none
    assert quota.limit("daily_cost", model=PRICED) == Decimal("1E-9")
    quota.set_limit("daily_cost", 1.1, model=PRICED)
    assert quota.limit("daily_cost", model=PRICED) == Decimal("1.1")
    quota.set_limit("daily_requests", None)
    assert quota.limit("daily_requests") is None
    quota.load_limits({"daily_tokens": 100, "models": {"other": {"monthly_requests": 7}}})
    assert (quota.limit("daily_tokens"), quota.limit("monthly_requests", model="other")) == (100, 7)
    assert quota.models == [PRICED, "other"]
    assert repr(quota) == "<Quota, 0 requests today>"


def test_wrong_names_and_limits() -> None:
    quota: Any = Quota()
    for call in (quota.limit, quota.usage, quota.remaining, quota.resets_at):
        with pytest.raises(libclaude.InvalidRequestError, match="hourly"):
            call("hourly")
    for name, limit in (
        ("daily_cost", "much"),
        ("daily_cost", True),
        ("daily_requests", 1.5),
        ("hourly", 1),
        ("daily_cost", -1e-12),
    ):
        with pytest.raises(libclaude.InvalidRequestError):
            quota.set_limit(name, limit)
    with pytest.raises(libclaude.InvalidRequestError, match="daily_requests"):
        quota.load_limits({"daily_tokens": 5, "daily_requests": -1})
    assert quota.limit("daily_tokens") is None  # all of them, or none
    with pytest.raises(libclaude.InvalidRequestError, match="ModelTable"):
        Quota(models=quota)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(quota)


def test_usage_by_hand() -> None:
    quota = Quota({"quota.daily_requests": 3})
    quota.record_usage(PRICED, 1000, 500)
    quota.add({"input_tokens": 10, "output_tokens": 5}, model=PRICED, batch=True)
    assert quota.usage("daily_requests") == 2
    assert quota.usage("daily_tokens", model=PRICED) == 1515
    cost = quota.usage("total_cost")
    assert isinstance(cost, Decimal)
    assert 0 < cost < 1
    assert quota.remaining("daily_requests") == 1
    assert quota.remaining("daily_cost") is None
    assert quota.resets_at("daily") > datetime.now(timezone.utc)
    with quota.reserve(PRICED, 100, 50) as room:
        assert (quota.usage("reserved_tokens"), quota.remaining("daily_requests")) == (150, 0)
        room.settle(1, 2)
    assert (quota.usage("reserved_tokens"), quota.usage("daily_tokens")) == (0, 1518)
    with pytest.raises(libclaude.QuotaExceededError) as caught:
        quota.reserve(PRICED, 1, 1)
    error = caught.value
    assert (error.name, error.limit_name, error.per_model) == ("CLAUDE_E_QUOTA", "daily_requests", False)
    assert (error.limit, error.used, error.reserved, error.needed) == (3, 3, 0, 1)
    assert error.resets_at == quota.resets_at("daily")
    assert error.retry_after is not None
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.limit, again.limit_name) == (libclaude.QuotaExceededError, 3, "daily_requests")


def test_reservations() -> None:
    quota = Quota()
    quota.reserve(PRICED, 100, 50).release()
    assert quota.usage("daily_requests") == 0
    with quota.reserve(PRICED, 100, 50):
        pass
    assert (quota.usage("daily_tokens"), quota.usage("daily_estimated")) == (150, 1)
    room = quota.reserve(PRICED, 100, 50)
    with pytest.raises(libclaude.InvalidRequestError):
        room.settle_with({"nothing": 1})
    room.settle_with(b'{"usage":{"input_tokens":3,"output_tokens":4}}')
    assert (quota.usage("daily_tokens"), quota.usage("reserved_tokens")) == (157, 0)


def test_money_in_errors() -> None:
    quota = Quota()
    quota.set_limit("daily_cost", 0.01, model=PRICED)
    with pytest.raises(libclaude.QuotaExceededError) as caught:
        quota.record_usage(PRICED, 10_000_000, 0)
    assert (caught.value.limit, caught.value.used, caught.value.per_model) == (Decimal("0.01"), 0, True)
    assert isinstance(caught.value.needed, Decimal)
    assert caught.value.needed > 1


def test_going_on_with_what_was_exported() -> None:
    quota, later = Quota(), Quota({"quota.daily_requests": 5})
    quota.record_usage(PRICED, 1000, 500)
    assert quota.state.total.day.requests == 1
    assert quota.state.models[PRICED].day.output_tokens == 500
    later.import_json(quota.export_json())
    assert (later.usage("daily_tokens"), later.remaining("daily_requests")) == (1500, 4)
    later.import_json(quota.state.to_dict())
    assert later.usage("daily_requests") == 1
    with pytest.raises(libclaude.InvalidRequestError):
        later.import_json("{}")
    assert later.usage("daily_requests") == 1


def test_calls_within_a_quota(sandbox: Sandbox) -> None:
    sandbox.scenario({"body": message_json("[]"), "headers": [["content-type", "application/json"]]})
    quota = Quota({"quota.daily_requests": 3})
    with Client(CANARY, base_url=sandbox.url, quota=quota) as client:
        answer = client.messages.create(**ask(), features="quota")
        assert answer.report is not None
        assert list(answer.report.features) == ["quota"]
        client.execute_with_quota("messages.create", ask())
        client.messages.create(**ask(), features=["enterprise_features"])
        with pytest.raises(libclaude.QuotaExceededError) as caught:
            client.messages.create(**ask(), features="quota")
        assert caught.value.report is not None
        assert caught.value.report.attempts == 0
        with pytest.raises(libclaude.QuotaExceededError), libclaude.Loop(client) as loop:
            loop.submit("it", **ask(), features="quota").result()
        client.messages.create(**ask())  # does not ask for it
    assert sandbox.counts()[0] == 4
    assert quota.usage("daily_requests") == 3
    assert quota.usage("daily_tokens", model=MODEL) == 6
    quota.add(answer)
    assert quota.usage("daily_tokens", model=MODEL) == 8


def test_in_an_event_loop(sandbox: Sandbox) -> None:
    async def main() -> None:
        quota = Quota({"quota.daily_requests": 1})
        async with AsyncClient(CANARY, base_url=sandbox.url, quota=quota) as client:
            await client.execute_with_quota("messages.create", ask())
            with pytest.raises(libclaude.QuotaExceededError, match="daily_requests"):
                await client.messages.create(**ask(), features="quota")

    asyncio.run(main())


def test_another_object_is_refused() -> None:
    anything: Any = libclaude.CircuitBreaker()
    with pytest.raises(libclaude.InvalidRequestError, match="a Quota is wanted, not CircuitBreaker"):
        Client(CANARY, quota=anything)


def test_the_example_keeps_its_budget(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "quota.json"

    def run(dollars: str) -> str:
        command = [sys.executable, str(ROOT / "examples" / "python" / "quota.py"), str(path), dollars, "One?", "Two?"]
        given = environment(ANTHROPIC_API_KEY=CANARY, ANTHROPIC_BASE_URL=sandbox.url)
        return subprocess.run(command, env=given, capture_output=True, text=True, timeout=60, check=True).stdout

    assert "Echo: One?" in run("5")
    second = run("5")
    assert "Echo: Two?" in second
    assert "Today: 4 requests" in second
    assert "No more today" in run("0.0001")
    assert sandbox.counts()[0] == 4
