"""Starts claude-sandbox, a scripted Messages API server on loopback, for Python tests.

    with Sandbox() as sb:
        sb.scenario({"status": 529})
        ...  # requests to sb.url
        assert len(sb.requests()) == 1

The program is found through the environment variable CLAUDE_SANDBOX. Standard library only.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


class SandboxError(RuntimeError):
    """The sandbox could not be started, or refused what it was asked."""


@dataclass(frozen=True)
class Request:
    """One request as the sandbox received it."""

    index: int
    connection: int
    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes
    body_length: int
    body_crc32: int
    complete: bool
    replied: bool
    scenario: str | None

    def header(self, name: str) -> str | None:
        """The value of the first header of that name, in any case."""
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)

    def json(self) -> Any:
        return json.loads(self.body)


def _request(raw: dict[str, Any]) -> Request:
    text = raw["body"]
    return Request(
        index=raw["index"],
        connection=raw["connection"],
        method=raw["method"],
        target=raw["target"],
        version=raw["version"],
        headers=[(name, value) for name, value in raw["headers"]],
        body=text.encode() if text is not None else base64.b64decode(raw["body_base64"]),
        body_length=raw["body_length"],
        body_crc32=int(raw["body_crc32"], 16),
        complete=raw["complete"],
        replied=raw["replied"],
        scenario=raw["scenario"],
    )


def message(*pieces: Any) -> dict[str, Any]:
    """A scenario: a message of these pieces; one that is no text is put between the events as it is."""
    start: dict[str, Any] = {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-5-5",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    events: list[Any] = [
        {"data": {"type": "message_start", "message": start}},
        {"data": {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}},
    ]
    for piece in pieces:
        if isinstance(piece, str):
            delta = {"type": "text_delta", "text": piece}
            events.append({"data": {"type": "content_block_delta", "index": 0, "delta": delta}})
        else:
            events.append(piece)
    ending = {"stop_reason": "end_turn", "stop_sequence": None}
    events += [
        {"data": {"type": "content_block_stop", "index": 0}},
        {"data": {"type": "message_delta", "delta": ending, "usage": {"output_tokens": 7}}},
        {"data": {"type": "message_stop"}},
    ]
    return {"events": events}


def slowly(pieces: int, milliseconds: int) -> dict[str, Any]:
    """The pieces <0>, <1>, ... that come one by one."""
    parts: list[Any] = []
    for number in range(pieces):
        parts += [{"hold_ms": milliseconds, "ping_interval_ms": 60000}, f"<{number}>"]
    return message(*parts)


class Sandbox:
    """A running claude-sandbox; a context manager. It ends with the thread that started it, at the latest."""

    def __init__(self, *options: str, path: str | None = None) -> None:
        self._options = options
        self._path = path or os.environ.get("CLAUDE_SANDBOX", "")
        self._process: subprocess.Popen[str] | None = None
        self._names = 0
        self.port = 0

    def start(self) -> Self:
        if not self._path:
            raise SandboxError("set CLAUDE_SANDBOX to the claude-sandbox program")
        command = [self._path, "--port", "0", "--exit-with-parent", *self._options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        if not line.startswith("listening "):
            process.stdout.close()
            raise SandboxError(f"claude-sandbox did not start (exit code {process.wait()})")
        self._process = process
        self.port = int(line.rpartition(":")[2])
        return self

    @property
    def pid(self) -> int:
        if self._process is None:
            raise SandboxError("the sandbox is not running")
        return self._process.pid

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> int:
        """Ends the sandbox and returns its exit code: 0 when all is well."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()
        return code

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Any request to /_sandbox/; the reply's JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, f"/_sandbox/{path}", None if body is None else json.dumps(body))
            response = connection.getresponse()
            reply = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise SandboxError(f"{method} {path}: {reply['error']}")
        return reply

    def register(self, name: str, scenario: dict[str, Any]) -> None:
        """For requests with the header x-sandbox-scenario: NAME, or for scenario(NAME)."""
        self.control("PUT", f"scenarios/{name}", scenario)

    def scenario(self, scenario: str | dict[str, Any] | None) -> None:
        """What answers every request from now on; None is the default behaviour."""
        if isinstance(scenario, dict):
            self._names += 1
            name = f"unnamed-{self._names % 16}"
            self.register(name, scenario)
            scenario = name
        self.control("POST", "scenario", {"name": scenario})

    def requests(self, since: int = 0) -> list[Request]:
        """Recorded requests from index `since` on, oldest first."""
        return [_request(raw) for raw in self.control("GET", f"requests?since={since}")["requests"]]

    def counts(self) -> tuple[int, int]:
        """Requests, and connections that carried at least one."""
        reply = self.control("GET", "requests?last=0")
        return reply["count"], reply["connections"]

    def stats(self) -> dict[str, int]:
        stats: dict[str, int] = self.control("GET", "stats")
        return stats

    def reset(self) -> None:
        """Forgets the recorded requests, rewinds sequences, back to the default behaviour."""
        self.control("POST", "reset")
