"""Run by test_process.py: waits in the way it is told to, is interrupted, and says when that reached it."""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import libclaude

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "sk-ant-0123456789-0123456789"
BODY: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}


def ready() -> None:
    """Tells that the next thing is a wait without end."""
    print("ready", flush=True)


def create(client: libclaude.Client) -> None:
    ready()
    client.messages.create(**BODY, extra_headers={"x-sandbox-scenario": "silence"})


def with_stream(wait: Callable[[libclaude.MessageStream], object]) -> Callable[[libclaude.Client], None]:
    def run(client: libclaude.Client) -> None:
        stream = client.messages.stream(**BODY, extra_headers={"x-sandbox-scenario": "stall"}).__enter__()
        while next(stream).text != ", wor":
            pass
        ready()
        wait(stream)

    return run


def pings(client: libclaude.Client) -> None:
    # Events keep coming, but none that text_stream gives.
    stream = client.messages.stream(**BODY, extra_headers={"x-sandbox-scenario": "pings"}).__enter__()
    ready()
    list(stream.text_stream)


WAYS: dict[str, Callable[[libclaude.Client], None]] = {
    "create": create,
    "events": with_stream(list),
    "texts": with_stream(lambda stream: list(stream.text_stream)),
    "pings": pings,
    "final": with_stream(lambda stream: stream.get_final_message()),
}


def main() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _, url, way, turns = sys.argv
    client = libclaude.Client(KEY, base_url=url)
    kept = []  # neither leaving a block nor losing the stream is to end the call
    for _ in range(int(turns)):
        try:
            WAYS[way](client)
        except KeyboardInterrupt as interrupt:
            kept.append(interrupt)
            print(time.monotonic(), flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main()
