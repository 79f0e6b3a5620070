"""What the server answers to examples that need more than an echo, and the files that examples speak of."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
LINE = (
    b'{"custom_id": "%s", "params": {"model": "claude-haiku-5-5", "max_tokens": 16,'
    b' "messages": [{"role": "user", "content": "Hello!"}]}}\n'
)
FILES = {
    "photo.png": PNG,
    "report.pdf": b"%PDF-1.4\n%%EOF\n",
    "notes.txt": b"Monday: the boat is ready. Ada\n",
    "requests.jsonl": LINE % b"first" + LINE % b"second",
    "my-skill/SKILL.md": b"---\nname: my-skill\ndescription: Makes tea\n---\nBoil water.\n",
}


@dataclass(frozen=True)
class Answer:
    """A scenario of the server, and what an example then shows."""

    scenario: str | dict[str, Any]
    shows: str


def message(*content: dict[str, Any], stop_reason: str = "end_turn", **usage: int) -> dict[str, Any]:
    """A reply that is a whole message."""
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-5-5",
        "content": list(content),
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 20, "output_tokens": 10, **usage},
    }
    return {"body_json": body}


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


def messages(*replies: dict[str, Any]) -> dict[str, Any]:
    """A scenario that leaves the other endpoints as they are."""
    return {"sequence": list(replies), "match": {"method": "POST", "path": "/v1/messages"}}


ORDER = '{"customer": "Hilltop School", "items": [{"product": "chalk", "count": 3}, {"product": "sponge", "count": 1}]}'
TOOL_USE = {"type": "tool_use", "id": "toolu_1", "name": "tell_time", "input": {"city": "Tokyo"}}

STRUCTURED = Answer(messages(message(text(ORDER))), "Hilltop School")
TOOL = Answer(
    messages(message(TOOL_USE, stop_reason="tool_use"), message(text("It is evening in Tokyo."))),
    "It is evening in Tokyo.",
)
CACHED = Answer(
    messages(
        message(text("Echo: Hello!"), cache_creation_input_tokens=9980, cache_read_input_tokens=0),
        message(text("Echo: Hello!"), cache_creation_input_tokens=0, cache_read_input_tokens=9980),
    ),
    "100 %",
)
# By a function that the example calls; the first that is found.
ANSWERS = {
    "claude_response_parse_structured(": STRUCTURED,
    "claude_runner_new(": TOOL,
    "claude_request_add_tool_result(": TOOL,
    "claude_partial_add_event(": Answer("text-tool-thinking", "{"),
    "claude_response_cache_hit_ratio(": CACHED,
    "messages.parse(": STRUCTURED,
    "messages.tool_runner(": TOOL,
}


def answer_for(example: str) -> Answer | None:
    """What the server is to answer; None: what it answers by itself."""
    return next((answer for name, answer in ANSWERS.items() if name in example), None)
