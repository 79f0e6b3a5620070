"""Where a wheel finds the certificates to trust: each host keeps them somewhere else.

A host is made for each case: a mount namespace with an /etc in which there is nothing but one file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from installs import KEY, MESSAGE, run

if TYPE_CHECKING:
    from pathlib import Path

    from servers import CertificateAuthority

ECHO = "Echo: Hello!"
DEBIAN = "/etc/ssl/certs/ca-certificates.crt"
FEDORA = "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"
HOSTS = [DEBIAN, FEDORA, "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"]

# $1 are the certificates, $2 is where this host has them, if anywhere.
HOST = """
set -eu
mount -t tmpfs none /etc
if [ -n "$2" ]; then
    mkdir -p "${2%/*}"
    cp "$1" "$2"
fi
shift 2
exec "$@"
"""


def on_host(
    place: str, certificates: Path, python: Path, url: str, *options: str, **environment: str
) -> dict[str, Any]:
    """Sends a message on a host that keeps its certificates at `place`."""
    command: list[str | Path] = [
        "unshare",
        "--map-root-user",
        "--mount",
        "/bin/sh",
        "-c",
        HOST,
        "sh",
        certificates,
        place,
    ]
    told: dict[str, Any] = json.loads(run(*command, python, "-I", MESSAGE, url, *options, **environment))
    return told


@pytest.mark.parametrize("place", HOSTS)
def test_of_the_host(place: str, wheel_python: Path, authority: CertificateAuthority, https: str) -> None:
    told = on_host(place, authority.certificate, wheel_python, https)
    assert told.get("error") is None
    assert (told["text"], told["streamed"]) == (ECHO, ECHO)


def test_a_host_without_any_is_told_of(wheel_python: Path, authority: CertificateAuthority, https: str) -> None:
    told = on_host("", authority.certificate, wheel_python, https)
    assert "certificate" in told["error"]


def test_only_those_of_the_host_are_trusted(wheel_python: Path, stranger: CertificateAuthority, https: str) -> None:
    told = on_host(FEDORA, stranger.certificate, wheel_python, https)
    assert "certificate" in told["error"]


def test_what_the_program_names_wins(
    wheel_python: Path, authority: CertificateAuthority, stranger: CertificateAuthority, https: str
) -> None:
    config = json.dumps({"tls.ca_file": str(authority.certificate)})
    assert on_host(FEDORA, stranger.certificate, wheel_python, https, "--config", config)["text"] == ECHO
    config = json.dumps({"tls": {"ca_path": str(authority.hashed_directory())}})
    assert on_host(FEDORA, stranger.certificate, wheel_python, https, "--config", config)["text"] == ECHO


def test_the_environment_counts_where_it_is_asked_for(
    wheel_python: Path, authority: CertificateAuthority, stranger: CertificateAuthority, https: str
) -> None:
    theirs = {"SSL_CERT_FILE": str(authority.certificate), "ANTHROPIC_API_KEY": KEY}
    assert on_host(FEDORA, stranger.certificate, wheel_python, https, "--from-env", **theirs)["text"] == ECHO
    assert "certificate" in on_host(FEDORA, stranger.certificate, wheel_python, https, **theirs)["error"]
    # Blank counts as unset: the host's.
    assert on_host(FEDORA, authority.certificate, wheel_python, https, "--from-env", SSL_CERT_FILE="")["text"] == ECHO


def test_the_library_of_a_system_is_left_to_its_own(
    built_python: Path, authority: CertificateAuthority, https: str
) -> None:
    """Built against an installed libclaude nothing is looked for: that one's libcurl knows its system."""
    assert "certificate" in on_host(FEDORA, authority.certificate, built_python, https)["error"]
    assert on_host(DEBIAN, authority.certificate, built_python, https)["text"] == ECHO


def test_a_directory_alone_is_enough(built_python: Path, authority: CertificateAuthority, https: str) -> None:
    """Also where the file that the system's libcurl was built for does not exist."""
    config = json.dumps({"tls": {"ca_path": str(authority.hashed_directory())}})
    assert on_host("", authority.certificate, built_python, https, "--config", config)["text"] == ECHO
