"""Structured output, problems of requests, facts about models, costs, and what is deprecated."""

from __future__ import annotations

import asyncio
import json
import warnings
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, MODEL, ask
from libclaude import ModelTable

if TYPE_CHECKING:
    from sandbox import Sandbox

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TABLE = {
    "models": [
        {
            "id": "model-a",
            "aliases": ["a"],
            "context_window": 1000,
            "prices": [{"input": 2, "output": 10, "cache_read": 0.2, "cache_write_5m": 2.5, "cache_write_1h": 4}],
            "lifecycle": "deprecated",
            "retires_at": "2027-01-01",
            "replacement": "model-b",
        },
        {"id": "model-b"},
    ]
}


@dataclass
class Place:
    city: str


class Modelled:
    """As a class of pydantic."""

    def __init__(self, city: str) -> None:
        self.city = city

    @staticmethod
    def model_json_schema() -> dict[str, Any]:
        return SCHEMA

    @classmethod
    def model_validate_json(cls, text: bytes) -> Modelled:
        return cls(**json.loads(text))


def answer(text: str, stop: str = "end_turn", **more: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": text}]
    usage = {"input_tokens": 1, "output_tokens": 1}
    body = {"id": "m", "type": "message", "content": content, "stop_reason": stop, "usage": usage, **more}
    return {"body_json": body}


# ---- structured output


def test_parse(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario(answer('{"city": "Ulm"}'))
    message = client.messages.parse(output_format=SCHEMA, output_config={"effort": "low"}, **ask())
    assert (message.parsed_output.city, message.id, message.text) == ("Ulm", "m", '{"city": "Ulm"}')
    assert isinstance(message, libclaude.Message)
    config = sandbox.requests()[0].json()["output_config"]
    assert config["effort"] == "low"
    assert config["format"]["schema"] == {**SCHEMA, "additionalProperties": False}
    assert client.messages.parse(output_format=Place, **ask()).parsed_output == Place("Ulm")
    assert client.messages.parse(output_format=Modelled, **ask()).parsed_output.city == "Ulm"


def test_parse_awaited(sandbox: Sandbox) -> None:
    async def main() -> Any:
        async with libclaude.AsyncClient(CANARY, base_url=sandbox.url) as client:
            return (await client.messages.parse(output_format=Place, **ask())).parsed_output

    sandbox.scenario(answer('{"city": "Ulm"}'))
    assert asyncio.run(asyncio.wait_for(main(), 20)) == Place("Ulm")


def test_answers_that_do_not_fit(client: libclaude.Client, sandbox: Sandbox) -> None:
    wrong: list[tuple[dict[str, Any], type[libclaude.ClaudeError], str | None]] = [
        (answer("no", "refusal"), libclaude.APIStatusError, None),
        (answer('{"city"', "max_tokens"), libclaude.StreamTruncatedError, "max_tokens"),
        (answer('{"city": 5}'), libclaude.APIResponseValidationError, "schema_mismatch"),
        (answer("Ulm"), libclaude.APIResponseValidationError, "json_invalid"),
    ]
    for scenario, kind, code in wrong:
        sandbox.scenario(scenario)
        with pytest.raises(kind) as caught:
            client.messages.parse(output_format=SCHEMA, **ask())
        assert caught.value.error_code == code
        assert caught.value.response is not None
        assert caught.value.response.id == "m"
    count = sandbox.counts()[0]
    formats: list[Any] = [str, 5, {"properties": {"a": {}}}]
    for output_format in formats:
        with pytest.raises(libclaude.InvalidRequestError):
            client.messages.parse(output_format=output_format, **ask())
    assert sandbox.counts()[0] == count


def test_parsing_a_streamed_message(client: libclaude.Client, sandbox: Sandbox) -> None:
    config = {"format": {"type": "json_schema", "schema": libclaude.transform_schema(SCHEMA)}}
    with client.messages.stream(output_config=config, **ask('{"city": "Ulm"}')) as stream:
        message = stream.get_final_message()
    assert sandbox.requests()[0].json()["output_config"]["format"]["schema"]["additionalProperties"] is False
    with pytest.raises(libclaude.APIResponseValidationError):
        libclaude.parse_output(message, SCHEMA)  # "Echo: ..."
    sandbox.scenario(answer('{"city": "Ulm"}'))
    assert libclaude.parse_output(client.messages.create(**ask()), SCHEMA) == {"city": "Ulm"}


# ---- problems


def test_problems_of_a_request() -> None:
    assert libclaude.validate(ask()) == []
    tools = [{"name": "a b", "description": "x", "input_schema": {"type": "object"}}]
    found = libclaude.validate({**ask(), "tools": tools, "max_tokens": -1})
    assert {problem.code: problem.field for problem in found}["tool_name_pattern"] == "/tools/0/name"
    assert len(found) > 1
    (problem,) = (each for each in found if each.code == "tool_name_pattern")
    assert (problem.tool, problem.value) == ("a b", '"a b"')
    assert problem.constraint in str(problem)
    assert problem.fix
    assert repr(problem) == "<Problem tool_name_pattern /tools/0/name>"
    assert libclaude.validate(json.dumps(ask()).encode()) == []
    with pytest.raises(libclaude.InvalidRequestError, match=r"validate\.nothing"):
        libclaude.validate(ask(), options={"validate.nothing": 1})


def test_problems_by_the_options_of_a_client(client: libclaude.Client, sandbox: Sandbox) -> None:
    assert client.messages.validate(**ask()) == []
    assert [each.code for each in client.messages.validate(**ask(), tools=[])] != []
    new = libclaude.Client(CANARY, config={"api_version": "2026-10-21"})
    warm = ask(model="claude-haiku-4-5", temperature=0.5)
    assert (client.messages.validate(**warm), len(new.messages.validate(**warm))) == ([], 1)
    assert libclaude.AsyncClient(CANARY).messages.validate(**ask()) == []
    assert sandbox.counts()[0] == 0


# ---- models and costs


def test_a_table_of_models() -> None:
    table = ModelTable(TABLE)
    assert (list(table), len(table), "a" in table, "c" in table) == (["model-a", "model-b"], 2, True, False)
    assert table.find("a") == "model-a"
    assert (table.facts("a").context_window, table.facts("c")) == (1000, None)
    assert "2027-01-01" in (table.deprecation("a") or "")
    assert table.deprecation("model-b") is None
    assert (table.days_left("a", 1798675200), table.days_left("a", 2e9), table.days_left("model-b")) == (1, 0, None)
    table.check_context("a", 500, 500)
    with pytest.raises(libclaude.InvalidRequestError, match="context window"):
        table.check_context("a", 500, 501)
    assert json.loads(table.json) == TABLE
    assert list(ModelTable(json.dumps(TABLE))) == list(ModelTable(json.dumps(TABLE).encode())) == list(table)
    with pytest.raises(libclaude.InvalidRequestError):
        ModelTable({"models": 5})


def test_costs() -> None:
    table = ModelTable(TABLE)
    usage = {"input_tokens": 1_000_000, "output_tokens": 100_000, "cache_read_input_tokens": 1_000_000}
    assert table.cost("a", usage) == Decimal("3.2")
    assert table.cost("a", usage, part="output") == 1
    assert table.cost("a", usage, part="cache_savings") == Decimal("1.8")
    assert table.cost("model-b", usage) is None
    assert table.estimate_cost("a", 1000, 100) == Decimal("0.003")
    assert table.estimate_cost("a", 2**80, 1) is not None
    for wrong in ({"a": 1}, {}):
        with pytest.raises(libclaude.InvalidRequestError, match="no usage that can be priced"):
            table.cost("a", wrong)
    with pytest.raises(libclaude.InvalidRequestError, match="must not be negative"):
        table.estimate_cost("a", -1, 1)
    with pytest.raises(libclaude.InvalidRequestError, match="must be an int, not float"):
        table.estimate_cost("a", 1.5, 1)  # type: ignore[arg-type]


def test_what_is_built_in(client: libclaude.Client) -> None:
    assert libclaude.model_facts(MODEL).context_window > 0
    message = client.messages.create(**ask())
    cost = libclaude.cost(None, message)
    assert cost is not None
    assert cost == libclaude.cost(MODEL, message.usage) == libclaude.cost(MODEL, message.usage.to_dict())
    assert libclaude.cost(MODEL, message.usage, batch=True) == cost / 2
    assert libclaude.estimate_cost(MODEL, message.usage.input_tokens, message.usage.output_tokens) == cost


def test_choosing_a_model(client: libclaude.Client) -> None:
    models = client.models.list(limit=1000)
    assert libclaude.choose_model(models, ["nothing", MODEL]) == MODEL
    assert libclaude.choose_model(models, ["nothing"]) is None


# ---- deprecation


def test_deprecation_as_a_function(sandbox: Sandbox) -> None:
    heard: list[tuple[str, str]] = []
    table = ModelTable(TABLE)
    with libclaude.Client(
        CANARY, base_url=sandbox.url, models=table, on_deprecation=lambda *said: heard.append(said)
    ) as client:
        for model in ("model-b", "model-a", "model-a"):
            client.messages.create(**{**ask(), "model": model})
    assert [model for model, _ in heard] == ["model-a"]
    assert "model-b" in heard[0][1]


def test_deprecation_as_a_warning(sandbox: Sandbox) -> None:
    asked = {**ask(), "model": "model-a"}
    table = ModelTable(TABLE)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with libclaude.Client(CANARY, base_url=sandbox.url, models=table, on_deprecation=FutureWarning) as client:
            client.messages.create(**asked)
        with libclaude.Client(CANARY, base_url=sandbox.url, models=table) as client:
            client.messages.create(**asked)
    assert [(each.category, each.filename) for each in caught] == [(FutureWarning, __file__)]


def test_deprecation_as_an_error(sandbox: Sandbox) -> None:
    asked = {**ask(), "model": "model-a"}
    settings: dict[str, Any] = {"base_url": sandbox.url, "models": ModelTable(TABLE), "on_deprecation": UserWarning}

    async def main() -> None:
        async with libclaude.AsyncClient(CANARY, **settings) as client:
            with pytest.raises(UserWarning, match="model-a"):
                await client.messages.create(**asked)
            await client.messages.create(**asked)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with libclaude.Client(CANARY, **settings) as client:
            with pytest.raises(UserWarning, match="model-a"):
                client.messages.create(**asked)
            client.messages.create(**asked)
            with libclaude.Client(CANARY, **settings) as other, libclaude.Loop(other) as loop:
                with pytest.raises(UserWarning, match="model-a"):
                    loop.submit(1, **asked)
                while loop.wait(20) and (happened := loop.next()) is not None:
                    assert happened == (1, None)
                    break
        asyncio.run(asyncio.wait_for(main(), 20))
    with pytest.raises(libclaude.InvalidRequestError, match="on_deprecation must be a class of warnings or callable"):
        libclaude.Client(CANARY, on_deprecation=5)  # type: ignore[arg-type]
