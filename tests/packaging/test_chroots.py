"""The wheel for everybody in bare Debian systems of several years: what is there is Python, and no library of ours.

Only with CLAUDE_TEST_LONG=1: it makes the wheel from the sources of all it carries, and a system for each release.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from installs import MESSAGE, ROOT, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox
    from servers import CertificateAuthority

ECHO = "Echo: Hello!"
TOOLS = ROOT / "bindings" / "python" / "tools"
RELEASES = {"bullseye": "3.9", "bookworm": "3.11", "trixie": "3.13"}
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
PLACES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]


def outside(*command: str | Path) -> str:
    """Runs a program that talks to registries, so with the whole environment."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout[-5000:]}{done.stderr[-5000:]}"
    return done.stdout


@dataclass(frozen=True)
class System:
    """A Debian of its own below a folder."""

    folder: Path
    python: str

    def run(self, *command: str | Path) -> str:
        inside = 'mount --bind /proc "$1/proc" && exec chroot "$@"'
        return run("unshare", "--mount", "/bin/sh", "-c", inside, "sh", self.folder, *command, PATH=SYSTEM_PATH)

    def send(self, url: str, *options: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.run("/test/venv/bin/python", "-I", "/test/message.py", url, *options))
        return told


@pytest.fixture(scope="session")
def portable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("portable")
    return Path(outside(TOOLS / "portable_wheel.sh", out).splitlines()[-1])


@pytest.fixture(scope="session", params=list(RELEASES))
def system(
    request: pytest.FixtureRequest, portable: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """A release with the wheel installed by its own pip, and nothing else of ours."""
    folder = tmp_path_factory.mktemp(request.param) / "root"
    site = outside("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian")
    packages = "--include=python3-minimal,python3-venv"
    outside("mmdebstrap", "-q", "--variant=minbase", packages, request.param, folder, site.split()[0])
    try:
        test = folder / "test"
        test.mkdir()
        python = RELEASES[request.param]
        pip = [sys.executable, "-m", "pip", "download", "-q", "--only-binary=:all:", "--python-version", python]
        platforms = [f"--platform={name}_{os.uname().machine}" for name in ("manylinux2014", "manylinux_2_17")]
        outside(*pip, *platforms, "-d", test / "wheels", "cffi")
        shutil.copy(portable, test / "wheels")
        shutil.copy(MESSAGE, test)
        made = System(folder, python)
        made.run("/usr/bin/python3", "-m", "venv", "/test/venv")
        made.run("/test/venv/bin/python", "-m", "pip", "install", "-q", "--no-index", "-f", "/test/wheels", "libclaude")
        yield made
    finally:
        shutil.rmtree(folder)


def test_the_wheel_is_for_old_systems_too(portable: Path) -> None:
    match = re.fullmatch(r"libclaude-0\.8\.0-cp39-abi3-manylinux_2_(\d+)_\w+\.whl", portable.name)
    assert match is not None
    assert int(match[1]) <= 31  # Debian 11
    names = zipfile.ZipFile(portable).namelist()
    assert len([name for name in names if name.startswith("libclaude.libs/lib")]) == 1, "all is inside of libclaude"
    licenses = {name.rpartition("/")[2] for name in names if "/licenses/L" in name}
    assert licenses == {"LICENSE", *(f"LICENSE.{name}" for name in ("curl", "json-c", "nghttp2", "openssl"))}


def test_it_sends_messages(system: System, sandbox: Sandbox) -> None:
    version = system.run("/test/venv/bin/python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    assert version.strip() == system.python
    told = system.send(sandbox.url)
    assert (told["text"], told["streamed"]) == (ECHO, ECHO)
    (library,) = told["libraries"]
    assert re.search(r"/libclaude\.libs/libclaude-[0-9a-f]+\.so\.[0-9.]+$", library)


@pytest.mark.parametrize("place", PLACES)
def test_it_finds_the_certificates(
    place: str, system: System, authority: CertificateAuthority, stranger: CertificateAuthority, https: str
) -> None:
    there = system.folder / place[1:]
    assert "certificate" in system.send(https)["error"]
    there.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(stranger.certificate, there)
    assert "certificate" in system.send(https)["error"]
    shutil.copy(authority.certificate, there)
    assert system.send(https)["text"] == ECHO
    there.unlink()
