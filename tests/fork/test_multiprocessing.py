"""Clients made before a fork, in Python: multiprocessing's pools, executors, and servers that load before they fork."""

from __future__ import annotations

import gc
import http.client
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, ask, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox

HERE = Path(__file__).resolve().parent
WORKERS = 4
QUESTIONS = 40
PATIENCE_S = 30
SLOW_STREAM: dict[str, Any] = {
    "events": [
        {"data": {"type": "message_start", "message": {"id": "msg_1", "type": "message", "content": []}}},
        {"data": {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}},
        {"data": {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}}},
        {"hold_ms": 300},
        {"data": {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo"}}},
        {"data": {"type": "content_block_stop", "index": 0}},
        {"data": {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}},
        {"data": {"type": "message_stop"}},
    ]
}

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-5",
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 1},
}

# What workers inherit: a pool sends them no objects, only what to do.
inherited: dict[str, Any] = {}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[libclaude.Client]:
    with libclaude.Client(CANARY, base_url=sandbox.url) as made:
        inherited["client"] = made
        yield made
    inherited.clear()


def connections(sandbox: Sandbox) -> dict[str, int]:
    """Which connection each question came over."""
    return {json.loads(r.body)["messages"][0]["content"]: r.connection for r in sandbox.requests()}


def question_of_worker(number: int) -> tuple[int, str]:
    text = f"question {number}"
    answer = inherited["client"].messages.create(**ask(text)).text
    if number % 2 == 0:
        with inherited["client"].messages.stream(**ask(text)) as stream:
            answer = "".join(stream.text_stream)
    return os.getpid(), answer


def check_workers(sandbox: Sandbox, answers: list[tuple[int, str]]) -> None:
    """Each worker has one connection, and it is its own."""
    seen = connections(sandbox)
    by_worker: dict[int, set[int]] = {}
    for number, (pid, answer) in enumerate(answers):
        assert answer == f"Echo: question {number}"
        by_worker.setdefault(pid, set()).add(seen[f"question {number}"])
    assert os.getpid() not in by_worker
    used = [connection for owned in by_worker.values() for connection in owned]
    assert len(used) == len(set(used)) == len(by_worker)
    assert seen["before"] not in used
    assert seen["after"] == seen["before"]


def test_a_pool_of_workers(client: libclaude.Client, sandbox: Sandbox) -> None:
    client.messages.create(**ask("before"))
    with multiprocessing.get_context("fork").Pool(WORKERS) as pool:
        answers = pool.map_async(question_of_worker, range(QUESTIONS), chunksize=1).get(PATIENCE_S)
        pool.close()
        pool.join()
    assert client.messages.create(**ask("after")).text == "Echo: after"
    check_workers(sandbox, answers)


def test_workers_that_are_terminated(client: libclaude.Client, sandbox: Sandbox) -> None:
    client.messages.create(**ask("before"))
    with multiprocessing.get_context("fork").Pool(WORKERS) as pool:
        answers = pool.map_async(question_of_worker, range(QUESTIONS), chunksize=1).get(PATIENCE_S)
        pool.terminate()
    client.messages.create(**ask("after"))
    check_workers(sandbox, answers)


