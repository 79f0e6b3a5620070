"""Options of TLS and HTTP: which certificates are trusted, which versions are spoken, what the environment may say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from calls import client_for, fail, say, says
from claudetest import CANARY
from raw import RawServer, drain
from servers import SYSTEM_BUNDLE, CertificateAuthority, Nginx

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox
    from servers import Certificate


# ---- whom to trust ----


def test_trust_a_file(nginx: Nginx, ca: CertificateAuthority) -> None:
    for file in (ca.certificate, ca.bundle):
        with client_for(nginx.url, tls__ca_file=str(file)) as client:
            assert say(client) == "Echo: hi"


def test_trust_a_directory(nginx: Nginx, ca: CertificateAuthority) -> None:
    with client_for(nginx.url, tls__ca_path=str(ca.hashed_directory())) as client:
        assert say(client) == "Echo: hi"


def test_trust_a_file_and_a_directory(nginx: Nginx, ca: CertificateAuthority, tmp_path: Path) -> None:
    """Either is enough."""
    other = CertificateAuthority(tmp_path, "other CA")
    with client_for(nginx.url, tls__ca_file=str(other.certificate), tls__ca_path=str(ca.hashed_directory())) as client:
        assert say(client) == "Echo: hi"
    with client_for(nginx.url, tls__ca_file=str(ca.certificate), tls__ca_path=str(other.hashed_directory())) as client:
        assert say(client) == "Echo: hi"


def test_trust_the_system_only(nginx: Nginx) -> None:
    """By default, and with the system's bundle by name: the test CA is a stranger."""
    for file in ("", str(SYSTEM_BUNDLE)):
        with client_for(nginx.url, tls__ca_file=file) as client:
            error = fail(client)
        assert error.name == "CLAUDE_E_TLS"
        says(error, "unable to get local issuer certificate")


def test_a_file_replaces_the_system(sandbox: Sandbox, ca: CertificateAuthority, tmp_path: Path) -> None:
    """Who names a CA trusts no other."""
    stranger = CertificateAuthority(tmp_path, "stranger")
    with Nginx(sandbox.url, stranger.issue()) as nginx:
        with client_for(nginx.url, tls__ca_file=str(stranger.certificate)) as client:
            assert say(client) == "Echo: hi"
        with client_for(nginx.url, tls__ca_file=str(ca.certificate)) as client:
            assert fail(client).name == "CLAUDE_E_TLS"
        with client_for(nginx.url, tls__ca_path=str(ca.hashed_directory()), tls__ca_file=str(ca.bundle)) as client:
            assert fail(client).name == "CLAUDE_E_TLS"


@pytest.mark.parametrize("what", ["missing", "empty", "no certificate", "a directory", "broken"])
def test_unusable_file(nginx: Nginx, ca: CertificateAuthority, tmp_path: Path, what: str) -> None:
    file = tmp_path / "ca.pem"
    if what == "empty":
        file.write_text("")
    elif what == "no certificate":
        file.write_text("nothing\n" * 100)
    elif what == "a directory":
        file.mkdir()
    elif what == "broken":
        file.write_text(ca.certificate.read_text().replace("M", "!"))
    with client_for(nginx.url, tls__ca_file=str(file)) as client:
        error = fail(client)
    assert error.name == "CLAUDE_E_TLS"
    assert not error.retryable
    assert error.attempts == 0
    says(error, re.escape(str(file)))
    assert nginx.requests() == []


@pytest.mark.parametrize("what", ["missing", "empty"])
def test_unusable_directory(nginx: Nginx, tmp_path: Path, what: str) -> None:
    directory = tmp_path / "cas"
    if what == "empty":
        directory.mkdir()
    with client_for(nginx.url, tls__ca_path=str(directory)) as client:
        error = fail(client)
    assert error.name == "CLAUDE_E_TLS"
    assert not error.retryable
    assert nginx.requests() == []


def test_the_environment_adds_no_trust(nginx: Nginx, ca: CertificateAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca.certificate))
    monkeypatch.setenv("SSL_CERT_DIR", str(ca.hashed_directory()))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(ca.certificate))
    with client_for(nginx.url) as client:
        assert fail(client).name == "CLAUDE_E_TLS"


