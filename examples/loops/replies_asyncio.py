"""Several answers at once in an asyncio loop, printed as they come, a line for each piece.

ANTHROPIC_API_KEY=... python replies_asyncio.py [-v] [-n EVENTS] [-c PIECES] ["A question" ...]
"""

from __future__ import annotations

import argparse
import asyncio
import sys

import libclaude
from asyncio_adapter import AsyncioAdapter

QUESTIONS = ["Name three rivers, one per line.", "Name three mountains, one per line."]


def arguments() -> argparse.Namespace:
    """The options, the same as in replies.h."""
    parser = argparse.ArgumentParser(description="Asks several questions at once.")
    parser.add_argument("-n", type=int, default=1000, metavar="EVENTS", help="takes at most so many each time")
    parser.add_argument("-c", type=int, default=0, metavar="PIECES", help="cancels the first answer after so many")
    parser.add_argument("-v", action="store_true", help="says how often the loop was woken, for how many events")
    parser.add_argument("questions", nargs="*", default=QUESTIONS, metavar="QUESTION")
    return parser.parse_args()


class Replies:
    """The answers, counted."""

    def __init__(self, claude: AsyncioAdapter, cancel_after: int) -> None:
        self.claude = claude
        self.cancel_after = cancel_after
        self.events = 0
        self.failed = False

    async def reply(self, number: int, question: str) -> None:
        """Asks and prints."""
        request = {
            "model": "claude-haiku-5-5",
            "max_tokens": 1024,
            "messages": [{"role": "user", "content": question}],
        }
        pieces = tokens = 0
        try:
            async for event in self.claude.stream(**request):
                self.events += 1
                if event.kind == libclaude.EventKind.TEXT_DELTA:
                    print(f"[{number}] {event.text}", flush=True)
                    pieces += 1
                elif event.kind == libclaude.EventKind.MESSAGE_DELTA:
                    tokens = event.usage.output_tokens
                if number == 1 and pieces == self.cancel_after > 0:
                    print("[1] cancelled")
                    return
            print(f"[{number}] complete, {tokens} tokens")
        except libclaude.ClaudeError as error:
            print(f"[{number}] error: {error}", file=sys.stderr)
            self.failed = True
        self.events += 1


async def main() -> int:
    """Asks all questions at once."""
    options = arguments()
    with libclaude.Client.from_env() as client:
        async with AsyncioAdapter(client, options.n) as claude:
            replies = Replies(claude, options.c)
            await asyncio.gather(*(replies.reply(n, text) for n, text in enumerate(options.questions, start=1)))
    if options.v:
        print(f"{claude.wakeups} wake-ups, {replies.events} events", file=sys.stderr)
    return 1 if replies.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except libclaude.ClaudeError as error:
        sys.exit(f"error: {error}")