def test_workers_that_do_one_task_each(client: libclaude.Client, sandbox: Sandbox) -> None:
    client.messages.create(**ask("before"))
    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        answers = pool.map_async(question_of_worker, range(QUESTIONS // 4), chunksize=1).get(PATIENCE_S)
    client.messages.create(**ask("after"))
    check_workers(sandbox, answers)


def test_an_executor(client: libclaude.Client, sandbox: Sandbox) -> None:
    client.messages.create(**ask("before"))
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("fork")) as executor:
        try:
            answers = list(executor.map(question_of_worker, range(QUESTIONS), timeout=PATIENCE_S))
        except BaseException:
            # Leaving the block would wait for them.
            for process in multiprocessing.active_children():
                process.kill()
            raise
    client.messages.create(**ask("after"))
    check_workers(sandbox, answers)


def touch_the_stream(_number: int) -> list[str]:
    """The parent's stream is dead here, and letting go of it does no harm."""
    names = []
    for use in (inherited["stream"].__next__, inherited["stream"].until_done):
        try:
            use()
        except libclaude.InvalidStateError as error:
            names.append(error.name)
    inherited["stream"].close()
    del use
    inherited.pop("stream")
    gc.collect()
    return [*names, question_of_worker(0)[1]]


def test_a_pool_made_in_the_middle_of_a_stream(client: libclaude.Client, sandbox: Sandbox) -> None:
    client.messages.create(**ask("before"))
    sandbox.scenario(SLOW_STREAM)
    with client.messages.stream(**ask("streamed")) as stream:
        events = [next(stream).type for _ in range(3)]
        sandbox.scenario(None)
        inherited["stream"] = stream
        with multiprocessing.get_context("fork").Pool(WORKERS) as pool:
            told = pool.map_async(touch_the_stream, range(1)).get(PATIENCE_S)
        assert told == [["CLAUDE_E_FORKED", "CLAUDE_E_FORKED", "Echo: question 0"]]
        inherited.pop("stream")
        events += [event.type for event in stream]
        assert stream.get_final_text() == "Hello"
    assert events[-1] == "message_stop"
    client.messages.create(**ask("after"))
    seen = connections(sandbox)
    assert seen["streamed"] == seen["after"] == seen["before"]


def test_a_child_that_ends_normally(sandbox: Sandbox) -> None:
    sandbox.scenario({"sequence": [{"body_json": MESSAGE}, SLOW_STREAM, {"body_json": MESSAGE}]})
    command = [sys.executable, str(HERE / "ends_normally.py"), sandbox.url]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(), check=False, timeout=2 * PATIENCE_S
    )
    assert (done.returncode, done.stderr) == (0, "")
    events, answer = done.stdout.splitlines()
    assert events.split() == [event["data"]["type"] for event in SLOW_STREAM["events"] if "data" in event]
    assert answer == "Hello"
    assert len({request.connection for request in sandbox.requests()}) == 1


# ---- a server that loads its application before it forks ----


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=PATIENCE_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(self._path)


def get(path: str, name: str) -> tuple[int, str]:
    connection = UnixConnection(path)
    try:
        connection.request("GET", f"/{name}")
        response = connection.getresponse()
        body = response.read().decode()
        assert response.status == 200, body
    finally:
        connection.close()
    pid, _, text = body.partition(" ")
    return int(pid), text


def wait_for_server(process: subprocess.Popen[str], path: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        assert process.poll() is None, "gunicorn has ended"
        assert time.monotonic() < deadline, "gunicorn does not listen"
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(path)
                return
        except OSError:
            time.sleep(0.02)


@pytest.mark.parametrize(("kind", "threads"), [("sync", 1), ("gthread", 3)])
def test_gunicorn_with_preload(sandbox: Sandbox, tmp_path: Path, kind: str, threads: int) -> None:
    path = str(tmp_path / "socket")
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "3", "--worker-class", kind]
    command += ["--threads", str(threads), "--bind", f"unix:{path}", "--config", str(HERE / "preload_conf.py")]
    command += ["--pythonpath", str(HERE), "--worker-tmp-dir", str(tmp_path), "preload_app:app"]
    env = environment(SANDBOX_URL=sandbox.url)
    env["PYTHONPATH"] += os.pathsep + str(HERE)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env, cwd=tmp_path)
    try:
        wait_for_server(process, path)
        # Slow enough for more than one worker to be busy at once.
        sandbox.scenario({"delay_ms": 30, "body_json": MESSAGE})
        with ThreadPoolExecutor(6) as asking:
            answers = list(asking.map(lambda n: get(path, f"question-{n}"), range(QUESTIONS)))
    finally:
        process.send_signal(signal.SIGTERM)
        log = process.communicate(timeout=PATIENCE_S)[1]
    assert process.returncode == 0, log
    assert "Traceback" not in log, log
    seen = connections(sandbox)
    by_worker: dict[int, set[int]] = {}
    for number, (pid, text) in enumerate(answers):
        assert text == "Hello"
        by_worker.setdefault(pid, set()).add(seen[f"question-{number}"])
    assert len(by_worker) > 1
    assert process.pid not in by_worker
    used = [connection for owned in by_worker.values() for connection in owned]
    assert len(used) == len(set(used)) <= len(by_worker) * threads
    # The master's connection has outlived its workers.
    assert seen["master-ends"] == seen["master-is-ready"] == seen["master-imports"]
    assert seen["master-imports"] not in used
