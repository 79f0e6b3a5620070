"""Snapshots, watched files, compression, and what a client says of itself."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import os
import select
import subprocess
import weakref
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, ask
from libclaude import AsyncClient, Client, ConfigWatcher

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox

pytestmark = pytest.mark.filterwarnings("error")

OTHER = "sk-ant-another-one-U8k2pQ7m-not-a-real-key"


# ---- snapshots


def test_snapshots(client: Client, sandbox: Sandbox) -> None:
    assert (client.generation(), client.generation("eu")) == (1, 0)
    client.set_snapshot("eu", OTHER, base_url=sandbox.url, headers={"x-team": "red"})
    assert client.generation("eu") == 2
    answer = client.messages.create(**ask(), options={"request.snapshot": "eu"})
    assert answer.report is not None
    assert (answer.report.snapshot, answer.report.generation) == ("eu", 2)
    plain = client.messages.create(**ask())
    assert plain.report is not None
    assert (plain.report.snapshot, plain.report.generation) == ("", 1)
    client.set_snapshot(None, OTHER, base_url=sandbox.url)
    client.messages.create(**ask())
    first, second, third = sandbox.requests()
    assert (first.header("x-api-key"), first.header("x-team")) == (OTHER, "red")
    assert (second.header("x-api-key"), third.header("x-api-key")) == (CANARY, OTHER)
    client.remove_snapshot("eu")
    with pytest.raises(libclaude.InvalidRequestError, match=r"request\.snapshot"):
        client.messages.create(**ask(), options={"request.snapshot": "eu"})


def test_a_snapshot_that_is_refused_changes_nothing(client: Client, sandbox: Sandbox) -> None:
    with pytest.raises(libclaude.NoKeyError):
        client.set_snapshot(None, base_url=sandbox.url)  # the key is not taken over
    with pytest.raises(libclaude.InvalidRequestError):
        client.set_snapshot("no spaces", OTHER)
    assert client.generation() == 1
    client.messages.create(**ask())
    assert sandbox.requests()[0].header("x-api-key") == CANARY


def test_functions_of_the_client_go_along(sandbox: Sandbox) -> None:
    class Mine(Exception):  # noqa: N818
        pass

    def sign(attempt: libclaude.Attempt) -> None:
        raise Mine(attempt.url)

    def fetch(reason: str) -> str:
        raise Mine(reason)

    with Client(CANARY, base_url=sandbox.url, sign=sign) as client:
        client.set_snapshot("eu", OTHER, base_url=sandbox.url)
        with pytest.raises(Mine):
            client.messages.create(**ask(), options={"request.snapshot": "eu"})
    with Client(CANARY, base_url=sandbox.url) as client:
        client.set_snapshot("eu", base_url=sandbox.url, credentials=fetch)
        with pytest.raises(Mine, match="first"):
            client.messages.create(**ask(), options={"request.snapshot": "eu"})
    assert sandbox.counts()[0] == 0


# ---- watched files


def test_a_watched_file(client: Client, sandbox: Sandbox, tmp_path: Path) -> None:
    path, heard = tmp_path / "claude.json", list[int]()
    watcher = ConfigWatcher(path, {"base_url": sandbox.url, "max_retries": 1}, on_change=heard.append)
    assert (watcher.generation, watcher.get("retry.max_retries")) == (1, "1")
    assert watcher.error is not None
    assert watcher.error.name == "CLAUDE_E_IO"
    watcher.attach(client)
    path.write_text('{"max_retries": 4, "api_version": "2023-01-01"}')
    client.messages.create(**ask())  # looks by itself
    assert sandbox.requests()[0].header("anthropic-version") == "2023-01-01"
    assert (watcher.generation, heard) == (2, [2])
    assert watcher.error is None
    path.write_text("{")
    if watcher.is_notified:
        assert select.select([watcher], [], [], 10)[0]
    assert watcher.poll() is False
    assert isinstance(watcher.error, libclaude.InvalidRequestError)
    with pytest.raises(libclaude.InvalidRequestError):
        watcher.reload()
    assert watcher.get("retry.max_retries") == "4"
    watcher.update({"max_retries": 5, "base_url": sandbox.url})
    assert (watcher.generation, watcher.get("retry.max_retries"), heard) == (3, "5", [2, 3])
    path.write_text('{"max_retries": 6}')
    assert watcher.poll() is True
    watcher.detach(client)
    with pytest.raises(libclaude.InvalidStateError):
        watcher.detach(client)
    assert repr(watcher) == "<ConfigWatcher, generation 4>"


def test_a_watcher_is_closed(client: Client, sandbox: Sandbox, tmp_path: Path) -> None:
    class App:
        def __init__(self) -> None:
            self.heard: list[int] = []
            self.watcher = ConfigWatcher(tmp_path / "claude.json", {"base_url": sandbox.url}, on_change=self.changed)

        def changed(self, generation: int) -> None:
            self.heard.append(generation)
            if generation == 3:
                self.watcher.close()

    app, descriptors = App(), len(os.listdir("/proc/self/fd"))
    app.watcher.attach(client)
    app.watcher.update({"base_url": sandbox.url, "max_retries": 5})
    app.watcher.update({"base_url": sandbox.url, "max_retries": 6})
    assert app.heard == [2, 3]
    (tmp_path / "claude.json").write_text(json.dumps({"base_url": sandbox.url, "max_retries": 7}))
    client.messages.create(**ask())  # the client goes on with the file
    assert (client.generation(), app.heard) == (5, [2, 3])
    app.watcher.close()
    assert repr(app.watcher) == "<ConfigWatcher, closed>"
    for use in (app.watcher.poll, app.watcher.reload, app.watcher.fileno):
        with pytest.raises(libclaude.InvalidStateError, match="closed"):
            use()
    gone, path = weakref.ref(app), tmp_path / "another.json"
    del app, use
    gc.collect()
    assert gone() is None
    with ConfigWatcher(path) as watcher:
        assert watcher.poll() is False
    with pytest.raises(libclaude.InvalidStateError):
        watcher.attach(client)
    client.close()
    assert len(os.listdir("/proc/self/fd")) < descriptors


def test_a_file_does_not_send_the_key_elsewhere(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "claude.json"
    path.write_text('{"base_url": "https://elsewhere.example"}')
    watcher = ConfigWatcher(path)
    with pytest.raises(libclaude.InvalidRequestError, match=r"base_url|server"):
        watcher.attach(client)
    watcher.allow_server("https://elsewhere.example")
    watcher.attach(client, "there")
    assert client.generation("there") > 0


def test_exceptions_of_on_change(client: Client, sandbox: Sandbox, tmp_path: Path) -> None:
    class Mine(Exception):  # noqa: N818
        pass

    def fail(generation: int) -> None:
        raise Mine(generation)

    path = tmp_path / "claude.json"
    watcher = ConfigWatcher(path, {"base_url": sandbox.url}, on_change=fail)
    watcher.attach(client)
    with pytest.raises(Mine, match="2"):
        watcher.update({"base_url": sandbox.url, "max_retries": 5})
    path.write_text(json.dumps({"base_url": sandbox.url, "max_retries": 6}))
    with pytest.raises(Mine, match="3"):
        client.messages.create(**ask())
    client.messages.create(**ask())
    path.write_text(json.dumps({"base_url": sandbox.url, "max_retries": 7}))
    with pytest.raises(Mine, match="4"):
        assert watcher.poll()
    anything: Any = 3
    with pytest.raises(libclaude.InvalidRequestError, match="on_change"):
        ConfigWatcher(path, on_change=anything)
    with pytest.raises(libclaude.InvalidRequestError, match="mapping"):
        ConfigWatcher(path, anything)


# ---- compression


def test_compression() -> None:
    data = b"to be, or not to be, " * 100
    packed = libclaude.compress(data)
    assert libclaude.is_gzip(packed)
    assert gzip.decompress(packed) == data == libclaude.decompress(packed)
    assert libclaude.decompress(gzip.compress(b"\0\xff" * 10)) == b"\0\xff" * 10
    assert libclaude.compress(b"short") == b"short"
    assert libclaude.is_gzip(libclaude.compress(bytearray(b"a" * 100), {"compression.min_size": 0}))
    assert libclaude.compress(b"") == b"" == libclaude.decompress(b"")
    assert not libclaude.is_gzip(b"\x1f")
    with pytest.raises(libclaude.InvalidRequestError):
        libclaude.decompress(packed[:-8] + b"\0" * 8)
    with pytest.raises(libclaude.StreamTruncatedError):
        libclaude.decompress(packed[:-4])
    with pytest.raises(libclaude.APIResponseValidationError):
        libclaude.decompress(packed, max_len=100)
    anything: Any = "text"
    for function in (libclaude.compress, libclaude.decompress, libclaude.is_gzip):
        with pytest.raises(libclaude.InvalidRequestError, match="bytes"):
            function(anything)
    with pytest.raises(libclaude.InvalidRequestError, match="max_len"):
        libclaude.decompress(packed, max_len=0)


def test_a_call_that_is_compressed(client: Client, sandbox: Sandbox) -> None:
    options = {"compression.enabled": True, "compression.responses": True}
    answer = client.messages.create(**ask("word " * 500), options=options)
    sent = sandbox.requests()[0]
    assert (sent.header("content-encoding"), sent.header("accept-encoding")) == ("gzip", "gzip")
    assert answer.report is not None
    assert answer.report.resends == 0


# ---- diagnostics


def test_the_report_of_a_client(sandbox: Sandbox) -> None:
    with Client(CANARY, base_url=sandbox.url, config={"diagnostics.timings": 2}) as client:
        answer = client.messages.create(**ask())
        found = client.diagnostics()
    assert answer.report is not None
    assert answer.report.attempt_list[0].timings_us.total > 0
    assert found.options["base_url"] == sandbox.url
    assert found.key.fingerprint == libclaude.Secret(CANARY).fingerprint
    assert len(found.attempts) == 1
    assert found.metrics is None
    assert CANARY not in json.dumps(found)


def test_the_self_test(client: Client, sandbox: Sandbox) -> None:
    found = client.selftest()
    assert (found.ok, found.worst, found.url) == (True, "ok", sandbox.url)
    status = {check.name: check.status for check in found.checks}
    assert list(status) == ["dns", "proxy", "tcp", "tls", "http", "clock", "key", "model"]
    assert (status["http"], status["key"]) == ("ok", "skipped")
    assert [request.method for request in sandbox.requests()] == ["HEAD"]
    with_key = client.selftest(key=True, model="no-such-model")
    by_name = {check.name: check for check in with_key.checks}
    assert by_name["key"].status == "ok"
    assert by_name["model"].status != "ok"
    assert by_name["model"].fix
    assert by_name["http"].ms is not None
    with Client(CANARY, base_url="http://127.0.0.1:1") as nowhere:
        failed = nowhere.selftest(timeout=5)
    assert (failed.ok, failed.worst) == (False, "fail")
    with pytest.raises(libclaude.InvalidRequestError, match="timeout"):
        client.selftest(timeout=0)


def test_the_self_test_beside_an_event_loop(sandbox: Sandbox) -> None:
    async def main() -> bool:
        async with AsyncClient(CANARY, base_url=sandbox.url) as client:
            return (await asyncio.to_thread(client.selftest)).ok

    assert asyncio.run(main())


def test_the_curl_command(client: Client, sandbox: Sandbox) -> None:
    made = client.curl("messages.create", ask("it's \U0001f600"), extra_headers={"x-team": "red"})
    assert made.body is None
    assert "$ANTHROPIC_API_KEY" in made.command == str(made)
    assert sandbox.counts()[0] == 0
    found = subprocess.run(
        ["sh", "-c", made.command], env={**os.environ, "ANTHROPIC_API_KEY": CANARY}, capture_output=True, check=True
    )
    assert json.loads(found.stdout)["type"] == "message"
    (sent,) = sandbox.requests()
    assert sent.json() == ask("it's \U0001f600")
    assert (sent.header("x-api-key"), sent.header("x-team")) == (CANARY, "red")
    stream = client.curl("messages.create", ask(), stream=True, body_file="-")
    assert stream.body is not None
    assert json.loads(stream.body) == {**ask(), "stream": True}
    with pytest.raises(libclaude.ClaudeError, match=r"body_file|file"):
        client.curl("messages.create", ask("x" * 200_000))
