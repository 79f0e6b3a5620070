"""A WSGI application whose client is made, and used, when the module is imported: in gunicorn's master."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import libclaude

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

KEY = "sk-ant-canary-J4q0dTz8W3vX-must-never-show"

client = libclaude.Client(KEY, base_url=os.environ["SANDBOX_URL"])


def answer(text: str) -> str:
    message = client.messages.create(
        model="claude-opus-5", max_tokens=1024, messages=[{"role": "user", "content": text}]
    )
    return message.text


answer("master-imports")


def app(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    text = answer(environ["PATH_INFO"].strip("/"))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()} {text}".encode()]
