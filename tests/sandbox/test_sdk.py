"""The official Python SDK accepts what the sandbox says: proof that it speaks the API's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anthropic
import pytest
from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "claude-opus-5"


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.reset()
    return server


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key="sk-test", base_url=sandbox.url, max_retries=0) as running:
        yield running


def ask(text: str) -> dict[str, Any]:
    return {"model": MODEL, "max_tokens": 1024, "messages": [{"role": "user", "content": text}]}


def test_create(client: anthropic.Anthropic) -> None:
    message = client.messages.create(**ask("Grüße, 世界"))
    assert message.model == MODEL
    assert message.stop_reason == "end_turn"
    assert [block.type for block in message.content] == ["text"]
    assert message.content[0].text == "Echo: Grüße, 世界"
    assert message.usage.input_tokens > 0
    assert message._request_id is not None
    assert message._request_id.startswith("req_")


def test_raw_response_headers(client: anthropic.Anthropic) -> None:
    raw = client.messages.with_raw_response.create(**ask("hi"))
    assert raw.headers["request-id"].startswith("req_")
    assert raw.headers["anthropic-ratelimit-output-tokens-remaining"] == "400000"


def test_stream(client: anthropic.Anthropic) -> None:
    with client.messages.stream(**ask("A longer text, so that several deltas come.")) as stream:
        pieces = list(stream.text_stream)
        message = stream.get_final_message()
    assert len(pieces) > 2
    assert "".join(pieces) == message.content[0].text == "Echo: A longer text, so that several deltas come."
    assert message.stop_reason == "end_turn"


def test_max_tokens_cuts(client: anthropic.Anthropic) -> None:
    message = client.messages.create(**{**ask("one two three four five six"), "max_tokens": 3})
    assert message.stop_reason == "max_tokens"
    assert message.content[0].text == "Echo: one tw"
    assert message.usage.output_tokens == 3


def test_count_tokens(client: anthropic.Anthropic) -> None:
    request = ask("hi")
    del request["max_tokens"]
    assert client.messages.count_tokens(**request).input_tokens > 0


def test_models(client: anthropic.Anthropic) -> None:
    first = client.models.list(limit=3)
    assert len(first.data) == 3
    assert first.has_more
    every = [model.id for model in client.models.list(limit=3)]
    assert len(every) == len(set(every)) > 3
    assert client.models.retrieve("claude-haiku-4-5").id == "claude-haiku-4-5-20251001"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("claude-none")


def test_tool_stream(client: anthropic.Anthropic, sandbox: Sandbox) -> None:
    sandbox.scenario("text-tool-thinking")
    with client.messages.stream(**ask("weather")) as stream:
        events = [event.type for event in stream]
        message = stream.get_final_message()
    assert "signature" in events
    assert [block.type for block in message.content] == ["thinking", "text", "tool_use"]
    assert message.content[2].input == {"location": "Paris, France", "unit": "celsius"}
    whole = client.messages.create(**ask("weather"))
    assert [block.to_dict() for block in whole.content][:1] == [message.content[0].to_dict()]
    assert whole.content[2].input == message.content[2].input
    assert whole.usage.output_tokens == message.usage.output_tokens == 87


@pytest.mark.parametrize("kind", ["text", "thinking", "input_json", "reordered"])
def test_generated_stream(client: anthropic.Anthropic, sandbox: Sandbox, kind: str) -> None:
    sandbox.scenario({"generate": {"events": 20, "event_bytes": 160, "kind": kind}})
    with client.messages.stream(**ask("go")) as stream:
        message = stream.get_final_message()
    block = message.content[0].to_dict()
    text = block.get("text") or block.get("thinking") or block["input"]["text"]
    assert all(text.count(f"{i:03}defghi") == 1 for i in range(20))
    assert message.usage.output_tokens == 20


@pytest.mark.parametrize(
    ("scenario", "error"),
    [
        # Newer versions of the SDK and older ones disagree on its class.
        ("overloaded", anthropic.APIStatusError),
        ("rate-limited", anthropic.RateLimitError),
        ("bad-request", anthropic.BadRequestError),
        ("unauthorized", anthropic.AuthenticationError),
        ("server-error", anthropic.InternalServerError),
    ],
)
def test_errors(
    client: anthropic.Anthropic, sandbox: Sandbox, scenario: str, error: type[anthropic.APIStatusError]
) -> None:
    sandbox.scenario(scenario)
    with pytest.raises(error) as caught:
        client.messages.create(**ask("hi"))
    body = caught.value.body
    assert isinstance(body, dict)
    assert body["type"] == "error"
    assert body["request_id"] == caught.value.request_id == caught.value.response.headers["request-id"]


def test_error_in_stream(client: anthropic.Anthropic, sandbox: Sandbox) -> None:
    sandbox.scenario("overloaded-in-stream")
    with pytest.raises(anthropic.APIStatusError, match="Overloaded"), client.messages.stream(**ask("hi")) as stream:
        stream.until_done()


def test_validation_and_authentication(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="at least one message"):
        client.messages.create(model=MODEL, max_tokens=1, messages=[])
    with pytest.raises(anthropic.AuthenticationError):
        client.messages.create(
            **ask("hi"), extra_headers={"X-Api-Key": anthropic.Omit(), "Authorization": anthropic.Omit()}
        )


def test_retries(sandbox: Sandbox) -> None:
    sandbox.register("twice", {"sequence": [{"status": 529, "headers": [["retry-after", "0.01"]]}, {"status": 200}]})
    sandbox.scenario("twice")
    with anthropic.Anthropic(api_key="sk-test", base_url=sandbox.url, max_retries=2) as client:
        client.messages.with_raw_response.create(**ask("hi"))
    counts = [request.header("x-stainless-retry-count") for request in sandbox.requests()]
    assert counts == ["0", "1"]


def test_batches(client: anthropic.Anthropic) -> None:
    params = {"model": MODEL, "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]}
    names = ["a", "errored-b", "expired-c"]
    batch = client.messages.batches.create(requests=[{"custom_id": name, "params": params} for name in names])
    assert batch.request_counts.processing == 3
    assert client.messages.batches.retrieve(batch.id).processing_status == "in_progress"
    assert client.messages.batches.retrieve(batch.id).processing_status == "ended"
    found = {line.custom_id: line.result for line in client.messages.batches.results(batch.id)}
    assert {name: result.type for name, result in found.items()} == {
        "a": "succeeded",
        "errored-b": "errored",
        "expired-c": "expired",
    }
    assert found["a"].message.content[0].text == "Echo: hi"
    assert [item.id for item in client.messages.batches.list(limit=1)] == [batch.id]
    assert client.messages.batches.delete(batch.id).type == "message_batch_deleted"
    other = client.messages.batches.create(requests=[{"custom_id": "x", "params": params}])
    assert client.messages.batches.cancel(other.id).processing_status == "canceling"


def test_files(client: anthropic.Anthropic) -> None:
    files = [client.files.upload(file=(f"{n}.txt", b"text\r\n" * n, "text/plain")) for n in range(5)]
    assert [file.size_bytes for file in files] == [0, 6, 12, 18, 24]
    assert [file.id for file in client.files.list(limit=2)] == [file.id for file in files[::-1]]
    assert client.files.retrieve_metadata(files[3].id).filename == "3.txt"
    assert client.files.download(files[3].id).read() == b"text\r\n" * 3
    assert client.files.delete(files[3].id).type == "file_deleted"
    with pytest.raises(anthropic.NotFoundError):
        client.files.retrieve_metadata(files[3].id)


def test_skills(client: anthropic.Anthropic) -> None:
    content = [("brew/SKILL.md", b"---\nname: brew\ndescription: Tea\n---\n"), ("brew/lib/pot.py", b"boil()")]
    skill = client.skills.create(files=content, display_name="Brewing")
    assert skill.display_name == "Brewing"
    version = client.skills.versions.create(skill.id, files=content)
    assert client.skills.retrieve(skill.id).latest_version_id == version.id
    assert [item.name for item in client.skills.versions.list(skill.id, limit=1)] == ["brew", "brew"]
    assert client.skills.versions.delete(version.id, skill_id=skill.id).type == "skill_version_deleted"
    assert [item.id for item in client.skills.list()] == [skill.id]
    assert client.skills.delete(skill.id).type == "skill_deleted"


def test_model_facts(client: anthropic.Anthropic) -> None:
    (model,) = client.models.list(lifecycle=["deprecated"]).data
    assert model.lifecycle == "deprecated"
    assert model.retires_at is not None
    assert model.capabilities is not None
    assert model.capabilities.batch.supported
    assert client.models.retrieve("claude-opus-5").capabilities.effort.max.supported


def test_pages_of_made_up_things(client: anthropic.Anthropic) -> None:
    assert len(list(client.beta.agents.list(limit=10))) == 25
    page = client.beta.sessions.list(limit=10)
    assert page.prev_page is None
    assert page.next_page is not None
    assert len(list(client.beta.organization.analytics.cost.list(starting_at="2026-10-01T00:00:00Z", limit=10))) == 25
