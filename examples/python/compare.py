"""Asks several models at once, in one asyncio event loop; then shows how long each took, what it cost, and the answers.

ANTHROPIC_API_KEY=... python compare.py ["your question" [model ...]]
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from decimal import Decimal

import libclaude

QUESTION = "Explain in two sentences what a stable ABI is."
MODELS = ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"]


@dataclass
class Result:
    """What became of one model's answer."""

    model: str
    first_ms: float | None = None
    total_ms: float = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal | None = None
    text: str = ""
    error: str = ""

    def row(self) -> str:
        """Its line of the table."""
        if self.error:
            return f"{self.model:28} failed: {self.error}"
        cost = "unknown" if self.cost is None else f"${self.cost:.6f}"
        first = "-" if self.first_ms is None else f"{self.first_ms:.0f}"  # an answer need not have text
        return f"{self.model:28} {first:>8} {self.total_ms:8.0f} {self.tokens_in:8} {self.tokens_out:8} {cost:>11}"


async def ask(client: libclaude.AsyncClient, model: str, question: str) -> Result:
    """Asks one model; its failure leaves the others alone."""
    result = Result(model)
    start = time.monotonic()
    try:
        async with client.messages.stream(
            model=model, max_tokens=1024, messages=[{"role": "user", "content": question}]
        ) as stream:
            async for text in stream.text_stream:
                if result.first_ms is None:
                    result.first_ms = (time.monotonic() - start) * 1000
                result.text += text
            message = await stream.get_final_message()
    except libclaude.ClaudeError as error:
        result.error = str(error)
    else:
        result.tokens_in, result.tokens_out = message.usage.input_tokens, message.usage.output_tokens
        result.cost = libclaude.cost(model, message.usage)
    result.total_ms = (time.monotonic() - start) * 1000
    return result


async def main(question: str, models: list[str]) -> None:
    """Asks all of them, and shows the table."""
    async with libclaude.AsyncClient.from_env() as client:
        results = await asyncio.gather(*(ask(client, model, question) for model in models))
    print(f"{'model':28} first ms   all ms       in      out        cost")
    for result in results:
        print(result.row())
    for result in results:
        if not result.error:
            print(f"\n-- {result.model}\n{result.text}")


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else QUESTION, sys.argv[2:] or MODELS))
    except libclaude.ClaudeError as error:
        sys.exit(f"error: {error}")
