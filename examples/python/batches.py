"""Asks all questions as one batch, waits for its end, and prints the answers.

ANTHROPIC_API_KEY=... python batches.py ["A question" ...]
"""

from __future__ import annotations

import sys

import libclaude

QUESTIONS = ["Name three rivers.", "Name three mountains.", "Name three lakes."]


def request_of(number: int, question: str) -> dict[str, object]:
    """One request of the batch."""
    messages = [{"role": "user", "content": question}]
    return {
        "custom_id": f"question-{number}",
        "params": {"model": "claude-haiku-5-5", "max_tokens": 256, "messages": messages},
    }


def main(questions: list[str]) -> None:
    """Sends the batch, waits, and shows what became of each request."""
    with libclaude.Client.from_env() as client:
        batches = client.messages.batches
        batch = batches.create(requests=[request_of(number, each) for number, each in enumerate(questions)])
        batch = batches.wait(batch.id, on_progress=lambda each: print(each.id, each.processing_status))
        for result in batches.results(batch):
            print(f"{result.custom_id}: {result.message.text if result.message else result.error}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:] or QUESTIONS)
    except libclaude.ClaudeError as error:
        sys.exit(f"error: {error}")
