"""Asks questions within a daily budget in US dollars, which is kept in a file from one run to the next.

ANTHROPIC_API_KEY=... python quota.py [FILE [DOLLARS ["A question" ...]]]
"""

from __future__ import annotations

import sys
from pathlib import Path

import libclaude

DEFAULTS = ["usage.json", "5", "What is a quota?"]


def main(path: Path, dollars: str, questions: list[str]) -> None:
    """Goes on with what the file says, and writes it anew, whatever happens."""
    quota = libclaude.Quota()
    quota.set_limit("daily_cost", float(dollars))
    if path.exists():
        quota.import_json(path.read_text(encoding="utf-8"))
    try:
        with libclaude.Client.from_env(quota=quota, features="quota") as client:
            for question in questions:
                message = client.messages.create(
                    model="claude-haiku-5-5", max_tokens=1024, messages=[{"role": "user", "content": question}]
                )
                print(f"{question}\n  {message.text}")
    except libclaude.QuotaExceededError as error:
        print(f"No more today: ${error.used} of ${error.limit} are used, until {error.resets_at:%H:%M} UTC.")
    finally:
        path.write_text(quota.export_json(), encoding="utf-8")
    print(f"Today: {quota.usage('daily_requests')} requests, ${quota.usage('daily_cost'):.6f}")


if __name__ == "__main__":
    file, dollars, *questions = [*sys.argv[1:], *DEFAULTS[len(sys.argv) - 1 :]]
    try:
        main(Path(file), dollars, questions)
    except libclaude.ClaudeError as error:
        sys.exit(f"error: {error}")
