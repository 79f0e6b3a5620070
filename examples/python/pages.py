"""Lists the models that are active, page by page, and asks the first of them.

ANTHROPIC_API_KEY=... python pages.py ["your question"]
"""

from __future__ import annotations

import sys

import libclaude


def main(question: str) -> None:
    """Goes through all pages; each is fetched when it is wanted."""
    with libclaude.Client.from_env() as client:
        models = []
        for page in client.models.list(lifecycle=["active"], limit=2).iter_pages():
            for model in page.data:
                print(f"{model.id:30} {model.display_name}")
                models.append(model.id)
        message = client.messages.create(
            model=models[0], max_tokens=1024, messages=[{"role": "user", "content": question}]
        )
        print(f"{models[0]}: {message.text}")


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "What are you good at?")
    except libclaude.ClaudeError as error:
        sys.exit(f"error: {error}")
