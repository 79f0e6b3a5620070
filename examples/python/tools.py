"""Lets the model call functions of this program, several at once.

ANTHROPIC_API_KEY=... python tools.py ["your question"]
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timezone
from typing import Literal

import libclaude


@libclaude.tool
async def now(zone: Literal["utc", "local"] = "utc") -> str:
    """Tells date and time.

    Args:
        zone: of the world, or of this machine
    """
    return datetime.now(timezone.utc if zone == "utc" else None).isoformat(timespec="seconds")


@libclaude.tool
def add(numbers: list[float]) -> float:
    """Adds up numbers."""
    if not numbers:
        raise libclaude.ToolError("there is nothing to add")
    return sum(numbers)


async def main(question: str) -> None:
    """Shows each message of the model."""
    async with libclaude.AsyncClient.from_env() as client:
        runner = client.messages.tool_runner(
            model="claude-haiku-5-5",
            max_tokens=1024,
            messages=[{"role": "user", "content": question}],
            tools=[now, add],
        )
        async for message in runner:
            for block in message.content:
                print(block.text if block.type == "text" else f"{block.type}: {block.name} {block.input}")


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "What time is it, and what is 1.5 + 2?"))
    except libclaude.ClaudeError as error:
        sys.exit(f"error: {error}")
