"""Real proxies: tinyproxy and microsocks, with and without passwords, over TLS, and lists of hosts that need none."""

from __future__ import annotations

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import libclaude
import pytest
from calls import PASSWORD, USER, fail, say, says
from calls import small_client_for as client_for
from claudetest import CANARY
from raw import Peer, RawServer, server_context
from servers import CertificateAuthority, Nginx, Proxy, SocksProxy, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox
    from servers import Certificate


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as running:
        yield running


@pytest.fixture
def guarded() -> Iterator[Proxy]:
    """Wants a password."""
    with Proxy(USER, PASSWORD) as running:
        yield running


def connects_to(nginx: Nginx, host: str = "127.0.0.1") -> str:
    return f"CONNECT {host}:{nginx.port} HTTP/1.1"


# ---- tunnels ----


@pytest.mark.parametrize("version", ["1.1", "auto"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_tunnel(nginx: Nginx, proxy: Proxy, ca: CertificateAuthority, version: str, streamed: bool) -> None:
    with client_for(nginx.url, ca, network__proxy=proxy.url, network__http_version=version) as client:
        assert [say(client, streamed=streamed) for _ in range(3)] == ["Echo: hi"] * 3
    requests = nginx.requests(3)
    assert {request.protocol for request in requests} == {"HTTP/2.0" if version == "auto" else "HTTP/1.1"}
    assert proxy.requests() == [connects_to(nginx)]
    assert nginx.accepted() == 1


def test_tunnel_with_password(nginx: Nginx, guarded: Proxy, ca: CertificateAuthority) -> None:
    with client_for(nginx.url, ca, network__proxy=guarded.url) as client:
        assert say(client) == "Echo: hi"
    assert guarded.requests() == [connects_to(nginx)]
    assert CANARY not in guarded.log()


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_address_without_scheme(nginx: Nginx, proxy: Proxy, ca: CertificateAuthority, scheme: str) -> None:
    with client_for(nginx.url, ca, network__proxy=f"{scheme}127.0.0.1:{proxy.port}") as client:
        assert say(client) == "Echo: hi"
    assert proxy.requests() == [connects_to(nginx)]


def test_name_is_looked_up_by_the_proxy(nginx: Nginx, proxy: Proxy, ca: CertificateAuthority) -> None:
    with client_for(nginx.url_for("localhost"), ca, network__proxy=proxy.url) as client:
        assert say(client) == "Echo: hi"
    assert proxy.requests() == [connects_to(nginx, "localhost")]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("given", ["none", "wrong password", "wrong user"])
def test_password_refused(
    nginx: Nginx, guarded: Proxy, ca: CertificateAuthority, sandbox: Sandbox, given: str, streamed: bool
) -> None:
    secret = {"none": "", "wrong password": f"{USER}:{PASSWORD}x@", "wrong user": f"{USER}x:{PASSWORD}@"}[given]
    with client_for(nginx.url, ca, network__proxy=f"http://{secret}127.0.0.1:{guarded.port}") as client:
        error = fail(client, streamed=streamed)
    assert error.name == "CLAUDE_E_PROXY"
    assert error.category == "Network"
    says(error, "407" if given == "none" else "401")  # tinyproxy's way
    assert error.attempts == 0
    assert error.request_id is None
    assert error.retry_after_ms is None
    assert error.api_type is None
    assert nginx.accepted() == 0
    assert sandbox.counts() == (0, 0)
    assert guarded.requests() == [connects_to(nginx)]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_target_refused(ca: CertificateAuthority, certificate: Certificate, sandbox: Sandbox, streamed: bool) -> None:
    """tinyproxy allows CONNECT to named ports only: 403."""
    with Proxy(directives=["ConnectPort 1"]) as proxy, Nginx(sandbox.url, certificate) as nginx:
        with client_for(nginx.url, ca, network__proxy=proxy.url) as client:
            error = fail(client, streamed=streamed)
        assert nginx.accepted() == 0
    assert error.name == "CLAUDE_E_PROXY"
    says(error, "403")
    assert error.attempts == 0


def test_target_down(proxy: Proxy, ca: CertificateAuthority) -> None:
    """Nobody listens behind the proxy: its 500 is not the API's."""
    with client_for(f"https://127.0.0.1:{free_port()}", ca, network__proxy=proxy.url) as client:
        error = fail(client)
    assert error.name == "CLAUDE_E_PROXY"
    assert error.category == "Network"
    assert error.attempts == 0
    says(error, "50[0-9]")


def test_proxy_down(nginx: Nginx, ca: CertificateAuthority) -> None:
    port = free_port()
    with client_for(nginx.url, ca, network__proxy=f"http://{USER}:{PASSWORD}@127.0.0.1:{port}") as client:
        error = fail(client)
    assert error.name in ("CLAUDE_E_PROXY", "CLAUDE_E_CONNECT")
    assert error.retryable
    assert error.attempts == 0
    says(error, str(port))
    assert nginx.accepted() == 0


def test_proxy_unknown(nginx: Nginx, ca: CertificateAuthority) -> None:
    proxy = f"http://{USER}:{PASSWORD}@proxy.invalid:3128"
    with client_for(nginx.url, ca, network__proxy=proxy) as client:
        error = fail(client)
    assert error.name == "CLAUDE_E_PROXY"
    assert error.attempts == 0
    assert nginx.accepted() == 0


def test_bad_certificate_behind_a_proxy(proxy: Proxy, ca: CertificateAuthority, sandbox: Sandbox) -> None:
    """What the tunnel leads to is judged as without one."""
    with Nginx(sandbox.url, ca.issue(["api.example.com"])) as nginx:
        with client_for(nginx.url, ca, network__proxy=proxy.url) as client:
            error = fail(client)
        assert error.name == "CLAUDE_E_TLS"
        says(error, "no alternative certificate subject name")
        assert nginx.requests() == []
    assert len(proxy.requests()) == 1


def test_plain_target(sandbox: Sandbox, guarded: Proxy) -> None:
    """http:// is not tunnelled: the proxy sees the whole request, as documented, and a refusal is still the proxy's."""
    for streamed in (False, True):
        with client_for(sandbox.url, network__proxy=guarded.url) as client:
            assert say(client, streamed=streamed) == "Echo: hi"
    assert guarded.requests() == [f"POST {sandbox.url}/v1/messages HTTP/1.1"] * 2
    for request in sandbox.requests():
        assert request.header("proxy-authorization") is None
    sandbox.reset()
    for streamed in (False, True):
        with client_for(sandbox.url, network__proxy=guarded.url_without_password) as client:
            error = fail(client, streamed=streamed)
        assert error.name == "CLAUDE_E_PROXY"
        assert error.request_id is None
    assert sandbox.counts() == (0, 0)


def test_errors_of_the_api_pass_through(
    nginx: Nginx, guarded: Proxy, sandbox: Sandbox, ca: CertificateAuthority
) -> None:
    with client_for(nginx.url, ca, network__proxy=guarded.url) as client:
        sandbox.scenario("overloaded")
        error = fail(client)
        assert error.name == "CLAUDE_E_OVERLOADED"
        assert error.http_status == 529
        assert error.request_id
        assert error.attempts == 1


def test_many_streams_through_one_proxy(nginx: Nginx, guarded: Proxy, ca: CertificateAuthority) -> None:
    with client_for(nginx.url, ca, network__proxy=guarded.url) as client, ThreadPoolExecutor(16) as pool:
        texts = [f"number {n}" for n in range(100)]
        answers = list(pool.map(lambda text: say(client, text, streamed=True), texts))
    assert answers == [f"Echo: {text}" for text in texts]
    assert len(nginx.requests(100)) == 100
    assert len(guarded.requests()) == nginx.accepted()


# ---- proxies behind TLS ----


class TlsFront(RawServer):
    """Takes TLS off, as an https:// proxy does; tinyproxy, which cannot, is behind it."""

    def __init__(self, proxy: Proxy, certificate: Certificate) -> None:
        super().__init__(lambda peer: peer.tunnel(proxy.port), server_context(certificate))


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_https_proxy(
    nginx: Nginx, guarded: Proxy, ca: CertificateAuthority, certificate: Certificate, streamed: bool
) -> None:
    with TlsFront(guarded, certificate) as front:
        url = f"https://{USER}:{PASSWORD}@127.0.0.1:{front.port}"
        with client_for(nginx.url, ca, network__proxy=url) as client:
            assert say(client, streamed=streamed) == "Echo: hi"
        front.settle()
        assert CANARY.encode() not in front.received
        assert b"CONNECT 127.0.0.1" in front.received
    assert guarded.requests() == [connects_to(nginx)]


@pytest.mark.parametrize("what", ["unknown CA", "wrong host"])
def test_https_proxy_refused(
    nginx: Nginx, proxy: Proxy, ca: CertificateAuthority, certificate: Certificate, what: str
) -> None:
    """Neither the password nor the name of the target reaches a proxy that is not who it should be."""
    if what == "unknown CA":
        certificate = CertificateAuthority(ca.directory / "proxies", "unknown CA").issue()
    elif what == "wrong host":
        certificate = ca.issue(["proxy.example.com"])
    with TlsFront(proxy, certificate) as front:
        url = f"https://{USER}:{PASSWORD}@127.0.0.1:{front.port}"
        with client_for(nginx.url, ca, network__proxy=url) as client:
            error = fail(client)
        front.settle()
        assert front.received == b""
    assert error.name in ("CLAUDE_E_TLS", "CLAUDE_E_PROXY")
    assert not error.retryable
    assert error.attempts == 0
    assert nginx.accepted() == 0
    assert not any("CONNECT" in line for line in proxy.requests())


def test_https_proxy_without_tls(nginx: Nginx, proxy: Proxy, ca: CertificateAuthority) -> None:
    """tinyproxy waits for a line, which no handshake has."""
    url = f"https://{USER}:{PASSWORD}@127.0.0.1:{proxy.port}"
    with client_for(nginx.url, ca, network__proxy=url, timeout__connect_ms="300") as client:
        error = fail(client)
    assert error.name in ("CLAUDE_E_TLS", "CLAUDE_E_PROXY", "CLAUDE_E_TIMEOUT")
    assert error.attempts == 0
    assert nginx.accepted() == 0
    assert not any("CONNECT" in line for line in proxy.requests())


# ---- SOCKS ----


@pytest.mark.parametrize("scheme", ["socks5h", "socks5"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_socks(nginx: Nginx, ca: CertificateAuthority, scheme: str, host: str) -> None:
    with SocksProxy(USER, PASSWORD) as socks:
        url = socks.url.replace("socks5h", scheme)
        with client_for(nginx.url_for(host), ca, network__proxy=url) as client:
            assert [say(client) for _ in range(3)] == ["Echo: hi"] * 3
            assert say(client, streamed=True) == "Echo: hi"
        wanted = host if scheme == "socks5h" else "127.0.0.1"
        assert re.findall(r"connected to (\S+)", socks.log()) == [f"{wanted}:{nginx.port}"]
    assert nginx.accepted() == 1


@pytest.mark.parametrize("given", ["none", "wrong"])
def test_socks_password_refused(nginx: Nginx, ca: CertificateAuthority, given: str) -> None:
    with SocksProxy(USER, PASSWORD) as socks:
        secret = "" if given == "none" else f"{USER}:{PASSWORD}x@"
        with client_for(nginx.url, ca, network__proxy=f"socks5h://{secret}127.0.0.1:{socks.port}") as client:
            error = fail(client)
    assert error.name == "CLAUDE_E_PROXY"
    assert error.attempts == 0
    assert nginx.accepted() == 0


def test_socks_target_down(ca: CertificateAuthority) -> None:
    with SocksProxy() as socks, client_for(f"https://127.0.0.1:{free_port()}", ca, network__proxy=socks.url) as client:
        error = fail(client)
    assert error.name == "CLAUDE_E_PROXY"
    assert error.attempts == 0


# ---- hosts that need no proxy ----

NO_PROXY = [
    ("127.0.0.1", "", True),
    ("127.0.0.1", "127.0.0.1", False),
    ("127.0.0.1", "127.0.0.2", True),
    ("127.0.0.1", "localhost", True),
    ("127.0.0.1", "127.0.0.0/8", False),
    ("127.0.0.1", "127.0.0.1/32", False),
    ("127.0.0.1", "127.0.0.2/32", True),
    ("127.0.0.1", "10.0.0.0/8", True),
    ("127.0.0.1", "::1", True),
    ("127.0.0.1", "*", False),
    ("127.0.0.1", "10.0.0.0/8,localhost,127.0.0.0/8", False),
    ("127.0.0.1", "10.0.0.0/8, localhost, 127.0.0.0/8", False),
    ("localhost", "localhost", False),
    ("localhost", "LOCALHOST", False),
    ("localhost", "127.0.0.1", True),
    ("localhost", "host", True),
    ("localhost", "api.localhost", True),
    ("api.localhost", "localhost", False),
    ("api.localhost", ".localhost", False),
    ("api.localhost", "pi.localhost", True),
    ("api.localhost", "api", True),
    ("api.localhost", "example.com,api.localhost", False),
    ("api.localhost", "example.com", True),
    ("api.localhost", "localhost.example.com", True),
]


@pytest.fixture(scope="module")
def shared(server: Sandbox, certificate: Certificate) -> Iterator[tuple[Nginx, Proxy]]:
    with Nginx(server.url, certificate) as nginx, Proxy() as proxy:
        yield nginx, proxy


@pytest.mark.parametrize(("host", "no_proxy", "through"), NO_PROXY)
def test_no_proxy(
    shared: tuple[Nginx, Proxy], ca: CertificateAuthority, host: str, no_proxy: str, through: bool
) -> None:
    nginx, proxy = shared
    before = len(proxy.requests())
    # What the proxy cannot look up, it refuses: that it was asked is what counts.
    with client_for(nginx.url_for(host), ca, network__proxy=proxy.url, network__no_proxy=no_proxy) as client:
        if through and host == "api.localhost":
            assert fail(client).name == "CLAUDE_E_PROXY"
        else:
            assert say(client) == "Echo: hi"
    assert proxy.requests()[before:] == ([connects_to(nginx, host)] if through else [])


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("excepted", [False, True])
def test_environment_when_asked(
    nginx: Nginx,
    guarded: Proxy,
    ca: CertificateAuthority,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    excepted: bool,
) -> None:
    monkeypatch.setenv(name, guarded.url)
    if excepted:
        monkeypatch.setenv("NO_PROXY" if name.isupper() else "no_proxy", "127.0.0.0/8")
    config = {"tls.ca_file": str(ca.bundle)}
    with libclaude.Client.from_env(CANARY, base_url=nginx.url, config=config) as client:
        assert say(client) == "Echo: hi"
    assert guarded.requests() == ([] if excepted else [connects_to(nginx)])


# ---- what travels to a proxy ----


def test_what_the_proxy_sees(nginx: Nginx, ca: CertificateAuthority) -> None:
    """Of a call through a tunnel: where to, the proxy's own password, and bytes that only the target can read."""
    secret = "p%40ss%3Aw%2Ford%25"  # p@ss:w/ord%
    heads = []

    def handler(peer: Peer) -> None:
        heads.append(peer.read_head())
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        peer.tunnel(nginx.port)

    with RawServer(handler) as proxy:
        url = f"http://{USER}:{secret}@127.0.0.1:{proxy.port}"
        with client_for(nginx.url, ca, network__proxy=url) as client:
            assert say(client) == "Echo: hi"
        proxy.settle()
        [head] = heads
        assert CANARY.encode() not in proxy.received
        assert b"/v1/messages" not in proxy.received
    lines = head.decode().split("\r\n")
    assert lines[0] == connects_to(nginx)
    names = [line.partition(":")[0].lower() for line in lines[1:] if line]
    assert set(names) <= {"host", "proxy-authorization", "user-agent", "proxy-connection"}
    expected = base64.b64encode(f"{USER}:p@ss:w/ord%".encode()).decode()
    assert f"Proxy-Authorization: Basic {expected}" in lines
