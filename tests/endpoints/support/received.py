"""What the sandbox has received, taken apart."""

from __future__ import annotations

import email
import email.policy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox import Request, Sandbox


def only(sandbox: Sandbox) -> Request:
    (received,) = sandbox.requests()
    assert received.complete
    return received


def headers_of(received: Request) -> dict[str, str]:
    found = {name.lower(): value for name, value in received.headers}
    assert len(found) == len(received.headers), "a header came twice"
    return found


def form_of(received: Request) -> list[tuple[str, str | None, str, bytes]]:
    """Name, file name, type and content of each part, as Python's own parser for mail sees them."""
    head = f"Content-Type: {received.header('content-type')}\r\n\r\n".encode()
    message = email.message_from_bytes(head + received.body, policy=email.policy.HTTP)
    assert message.get_content_type() == "multipart/form-data"
    assert not message.defects
    parts = []
    for part in message.iter_parts():
        assert not part.defects
        assert part.get_content_disposition() == "form-data"
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        kind = part.get_content_type() if part["content-type"] else ""
        name = part.get_param("name", header="content-disposition")
        assert isinstance(name, str)
        parts.append((name, part.get_filename(), kind, content))
    return parts
