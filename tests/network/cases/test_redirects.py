"""Redirects are never followed: an error, and nobody else ever hears of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from calls import fail, say
from calls import small_client_for as client_for
from raw import RawServer, drain, server_context
from servers import CertificateAuthority, Nginx

if TYPE_CHECKING:
    from libclaude import ClaudeError
    from sandbox import Sandbox
    from servers import Certificate

STATUSES = [301, 302, 303, 307, 308]
SECRET_PATH = "/elsewhere/Q7w?token=T9s"


def redirect(status: int, location: str) -> dict[str, Any]:
    return {"status": status, "headers": [["location", location], ["retry-after", "1"]], "body": "moved"}


def check(error: ClaudeError, status: int) -> None:
    assert error.name == "CLAUDE_E_REDIRECT"
    assert error.http_status == status
    assert not error.retryable
    assert error.attempts == 1
    # Where it leads may have secrets in it, as links of object stores do.
    assert "Q7w" not in repr(error._fields) + str(error)
    assert "T9s" not in repr(error._fields) + str(error)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("where", ["other port", "other host", "downgrade", "same host", "loop"])
def test_redirect(
    nginx: Nginx,
    sandbox: Sandbox,
    ca: CertificateAuthority,
    certificate: Certificate,
    where: str,
    status: int,
    streamed: bool,
) -> None:
    context = None if where == "downgrade" else server_context(certificate)
    with RawServer(drain, context) as second, client_for(nginx.url, ca) as client:
        target = {
            "other port": f"https://127.0.0.1:{second.port}{SECRET_PATH}",
            "other host": f"https://localhost:{second.port}{SECRET_PATH}",
            "downgrade": f"http://127.0.0.1:{second.port}{SECRET_PATH}",
            "same host": SECRET_PATH,
            "loop": f"{nginx.url}/v1/messages",
        }[where]
        sandbox.scenario(redirect(status, target))
        check(fail(client, streamed=streamed), status)
        assert second.connections == 0
        assert sandbox.counts()[0] == 1
        sandbox.scenario(None)
        assert say(client) == "Echo: hi"


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "//127.0.0.1:{port}/Q7w",
        "gopher://127.0.0.1:{port}/Q7w",
        "ftp://127.0.0.1:{port}/Q7w",
        "http://user:T9s@127.0.0.1:{port}/Q7w",
        "HTTP://127.0.0.1:{port}",
        "",
    ],
)
def test_strange_locations(nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority, location: str) -> None:
    with RawServer(drain) as second, client_for(nginx.url, ca) as client:
        sandbox.scenario(redirect(307, location.format(port=second.port)))
        check(fail(client), 307)
        assert second.connections == 0
        assert sandbox.counts()[0] == 1


@pytest.mark.parametrize("status", [300, 304, 305, 306, 399])
def test_other_3xx(nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority, status: int) -> None:
    """No redirects in the strict sense, but no answers either; 305 once meant a proxy of the server's choice."""
    with RawServer(drain) as second, client_for(nginx.url, ca) as client:
        sandbox.scenario({"status": status, "headers": [["location", f"http://127.0.0.1:{second.port}/"]], "body": ""})
        error = fail(client)
        assert error.name in ("CLAUDE_E_REDIRECT", "CLAUDE_E_PROTOCOL")
        assert not error.retryable
        assert second.connections == 0
        assert sandbox.counts()[0] == 1


def test_redirect_by_nginx(sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate) -> None:
    """As a gateway does whose address has changed."""
    with RawServer(drain, server_context(certificate)) as second:
        away = f"return 308 https://127.0.0.1:{second.port}$request_uri;"
        with Nginx(sandbox.url, certificate, directives=[away]) as nginx, client_for(nginx.url, ca) as client:
            error = fail(client)
            assert error.name == "CLAUDE_E_REDIRECT"
            assert error.http_status == 308
            assert len(nginx.requests(1)) == 1
        assert second.connections == 0
    assert sandbox.counts() == (0, 0)


def test_refresh_and_location_of_other_statuses(nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority) -> None:
    """A location that comes with 201 or 503, a refresh, an alternative service: nothing leads anywhere."""
    with RawServer(drain) as second, client_for(nginx.url, ca) as client:
        target = f"http://127.0.0.1:{second.port}/"
        leads = [["location", target], ["refresh", f"0; url={target}"], ["alt-svc", f'h2="127.0.0.1:{second.port}"']]
        sandbox.scenario({"status": 503, "headers": leads, "body": ""})
        assert fail(client).name == "CLAUDE_E_SERVER"
        sandbox.scenario(None)
        assert say(client) == "Echo: hi"
        assert second.connections == 0
