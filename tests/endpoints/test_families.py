"""The endpoints that the sandbox has without a scenario, as a program would use them from one end to the other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from native import Client, File, Request

if TYPE_CHECKING:
    from sandbox import Sandbox

PARAMS = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}


def ask(client: Client, name: str, body: Any = None, query: dict[str, Any] | None = None, **path: str) -> Any:
    request = Request(name)
    for key, value in path.items():
        request.path(key, value)
    if body is not None:
        request.body(json.dumps(body).encode())
    if query is not None:
        request.query_json(query)
    return client.execute(request).json()


def test_batches(sandbox: Sandbox, plain: Client) -> None:
    names = ["a", "errored-b", "c"]
    batch = ask(plain, "messages.batches.create", {"requests": [{"custom_id": n, "params": PARAMS} for n in names]})
    key = {"message_batch_id": batch["id"]}
    states = [ask(plain, "messages.batches.retrieve", **key)["processing_status"] for _ in range(2)]
    assert states == ["in_progress", "ended"]
    results = plain.events(Request("messages.batches.results").path(*next(iter(key.items()))))
    lines = [json.loads(event.json) for event in results.events]
    assert [line["custom_id"] for line in lines] == names[::-1]
    assert [line["result"]["type"] for line in lines] == ["succeeded", "errored", "succeeded"]
    listed = ask(plain, "messages.batches.list", query={"limit": 5})
    assert [item["id"] for item in listed["data"]] == [batch["id"]]
    assert ask(plain, "messages.batches.delete", **key)["type"] == "message_batch_deleted"
    other = ask(plain, "messages.batches.create", {"requests": [{"custom_id": "x", "params": PARAMS}]})
    assert ask(plain, "messages.batches.cancel", message_batch_id=other["id"])["processing_status"] == "canceling"
    assert sandbox.stats()["malformed"] == 0


def test_skills(sandbox: Sandbox, plain: Client) -> None:
    def upload(request: Request) -> Any:
        readme = b"---\nname: brew\ndescription: Makes tea\n---\n"
        request.file("files[]", File(readme), "brew/SKILL.md").file("files[]", File(b"boil()"), "brew/lib/pot.py")
        return plain.execute(request).json()

    skill = upload(Request("skills.create").field("display_name", "Brewing"))
    version = upload(Request("skills.versions.create").path("skill_id", skill["id"]))
    key = {"skill_id": skill["id"]}
    assert ask(plain, "skills.retrieve", **key)["latest_version_id"] == version["id"]
    assert len(ask(plain, "skills.versions.list", **key)["data"]) == 2
    download = Request("beta.skills.versions.download").path("skill_id", skill["id"]).path("version", version["id"])
    assert plain.execute(download).body.startswith(b"PK")
    assert ask(plain, "skills.versions.delete", version=version["id"], **key)["type"] == "skill_version_deleted"
    assert ask(plain, "skills.delete", **key)["type"] == "skill_deleted"
    assert sandbox.stats()["malformed"] == 0


def test_old_completions(sandbox: Sandbox, plain: Client) -> None:
    body = {"model": "m", "prompt": "\n\nHuman: why?\n\nAssistant:", "max_tokens_to_sample": 50}
    assert ask(plain, "completions.create", body)["completion"] == " Echo: why?"
    streamed = plain.events(Request("completions.create").body(json.dumps(body).encode()))
    assert [event.name for event in streamed.events] == ["completion", "ping", "completion"]
    text = "".join(json.loads(event.json).get("completion", "") for event in streamed.events)
    assert text == " Echo: why?"
    assert sandbox.requests()[1].json() == {**body, "stream": True}


def test_lists_of_every_kind(sandbox: Sandbox, plain: Client) -> None:
    """Page by page with what each answer says of the next one; helpers for that have tests of their own."""
    agents = [ask(plain, "beta.agents.list", query={"limit": 10})]
    while agents[-1]["next_page"] is not None:
        agents.append(ask(plain, "beta.agents.list", query={"limit": 10, "page": agents[-1]["next_page"]}))
    assert [len(page["data"]) for page in agents] == [10, 0, 10, 5]
    sessions = ask(plain, "beta.sessions.list", query={"limit": 20})
    assert (len(sessions["data"]), sessions["prev_page"]) == (20, None)
    costs = ask(plain, "beta.organization.analytics.cost.list", query={"limit": 20})
    assert (len(costs["data"]), costs["has_more"]) == (20, True)
    models = ask(plain, "models.list", query={"lifecycle": ["deprecated"]})
    assert [model["lifecycle"] for model in models["data"]] == ["deprecated"]
    assert ask(plain, "models.retrieve", model_id="claude-opus-5")["capabilities"]["batch"]["supported"] is True
    assert sandbox.stats()["malformed"] == 0
