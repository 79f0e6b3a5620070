"""nginx with its Lua module."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hosting import HOSTS, KEY, ROOT, SECONDS, environment, numbered, wait_until_left
from sandbox import slowly
from servers import Server, eventually, program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox import Sandbox

MODULES = ("ndk_http_module.so", "ngx_http_lua_module.so")


class Nginx(Server):
    """nginx with the example's configuration, at a Unix socket in its own folder."""

    _ending = signal.SIGQUIT

    def __init__(self, url: str, change: Callable[[str], str] = str) -> None:
        super().__init__()
        self._url = url
        self._change = change
        self.address = ""

    def _start(self) -> None:
        for module in MODULES:
            assert Path("/usr/lib/nginx/modules", module).exists(), (
                f"{module} is missing; on Debian: apt-get install libnginx-mod-http-lua"
            )
        self.address = str(self.folder / "socket")
        config = self.folder / "nginx.conf"
        config.write_text(self._change(self._config()), encoding="utf-8")
        command: list[str | Path] = [program("nginx"), "-p", self.folder, "-c", config, "-e", "stderr"]
        self._run(command, pass_fds=(), **environment(self._url))
        eventually("nginx answers", self._started)

    def _config(self) -> str:
        text = (HOSTS / "nginx" / "nginx.conf").read_text(encoding="utf-8")
        for old, new in (
            ("listen 127.0.0.1:8080;", f"listen unix:{self.address};"),
            ("$prefix", str(HOSTS / "nginx")),
            # Started by root it would go on as somebody who may not write here.
            ("pid nginx.pid;", "pid nginx.pid;" + (" user root;" if os.geteuid() == 0 else "")),
        ):
            assert old in text
            text = text.replace(old, new)
        return text

    def _started(self) -> bool:
        assert self._alive(), self._complaint()
        try:
            self.worker()
        except OSError:
            return False
        return True

    def get(self, path: str, body: str | None = None) -> http.client.HTTPResponse:
        """The response, as soon as its head is there; its body is read from it. The connection ends with it."""
        connection = http.client.HTTPConnection("nginx", timeout=SECONDS)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(SECONDS)
        connection.sock.connect(self.address)
        content = None if body is None else body.encode()
        connection.request("GET" if content is None else "POST", path, content, {"Connection": "close"})
        return connection.getresponse()

    def ask(self, prompt: str) -> str:
        with self.get("/ask", prompt) as response:
            assert response.status == 200
            assert response.getheader("content-type") == "text/plain; charset=utf-8"
            return response.read().decode()

    def worker(self) -> int:
        """The worker that has answered just now."""
        with self.get("/health") as response:
            found = re.fullmatch(r"well, says worker (\d+)\n", response.read().decode())
            assert found is not None
            return int(found[1])

    def log(self) -> str:
        return (self.folder / "output.txt").read_text(encoding="utf-8")

    def endings(self) -> list[str]:
        """How the workers that are no more have ended."""
        return re.findall(r"worker process \d+ (exited .*)", self.log())


def one_worker(config: str) -> str:
    assert "worker_processes 2;" in config
    return config.replace("worker_processes 2;", "worker_processes 1;")


def before_the_fork(config: str) -> str:
    """The client is made by the master process, and inherited by the workers."""
    assert "init_worker_by_lua_block" in config
    return config.replace("init_worker_by_lua_block", "init_by_lua_block")


@pytest.fixture
def nginx(sandbox: Sandbox) -> Iterator[Nginx]:
    """One worker, so that whatever blocks it blocks everybody."""
    with Nginx(sandbox.url, one_worker) as running:
        yield running
        assert running.close() == 0


def test_an_answer(nginx: Nginx, sandbox: Sandbox) -> None:
    assert nginx.ask("one question") == "Echo: one question"
    assert nginx.ask("¿otra?") == "Echo: ¿otra?"
    assert sandbox.requests()[0].header("x-api-key") == KEY


def test_pieces_come_as_they_are_written_and_others_are_served(nginx: Nginx, sandbox: Sandbox) -> None:
    """An answer that never ends shows both; the client that leaves ends its call."""
    sandbox.scenario("stall")
    with nginx.get("/ask", "x") as response:
        assert response.read(10) == b"Hello, wor"
        for _ in range(20):
            nginx.worker()
        sandbox.scenario(None)
        assert nginx.ask("meanwhile") == "Echo: meanwhile"
    wait_until_left_but_for_idle(nginx, sandbox)


def wait_until_left_but_for_idle(nginx: Nginx, sandbox: Sandbox) -> None:
    """The call that was left is no more; connections that may be used again are closed by the worker's end."""
    eventually("the call was cancelled", lambda: sandbox.stats()["connections_open"] <= 2)
    nginx.close()
    wait_until_left(sandbox)


def test_many_answers_at_once(nginx: Nginx, sandbox: Sandbox) -> None:
    sandbox.scenario(slowly(10, 20))
    began = time.monotonic()
    with ThreadPoolExecutor(40) as threads:
        answers = list(threads.map(nginx.ask, [f"question {number}" for number in range(40)]))
    assert answers == [numbered(10)] * 40
    assert time.monotonic() - began < 40 * 10 * 0.02 / 4  # one after the other would take 8 s


def test_a_burst(nginx: Nginx, sandbox: Sandbox) -> None:
    sandbox.scenario({"generate": {"events": 20000, "event_bytes": 126, "per_write": "bulk"}})
    text = nginx.ask("x")
    assert len(re.findall(r"\d{3}[a-z]+", text)) == 20000


