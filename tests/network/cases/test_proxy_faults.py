"""Proxies that lie, stall and break: the error is the proxy's, and nothing that it says passes for the API's word."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from calls import PASSWORD, USER, fail, say, says
from calls import small_client_for as client_for
from claudetest import CANARY
from libclaude import ClaudeError
from raw import Peer, RawServer, drain

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox import Sandbox
    from servers import CertificateAuthority, Nginx

# All that an answer of the API would be recognised by, and all that could move a client to something.
HOSTILE = b"".join(
    line + b"\r\n"
    for line in (
        b"retry-after: 999",
        b"retry-after-ms: 999000",
        b"x-should-retry: true",
        b"request-id: req_of_the_proxy",
        b"anthropic-ratelimit-requests-remaining: 0",
        b"anthropic-ratelimit-requests-reset: 2099-01-01T00:00:00Z",
        b"anthropic-organization-id: org_of_the_proxy",
        b"content-type: application/json",
        b"set-cookie: proxy=1",
        b"location: https://127.0.0.1:1/",
        b"x-echo: " + USER.encode() + b":" + PASSWORD.encode(),
    )
)
ENVELOPE = b'{"type":"error","error":{"type":"overloaded_error","message":"no"},"request_id":"req_of_the_proxy"}'


def refusal(status: bytes, body: bytes = ENVELOPE, headers: bytes = HOSTILE) -> Callable[[Peer], None]:
    def handler(peer: Peer) -> None:
        peer.read_head()
        length = b"content-length: %d\r\n" % len(body)
        peer.send(b"HTTP/1.1 " + status + b"\r\n" + headers + length + b"\r\n" + body)
        peer.drain()

    return handler


def proxy_url(server: RawServer) -> str:
    return f"http://{USER}:{PASSWORD}@127.0.0.1:{server.port}"


REFUSALS = {
    "407": refusal(b"407 Proxy Authentication Required", headers=HOSTILE + b'proxy-authenticate: Basic realm="x"\r\n'),
    "407 Digest only": refusal(b"407 No", headers=HOSTILE + b'proxy-authenticate: Digest realm="x", nonce="y"\r\n'),
    "407 NTLM": refusal(b"407 No", headers=HOSTILE + b"proxy-authenticate: NTLM\r\nproxy-authenticate: Negotiate\r\n"),
    "407 with the password in its reason": refusal(b"407 " + USER.encode() + b":" + PASSWORD.encode()),
    "403": refusal(b"403 Forbidden"),
    "502": refusal(b"502 Bad Gateway"),
    "503": refusal(b"503 Service Unavailable", b"<html>no</html>"),
    "429": refusal(b"429 Too Many Requests"),
    "529": refusal(b"529 Overloaded"),
    "401": refusal(b"401 Unauthorized"),
    "302": refusal(b"302 Found"),
    "407 without a body": refusal(b"407 No", b""),
    "500 of 100 kB": refusal(b"500 No", b"x" * 100_000),
}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", REFUSALS)
def test_refusal(nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority, name: str, streamed: bool) -> None:
    with RawServer(REFUSALS[name]) as proxy, client_for(nginx.url, ca, network__proxy=proxy_url(proxy)) as client:
        error = fail(client, streamed=streamed)
        assert error.name == "CLAUDE_E_PROXY"
        assert error.category == "Network"
        assert error.attempts == 0
        assert error.request_id is None
        assert error.retry_after_ms is None
        assert error.api_type is None
        assert "of_the_proxy" not in repr(error._fields)
        if error.response is not None:
            assert dict(error.response.headers) == {}
        assert CANARY.encode() not in proxy.received
        assert proxy.connections == 1
    assert nginx.accepted() == 0
    assert sandbox.counts() == (0, 0)


def established(headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 Connection established\r\n" + headers + b"\r\n"


def tunnelling(nginx: Nginx, reply: bytes) -> Callable[[Peer], None]:
    def handler(peer: Peer) -> None:
        peer.read_head()
        peer.send(reply)
        peer.tunnel(nginx.port)

    return handler


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_headers_of_the_tunnel_are_not_the_answers(
    nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority, streamed: bool
) -> None:
    """The proxy's 200 has headers; the API's 529 has none of them."""
    handler = tunnelling(nginx, established(HOSTILE))
    with RawServer(handler) as proxy, client_for(nginx.url, ca, network__proxy=proxy_url(proxy)) as client:
        sandbox.scenario({"status": 529, "default_headers": False, "body": "no"})
        error = fail(client, streamed=streamed)
        assert error.name == "CLAUDE_E_OVERLOADED"
        assert error.http_status == 529
        assert error.request_id is None
        assert error.retry_after_ms is None
        assert "of_the_proxy" not in repr(error._fields)
        assert error.response is not None
        assert not {"x-echo", "set-cookie", "request-id"} & set(error.response.headers)
        sandbox.scenario(None)
        assert say(client, streamed=streamed) == "Echo: hi"


@pytest.mark.parametrize("status", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_informational_answer_to_connect(nginx: Nginx, ca: CertificateAuthority, status: bytes) -> None:
    """Either the 200 after it counts, or the tunnel is refused; its headers never do."""
    reply = b"HTTP/1.1 " + status + b"\r\n" + HOSTILE + b"\r\n" + established()
    error = None
    handler = tunnelling(nginx, reply)
    with RawServer(handler) as proxy, client_for(nginx.url, ca, network__proxy=proxy_url(proxy)) as client:
        try:
            assert say(client) == "Echo: hi"
        except ClaudeError as raised:
            error = raised
    if error is not None:
        assert error.name == "CLAUDE_E_PROXY"
        assert error.request_id is None
        assert error.retry_after_ms is None
        assert "of_the_proxy" not in repr(error._fields)
        assert nginx.requests() == []


def send_and_wait(data: bytes) -> Callable[[Peer], None]:
    def handler(peer: Peer) -> None:
        peer.read_head()
        peer.send(data)
        peer.drain()

    return handler


def send_and_close(data: bytes) -> Callable[[Peer], None]:
    def handler(peer: Peer) -> None:
        peer.read_head()
        peer.send(data)

    return handler


def reset(peer: Peer) -> None:
    peer.read_head()
    peer.reset()


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("name", "handler"),
    [
        ("CONNECT is never answered", drain),
        ("half an answer", send_and_wait(b"HTTP/1.1 200 Conn")),
        ("nothing after 200", send_and_wait(established())),
        ("endless body of a 407", send_and_wait(b"HTTP/1.1 407 No\r\ncontent-length: 1000000\r\n\r\nx")),
    ],
)
def test_stall(
    nginx: Nginx, ca: CertificateAuthority, name: str, handler: Callable[[Peer], None], streamed: bool
) -> None:
    """timeout.connect_ms covers the proxy and the handshake behind it."""
    options = {"timeout__connect_ms": "300"}
    start = time.monotonic()
    with RawServer(handler) as proxy, client_for(nginx.url, ca, network__proxy=proxy_url(proxy), **options) as client:
        error = fail(client, streamed=streamed)
        if name.startswith("endless"):  # its head alone says enough
            assert error.name in ("CLAUDE_E_TIMEOUT", "CLAUDE_E_PROXY")
        else:
            assert error.name == "CLAUDE_E_TIMEOUT"
            says(error, "timeout.connect_ms")
        assert error.attempts == 0
        assert proxy.connections == 1
    assert time.monotonic() - start < 20
    assert nginx.accepted() == 0


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("name", "handler"),
    [
        ("closed at CONNECT", send_and_close(b"")),
        ("reset at CONNECT", reset),
        ("closed in the head", send_and_close(b"HTTP/1.1 200 Conn")),
        ("garbage for an answer", send_and_close(b"\x00\x01\x02garbage\r\n\r\n")),
        ("another protocol", send_and_close(b"SSH-2.0-OpenSSH_9.2\r\n")),
        ("header without end", send_and_close(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 2_000_000)),
        ("headers without end", send_and_close(b"HTTP/1.1 200 OK\r\n" + b"x-y: zzzz\r\n" * 200_000)),
    ],
)
def test_broken_answer(
    nginx: Nginx, ca: CertificateAuthority, name: str, handler: Callable[[Peer], None], streamed: bool
) -> None:
    with RawServer(handler) as proxy, client_for(nginx.url, ca, network__proxy=proxy_url(proxy)) as client:
        error = fail(client, streamed=streamed)
        assert error.name == "CLAUDE_E_PROXY"
        assert error.attempts == 0
        assert CANARY.encode() not in proxy.received
        assert proxy.connections == 1
    assert nginx.accepted() == 0


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("name", "handler"),
    [
        ("garbage in the tunnel", send_and_close(established() + b"garbage instead of TLS" * 10)),
        ("an answer in the tunnel", send_and_close(established() + b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")),
        ("closed after 200", send_and_close(established())),
    ],
)
def test_broken_tunnel(
    nginx: Nginx, ca: CertificateAuthority, name: str, handler: Callable[[Peer], None], streamed: bool
) -> None:
    """Nobody but the proxy can be to blame, yet all the client sees is TLS that fails."""
    with RawServer(handler) as proxy, client_for(nginx.url, ca, network__proxy=proxy_url(proxy)) as client:
        error = fail(client, streamed=streamed)
        assert error.name in ("CLAUDE_E_TLS", "CLAUDE_E_PROXY", "CLAUDE_E_CONNECT")
        assert error.attempts == 0
        assert CANARY.encode() not in proxy.received
        assert proxy.connections == 1
    assert nginx.accepted() == 0


def dropping(nginx: Nginx, after: int, hard: bool) -> Callable[[Peer], None]:
    """Breaks the tunnel when the target has answered so many bytes."""

    def handler(peer: Peer) -> None:
        peer.read_head()
        peer.send(established())
        peer.tunnel(nginx.port, lambda answered: answered > after)
        if hard:
            peer.reset()

    return handler


@pytest.mark.parametrize("hard", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("version", ["1.1", "2"])
def test_dropped_mid_stream(nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority, version: str, hard: bool) -> None:
    """After the handshake and some events: the stream is cut, never a success, and not sent again."""
    sandbox.scenario("slow")
    with RawServer(dropping(nginx, 5000, hard)) as proxy:
        options = {"network__proxy": proxy_url(proxy), "network__http_version": version}
        with client_for(nginx.url, ca, **options) as client:
            error = fail(client, streamed=True)
        assert error.name in ("CLAUDE_E_CLOSED", "CLAUDE_E_TRUNCATED")
        assert error.attempts == 1
        assert proxy.connections == 1
    assert sandbox.counts()[0] == 1


def test_tunnel_is_gone_before_the_next_call(nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority) -> None:
    """A proxy that drops a tunnel once something has been answered: the next call makes a new one."""
    state = {"drop": False}

    def handler(peer: Peer) -> None:
        peer.read_head()
        peer.send(established())
        peer.tunnel(nginx.port, lambda _: state["drop"])

    with RawServer(handler) as proxy, client_for(nginx.url, ca, network__proxy=proxy_url(proxy)) as client:
        cut = []
        for number in range(10):
            state["drop"] = number % 2 == 1
            try:
                assert say(client, f"call {number}") == f"Echo: call {number}"
            except ClaudeError as error:
                cut.append((number, error.name))
            if state["drop"]:
                proxy.settle()
        assert {name for _, name in cut} <= {"CLAUDE_E_CLOSED"}
        # Only those whose own answer was cut, or whose tunnel broke when the last answer was complete.
        failed = {number for number, _ in cut}
        assert not any(number % 2 == 0 and number - 1 in failed for number in failed), cut
        bodies = [request.body for request in sandbox.requests()]
        assert len(bodies) == len(set(bodies))
        assert proxy.connections >= 5
