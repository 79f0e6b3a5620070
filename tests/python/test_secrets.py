"""Keys reach the wire and show nowhere else."""

from __future__ import annotations

import hashlib
import traceback
from typing import TYPE_CHECKING

import libclaude
import pytest
from claudetest import CANARY, ask

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox


def test_fingerprint_and_exposure() -> None:
    secret = libclaude.Secret(CANARY)
    expected = hashlib.sha256(b"libclaude secret fingerprint v1\0" + CANARY.encode()).hexdigest()[:16]
    assert secret.fingerprint == expected
    assert repr(secret) == f"<Secret {expected}>"
    assert CANARY not in f"{secret} {secret!r}"
    assert secret.expose() == CANARY
    assert not hasattr(secret, "__dict__")


def test_a_secret_as_key(sandbox: Sandbox) -> None:
    secret = libclaude.Secret.unchecked("gateway-token")
    with libclaude.Client(secret, base_url=sandbox.url, config={"auth.style": "bearer"}) as client:
        sandbox.scenario("text")
        client.messages.create(**ask())
    assert sandbox.requests()[0].header("authorization") == "Bearer gateway-token"
    with pytest.raises(libclaude.InvalidRequestError):
        libclaude.Secret("gateway-token")


def test_secrets_from_files(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(CANARY + "\r\n", encoding="utf-8")
    path.chmod(0o600)
    assert libclaude.Secret.from_file(path).expose() == CANARY
    assert libclaude.Secret.from_file(str(path)).expose() == CANARY
    path.chmod(0o644)
    with pytest.raises(libclaude.InvalidRequestError, match="mode 0644"):
        libclaude.Secret.from_file(path)
    with pytest.raises(libclaude.ClaudeError, match="no-such-file") as caught:
        libclaude.Secret.from_file(tmp_path / "no-such-file")
    assert caught.value.name == "CLAUDE_E_IO"
    with pytest.raises(libclaude.InvalidRequestError, match="path has a NUL"):
        libclaude.Secret.from_file(f"{path}\0.txt")


def test_secrets_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WORKSPACE_PATH", str(tmp_path))
    with pytest.raises(libclaude.NoKeyError, match="MY_KEY"):
        libclaude.Secret.from_env("MY_KEY")
    with pytest.raises(libclaude.NoKeyError, match="MY_KEY"):
        libclaude.Secret.from_workspace("MY_KEY")
    monkeypatch.setenv("MY_KEY", CANARY)
    assert libclaude.Secret.from_env("MY_KEY").expose() == CANARY
    assert libclaude.Secret.from_workspace("MY_KEY").expose() == CANARY


def test_a_key_shows_nowhere(sandbox: Sandbox) -> None:
    shown: list[object] = []
    client = libclaude.Client(CANARY, base_url=sandbox.url, headers={"x-a": "b"})
    message = client.messages.create(**ask())
    shown += [client, client.messages, message, message.headers, message.raw, client.__dict__]
    for scenario in ("unauthorized", "overloaded", "html", "redirect", "truncated", "overloaded-in-stream"):
        sandbox.scenario(scenario)
        with pytest.raises(libclaude.ClaudeError) as caught, client.messages.stream(**ask()) as stream:
            shown += [stream, *stream]
        error = caught.value
        shown += [error, error.args, error.__dict__, error.response]
        shown += traceback.TracebackException.from_exception(error, capture_locals=True).format()
    assert len(shown) > 60
    for thing in shown:
        for text in (str(thing), repr(thing)):
            assert CANARY not in text
            assert CANARY[:20] not in text


@pytest.mark.parametrize("key", [CANARY + "\n", CANARY[:10], CANARY + "é", "x" + CANARY, CANARY * 20])
def test_a_refused_key_is_not_repeated(key: str) -> None:
    for make in (libclaude.Secret, libclaude.Client):
        with pytest.raises(libclaude.InvalidRequestError) as caught:
            make(key)
        shown = f"{caught.value!r} {caught.value} {caught.value.__dict__} {caught.value.__cause__!r}"
        assert key not in shown
        assert CANARY[7:20] not in shown
