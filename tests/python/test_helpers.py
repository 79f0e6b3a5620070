"""Batches, files and skills."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, ask, environment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from sandbox import Sandbox

AT_ONCE = {"x-sandbox-batch-retrieves": "0"}


def requests_of(*names: str) -> list[dict[str, Any]]:
    return [{"custom_id": name, "params": ask(f"I am {name}")} for name in names]


def run(work: Awaitable[Any]) -> Any:
    async def limited() -> Any:
        return await asyncio.wait_for(work, 20)

    return asyncio.run(limited())


def in_asyncio(sandbox: Sandbox, use: Callable[[libclaude.AsyncClient], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with libclaude.AsyncClient(CANARY, base_url=sandbox.url) as client:
            return await use(client)

    return run(main())


# ---- batches


def test_results(client: libclaude.Client, sandbox: Sandbox) -> None:
    batch = client.messages.batches.create(
        requests=requests_of("a", "errored-b", "expired-c", "canceled-d"), extra_headers=AT_ONCE
    )
    with client.messages.batches.results(batch.id) as results:
        found = {result.custom_id: result for result in results}
        assert results.request_id is not None
    assert [sent.target for sent in sandbox.requests()[1:]] == [
        f"/v1/messages/batches/{batch.id}",
        f"/v1/messages/batches/{batch.id}/results",
    ]
    a = found["a"]
    assert (a.type, a.error, a.result.message.content[0].text) == ("succeeded", None, "Echo: I am a")
    assert a.message is not None
    assert (a.message.text, a.message.usage.input_tokens > 0) == ("Echo: I am a", True)
    assert json.loads(a.json)["custom_id"] == "a"
    assert repr(a) == "<BatchResult 'a' succeeded>"
    assert {name: result.type for name, result in found.items() if name != "a"} == {
        "errored-b": "errored",
        "expired-c": "expired",
        "canceled-d": "canceled",
    }
    assert found["errored-b"].message is None
    errors = [type(found[name].error) for name in ("errored-b", "expired-c", "canceled-d")]
    assert errors == [libclaude.BadRequestError, libclaude.DeadlineExceededError, libclaude.CallCancelled]


def test_results_of_a_batch_at_hand(client: libclaude.Client, sandbox: Sandbox) -> None:
    batch = client.messages.batches.create(requests=requests_of("a"), extra_headers=AT_ONCE)
    batch = client.messages.batches.retrieve(batch.id)
    count = sandbox.counts()[0]
    assert [result.custom_id for result in client.messages.batches.results(batch)] == ["a"]
    assert sandbox.counts()[0] == count + 1


def test_results_that_are_not_there_yet(client: libclaude.Client) -> None:
    batch = client.messages.batches.create(requests=requests_of("a"))
    with pytest.raises(libclaude.InvalidStateError, match="in_progress"):
        client.messages.batches.results(batch)


def test_many_results_in_little_memory(client: libclaude.Client, sandbox: Sandbox) -> None:
    batch = {"id": "b", "type": "message_batch", "processing_status": "ended", "results_url": f"{sandbox.url}/x"}
    sandbox.register("lines", {"generate_lines": {"lines": 40, "line_bytes": 1_000_000}})
    sandbox.scenario({"body_json": batch})
    found = client.messages.batches.retrieve("b")
    results = client.messages.batches.results(found, extra_headers={"x-sandbox-scenario": "lines"})
    sizes = {len(result.json) for result in results}
    assert sizes == {999_999}  # longer than the 64 KiB that some readers of lines take


def test_a_line_that_is_no_result(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.register("lines", {"body": '{"custom_id":"a","result":{"type":"later"}}\n{"x":1}\n'})
    batch = client.messages.batches.create(requests=requests_of("a"), extra_headers=AT_ONCE)
    batch = client.messages.batches.retrieve(batch.id)
    results = client.messages.batches.results(batch, extra_headers={"x-sandbox-scenario": "lines"})
    first = next(results)
    assert (first.type, first.message, first.error) == ("later", None, None)
    with pytest.raises(libclaude.APIResponseValidationError):
        next(results)


def test_waiting(client: libclaude.Client, sandbox: Sandbox) -> None:
    states: list[str] = []
    batch = client.messages.batches.create(requests=requests_of("a"), extra_headers={"x-sandbox-batch-retrieves": "3"})
    done = client.messages.batches.wait(
        batch.id, first=0.001, longest=0.002, on_progress=lambda each: states.append(each.processing_status)
    )
    assert states == ["in_progress", "in_progress", "ended"]
    assert (done.processing_status, done.id) == ("ended", batch.id)
    assert sandbox.counts()[0] == 4


def test_waiting_no_longer(client: libclaude.Client, sandbox: Sandbox) -> None:
    batch = client.messages.batches.create(requests=requests_of("a"))
    with pytest.raises(libclaude.APITimeoutError, match=f"{batch.id} has not ended within the time") as caught:
        client.messages.batches.wait(batch.id, first=60, timeout=1)
    assert caught.value.response is not None
    assert caught.value.response.processing_status == "in_progress"
    with pytest.raises(ZeroDivisionError):
        client.messages.batches.wait(batch.id, first=60, on_progress=lambda _: 1 / 0)
    for wrong in (0, -1, 90000, True, "1"):
        with pytest.raises(libclaude.InvalidRequestError, match="first must be a number of seconds"):
            client.messages.batches.wait(batch.id, first=wrong)  # type: ignore[arg-type]


def test_waiting_is_ended_by_ctrl_c(sandbox: Sandbox) -> None:
    batch = {"id": "b", "type": "message_batch", "processing_status": "in_progress"}
    sandbox.scenario({"body_json": batch})
    # Whoever started the tests may have them ignore it.
    code = "from libclaude import Client; import signal, sys; "
    code += "signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += "Client(sys.argv[1], base_url=sys.argv[2]).messages.batches.wait('b', first=60)"
    command = [sys.executable, "-c", code, CANARY, sandbox.url]
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True) as process:
        try:
            while not sandbox.counts()[0] and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert "KeyboardInterrupt" in errors
    assert process.returncode == -signal.SIGINT


def test_batches_awaited(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in requests_of("a", "b")), encoding="utf-8")

    async def use(client: libclaude.AsyncClient) -> None:
        batches = client.messages.batches
        batch = await batches.create_from_file(path)
        states: list[str] = []
        done = await batches.wait(batch.id, first=0.001, on_progress=lambda each: states.append(each.processing_status))
        assert states == ["in_progress", "ended"]
        async with await batches.results(done) as results:
            assert {result.custom_id async for result in results} == {"a", "b"}
        assert len([result.type async for result in await batches.results(done.id)]) == 2
        waiting = asyncio.ensure_future(batches.wait((await batches.create(requests=requests_of("c"))).id, first=60))
        await asyncio.sleep(0)
        while sandbox.requests()[-1].method != "GET":
            await asyncio.sleep(0.001)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    in_asyncio(sandbox, use)


def test_a_batch_of_a_file(client: libclaude.Client, sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_text("\n\n".join(map(json.dumps, requests_of("a", "b"))), encoding="utf-8")
    for given in (path, str(path)):
        assert client.messages.batches.create_from_file(given).request_counts.processing == 2
        assert sandbox.requests()[-1].json() == {"requests": requests_of("a", "b")}
    path.write_text(json.dumps(requests_of("a")[0]) + '\n{"custom_id": "b"}\n', encoding="utf-8")
    with pytest.raises(libclaude.InvalidRequestError, match="line 2"):
        client.messages.batches.create_from_file(path)
    with pytest.raises(FileNotFoundError):
        client.messages.batches.create_from_file("nothing.jsonl")
    assert sandbox.counts()[0] == 2


# ---- files


def test_uploads(client: libclaude.Client, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("from a path", encoding="utf-8")
    with path.open("rb") as opened:
        cases: list[tuple[Any, str, str, int]] = [
            (path, "notes.txt", "text/plain", 11),
            (opened, "notes.txt", "text/plain", 11),
            (libclaude.File(b"data", "a.bin"), "a.bin", "application/octet-stream", 4),
            (("b.csv", b"1,2"), "b.csv", "text/csv", 3),
            (("c.x", path, "text/markdown"), "c.x", "text/markdown", 11),
        ]
        for file, name, kind, size in cases:
            known = client.files.upload(file, expires_in_seconds=3600)
            assert (known.filename, known.mime_type, known.size_bytes) == (name, kind, size)
            assert known.expires_at is not None
    assert {file.filename for file in client.files.list()} == {"notes.txt", "a.bin", "b.csv", "c.x"}
    with pytest.raises(
        libclaude.InvalidRequestError, match="form part file must be text, a number or a file, not list"
    ):
        client.files.upload(("a", []))  # type: ignore[arg-type]


def test_downloads(client: libclaude.Client, tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    file = client.files.upload(("a.bin", data))
    with client.files.download(file.id) as download:
        assert b"".join(download) == data
        assert download.request_id is not None
    assert client.files.download(file.id).read() == data
    target, path = io.BytesIO(), tmp_path / "copy"
    assert client.files.download(file.id).stream_to(target) == len(data)
    assert client.files.download(file.id).write_to_file(path) == len(data)
    assert target.getvalue() == path.read_bytes() == data
    with pytest.raises(libclaude.NotFoundError):
        client.files.download("file_nothing")


def test_a_download_that_breaks_off(client: libclaude.Client, sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.scenario(
        {"body": "half", "framing": "length", "content_length": 100, "faults": [{"at": "end", "do": "fin"}]}
    )
    with pytest.raises(libclaude.StreamTruncatedError):
        client.files.download("f").write_to_file(tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == b"half"


def test_files_awaited(sandbox: Sandbox, tmp_path: Path) -> None:
    async def use(client: libclaude.AsyncClient) -> None:
        file = await client.files.upload(("a.bin", b"some bytes"))
        assert await (await client.files.download(file.id)).read() == b"some bytes"
        async with await client.files.download(file.id) as download:
            assert b"".join([piece async for piece in download]) == b"some bytes"
        assert await (await client.files.download(file.id)).write_to_file(tmp_path / "copy") == 10
        assert (tmp_path / "copy").read_bytes() == b"some bytes"
        with pytest.raises(libclaude.NotFoundError):
            await client.files.download("file_nothing")

    in_asyncio(sandbox, use)


# ---- skills


@pytest.fixture
def skill(tmp_path: Path) -> Path:
    folder = tmp_path / "my-skill"
    (folder / "scripts").mkdir(parents=True)
    (folder / "SKILL.md").write_text("---\nname: my-skill\n---\n", encoding="utf-8")
    (folder / "scripts" / "run.py").write_text("print()\n", encoding="utf-8")
    return folder


def names_sent(sandbox: Sandbox) -> list[str]:
    return [part.split('"')[0] for part in sandbox.requests()[-1].body.decode().split('filename="')[1:]]


def test_skills(client: libclaude.Client, sandbox: Sandbox, skill: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ["my-skill/SKILL.md", "my-skill/scripts/run.py"]
    made = client.skills.create(skill, display_name="My skill")
    assert (made.type, made.display_name, names_sent(sandbox)) == ("skill", "My skill", whole)
    client.skills.create(str(skill))
    assert names_sent(sandbox) == whole
    content: dict[str, Any] = {"a/SKILL.md": b"x", "a/b.txt": skill / "SKILL.md"}
    client.skills.create(content)
    assert names_sent(sandbox) == ["a/SKILL.md", "a/b.txt"]
    monkeypatch.chdir(skill.parent)
    client.skills.create([skill.relative_to(skill.parent) / "SKILL.md", ("my-skill/x", io.BytesIO(b"y"))])
    assert names_sent(sandbox) == ["my-skill/SKILL.md", "my-skill/x"]
    also: list[Any] = [skill, {"my-skill/SKILL.md": b"x"}]
    for given in also:
        version = client.skills.versions.create(made.id, given)
        assert version.skill_id == made.id
        assert names_sent(sandbox)[0] == "my-skill/SKILL.md"
    assert len(list(client.skills.versions.list(made.id))) == 3


def test_wrong_skills(client: libclaude.Client, sandbox: Sandbox, skill: Path) -> None:
    wrong: list[tuple[Any, str]] = [
        ([5], "files must be a directory, or a mapping"),
        ({"a/SKILL.md": "text"}, "files must be a directory, or a mapping"),
        ({"a/b": b"x"}, "SKILL.md"),
        ({"a/SKILL.md": b"x", "b/c": b"x"}, "folder"),
        ({}, "files"),
    ]
    for files, words in wrong:
        with pytest.raises(libclaude.InvalidRequestError, match=words):
            client.skills.create(files)
    (skill / "link").symlink_to("SKILL.md")
    with pytest.raises(libclaude.ClaudeError, match="link"):
        client.skills.create(skill)
    assert sandbox.counts()[0] == 0


def test_skills_awaited(sandbox: Sandbox, skill: Path) -> None:
    async def use(client: libclaude.AsyncClient) -> None:
        made = await client.skills.create(skill)
        version = await client.skills.versions.create(made.id, skill)
        assert version.skill_id == made.id

    in_asyncio(sandbox, use)


def test_settings_of_helpers(client: libclaude.Client, sandbox: Sandbox, skill: Path) -> None:
    other = client.with_options(headers={"x-team": "red"})
    other.skills.create(skill, extra_headers={"x-colour": "blue"})
    other.files.upload(("a", b"b"), betas=["some-beta"])
    for sent in sandbox.requests():
        assert sent.header("x-team") == "red"
    assert sandbox.requests()[0].header("x-colour") == "blue"
    assert "some-beta" in (sandbox.requests()[1].header("anthropic-beta") or "")
