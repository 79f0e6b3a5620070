"""Clients and calls of the network tests, and what must hold for every error."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from claudetest import CANARY, ask

if TYPE_CHECKING:
    from servers import CertificateAuthority

# Like the key, these must show up in no error.
USER = "user-canary-5kQ"
PASSWORD = "pass-canary-9Zx"


def client_for(url: str, ca: CertificateAuthority | None = None, **options: str) -> libclaude.Client:
    """A client; `tls__ca_file="..."` sets the option tls.ca_file. With a CA, its bundle is what is trusted."""
    config: dict[str, Any] = {name.replace("__", "."): value for name, value in options.items()}
    config.setdefault("timeout.connect_ms", "30000")  # a busy machine is no failure
    if ca is not None:
        config.setdefault("tls.ca_file", str(ca.bundle))
    return libclaude.Client(CANARY, base_url=url, config=config)


def small_client_for(url: str, ca: CertificateAuthority | None = None, **options: str) -> libclaude.Client:
    """The same, trusting the test CA alone, for tests of something else: to read the system's bundle takes 30 ms."""
    if ca is not None:
        options.setdefault("tls__ca_file", str(ca.certificate))
    return client_for(url, None, **options)


def say(client: libclaude.Client, text: str = "hi", *, streamed: bool = False, **more: Any) -> str:
    """One call; the text of the answer."""
    if not streamed:
        message = client.messages.create(**ask(text), **more)
    else:
        with client.messages.stream(**ask(text), **more) as stream:
            message = stream.get_final_message()
    return "".join(block.text for block in message.content if block.type == "text")


def fail(client: libclaude.Client, *, streamed: bool = False, **more: Any) -> libclaude.ClaudeError:
    """One call that must fail. No secret may appear in anything that the error says."""
    with pytest.raises(libclaude.ClaudeError) as caught:
        say(client, streamed=streamed, **more)
    error = caught.value
    texts = [str(error), repr(error), error.message, json.dumps(error._fields)]
    for text in texts:
        assert "\n" not in text
        for secret in (CANARY, USER, PASSWORD):
            assert secret not in text
    return error


def says(error: libclaude.ClaudeError, pattern: str) -> None:
    """The message has this in it, in any case."""
    assert re.search(pattern, error.message, re.IGNORECASE), error.message
