"""Bad certificates and broken handshakes: refused, with no byte of a request sent, once, and for the right reason."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from calls import client_for, fail, say, says
from claudetest import CANARY
from raw import Peer, RawServer, server_context
from servers import CertificateAuthority, Nginx

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox import Sandbox
    from servers import Certificate

# nginx must load what no client should accept.
WEAK = "DEFAULT:@SECLEVEL=0"
HOSTS = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Bad:
    """A certificate that must be refused: how it is made, what the message must say, how the server is reached."""

    make: Callable[[CertificateAuthority], Certificate]
    reason: str
    host: str = "127.0.0.1"


def missing_intermediate(ca: CertificateAuthority) -> Certificate:
    return ca.intermediate("left out").issue(HOSTS, send_chain=False)


def constrained(names: str) -> Callable[[CertificateAuthority], Certificate]:
    return lambda ca: ca.intermediate("constrained", [f"nameConstraints = critical, {names}"]).issue(HOSTS)


def expired_intermediate(ca: CertificateAuthority) -> Certificate:
    return ca.intermediate("expired", dates=(timedelta(days=-9), timedelta(days=-1))).issue(HOSTS)


def unknown_ca(ca: CertificateAuthority) -> Certificate:
    return CertificateAuthority(ca.directory / "stranger", "unknown CA").issue(HOSTS)


def same_name_ca(ca: CertificateAuthority) -> Certificate:
    return CertificateAuthority(ca.directory / "impostor").issue(HOSTS)


BAD: dict[str, Bad] = {
    "expired": Bad(lambda ca: ca.issue(HOSTS, starts=timedelta(days=-9), ends=timedelta(seconds=-1)), "expired"),
    "not yet valid": Bad(lambda ca: ca.issue(HOSTS, starts=timedelta(days=1)), "not yet valid"),
    "wrong host": Bad(
        lambda ca: ca.issue(["api.example.com"]),
        "no alternative certificate subject name matches target host name 'localhost'",
        "localhost",
    ),
    "wrong address": Bad(
        lambda ca: ca.issue(["localhost", "127.0.0.2"]), "no alternative certificate subject name matches .*'127.0.0.1'"
    ),
    "wildcard for another level": Bad(
        lambda ca: ca.issue(["*.api.localhost"]), "no alternative certificate subject name matches", "localhost"
    ),
    "unknown CA": Bad(unknown_ca, "unable to get local issuer certificate"),
    "impostor of the CA": Bad(same_name_ca, "unable to get local issuer certificate|certificate signature failure"),
    "self-signed": Bad(lambda ca: ca.issue(HOSTS, selfsign=True), "self[- ]signed certificate"),
    "weak key": Bad(lambda ca: ca.issue(HOSTS, key="rsa:1024"), "key too (weak|small)"),
    "SHA-1": Bad(lambda ca: ca.intermediate("sha1", digest="sha1").issue(HOSTS), "digest algorithm too weak"),
    "wrong usage": Bad(lambda ca: ca.issue(HOSTS, usage="clientAuth"), "(unsupported|unsuitable) certificate purpose"),
    "CA:FALSE": Bad(lambda ca: ca.intermediate("no CA", ca=False).issue(HOSTS), "invalid CA certificate"),
    "missing intermediate": Bad(missing_intermediate, "unable to get local issuer certificate"),
    "expired intermediate": Bad(expired_intermediate, "expired"),
    "name not permitted": Bad(constrained("permitted;DNS:example.com"), "permitted subtree violation"),
    "name excluded": Bad(constrained("excluded;DNS:localhost"), "excluded subtree violation"),
    "address excluded": Bad(constrained("excluded;IP:127.0.0.0/255.0.0.0"), "excluded subtree violation"),
}


def replace_certificate(nginx: Nginx, old: Certificate, good: Certificate) -> None:
    """Lets a running nginx go on with another certificate."""
    old.chain.write_bytes(good.chain.read_bytes())
    old.key.write_bytes(good.key.read_bytes())
    nginx.reload()


@pytest.mark.parametrize("name", BAD)
def test_bad_certificate(sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, name: str) -> None:
    bad = BAD[name]
    shown = bad.make(ca)
    with Nginx(sandbox.url, shown, ciphers=WEAK) as nginx, client_for(nginx.url_for(bad.host), ca) as client:
        for tried, streamed in enumerate((False, True), start=1):
            error = fail(client, streamed=streamed)
            assert error.name == "CLAUDE_E_TLS"
            assert not error.retryable
            assert error.attempts == 0
            assert error.http_status is None
            says(error, bad.reason)
            assert nginx.accepted() == tried
        assert nginx.requests() == []
        assert sandbox.counts() == (0, 0)
        # The same client goes on once the server shows a good one.
        replace_certificate(nginx, shown, certificate)
        assert say(client) == "Echo: hi"


OLD = [("TLSv1.1", "1.2"), ("TLSv1", "1.2"), ("TLSv1.2", "1.3"), ("TLSv1 TLSv1.1", "1.3")]


@pytest.mark.parametrize(("offered", "wanted"), OLD)
def test_version_too_old(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, offered: str, wanted: str
) -> None:
    with Nginx(sandbox.url, certificate, protocols=offered, ciphers=WEAK) as nginx:
        for tried, streamed in enumerate((False, True), start=1):
            with client_for(nginx.url, ca, tls__min_version=wanted) as client:
                error = fail(client, streamed=streamed)
            assert error.name == "CLAUDE_E_TLS"
            assert not error.retryable
            assert error.attempts == 0
            says(error, "protocol version|unsupported protocol")
            assert nginx.accepted() == tried
        assert nginx.requests() == []
        assert sandbox.counts() == (0, 0)


def alert(description: int) -> bytes:
    return bytes([0x15, 3, 3, 0, 2, 2, description])


def answer_hello(data: bytes) -> Callable[[Peer], None]:
    def handler(peer: Peer) -> None:
        peer.read()
        peer.send(data)
        peer.socket.shutdown(socket.SHUT_WR)
        peer.drain()

    return handler


def close_at_hello(peer: Peer) -> None:
    peer.read()


def reset_at_hello(peer: Peer) -> None:
    peer.read()
    peer.reset()


BROKEN: dict[str, tuple[Callable[[Peer], None], str]] = {
    "handshake_failure": (answer_hello(alert(40)), "handshake failure"),
    "unrecognized_name": (answer_hello(alert(112)), "unrecognized name"),
    "internal_error": (answer_hello(alert(80)), "internal error"),
    "plain HTTP": (answer_hello(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"), "wrong version number|http"),
    "garbage": (answer_hello(b"\x00" * 100), "wrong version number|unexpected"),
    "closed": (close_at_hello, "SSL|TLS|closed|EOF"),
    "reset": (reset_at_hello, "SSL|TLS|reset"),
}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", BROKEN)
def test_broken_handshake(ca: CertificateAuthority, name: str, streamed: bool) -> None:
    handler, reason = BROKEN[name]
    with RawServer(handler) as server, client_for(f"https://127.0.0.1:{server.port}", ca) as client:
        error = fail(client, streamed=streamed)
        server.settle()
        # What only breaks off, as when a gateway starts anew, says nothing about certificates.
        broke_off = name in ("closed", "reset")
        assert error.name == ("CLAUDE_E_CONNECT" if broke_off else "CLAUDE_E_TLS")
        assert error.retryable == broke_off
        assert error.attempts == 0
        says(error, reason)
        assert server.connections == 1
        # Nothing but records of a handshake, and alerts.
        assert server.received[:1] == b"\x16"
        assert CANARY.encode() not in server.received
        assert b"/v1/messages" not in server.received


def test_stalled_handshake(ca: CertificateAuthority) -> None:
    with RawServer() as server:
        client = client_for(f"https://127.0.0.1:{server.port}", ca, timeout__connect_ms="200")
        error = fail(client)
        server.settle()
    assert error.name == "CLAUDE_E_TIMEOUT"
    assert "timeout.connect_ms" in error.message
    assert error.attempts == 0
    assert server.connections == 1
    assert server.received[:1] == b"\x16"


def test_plain_nginx(sandbox: Sandbox, ca: CertificateAuthority) -> None:
    with Nginx(sandbox.url) as nginx, client_for(f"https://127.0.0.1:{nginx.port}", ca) as client:
        error = fail(client)
        assert error.name == "CLAUDE_E_TLS"
        assert nginx.accepted() == 1
        assert sandbox.counts() == (0, 0)


# ---- the client's own certificate ----


@pytest.fixture
def client_files(ca: CertificateAuthority) -> Certificate:
    return ca.issue([], name="the client", usage="clientAuth")


def options_of(files: Certificate) -> dict[str, Any]:
    return {"tls__client_cert": str(files.chain), "tls__client_key": str(files.key)}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("given", ["none", "by the wrong CA", "expired", "for servers"])
def test_client_certificate_refused(
    ca: CertificateAuthority, certificate: Certificate, given: str, version: str, streamed: bool
) -> None:
    """A server that ends the handshake: it sees no request. With TLS 1.3 the client's side is done before that."""
    if given == "by the wrong CA":
        options = options_of(CertificateAuthority(ca.directory / "clients").issue([], name="x", usage="clientAuth"))
    elif given == "expired":
        ends = timedelta(seconds=-1)
        options = options_of(ca.issue([], name="x", usage="clientAuth", starts=timedelta(days=-9), ends=ends))
    elif given == "for servers":
        options = options_of(ca.issue([], name="x", usage="serverAuth"))
    else:
        options = {}
    context = server_context(certificate, client_ca=str(ca.certificate), tls_1_3=version == "1.3")
    with RawServer(context=context) as server, client_for(f"https://127.0.0.1:{server.port}", ca, **options) as client:
        error = fail(client, streamed=streamed)
        server.settle()
        assert server.connections == 1
        assert server.received == b""
        assert server.peers[0].handshake != ""
    assert error.name == "CLAUDE_E_TLS"
    assert not error.retryable
    says(error, "alert|certificate")