def test_a_client_that_does_not_read_makes_the_server_wait(nginx: Nginx, sandbox: Sandbox) -> None:
    events = 200_000
    sandbox.scenario({"generate": {"events": events, "event_bytes": 126, "per_write": "bulk"}})
    with nginx.get("/ask", "x") as response:
        # Until nothing moves any more: everything on the way is full.
        last = -1
        while (now := sandbox.stats()["events_written"]) != last:
            last = now
            time.sleep(0.1)
        assert last < events / 2
        nginx.worker()
        assert len(re.findall(rb"\d{3}[a-z]+", response.read())) == events


def test_errors_before_the_first_piece(nginx: Nginx, sandbox: Sandbox) -> None:
    with nginx.get("/ask", "") as response:
        assert (response.status, response.read()) == (400, b"message text is empty; it needs at least one character\n")
    sandbox.scenario("overloaded")
    with nginx.get("/ask", "x") as response:
        assert (response.status, response.read()) == (502, b"overloaded_error (HTTP 529): Overloaded\n")
    assert "overloaded_error (HTTP 529): Overloaded" in nginx.log()
    assert KEY not in nginx.log()


def test_an_answer_that_breaks_does_not_seem_complete(nginx: Nginx, sandbox: Sandbox) -> None:
    sandbox.scenario("truncated")
    with nginx.get("/ask", "x") as response, pytest.raises(http.client.IncompleteRead) as caught:
        response.read()
    assert caught.value.partial == b"Hello, wor"
    assert "the stream ended before message_stop" in nginx.log()


def test_without_a_key_it_says_so(sandbox: Sandbox) -> None:
    def no_key(config: str) -> str:
        return config.replace("env ANTHROPIC_API_KEY;", "")

    with Nginx(sandbox.url, lambda config: no_key(one_worker(config))) as running:
        eventually("the log tells", lambda: "ANTHROPIC_API_KEY" in running.log())


@pytest.mark.parametrize("change", [str, before_the_fork], ids=["in each worker", "before the fork"])
def test_several_workers(sandbox: Sandbox, change: Callable[[str], str]) -> None:
    sandbox.scenario(slowly(5, 20))
    with Nginx(sandbox.url, change) as running:
        workers = set()
        with ThreadPoolExecutor(16) as threads:
            for _ in range(5):
                answers = [threads.submit(running.ask, "x") for _ in range(16)]
                workers |= {running.worker() for _ in range(8)}
                assert all(answer.result() == numbered(5) for answer in answers)
        assert running.close() == 0
    assert sandbox.counts()[0] == 80
    assert workers


@pytest.mark.parametrize("change", [str, before_the_fork], ids=["in each worker", "before the fork"])
def test_reload_while_answers_are_written(sandbox: Sandbox, change: Callable[[str], str]) -> None:
    """Old workers write what they have begun to its end; new ones begin anew."""
    sandbox.scenario(slowly(20, 20))
    with Nginx(sandbox.url, change) as running, ThreadPoolExecutor(8) as threads:
        old = running.worker()
        answers = [threads.submit(running.ask, "x") for _ in range(8)]
        eventually("all are under way", lambda: sandbox.counts()[0] == 8)
        os.kill(running.pid, signal.SIGHUP)
        eventually("there are new workers", lambda: running.log().count("start worker process ") == 4)
        assert all(answer.result() == numbered(20) for answer in answers)
        eventually("the old workers have ended", lambda: len(running.endings()) == 2)
        assert running.worker() != old
        sandbox.scenario(None)
        assert running.ask("after it") == "Echo: after it"
        assert running.endings() == ["exited with code 0"] * 2


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT], ids=lambda ending: ending.name)
def test_a_fast_end_while_answers_are_written(sandbox: Sandbox, ending: signal.Signals) -> None:
    sandbox.scenario("stall")
    with Nginx(sandbox.url) as running:
        responses = [running.get("/ask", "x") for _ in range(4)]
        assert all(response.read(10) == b"Hello, wor" for response in responses)
        os.kill(running.pid, ending)
        eventually("the workers have ended", lambda: len(running.endings()) == 2)
        assert running.endings() == ["exited with code 0"] * 2
        for response in responses:
            response.close()
    wait_until_left(sandbox)


def test_waiting_takes_little_processor_time(nginx: Nginx, sandbox: Sandbox) -> None:
    """Looking every few milliseconds has its price, but only while answers are under way."""
    worker = nginx.worker()

    def used(seconds: float) -> float:
        before = time.clock_gettime((~worker << 3) | 2)
        time.sleep(seconds)
        return (time.clock_gettime((~worker << 3) | 2) - before) / seconds

    assert used(0.3) < 0.01
    sandbox.scenario("stall")
    with nginx.get("/ask", "x") as response:
        response.read(10)
        busy = used(0.5)
        print(f"one answer that waits: {busy:.1%} of a processor")
        assert busy < 0.10
    wait_until_left(sandbox)
    assert used(0.3) < 0.01


def test_what_it_declares_beside_the_others_is_what_the_headers_declare() -> None:
    lua = (HOSTS / "nginx" / "claude_nginx.lua").read_text(encoding="utf-8")
    header = (ROOT / "capi" / "include" / "claude" / "call.h").read_text(encoding="utf-8")
    found = re.search(r"ffi\.cdef\(\[\[\n(.*?)\]\]\)", lua, re.DOTALL)
    assert found is not None
    for declaration in found[1].splitlines():
        assert f"CLAUDE_API {declaration}\n" in header
