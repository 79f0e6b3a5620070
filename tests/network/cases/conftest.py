"""What the tests against real servers share: one sandbox and one test CA for the session, clients, checks of errors."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "network"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python" / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "sandbox"))

from claudetest import BUILD
from sandbox import Sandbox
from servers import CertificateAuthority, Nginx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from servers import Certificate


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    program = os.environ.get("CLAUDE_SANDBOX", str(BUILD / "bin" / "claude-sandbox"))
    with Sandbox("--keep", "20000", path=program) as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.reset()
    return server


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def certificate(ca: CertificateAuthority) -> Certificate:
    """Good for localhost, its subdomain api.localhost, and the addresses of loopback."""
    return ca.issue(["localhost", "api.localhost", "127.0.0.1", "::1"])


@pytest.fixture(scope="session")
def front(server: Sandbox, certificate: Certificate) -> Iterator[Nginx]:
    with Nginx(server.url, certificate) as running:
        yield running


@pytest.fixture
def nginx(front: Nginx, sandbox: Sandbox) -> Nginx:
    """nginx with TLS and HTTP/2 in front of the sandbox, as new: it counts this test's connections and requests."""
    if front.status()["active"]:
        gc.collect()  # an exception of the test before may hold the client's connections
    front.forget()
    return front


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No keys, and no proxies or certificates of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC_", "SSL_CERT_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
