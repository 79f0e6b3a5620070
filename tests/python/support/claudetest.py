"""What the tests of the Python binding share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev")).resolve()
BINDING = ROOT / "bindings" / "python"
SOURCE = BINDING / "src"

# In no text, no error and no traceback may this appear.
CANARY = "sk-ant-canary-J4q0dTz8W3vX-must-never-show"
MODEL = "claude-opus-5"


def ask(text: str = "hi", **more: Any) -> dict[str, Any]:
    """Keyword arguments of a small request."""
    return {"model": MODEL, "max_tokens": 1024, "messages": [{"role": "user", "content": text}], **more}


def environment(**more: str) -> dict[str, str]:
    """The environment of a Python that can import the package, without keys of ours or anybody else's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
    return {**kept, "PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1", **more}


def message_json(content: str, **more: str) -> str:
    """A message's JSON with `content` spelled as given; further members too."""
    members = {
        "id": '"msg_01"',
        "type": '"message"',
        "role": '"assistant"',
        "model": '"claude-opus-5"',
        "content": content,
        "stop_reason": '"end_turn"',
        "stop_sequence": "null",
        "usage": '{"input_tokens":1,"output_tokens":1}',
        **more,
    }
    return "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"
