"""A key is used in every way there is, and then searched: in texts, in what the system shows of the process, in its
memory and in a core dump. Copies are in memory that libcurl and OpenSSL own (SECURITY.md), and nowhere else."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from claudetest import BUILD
from servers import Proxy

if TYPE_CHECKING:
    from sandbox import Sandbox
    from servers import CertificateAuthority, Nginx

KEY = "sk-ant-api03-CANARYq8Zr51Xw-Lk47_mTvB2cNd9HsJf6GpYe3QaUo0-RiSxWzKbVtMyDlEuChFnPg"
PIECES = (KEY[16:32], KEY[36:52], KEY[-16:])
# What the program cannot wipe: these never do.
OWNERS = ("libcurl", "libnghttp2", "libssl", "libcrypto")

TOOLS: list[dict[str, object]] = [
    {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}},
]


def turn(content: list[dict[str, object]], reason: str) -> dict[str, object]:
    return {
        "body_json": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": content,
            "stop_reason": reason,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
    }


class Calls:
    """A running canary_calls."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        key_file = folder / "key"
        key_file.write_text(KEY + "\n")
        key_file.chmod(0o600)
        owners = BUILD / "lib" / "libnetwork_canary_owners.so"
        if not owners.exists():
            owners = next(BUILD.rglob("libnetwork_canary_owners.so"))
        encoded = bytes(byte ^ 0x55 for byte in KEY.encode()).hex()
        self.process = subprocess.Popen(
            [str(BUILD / "bin" / "network_canary_calls"), encoded, str(key_file), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "LD_PRELOAD": str(owners), "LD_BIND_NOW": "1"},
        )

    def until(self, word: str) -> tuple[list[str], Counter[str]]:
        """The texts in which the key shows, and the owners of the memory where it is."""
        texts: list[str] = []
        hits: Counter[str] = Counter()
        assert self.process.stdout is not None
        for line in self.process.stdout:
            kind, _, rest = line.strip().partition(" ")
            if kind == word:
                return texts, hits
            if kind == "text":
                texts.append(rest)
            elif kind == "hit":
                hits[rest] += 1
        pytest.fail(f"it ended with {self.process.wait(60)} before it said {word!r}")

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def proc(self, name: str) -> bytes:
        return Path(f"/proc/{self.process.pid}/{name}").read_bytes()


def foreign(hits: Counter[str]) -> dict[str, int]:
    """What is in memory of others than libcurl and OpenSSL."""
    return {owner: count for owner, count in hits.items() if not owner.startswith(OWNERS)}


def count_in_core(pid: int, folder: Path) -> int:
    program = shutil.which("gcore")
    if program is None:
        pytest.fail("gcore is missing; on Debian: apt-get install gdb")
    subprocess.run([program, "-o", str(folder / "core"), str(pid)], check=True, capture_output=True, timeout=300)
    path = folder / f"core.{pid}"
    try:
        assert path.stat().st_size < 1 << 29
        dump = path.read_bytes()
    finally:
        path.unlink()
    return sum(dump.count(piece.encode()) for piece in PIECES)


def test_a_key_shows_nowhere(nginx: Nginx, sandbox: Sandbox, ca: CertificateAuthority, tmp_path: Path) -> None:
    sandbox.register("canary-tools", {"sequence": [turn(TOOLS, "tool_use"), turn([], "end_turn")]})
    with Proxy() as proxy:
        calls = Calls(tmp_path, sandbox.url, nginx.url, str(ca.certificate), proxy.url)
        texts, hits = calls.until("used")
        assert texts == []
        assert any(r.header("x-api-key") == KEY for r in sandbox.requests())  # it was used indeed
        assert any(r.header("authorization") == f"Bearer {KEY}" for r in sandbox.requests())
        # The secret itself, on a page that is in no dump.
        assert foreign(hits) == {"(not dumped) (anonymous)": len(PIECES)}
        owned = sum(hits.values()) - len(PIECES)
        assert owned > 0, "libcurl keeps no copies any more: SECURITY.md says that it does"
        assert count_in_core(calls.process.pid, tmp_path) == owned
        for name in ("cmdline", "environ"):
            assert not any(piece.encode() in calls.proc(name) for piece in PIECES)
        calls.go_on()
        texts, hits = calls.until("released")
        assert texts == []
        assert foreign(hits) == {}
        calls.go_on()
        assert calls.process.wait(60) == 0
