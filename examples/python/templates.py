"""Functions that make requests for common work: chat, code, extraction, question answering, summary.

To be copied and changed: the words are what matters.

ANTHROPIC_API_KEY=... python templates.py
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import libclaude

Request = dict[str, Any]


@dataclass
class Item:
    """A line of an order."""

    product: str
    count: int


@dataclass
class Order:
    """Who wants what."""

    customer: str
    items: list[Item]


def chat(turns: Sequence[str]) -> Request:
    """A conversation: what user and assistant have said, by turns, the user first and last."""
    roles = ["user", "assistant"] * len(turns)
    return {
        "model": "claude-haiku-5-5",
        "max_tokens": 1024,
        "system": "You are a friendly assistant. Answer in a few sentences. Ask back when a question is not clear.",
        "messages": [{"role": role, "content": text} for role, text in zip(roles, turns)],
    }


def code(language: str, task: str) -> Request:
    """Code, and nothing else."""
    return {
        "model": "claude-sonnet-5-5",
        "max_tokens": 4096,
        "system": f"You write {language}. Answer with the code alone, in one block, without words before or after it. "
        "Handle errors. Use the standard library only, unless the task asks for more.",
        "messages": [{"role": "user", "content": task}],
    }


def extraction(kind: type, text: str) -> Request:
    """Facts out of a text, as an object of a class: for `client.messages.parse()`."""
    return {
        "model": "claude-haiku-5-5",
        "max_tokens": 1024,
        "system": "You read facts out of texts. Take what the text says, word by word where that is possible, and add "
        "nothing.",
        "messages": [{"role": "user", "content": text}],
        "output_format": kind,
    }


def question(title: str, document: str, text: str) -> Request:
    """A question about a document, which comes first and is cached: the next question about it is cheaper."""
    source = {"type": "text", "media_type": "text/plain", "data": document}
    block = {"type": "document", "source": source, "title": title, "citations": {"enabled": True}}
    return {
        "model": "claude-sonnet-5-5",
        "max_tokens": 1024,
        "system": "Answer from the document alone, and name the place. If it does not say, say that it does not.",
        "messages": [
            {
                "role": "user",
                "content": [{**block, "cache_control": {"type": "ephemeral"}}, {"type": "text", "text": text}],
            }
        ],
    }


def summary(text: str, sentences: int) -> Request:
    """A text in so many sentences."""
    task = f"Sum up the text above in at most {sentences} sentences."
    return {
        "model": "claude-haiku-5-5",
        "max_tokens": 512,
        "system": "You sum up texts for people who have no time: what matters first, in plain words, in the text's "
        "language.",
        "messages": [{"role": "user", "content": [{"type": "text", "text": part} for part in (text, task)]}],
    }


ORDER = "Please send us three boxes of chalk and a sponge. Regards, Hilltop School"
RULES = "Boats are lent for a day. Who brings one back late pays for another day."


def main() -> None:
    """Shows what each of them is good for."""
    requests = {
        "chat": chat(["I want to learn rowing.", "Wonderful! On a river or on a lake?", "A lake."]),
        "code": code("Python", "A function that reverses the words of a sentence."),
        "question answering": question("Rules of the boat house", RULES, "What if I am late?"),
        "summary": summary(RULES, 1),
    }
    with libclaude.Client.from_env() as client:
        for name, request in requests.items():
            print(f"-- {name}\n{client.messages.create(**request).text}")
        order: Order = client.messages.parse(**extraction(Order, ORDER)).parsed_output
    print(f"-- extraction\n{order.customer} wants {order.items}")


if __name__ == "__main__":
    try:
        main()
    except libclaude.ClaudeError as error:
        sys.exit(f"error: {error}")
