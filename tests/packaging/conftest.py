"""The C library installed in a folder of its own, a wheel of it, and servers on loopback; each once."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sandbox"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "network"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bindings" / "python" / "tools"))

from installs import BINDING, BUILD, DATE, LONG, ROOT, Prefix, fresh_environment, install_library, pip_install, run
from make_wheel import LEFTOVERS
from sandbox import Sandbox
from servers import CertificateAuthority, Nginx

if TYPE_CHECKING:
    from collections.abc import Iterator

# Makes whole Debian systems.
collect_ignore = [] if LONG else ["test_chroots.py"]


@pytest.fixture(scope="session")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Prefix:
    return install_library(BUILD, tmp_path_factory.mktemp("prefix"))


@pytest.fixture(scope="session")
def wheel(prefix: Prefix, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel for this system and newer ones, made as the tool makes it."""
    out = tmp_path_factory.mktemp("wheel")
    tool = ROOT / "bindings" / "python" / "tools" / "make_wheel.py"
    printed = run(sys.executable, tool, "--out", out, PKG_CONFIG=prefix.pkg_config, SOURCE_DATE_EPOCH=DATE)
    return Path(printed.splitlines()[-1])


@pytest.fixture(scope="session")
def wheel_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the wheel and what it depends on, and nothing else."""
    python = fresh_environment(tmp_path_factory.mktemp("with-wheel"), "cffi", "pycparser")
    pip_install(python, wheel)
    return python


@pytest.fixture(scope="session")
def source_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(BINDING, tmp_path_factory.mktemp("tree") / "python", ignore=LEFTOVERS))


@pytest.fixture(scope="session")
def sdist(source_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What setuptools makes as `python -m build --sdist` asks it to; no library is needed for that."""
    out = tmp_path_factory.mktemp("sdist")
    code = "import os, sys, setuptools.build_meta as b; os.chdir(sys.argv[1]); b.build_sdist(sys.argv[2])"
    run(sys.executable, "-c", code, source_tree, out, PKG_CONFIG="/bin/false")
    (path,) = out.glob("*.tar.gz")
    return path


@pytest.fixture(scope="session")
def built_python(sdist: Path, prefix: Prefix, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment in which pip has built the source distribution."""
    python = fresh_environment(tmp_path_factory.mktemp("built"), "cffi", "pycparser", "setuptools")
    pip_install(python, sdist, **prefix.settings())
    return python


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    with Sandbox(path=str(BUILD / "bin" / "claude-sandbox")) as running:
        yield running


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.reset()
    return server


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    """One that has signed nothing here."""
    return CertificateAuthority(tmp_path_factory.mktemp("stranger"), "libclaude packaging stranger")


@pytest.fixture(scope="session")
def https(server: Sandbox, authority: CertificateAuthority) -> Iterator[str]:
    """The sandbox behind TLS; only who trusts `authority` talks to it."""
    with Nginx(server.url, authority.issue(["127.0.0.1"])) as nginx:
        yield nginx.url
