"""Asks about files: images and PDFs are read while they are sent, texts are sent as texts.

ANTHROPIC_API_KEY=... python vision.py ["Your question" [file ...]]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import libclaude


def block_of(path: Path) -> dict[str, Any]:
    """A file as a content block."""
    if libclaude.File(path).media_type.startswith("image/"):
        return libclaude.image_block(path)
    return libclaude.document_block(path, title=path.name)


def main() -> None:
    """Sends the files with a question; first counts what they cost."""
    question = sys.argv[1] if len(sys.argv) > 1 else "What is this?"
    content = [block_of(Path(name)) for name in sys.argv[2:]] + [{"type": "text", "text": question}]
    ask: dict[str, Any] = {"model": "claude-haiku-5-5", "messages": [{"role": "user", "content": content}]}
    with libclaude.Client.from_env() as client:
        tokens = client.messages.count_tokens(**ask).input_tokens
        print(f"{tokens} tokens, at most {libclaude.estimate_cost(ask['model'], tokens, 1024)} US dollars")
        print(client.messages.create(max_tokens=1024, **ask).text)


if __name__ == "__main__":
    try:
        main()
    except (libclaude.ClaudeError, OSError) as error:
        sys.exit(f"error: {error}")
