"""nginx as gateways are set up: errors of its own, limits of size and time, buffering, compression, path prefixes."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest
from calls import client_for, fail, say, says
from claudetest import ask
from libclaude import ClaudeError
from servers import Nginx, free_port

if TYPE_CHECKING:
    from sandbox import Sandbox
    from servers import Certificate, CertificateAuthority

VERSIONS = pytest.mark.parametrize("version", ["1.1", "2"])
STREAMED = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


@VERSIONS
@STREAMED
def test_nobody_behind_it(ca: CertificateAuthority, certificate: Certificate, version: str, streamed: bool) -> None:
    """502, as HTML."""
    with Nginx(f"http://127.0.0.1:{free_port()}", certificate) as nginx:
        with client_for(nginx.url, ca, network__http_version=version) as client:
            error = fail(client, streamed=streamed)
        assert len(nginx.requests(1)) == 1
    assert error.name == "CLAUDE_E_SERVER"
    assert error.http_status == 502
    assert error.retryable
    assert error.attempts == 1
    assert error.request_id is None


@VERSIONS
@STREAMED
def test_too_slow_for_it(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, version: str, streamed: bool
) -> None:
    """504, as HTML."""
    sandbox.scenario({"delay_ms": 20000})
    nginx = Nginx(sandbox.url, certificate, directives=["proxy_read_timeout 100ms;"])
    with nginx, client_for(nginx.url, ca, network__http_version=version) as client:
        error = fail(client, streamed=streamed)
    assert error.name in ("CLAUDE_E_API_TIMEOUT", "CLAUDE_E_SERVER")
    assert error.http_status == 504
    assert error.retryable
    assert sandbox.counts()[0] == 1


@VERSIONS
def test_too_large_for_it(sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, version: str) -> None:
    """413, as HTML, while the request is still being sent."""
    nginx = Nginx(sandbox.url, certificate, directives=["client_max_body_size 100k;"])
    with nginx, client_for(nginx.url, ca, network__http_version=version) as client:
        error = fail(client, text="x" * 3_000_000)
        assert error.name == "CLAUDE_E_REQUEST_TOO_LARGE"
        assert error.http_status == 413
        assert not error.retryable
        assert sandbox.counts() == (0, 0)
        assert say(client) == "Echo: hi"


@VERSIONS
@pytest.mark.parametrize("size", [1, 16_383, 65_536, 1_000_000, 12_000_000])
def test_large_requests(nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority, version: str, size: int) -> None:
    """Every byte arrives."""
    text = ("0123456789abcdef" * (size // 16 + 1))[:size]
    with client_for(nginx.url, ca, network__http_version=version) as client:
        say(client, text)
    [request] = sandbox.requests()
    assert request.complete
    assert request.body_length > size
    if len(request.body) == request.body_length:
        assert request.json()["messages"][0]["content"] == text
    body = (
        b'{"model":"claude-opus-5","max_tokens":1024,"messages":[{"role":"user","content":"' + text.encode() + b'"}]}'
    )
    assert request.body_length == len(body)
    assert request.body_crc32 == zlib.crc32(body)


@VERSIONS
@STREAMED
@pytest.mark.parametrize(
    "setting", ["proxy_buffering on;", "gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;"]
)
def test_meddling(
    sandbox: Sandbox,
    ca: CertificateAuthority,
    certificate: Certificate,
    setting: str,
    version: str,
    streamed: bool,
) -> None:
    nginx = Nginx(sandbox.url, certificate, directives=[setting])
    with nginx, client_for(nginx.url, ca, network__http_version=version) as client:
        assert say(client, streamed=streamed) == "Echo: hi"
        sandbox.scenario("text")
        assert say(client, streamed=streamed) == "Hello, world!"


def test_path_prefix(sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate) -> None:
    prefix = "location /team/claude/ { proxy_pass http://sandbox/; }"
    with Nginx(sandbox.url, certificate, directives=[prefix]) as nginx:
        for base in (f"{nginx.url}/team/claude", f"{nginx.url}/team/claude/"):
            with client_for(base, ca) as client:
                assert say(client) == "Echo: hi"
        assert {request.request for request in nginx.requests(2)} == {"POST /team/claude/v1/messages HTTP/2.0"}


@VERSIONS
@pytest.mark.parametrize("how", ["fin", "rst"])
def test_cut_behind_it(nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority, version: str, how: str) -> None:
    """The server behind breaks a stream: never a success, never sent again."""
    started = {"data": {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant"}}}
    sandbox.scenario({"events": [started, {"delay_ms": 20, "data": {"type": "ping"}}, {"do": how}]})
    with client_for(nginx.url, ca, network__http_version=version) as client:
        error = fail(client, streamed=True)
        assert error.name in ("CLAUDE_E_TRUNCATED", "CLAUDE_E_CLOSED")
        assert error.attempts == 1
        assert len(nginx.requests(1)) == 1
        assert sandbox.counts()[0] == 1
        sandbox.scenario(None)
        assert say(client) == "Echo: hi"


@VERSIONS
def test_ends_while_a_stream_goes_on(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, version: str
) -> None:
    """nginx is stopped: its streams break, and the next call cannot connect."""
    sandbox.scenario("idle")
    nginx = Nginx(sandbox.url, certificate).start()
    try:
        with client_for(nginx.url, ca, network__http_version=version) as client:
            with client.messages.create(stream=True, **ask()) as stream:
                assert next(stream).type == "message_start"
                nginx.close()
                with pytest.raises(ClaudeError) as caught:
                    stream.until_done()
            assert caught.value.name in ("CLAUDE_E_TRUNCATED", "CLAUDE_E_CLOSED")
            error = fail(client)
            assert error.name in ("CLAUDE_E_CONNECT", "CLAUDE_E_CLOSED")
            says(error, "connect|closed")
    finally:
        nginx.close()
