"""Reads an order out of a text, as an object of a class.

ANTHROPIC_API_KEY=... python structured.py ["a text"]
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Annotated

import libclaude

TEXT = "Three boxes of chalk and a sponge for the Hilltop School, please."


@dataclass
class Item:
    """A line of an order."""

    product: Annotated[str, "in the singular"]
    count: int


@dataclass
class Order:
    """Who wants what."""

    customer: str
    items: list[Item] = field(default_factory=list)


def main(text: str) -> None:
    """Asks, and shows what was understood."""
    with libclaude.Client.from_env() as client:
        try:
            message = client.messages.parse(
                model="claude-haiku-5-5",
                max_tokens=1024,
                messages=[{"role": "user", "content": f"Which order is this? {text}"}],
                output_format=Order,
            )
        except libclaude.APIResponseValidationError as error:
            print(f"{error}\n{error.response.text if error.response else ''}")
            return
    order: Order = message.parsed_output
    print(f"for {order.customer}:")
    for item in order.items:
        print(f"{item.count:4} {item.product}")


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else TEXT)
    except libclaude.ClaudeError as error:
        sys.exit(f"error: {error}")
