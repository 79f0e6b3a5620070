"""The endpoints as functions of a client, lists page by page, and what type checkers know of both."""

from __future__ import annotations

import asyncio
import inspect
import pydoc
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import BINDING, CANARY, MODEL, ROOT, SOURCE, ask, environment
from libclaude._endpoints import Endpoint, names

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from sandbox import Sandbox


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 20))


def found(client: Any, name: str) -> Any:
    for part in name.split("."):
        client = getattr(client, part)
    return client


# ---- functions


@pytest.mark.parametrize("kind", [libclaude.Client, libclaude.AsyncClient])
def test_every_endpoint_has_a_function(kind: Any) -> None:
    client = kind(CANARY)
    for name in names():
        function = found(client, name)
        endpoint = Endpoint(name)
        if name.startswith("messages."):
            assert callable(function), name
            continue
        known = inspect.signature(function).parameters
        assert list(known)[: len(endpoint.parameters)] == list(endpoint.parameters), name
        assert endpoint.verb in dir(found(client, name.rpartition(".")[0])), name


def test_where_arguments_go(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario({"body_json": {"id": "a"}})
    client.beta.agents.update("agent 1", name="x", version=2, extra_body={"timeout": 5}, extra_query={"q": [1, 2]})
    client.beta.memory_stores.memories.retrieve("s", memory_id="m", view="full", options={"api_version": "2023-06-01"})
    client.beta.environments.work.stop("e", "w", betas=["b-1"], extra_headers={"x-team": "red"})
    client.models.retrieve("m", x=True, extra_query={"timeout": 5})
    client.beta.organization.plugins.create(name="p", files=[("a/b", b"1"), ("c", b"2")])
    update, retrieve, stop, plain, form = sandbox.requests()
    assert (update.method, update.target) == ("POST", "/v1/agents/agent%201?q%5B%5D=1&q%5B%5D=2")
    assert update.json() == {"name": "x", "version": 2, "timeout": 5}
    assert retrieve.target == "/v1/memory_stores/s/memories/m?view=full"
    assert retrieve.header("anthropic-version") == "2023-06-01"
    assert (stop.target, stop.body) == ("/v1/environments/e/work/w/stop", b"")
    assert "b-1" in (stop.header("anthropic-beta") or "")
    assert stop.header("x-team") == "red"
    assert (plain.method, plain.target) == ("GET", "/v1/models/m?x=true&timeout=5")
    assert form.body.count(b'name="files[]"; filename="a/b"') == form.body.count(b'name="name"\r\n\r\np') == 1


def test_wrong_arguments(client: libclaude.Client, sandbox: Sandbox) -> None:
    retrieve: Any = client.skills.versions.retrieve
    with pytest.raises(TypeError, match=r"skills.versions.retrieve\(\) is missing 'version' of its path"):
        retrieve("s")
    with pytest.raises(TypeError, match="takes 2 positional arguments, of its path, but 3 were given"):
        retrieve("s", "v", "x")
    with pytest.raises(libclaude.InvalidRequestError, match="has no JSON body for extra_body"):
        client.models.list(extra_body={"a": 1})
    with pytest.raises(libclaude.InvalidRequestError, match="path parameter model_id must be a str, not list"):
        client.models.retrieve([])  # type: ignore[arg-type]
    with pytest.raises(libclaude.InvalidRequestError, match="query must be a mapping, not int"):
        client.request("models.list", query=5)  # type: ignore[call-overload]
    with pytest.raises(libclaude.InvalidRequestError, match="a beta name must be a str"):
        client.request("models.list", betas=[5])  # type: ignore[list-item]
    assert sandbox.counts()[0] == 0


def test_unknown_names(client: Any) -> None:
    with pytest.raises(AttributeError, match=r"Client has no 'modles'; did you mean 'models'\?"):
        client.modles  # noqa: B018
    with pytest.raises(AttributeError, match=r"client.models has no 'retrive'; did you mean 'retrieve'\?"):
        client.models.retrive  # noqa: B018
    with pytest.raises(AttributeError, match=r"client.beta.agents has no 'xyz'; there are: archive, create, list"):
        client.beta.agents.xyz  # noqa: B018
    assert not hasattr(client, "_repr_html_")
    assert not hasattr(client.models, "__wrapped__")


def test_looking_around(client: libclaude.Client) -> None:
    assert {"beta", "models", "files", "organization", "messages", "request"} <= set(dir(client))
    assert {"list", "retrieve"} <= set(dir(client.models))
    assert repr(client.models) == "<client.models: list, retrieve>"
    text = pydoc.plain(pydoc.render_doc(client.beta.agents.retrieve))
    assert "retrieve(agent_id, *, extra_headers=None" in text
    assert "GET /v1/agents/{agent_id}" in text
    assert "Beta: managed-agents-2026-04-01." in text


def test_beta_has_what_is_there_without(client: libclaude.Client, sandbox: Sandbox) -> None:
    assert client.beta.messages.create(**ask(), betas=["x-2026"]).text == "Echo: hi"
    assert client.beta.models.retrieve(MODEL).id == MODEL
    assert [sent.target for sent in sandbox.requests()] == ["/v1/messages", f"/v1/models/{MODEL}"]
    assert sandbox.requests()[0].header("anthropic-beta") == "x-2026"


def test_answers_that_are_streams(client: libclaude.Client, sandbox: Sandbox) -> None:
    async def awaited() -> list[str]:
        async with libclaude.AsyncClient(CANARY, base_url=sandbox.url) as other:
            stream = await other.beta.sessions.events.stream("s")
            return [event.type async for event in stream]

    sandbox.scenario({"events": [{"data": {"type": "agent.message"}}, {"data": {"type": "ping"}}]})
    with client.beta.sessions.events.stream("s", event_deltas=["agent.message"]) as stream:
        assert [event.type for event in stream] == ["agent.message", "ping"]
    assert run(awaited()) == ["agent.message", "ping"]
    done = {"type": "completion", "completion": "Hi", "stop_reason": "stop_sequence"}
    sandbox.scenario({"events": [{"event": "completion", "data": done}], "body_json": done})
    asked: dict[str, Any] = {"model": "claude-2.1", "prompt": "x", "max_tokens_to_sample": 5}
    assert [event.completion for event in client.completions.create(stream=True, **asked)] == ["Hi"]
    assert client.completions.create(**asked).completion == "Hi"


# ---- lists


def test_items_of_all_pages(client: libclaude.Client, sandbox: Sandbox) -> None:
    page = client.beta.agents.list(limit=10)
    assert (len(page.data), page.has_next_page(), page["data"][0].id) == (10, True, page.data[0].id)
    assert len({agent.id for agent in page}) == 25
    assert sandbox.counts()[0] == len(list(page.iter_pages())) == 4  # one of them empty
    last = list(page.iter_pages())[-1]
    assert (last.has_next_page(), last.next_page()) == (False, None)


def test_pages_one_by_one(client: libclaude.Client) -> None:
    first = client.models.list(limit=3)
    second = first.next_page()
    assert second is not None
    assert {model.id for model in first.data}.isdisjoint(model.id for model in second.data)
    assert second.request_id != first.request_id
    assert second.to_dict()["has_more"] is True
    with pytest.raises(libclaude.InvalidRequestError):
        first.previous_page()


def test_pages_in_both_directions(client: libclaude.Client) -> None:
    first = client.beta.sessions.list(limit=10)
    second = first.next_page()
    assert second is not None
    back = second.previous_page()
    assert back is not None
    assert [session.id for session in back.data] == [session.id for session in first.data]
    assert first.previous_page() is None


def test_pages_by_name(client: libclaude.Client) -> None:
    assert len(list(client.pages("beta.agents.list", query={"limit": 20}))) == 25
    with pytest.raises(libclaude.InvalidRequestError, match="list"):
        client.pages("models.retrieve", path={"model_id": MODEL}).next_page()


def test_a_page_that_fails(client: libclaude.Client, sandbox: Sandbox) -> None:
    pages = client.models.list(limit=3)
    sandbox.scenario({"status": 500})
    with pytest.raises(libclaude.InternalServerError):
        list(pages)
    sandbox.scenario(None)
    assert len(list(pages)) > 3


def test_pages_awaited(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with libclaude.AsyncClient(CANARY, base_url=sandbox.url) as client:
            assert len([agent.id async for agent in client.beta.agents.list(limit=10)]) == 25
            page = await client.beta.agents.list(limit=10)
            assert len(page.data) == 10
            assert len([agent.id async for agent in page]) == 25
            following = await page.next_page()
            assert following is not None
            assert following.data == []  # such a page is not the end
            pages = client.pages("beta.agents.list", query={"limit": 20})
            assert sum([len(each.data) async for each in pages.iter_pages()]) == 25
            sessions = await client.beta.sessions.list(limit=10)
            assert await sessions.previous_page() is None

    run(main())


# ---- types

GOOD = """
import libclaude
from typing import Any, Optional, TypeVar

T = TypeVar("T")
def same(a: T, b: T) -> None: ...

def use(client: libclaude.Client) -> None:
    page: libclaude.Page = client.beta.agents.list(limit=5)
    for agent in client.models.list():
        print(agent.id)
    nothing: Optional[libclaude.Page] = page.next_page()
    answer: libclaude.Response = client.messages.batches.retrieve("id", betas=["x"])
    for result in client.messages.batches.results("id"):
        text: str = result.custom_id
        message: Optional[libclaude.Message] = result.message
    data: bytes = client.files.download("id").read()
    answer = client.files.upload(b"x", expires_in_seconds=3600)
    answer = client.beta.skills.create("folder")
    stream: libclaude.Stream = client.beta.sessions.events.stream("id")
    message = client.beta.messages.create(model="m", max_tokens=1, messages=[])

async def use_async(client: libclaude.AsyncClient) -> None:
    async for agent in client.beta.agents.list(limit=5):
        print(agent.id)
    page: libclaude.AsyncPage = await client.models.list()
    answer: libclaude.Response = await client.models.retrieve("id")
    async for result in await client.messages.batches.results("id"):
        text: str = result.custom_id
    data: bytes = await (await client.files.download("id")).read()
"""
BAD = """
import libclaude

def use(client: libclaude.Client) -> None:
    client.modles
    client.models.retrive("id")
    client.models.retrieve()
    client.models.retrieve("id", timeout="1")
    data: str = client.files.download("id").read()
"""


@pytest.mark.parametrize(("text", "wrong"), [(GOOD, 0), (BAD, 5)])
def test_mypy_of_a_program(tmp_path: Path, text: str, wrong: int) -> None:
    (tmp_path / "program.py").write_text(text, encoding="utf-8")
    (tmp_path / "mypy.ini").write_text("[mypy]\n[mypy-_cffi_backend,cffi.*]\nignore_missing_imports = True\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file", "mypy.ini"]
    command += ["--cache-dir", str(ROOT / "build" / ".mypy_cache_of_a_program"), "program.py"]
    env = environment(MYPYPATH=str(SOURCE))
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=env)
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert len(errors) == wrong, done.stdout + done.stderr
    assert {line.partition(":")[0] for line in errors} <= {"program.py"}


def test_the_stub_matches_the_table(tmp_path: Path) -> None:
    tool = [sys.executable, str(BINDING / "tools" / "make_stubs.py"), "--check"]
    assert subprocess.run(tool, check=False).returncode == 0
    copy = tmp_path / "bindings" / "python"
    shutil.copytree(BINDING, copy, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    (tmp_path / "src" / "api").mkdir(parents=True)
    table = (ROOT / "src" / "api" / "endpoints.tsv").read_text(encoding="utf-8")
    (tmp_path / "src" / "api" / "endpoints.tsv").write_text(table.replace("models.retrieve", "models.get"))
    tool[1] = str(copy / "tools" / "make_stubs.py")
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "_resources.pyi does not match the table" in done.stderr
