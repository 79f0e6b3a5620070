"""Many calls at once through nginx: how connections are shared, closed and replaced; no stream stalls others."""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from calls import client_for, fail, say
from claudetest import BUILD
from servers import Nginx, eventually, raise_open_files

if TYPE_CHECKING:
    from sandbox import Sandbox
    from servers import Certificate, CertificateAuthority

LONG = os.environ.get("CLAUDE_TEST_LONG") == "1"
PER_CONNECTION = 16  # the default of network.streams_per_connection


class Calls:
    """A running network_calls."""

    def __init__(
        self, way: str, count: int, nginx: Nginx, ca: CertificateAuthority, scenario: str = "", *options: str
    ) -> None:
        raise_open_files()
        command = [str(BUILD / "bin" / "network_calls"), way, str(count), nginx.url, str(ca.bundle), scenario, *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def sum(self) -> dict[str, Any]:
        """What all calls came to."""
        line = self.line()
        assert self._process.stdout is not None
        self._process.stdout.close()
        assert self._process.wait(300) == 0
        result: dict[str, Any] = json.loads(line)
        return result


def held(events: int, hold_ms: int) -> dict[str, Any]:
    """A stream that is held after its beginning, so that many are open at once."""
    return {"generate": {"events": events, "event_bytes": 126, "per_write": "each"}, "hold_ms": hold_ms}


@pytest.mark.parametrize("way", ["loop", "threads"])
@pytest.mark.parametrize("count", [1, 16, 17, 100])
def test_connections(nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority, way: str, count: int) -> None:
    """Streams share connections, at most 16 on each."""
    sandbox.register("held", held(20, 700))
    calls = Calls(way, count, nginx, ca, "held")
    assert calls.line() == f"open {count}\n"
    active = nginx.status()["active"]
    result = calls.sum()
    assert (result["done"], result["failed"], result["attempts"]) == (count, 0, count), result
    assert result["same_text"] == count
    wanted = math.ceil(count / PER_CONNECTION)
    check_sharing(nginx, count, wanted, most=wanted if way == "loop" else wanted + 2, active=active)
    assert sandbox.counts()[0] == count


def check_sharing(nginx: Nginx, count: int, wanted: int, *, most: int, active: int) -> None:
    """As many connections as wanted, or a few more; each with no more streams than allowed."""
    requests = nginx.requests(count)
    assert len(requests) == count
    assert {request.protocol for request in requests} == {"HTTP/2.0"}
    assert wanted <= nginx.accepted() <= most
    assert wanted <= active <= most
    per_connection = Counter(request.connection for request in requests)
    assert max(per_connection.values()) <= PER_CONNECTION


@pytest.mark.parametrize("way", ["loop", "threads"] if LONG else ["loop"])
def test_a_thousand_streams(sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, way: str) -> None:
    """All open at the same time, on one loop; in the long variant also by a thousand threads."""
    count = 1000
    sandbox.register("held", held(20, 5000))
    with Nginx(sandbox.url, certificate) as nginx:
        calls = Calls(way, count, nginx, ca, "held")
        assert calls.line() == f"open {count}\n"
        active = nginx.status()["active"]
        open_behind = sandbox.stats()["connections_open"]
        result = calls.sum()
        assert open_behind >= count
        assert (result["done"], result["failed"], result["attempts"]) == (count, 0, count), result
        assert result["same_text"] == count
        wanted = math.ceil(count / PER_CONNECTION)
        check_sharing(nginx, count, wanted, most=wanted + 4, active=active)
    assert sandbox.counts()[0] == count


@pytest.mark.parametrize("per_connection", [1, 4, 100])
def test_streams_per_connection(nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority, per_connection: int) -> None:
    sandbox.register("held", held(5, 700))
    calls = Calls("loop", 40, nginx, ca, "held", f"network.streams_per_connection={per_connection}")
    assert calls.line() == "open 40\n"
    result = calls.sum()
    assert (result["done"], result["failed"]) == (40, 0), result
    assert nginx.accepted() == math.ceil(40 / per_connection)


@pytest.mark.parametrize("per_connection", [4, PER_CONNECTION])
def test_fewer_streams_than_wanted(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, per_connection: int
) -> None:
    """nginx allows 4 at a time on a connection. A client that knows has no failures; of one that puts 16 there, nginx
    refuses some before it has said how many it allows: these fail in a way that says to try again, and are not sent on.
    """
    sandbox.register("held", held(5, 300))
    with Nginx(sandbox.url, certificate, max_concurrent_streams=4) as nginx:
        calls = Calls("loop", 40, nginx, ca, "held", f"network.streams_per_connection={per_connection}")
        first = calls.line()
        result = calls.sum() if first == "open 40\n" else json.loads(first)
        check_nothing_twice(nginx, sandbox, result, 40)
        assert result["done"] == sandbox.counts()[0]
        assert per_connection > 4 or result["failed"] == 0, result


@pytest.mark.parametrize("way", ["paused", "unread"])
def test_one_stream_stalls_no_other(nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority, way: str) -> None:
    """All on one connection; the first stream is not read for as long as the others run, and each of them is long."""
    events = 100_000 if LONG else 20_000
    sandbox.register("long", {"generate": {"events": events, "event_bytes": 262, "per_write": "bulk"}})
    calls = Calls(way, 8, nginx, ca, "long", "client.max_engines=1")
    assert calls.line() == "open 8\n"
    result = calls.sum()
    assert (result["done"], result["failed"], result["attempts"]) == (8, 0, 8), result
    assert result["same_text"] == 8
    assert nginx.accepted() == 1
    assert len(nginx.requests(8)) == 8


# ---- limits of connections ----


def check_nothing_twice(nginx: Nginx, sandbox: Sandbox, result: dict[str, Any], total: int) -> None:
    """Every call succeeded, or failed in a way that says that it may be tried again; no server saw one twice."""
    assert result["done"] + result["failed"] == total
    assert result["failed"] == result["retryable"], result
    assert result["done"] <= sandbox.counts()[0] <= result["attempts"]
    bodies = Counter(request.body for request in sandbox.requests())
    assert set(bodies.values()) == {1}
    assert len(nginx.requests(result["done"])) <= result["attempts"]


@pytest.mark.parametrize("version", ["1.1", "2"])
@pytest.mark.parametrize("limit", [1, 10])
def test_requests_per_connection(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, version: str, limit: int
) -> None:
    """nginx closes connections after so many requests: one call after the other, all succeed."""
    with Nginx(sandbox.url, certificate, keepalive_requests=limit) as nginx:
        with client_for(nginx.url, ca, network__http_version=version) as client:
            answers = [say(client, f"call {n}", streamed=n % 2 == 1) for n in range(60)]
        assert answers == [f"Echo: call {n}" for n in range(60)]
        requests = nginx.requests(60)
        assert len(requests) == 60
        assert nginx.accepted() == math.ceil(60 / limit)
    assert sandbox.counts()[0] == 60


def test_requests_per_connection_with_threads(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate
) -> None:
    """The same by 16 threads at once: with HTTP/1.1 nobody else uses a connection that closes."""
    with Nginx(sandbox.url, certificate, keepalive_requests=7) as nginx:
        result = Calls("repeated", 16, nginx, ca, "", "network.http_version=1.1").sum()
        check_nothing_twice(nginx, sandbox, result, 400)
        assert result["failed"] == 0, result


@pytest.mark.parametrize("limit", [7, 100])
def test_requests_per_shared_connection_with_threads(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, limit: int
) -> None:
    """With HTTP/2 others are under way when nginx has had enough. It answers what it has taken; the rest fails in a way
    that says to try again, and nginx has not passed it on.
    """
    with Nginx(sandbox.url, certificate, keepalive_requests=limit) as nginx:
        result = Calls("repeated", 16, nginx, ca).sum()
        check_nothing_twice(nginx, sandbox, result, 400)
        assert result["done"] == sandbox.counts()[0]
        # At most as many as can be under way at each of the ends.
        assert result["failed"] <= 16 * 400 / limit


def test_reload(sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate) -> None:
    """nginx gets new workers while 8 threads make calls: its old ones end their connections."""
    with Nginx(sandbox.url, certificate) as nginx:
        calls = Calls("repeated", 8, nginx, ca)
        reloads = 0
        while calls.running and reloads < 3:
            nginx.reload()
            reloads += 1
        result = calls.sum()
        check_nothing_twice(nginx, sandbox, result, 200)
        assert result["failed"] <= 8 * reloads


@pytest.mark.parametrize("version", ["1.1", "2"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_dropped_request_is_not_sent_again(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, version: str, streamed: bool
) -> None:
    """nginx takes a request on a connection used before, and closes without an answer: the work may be done."""
    drop = "if ($http_x_drop) { return 444; }"
    with Nginx(sandbox.url, certificate, directives=[drop]) as nginx:
        with client_for(nginx.url, ca, network__http_version=version) as client:
            assert say(client) == "Echo: hi"
            error = fail(client, streamed=streamed, extra_headers={"x-drop": "1"})
            assert error.name == "CLAUDE_E_CLOSED"
            assert error.attempts == 1
            assert say(client) == "Echo: hi"
        assert [request.status for request in nginx.requests(3)] == [200, 444, 200]


def call_after_call_on_dead_connections(nginx: Nginx, sandbox: Sandbox, client: libclaude.Client) -> None:
    for number in range(5):
        assert say(client, f"call {number}") == f"Echo: call {number}"
        eventually("nginx closes the connection", lambda: nginx.status()["active"] == 0)
    assert len(nginx.requests(5)) == 5
    assert nginx.accepted() == 5
    assert sandbox.counts()[0] == 5


# Without lingering_close nginx would keep the connection for five seconds, for a client that is silent, too.
SHORT = "lingering_close off;"


def test_connections_that_end_when_idle(sandbox: Sandbox) -> None:
    """What the server has closed long since is not used again: each call makes a connection, and succeeds."""
    with Nginx(sandbox.url, keepalive_timeout="20ms", directives=[SHORT]) as nginx, client_for(nginx.url) as client:
        call_after_call_on_dead_connections(nginx, sandbox, client)


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_tls_connections_that_end_when_idle(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, version: str
) -> None:
    nginx = Nginx(sandbox.url, certificate, keepalive_timeout="20ms", directives=[SHORT])
    with nginx, client_for(nginx.url, ca, network__http_version=version) as client:
        call_after_call_on_dead_connections(nginx, sandbox, client)
