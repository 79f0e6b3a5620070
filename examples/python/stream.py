"""Streams an answer to the terminal, then says what it cost and how fast it began.

ANTHROPIC_API_KEY=... python stream.py ["your question" [model]]
"""

from __future__ import annotations

import sys
import time

import libclaude


def main() -> int:
    """Asks, prints as the answer comes, and sums up."""
    question = sys.argv[1] if len(sys.argv) > 1 else "Explain in two sentences what a stable ABI is."
    model = sys.argv[2] if len(sys.argv) > 2 else "claude-haiku-5-5"
    first = None
    with libclaude.Client.from_env() as client:
        start = time.perf_counter()
        with client.messages.stream(
            model=model, max_tokens=1024, messages=[{"role": "user", "content": question}]
        ) as stream:
            for text in stream.text_stream:
                if first is None:
                    first = time.perf_counter() - start
                print(text, end="", flush=True)
            message = stream.get_final_message()
        total = time.perf_counter() - start
    print("\n")
    print(f"usage        {message.usage.input_tokens} tokens in, {message.usage.output_tokens} tokens out")
    print(f"stop reason  {message.stop_reason}")
    print(f"request id   {message.request_id}")
    if first is not None:
        print(f"first token  {first * 1e3:.1f} ms after the request, all of it {total * 1e3:.1f} ms")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except libclaude.ClaudeError as error:
        sys.exit(f"\nerror: {error}")
