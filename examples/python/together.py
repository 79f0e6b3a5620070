"""Asks several questions at once in one asyncio event loop, and prints each answer when it is complete.

ANTHROPIC_API_KEY=... python together.py ["A question" ...]
"""

from __future__ import annotations

import asyncio
import sys

import libclaude

QUESTIONS = ["Name three rivers.", "Name three mountains.", "Name three lakes."]


async def answer(client: libclaude.AsyncClient, question: str) -> None:
    """Asks one question; a failure of one answer leaves the others alone."""
    try:
        async with client.messages.stream(
            model="claude-haiku-5-5", max_tokens=1024, messages=[{"role": "user", "content": question}]
        ) as stream:
            pieces = [text async for text in stream.text_stream]
    except libclaude.APIError as error:
        print(f"{question}\n  error: {error}\n")
    else:
        print(f"{question}\n  {''.join(pieces)}\n  ({len(pieces)} pieces, request id {stream.request_id})\n")


async def main(questions: list[str]) -> None:
    """Asks all of them."""
    async with libclaude.AsyncClient.from_env() as client:
        await asyncio.gather(*(answer(client, question) for question in questions))


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1:] or QUESTIONS))
    except libclaude.ClaudeError as error:
        sys.exit(f"error: {error}")
