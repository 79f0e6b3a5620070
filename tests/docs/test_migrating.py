"""docs/migrating.md against the official SDK: the same retries by the page's options, and its table of errors."""

from __future__ import annotations

import ast
import os
import pathlib
import re
import sys
from collections.abc import Iterator
from typing import Any

import anthropic
import libclaude
import pytest
from sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.version_info < (3, 10), reason="the SDK that the page speaks of needs Python 3.10")

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev")).resolve()
PAGE = ROOT / "docs" / "migrating.md"
KEY = "sk-ant-documentation-not-a-real-key"
HELLO = {"role": "user", "content": "Hello!"}
ASK: dict[str, Any] = {"model": "claude-haiku-5-5", "max_tokens": 16, "messages": [HELLO]}


def options() -> dict[str, Any]:
    """The options by which a client of the page's example is like the SDK's."""
    found = re.search(r"^like_the_sdk = (\{.*?^\})$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    said: dict[str, Any] = ast.literal_eval(found[1])
    return said


def rows() -> list[tuple[int, list[str], str, str]]:
    """The table of errors: status, the SDK's classes, the code, the binding's class."""
    text = PAGE.read_text(encoding="utf-8")
    found = []
    for statuses, sdk, code, ours in re.findall(
        r"^\| ([45]\d\d[^|]*) \| ([^|]+) \| `(\w+)`[^|]* \| `(\w+)` \|$", text, re.MULTILINE
    ):
        for status in re.findall(r"\b\d{3}\b", statuses):
            found.append((int(status), re.findall(r"`(\w+)`", sdk), code, ours))
    assert len(found) >= 16
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(path=str(BUILD / "bin" / "claude-sandbox")) as running:
        yield running


def attempts(server: Sandbox, client: Any) -> tuple[BaseException, list[tuple[str | None, ...]]]:
    """How a call of a server that refuses it ends, and what of its attempts the server has seen."""
    names = ("x-stainless-retry-count", "authorization", "anthropic-version")
    with pytest.raises((anthropic.APIStatusError, libclaude.APIStatusError)) as failed:
        client.messages.create(**ASK)
    return failed.value, [tuple(each.header(name) for name in names) for each in server.requests()]


@pytest.mark.parametrize(("status", "sdk_names", "code", "name"), rows(), ids=[str(row[0]) for row in rows()])
def test_errors_and_retries(server: Sandbox, status: int, sdk_names: list[str], code: str, name: str) -> None:
    refuse = {"status": status, "headers": [["retry-after-ms", "1"]], "body": "Not today."}
    seen = []
    for client in (
        anthropic.Anthropic(api_key=KEY, base_url=server.url),
        libclaude.Client(KEY, base_url=server.url, config=options(), features="retries"),
        libclaude.Client(KEY, base_url=server.url),
    ):
        server.reset()
        server.scenario(refuse)
        seen.append(attempts(server, client))
        client.close()
    (theirs, of_theirs), (alike, of_alike), (plain, of_plain) = seen
    assert type(theirs).__name__ in sdk_names
    for error in (alike, plain):
        assert isinstance(error, libclaude.ClaudeError)
        assert (type(error).__name__, error.name) == (name, code)
    assert of_alike == of_theirs
    assert len(of_plain) == 1
    assert of_plain[0][:2] == (None, None)


def test_links_within_the_page() -> None:
    """What the page's head points to is there."""
    text = PAGE.read_text(encoding="utf-8")
    heads = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^## (.*)$", text, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= heads
