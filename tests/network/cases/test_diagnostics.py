"""The self-test against servers with bad certificates and behind proxies, and curl commands over TLS and HTTP/2."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from calls import PASSWORD, USER
from claudetest import BUILD
from raw import Peer, RawServer, drain, server_context
from servers import CertificateAuthority, Nginx, Proxy, SocksProxy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sandbox import Sandbox
    from servers import Certificate

# That of network_diag.
KEY = "sk-ant-api03-CANARY7f3a9c51-never-to-be-shown"
HOSTS = ("localhost", "127.0.0.1")


def run(what: str, url: str, *options: str, timeout_ms: int = 60000) -> str:
    command = [str(BUILD / "bin" / "network_diag"), what, url, str(timeout_ms), *options]
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    for secret in (KEY, USER, PASSWORD):
        assert secret not in printed
    return printed


def checks(url: str, *options: str, timeout_ms: int = 60000) -> dict[str, Any]:
    """Each check by its name."""
    found = json.loads(run("selftest", url, *options, timeout_ms=timeout_ms))
    rows = {row["name"]: row for row in found["checks"]}
    for row in rows.values():
        assert bool(row["fix"]) == (row["status"] in ("warn", "fail")), row
    return rows


def blames(rows: dict[str, Any], name: str, text: str, fix: str) -> None:
    assert [row["name"] for row in rows.values() if row["status"] == "fail"] == [name]
    assert text in rows[name]["text"].lower()
    assert fix in rows[name]["fix"]


def stranger(ca: CertificateAuthority) -> Certificate:
    return CertificateAuthority(ca.directory / "another", "unknown CA").issue(HOSTS)


BAD: dict[str, tuple[Callable[[CertificateAuthority], Certificate], str, str, str]] = {
    "expired": (
        lambda ca: ca.issue(HOSTS, starts=timedelta(days=-9), ends=timedelta(seconds=-1)),
        "127.0.0.1",
        "expired",
        "clock",
    ),
    "not yet valid": (lambda ca: ca.issue(HOSTS, starts=timedelta(days=1)), "127.0.0.1", "not yet valid", "clock"),
    "wrong host": (lambda ca: ca.issue(["api.example.com"]), "localhost", "localhost", "host name"),
    "self-signed": (lambda ca: ca.issue(HOSTS, selfsign=True), "127.0.0.1", "signed", "tls.ca_file"),
    "unknown CA": (stranger, "127.0.0.1", "issuer", "tls.ca_file"),
}


def test_all_is_well(nginx: Nginx, ca: CertificateAuthority) -> None:
    rows = checks(nginx.url, f"tls.ca_file={ca.certificate}")
    assert {row["status"] for name, row in rows.items() if name not in ("proxy", "model")} == {"ok"}
    assert rows["proxy"]["status"] == rows["model"]["status"] == "skipped"
    assert nginx.accepted() == 1


@pytest.mark.parametrize("name", BAD)
def test_bad_certificate(sandbox: Sandbox, ca: CertificateAuthority, name: str) -> None:
    make, host, text, fix = BAD[name]
    with Nginx(sandbox.url, make(ca)) as nginx:
        rows = checks(nginx.url_for(host), f"tls.ca_file={ca.certificate}")
    blames(rows, "tls", text, fix)
    assert rows["tcp"]["status"] == "ok"
    assert rows["key"]["status"] == "skipped"
    assert sandbox.counts() == (0, 0)


def test_old_version(ca: CertificateAuthority, certificate: Certificate) -> None:
    with RawServer(drain, server_context(certificate, tls_1_3=False)) as server:
        rows = checks(f"https://127.0.0.1:{server.port}", f"tls.ca_file={ca.certificate}", "tls.min_version=1.3")
    blames(rows, "tls", "", "tls.min_version")


def test_silent_server(ca: CertificateAuthority, certificate: Certificate) -> None:
    """It shakes hands and says nothing more."""

    def listen(peer: Peer) -> None:
        peer.drain()

    with RawServer(listen, server_context(certificate)) as server:
        rows = checks(f"https://127.0.0.1:{server.port}", f"tls.ca_file={ca.certificate}", timeout_ms=1500)
    blames(rows, "http", "1500 ms", "timeout")
    assert rows["tls"]["status"] == "ok"


def test_missing_ca_file(nginx: Nginx, tmp_path: Path) -> None:
    blames(checks(nginx.url, f"tls.ca_file={tmp_path}/none.pem"), "tls", "none.pem", "tls.ca_file")


def test_proxies(nginx: Nginx, ca: CertificateAuthority) -> None:
    trust = f"tls.ca_file={ca.certificate}"
    with Proxy() as proxy:
        rows = checks(nginx.url, trust, f"network.proxy={proxy.url}")
        assert rows["proxy"]["status"] == rows["tls"]["status"] == rows["key"]["status"] == "ok"
        assert rows["tcp"]["status"] == "skipped"
        # The server behind it is gone.
        rows = checks("https://127.0.0.1:1", trust, f"network.proxy={proxy.url}")
        blames(rows, "proxy", "", "network.proxy")
    with Proxy(USER, PASSWORD) as guarded:
        bare = guarded.url.replace(f"{USER}:{PASSWORD}@", "")
        blames(checks(nginx.url, trust, f"network.proxy={bare}"), "proxy", "407", "user and password")
        assert checks(nginx.url, trust, f"network.proxy={guarded.url}")["key"]["status"] == "ok"
    with SocksProxy() as socks:
        assert checks(nginx.url, trust, f"network.proxy={socks.url}")["key"]["status"] == "ok"


@pytest.mark.parametrize("version", ["auto", "1.1"])
def test_the_command(sandbox: Sandbox, nginx: Nginx, ca: CertificateAuthority, version: str) -> None:
    """Over TLS and through a proxy with a password, what curl sends is what the library sends."""
    with Proxy(USER, PASSWORD) as proxy:
        command = run(
            "curl",
            nginx.url,
            f"tls.ca_file={ca.certificate}",
            f"network.proxy={proxy.url}",
            f"network.http_version={version}",
        )
        variables = {**os.environ, "ANTHROPIC_API_KEY": KEY, "CLAUDE_PROXY_USER": f"{USER}:{PASSWORD}"}
        answer = subprocess.run(["/bin/sh", "-c", command], env=variables, stdout=subprocess.PIPE, check=True).stdout
        assert len(proxy.requests()) == 2
    assert json.loads(answer)["content"][0]["text"] == 'Echo: it\'s "me" $HOME'
    first, second = sandbox.requests()
    assert (first.method, first.target, first.body) == (second.method, second.target, second.body)
    assert sorted(first.headers) == sorted(second.headers)
    assert {request.protocol for request in nginx.requests(2)} == {"HTTP/2.0" if version == "auto" else "HTTP/1.1"}
