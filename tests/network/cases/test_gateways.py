"""nginx as gateways are set up: errors of its own, limits of size and time, buffering, compression, path prefixes."""

from __future__ import annotations

import json
import random
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


# ---- compressed requests and answers


def long_text(size: int) -> str:
    """Text that becomes smaller, but not by much."""
    chance = random.Random(7)
    return "".join(chance.choices("etaoin shrdlu\n", k=size))


@VERSIONS
@STREAMED
@pytest.mark.parametrize("size", [5_000, 1_500_000])
def test_compressed_requests(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, version: str, size: int, streamed: bool
) -> None:
    """Every byte arrives, of those too whose length nobody knows before they are sent."""
    text = long_text(size)
    directives = ["proxy_request_buffering off;", "proxy_http_version 1.1;"]
    with Nginx(sandbox.url, certificate, directives=directives) as nginx:
        options = {"compression__enabled": "true", "compression__level": "1"}
        with client_for(nginx.url, ca, network__http_version=version, **options) as client:
            assert say(client, text, streamed=streamed).startswith("Echo: " + text[:1000])
    [request] = sandbox.requests()
    assert request.complete
    assert request.header("content-encoding") == "gzip"
    assert (request.header("transfer-encoding") == "chunked") == (size > 1_048_576)
    assert request.body_length < size * 3 / 4
    body = json.loads(zlib.decompress(request.body, 31))
    assert body["messages"][0]["content"] == text


@VERSIONS
@pytest.mark.parametrize("size", [5_000, 1_500_000])
def test_a_gateway_that_reads_no_gzip(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, version: str, size: int
) -> None:
    """It says so at once; what it gets then is what it would have got."""
    refuse = ["if ($http_content_encoding = gzip) { return 415; }"]
    with Nginx(sandbox.url, certificate, directives=refuse) as nginx:
        with client_for(nginx.url, ca, network__http_version=version, compression__enabled="true") as client:
            for _ in range(2):
                assert say(client, long_text(size)).startswith("Echo: ")
        assert len(nginx.requests(3)) == 3
    assert [request.header("content-encoding") for request in sandbox.requests()] == [None, None]


@VERSIONS
def test_too_large_for_it_compressed(
    sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, version: str
) -> None:
    """413 while chunks are being sent: nothing is sent again."""
    nginx = Nginx(sandbox.url, certificate, directives=["client_max_body_size 100k;"])
    with nginx, client_for(nginx.url, ca, network__http_version=version, compression__enabled="true") as client:
        error = fail(client, text=long_text(3_000_000))
        assert error.name == "CLAUDE_E_REQUEST_TOO_LARGE"
        assert error.attempts == 1
        assert say(client) == "Echo: hi"


@VERSIONS
def test_compressed_answers(sandbox: Sandbox, ca: CertificateAuthority, certificate: Certificate, version: str) -> None:
    """nginx compresses what the server behind it did not."""
    text = long_text(3_000)
    directives = ["gzip on;", "gzip_types *;", "gzip_min_length 1;", "gzip_proxied any;"]
    with Nginx(sandbox.url, certificate, directives=directives) as nginx:
        options = {"network__http_version": version, "compression__responses": "true"}
        with client_for(nginx.url, ca, **options) as client:
            message = client.messages.with_raw_response.create(**ask(text))
            assert message.headers["content-encoding"] == "gzip"
            assert message.parse().content[0].text == "Echo: " + text
            assert say(client, text, streamed=True) == "Echo: " + text