@pytest.mark.parametrize("given", ["none", "by the wrong CA"])
def test_client_certificate_refused_by_nginx(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, given: str
) -> None:
    """nginx ends the handshake well and answers 400 itself; nothing reaches what is behind it."""
    options = {}
    if given == "by the wrong CA":
        options = options_of(CertificateAuthority(ca.directory / "others").issue([], name="x", usage="clientAuth"))
    with Nginx(sandbox.url, certificate, client_ca=ca) as nginx, client_for(nginx.url, ca, **options) as client:
        error = fail(client)
        assert error.name == "CLAUDE_E_BAD_REQUEST"
        assert error.http_status == 400
        assert not error.retryable
        assert len(nginx.requests(1)) == 1
        assert nginx.accepted() == 1
        assert sandbox.counts() == (0, 0)


def test_client_certificate_accepted(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, client_files: Certificate
) -> None:
    with Nginx(sandbox.url, certificate, client_ca=ca) as nginx:
        with client_for(nginx.url, ca, **options_of(client_files)) as client:
            assert say(client) == "Echo: hi"
            assert say(client, streamed=True) == "Echo: hi"
        both = client_files.chain.with_suffix(".both")
        both.write_bytes(client_files.chain.read_bytes() + client_files.key.read_bytes())
        with client_for(nginx.url, ca, tls__client_cert=str(both)) as client:
            assert say(client) == "Echo: hi"
        assert {request.client for request in nginx.requests(3)} == {"CN=the client"}


@pytest.mark.parametrize("broken", ["no such certificate", "no such key", "key of another", "no PEM"])
def test_client_certificate_unusable(
    nginx: Nginx, ca: CertificateAuthority, certificate: Certificate, client_files: Certificate, broken: str
) -> None:
    options = options_of(client_files)
    if broken == "no such certificate":
        options["tls__client_cert"] = str(client_files.chain.with_suffix(".missing"))
    elif broken == "no such key":
        options["tls__client_key"] = str(client_files.key.with_suffix(".missing"))
    elif broken == "key of another":
        options["tls__client_key"] = str(certificate.key)
    else:
        no_pem = client_files.chain.with_suffix(".txt")
        no_pem.write_text("no certificate")
        options["tls__client_cert"] = str(no_pem)
    with client_for(nginx.url, ca, **options) as client:
        error = fail(client)
    assert error.name == "CLAUDE_E_TLS"
    assert not error.retryable
    assert error.attempts == 0
    says(error, "certificate|key")
    assert nginx.requests() == []
