"""What the tests of all hosts need: where things are, what a host finds in its environment, and scenarios."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sandbox import Sandbox
from servers import eventually

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev")).resolve()
HOSTS = ROOT / "examples" / "hosts"
LOOPS = ROOT / "examples" / "loops"
BUILT = BUILD / "bin" / "examples" / "hosts"
LIBRARY = "libclaude.so.0.8"
KEY = "sk-ant-plugin-hosts-not-a-real-key"
SECONDS = 60  # longer than anything here takes: turns a hang into a failure
PACKAGES = {"sqlite3": "sqlite3", "nvim": "neovim", "claude_sqlite.so": "libsqlite3-dev"}


def program(name: str) -> str:
    """The path of a host. Nothing is skipped: what is missing is named."""
    path = shutil.which(name)
    assert path, f"{name} is missing; on Debian: apt-get install {PACKAGES[name]}"
    return path


def built(name: str) -> Path:
    """An example in C, in the build folder."""
    path = BUILT / name
    assert path.exists(), f"{path} was not built; on Debian: apt-get install {PACKAGES.get(name, 'gcc')}"
    return path


def environment(url: str, **more: str) -> dict[str, str]:
    """What a host finds: where the library and the server are, and a key that the server does not look at."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "LD_LIBRARY_PATH": str(BUILD / "lib"),
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": KEY,
        **more,
    }


def numbered(pieces: int) -> str:
    """The text of slowly()."""
    return "".join(f"<{number}>" for number in range(pieces))


def wait_until_left(sandbox: Sandbox) -> None:
    """Until nobody but the one who asks is connected to the sandbox: a call that was cancelled has let go."""
    eventually("the connection to the sandbox is closed", lambda: sandbox.stats()["connections_open"] == 1)
