"""Health checks over TLS and HTTP/2, and of servers that do not let anybody in."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from cffi import FFI
from claudetest import BUILD, CANARY

if TYPE_CHECKING:
    from sandbox import Sandbox
    from servers import CertificateAuthority, Nginx

STRATEGIES = {"ping": ("HEAD", "/"), "lightweight_api": ("OPTIONS", "/v1/messages"), "models": ("GET", "/v1/models")}

ffi = FFI()
ffi.cdef(
    """
    typedef struct claude_config claude_config_t;
    typedef struct claude_client claude_client_t;
    typedef struct claude_health claude_health_t;
    typedef struct claude_secret claude_secret_t;
    typedef struct claude_error claude_error_t;
    int32_t claude_config_new(claude_config_t **out, claude_error_t **err);
    int32_t claude_config_set(claude_config_t *config, const char *key, const char *value, claude_error_t **err);
    void claude_config_unref(claude_config_t *config);
    int32_t claude_client_new(const claude_config_t *config, claude_client_t **out, claude_error_t **err);
    void claude_client_unref(claude_client_t *client);
    int32_t claude_health_new(claude_client_t *client, claude_health_t **out, claude_error_t **err);
    int32_t claude_health_add_endpoint(claude_health_t *health, const char *base_url, claude_secret_t *secret,
                                       claude_error_t **err);
    int32_t claude_health_check(claude_health_t *health, claude_error_t **err);
    const char *claude_health_json(claude_health_t *health, size_t *len);
    void claude_health_unref(claude_health_t *health);
    """
)
lib = ffi.dlopen(str(BUILD / "lib" / "libclaude.so"))


def check(url: str, *others: str, **options: str) -> list[dict[str, Any]]:
    """What one check finds of these endpoints; `tls__ca_file="..."` sets the option tls.ca_file of the client."""

    def make(kind: str, *arguments: Any) -> Any:
        out = ffi.new(f"claude_{kind}_t **")
        assert getattr(lib, f"claude_{kind}_new")(*arguments, out, ffi.NULL) == 0
        return ffi.gc(out[0], getattr(lib, f"claude_{kind}_unref"))

    config = make("config")
    values = {"base_url": url, "api_key": CANARY, "health.timeout_ms": "60000", "health.healthy_ms": "60000"}
    values.update({name.replace("__", "."): value for name, value in options.items()})
    for name, value in values.items():
        assert lib.claude_config_set(config, name.encode(), value.encode(), ffi.NULL) == 0, name
    health = make("health", make("client", config))
    for endpoint in (url, *others):
        assert lib.claude_health_add_endpoint(health, endpoint.encode(), ffi.NULL, ffi.NULL) == 0
    assert lib.claude_health_check(health, ffi.NULL) == 0
    found: list[dict[str, Any]] = json.loads(ffi.string(lib.claude_health_json(health, ffi.NULL)))["endpoints"]
    return found


@pytest.mark.parametrize("version", ["auto", "1.1", "2"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_through_tls(nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority, strategy: str, version: str) -> None:
    """Another name of the same host is another server: the key is for the first alone."""
    for result in check(
        nginx.url_for("127.0.0.1"),
        nginx.url_for("localhost"),
        tls__ca_file=str(ca.bundle),
        health__strategy=strategy,
        network__http_version=version,
    ):
        assert result["state"] == "healthy", result
    requests = sandbox.requests()
    method, path = STRATEGIES[strategy]
    assert [(request.method, request.target.split("?")[0]) for request in requests] == [(method, path)] * 2
    keys = {request.header("x-api-key") for request in requests}
    assert keys == ({CANARY, None} if strategy == "models" else {None})
    protocol = "HTTP/1.1" if version == "1.1" else "HTTP/2.0"
    assert [request.protocol for request in nginx.requests(2)] == [protocol] * 2


def test_a_certificate_that_is_not_trusted(nginx: Nginx, sandbox: Sandbox) -> None:
    """Nothing is sent there, also by strategies without a key."""
    [result] = check(nginx.url)
    assert (result["state"], result["http_status"], result["response_ms"]) == ("unhealthy", 0, -1)
    assert "certificate" in result["error"]
    assert sandbox.requests() == []


@pytest.mark.parametrize("version", ["auto", "2"])
def test_a_handshake_that_hangs_holds_up_nobody(nginx: Nginx, ca: CertificateAuthority, version: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = f"https://127.0.0.1:{silent.getsockname()[1]}"
        results = check(
            hanging, nginx.url, tls__ca_file=str(ca.bundle), network__http_version=version, health__timeout_ms="3000"
        )
    assert [result["state"] for result in results] == ["unhealthy", "healthy"]
    assert results[0]["error"] == "no answer within 3000 ms (health.timeout_ms)"
    assert results[1]["http_status"] == 404
    assert results[1]["response_ms"] < 3000