def test_the_environment_takes_no_trust(
    nginx: Nginx, ca: CertificateAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    monkeypatch.setenv("SSL_CERT_DIR", "/nonexistent")
    monkeypatch.setenv("CURL_CA_BUNDLE", "/nonexistent")
    with client_for(nginx.url, ca) as client:
        assert say(client) == "Echo: hi"


def test_chain(sandbox: Sandbox, ca: CertificateAuthority) -> None:
    """An intermediate that the server sends needs no place in the client's files."""
    lower = ca.intermediate("upper").intermediate("lower")
    with Nginx(sandbox.url, lower.issue()) as nginx, client_for(nginx.url, ca) as client:
        assert say(client) == "Echo: hi"


@pytest.mark.parametrize("key", ["rsa:2048", "rsa:3072", "P-256", "P-384", "P-521"])
def test_good_keys(sandbox: Sandbox, ca: CertificateAuthority, key: str) -> None:
    with Nginx(sandbox.url, ca.issue(key=key)) as nginx, client_for(nginx.url, ca) as client:
        assert say(client) == "Echo: hi"


@pytest.mark.parametrize(
    ("names", "host"),
    [
        (["localhost"], "localhost"),
        (["LOCALHOST"], "localhost"),
        (["*.sub.localhost"], "api.sub.localhost"),
        (["127.0.0.1"], "127.0.0.1"),
        (["other.example.com", "api.localhost"], "api.localhost"),
    ],
)
def test_good_names(sandbox: Sandbox, ca: CertificateAuthority, names: list[str], host: str) -> None:
    with Nginx(sandbox.url, ca.issue(names)) as nginx, client_for(nginx.url_for(host), ca) as client:
        assert say(client) == "Echo: hi"
        shown = "" if host[0].isdigit() else host
        assert [request.server_name for request in nginx.requests(1)] == [shown]


# ---- versions ----


@pytest.mark.parametrize(
    ("offered", "wanted", "spoken"),
    [
        ("TLSv1.2 TLSv1.3", None, "TLSv1.3"),
        ("TLSv1.2 TLSv1.3", "1.2", "TLSv1.3"),
        ("TLSv1.2 TLSv1.3", "1.3", "TLSv1.3"),
        ("TLSv1.2", None, "TLSv1.2"),
        ("TLSv1.2", "1.2", "TLSv1.2"),
        ("TLSv1.3", "1.2", "TLSv1.3"),
        ("TLSv1.3", "1.3", "TLSv1.3"),
        ("TLSv1 TLSv1.1 TLSv1.2", None, "TLSv1.2"),
    ],
)
def test_tls_versions(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, offered: str, wanted: str | None, spoken: str
) -> None:
    options = {} if wanted is None else {"tls__min_version": wanted}
    with Nginx(sandbox.url, certificate, protocols=offered) as nginx, client_for(nginx.url, ca, **options) as client:
        assert say(client) == "Echo: hi"
        assert [request.tls for request in nginx.requests(1)] == [spoken]


@pytest.mark.parametrize(
    ("offers_2", "tls", "wanted", "spoken"),
    [
        (True, True, None, "HTTP/2.0"),
        (True, True, "auto", "HTTP/2.0"),
        (True, True, "2", "HTTP/2.0"),
        (True, True, "1.1", "HTTP/1.1"),
        (False, True, None, "HTTP/1.1"),
        (False, True, "1.1", "HTTP/1.1"),
        (False, False, None, "HTTP/1.1"),
        (False, False, "1.1", "HTTP/1.1"),
        (False, True, "2", "HTTP/1.1"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_http_versions(
    sandbox: Sandbox,
    ca: CertificateAuthority,
    certificate: Certificate,
    offers_2: bool,
    tls: bool,
    wanted: str | None,
    spoken: str,
    streamed: bool,
) -> None:
    options = {} if wanted is None else {"network__http_version": wanted}
    with Nginx(sandbox.url, certificate if tls else None, http2=offers_2) as nginx:
        with client_for(nginx.url, ca, **options) as client:
            assert [say(client, streamed=streamed) for _ in range(3)] == ["Echo: hi"] * 3
        requests = nginx.requests(3)
        assert [request.protocol for request in requests] == [spoken] * 3
        assert len({request.connection for request in requests}) == 1
        assert nginx.accepted() == 1


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_http_2_unencrypted(sandbox: Sandbox, streamed: bool) -> None:
    with Nginx(sandbox.url, http2=True) as nginx, client_for(nginx.url, network__http_version="2") as client:
        assert [say(client, streamed=streamed) for _ in range(3)] == ["Echo: hi"] * 3
        assert [request.protocol for request in nginx.requests(3)] == ["HTTP/2.0"] * 3


def test_http_2_unencrypted_where_there_is_none(sandbox: Sandbox) -> None:
    """A clear error, and no request gets through."""
    with Nginx(sandbox.url) as nginx, client_for(nginx.url, network__http_version="2") as client:
        error = fail(client)
        assert error.name in ("CLAUDE_E_PROTOCOL", "CLAUDE_E_CLOSED")
        assert nginx.accepted() == 1
    assert sandbox.counts() == (0, 0)


# ---- what the environment says ----


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy", "HTTP_PROXY"])
def test_proxies_of_the_environment_are_not_used(
    nginx: Nginx, ca: CertificateAuthority, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with RawServer(drain) as proxy:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with client_for(nginx.url, ca) as client:
            assert say(client) == "Echo: hi"
        assert proxy.connections == 0


def test_the_key_is_sent_once_and_encrypted(nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority) -> None:
    """Between client and nginx only TLS is to be seen; behind nginx the key is there, once."""
    with RawServer(lambda peer: peer.tunnel(nginx.port)) as wire:
        with client_for(f"https://127.0.0.1:{wire.port}", ca) as client:
            assert say(client) == "Echo: hi"
        wire.settle()
        assert CANARY.encode() not in wire.received
    [request] = sandbox.requests()
    assert [value for _, value in request.headers if CANARY in value] == [CANARY]
