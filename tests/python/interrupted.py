"""Run by tests: waits in the way it is told to, is interrupted, and says when that reached it."""

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


def backoff(client: libclaude.Client) -> None:
    ready()
    client.messages.create(**BODY, features="retries")


def backoff_stream(client: libclaude.Client) -> None:
    ready()
    client.messages.stream(**BODY, features="retries").__enter__()


def turn(client: libclaude.Client) -> None:
    # The first one takes the only turn that there is.
    if not SERVED:
        SERVED.append(client.messages.create(**BODY, features="rate_limiting"))
    ready()
    client.messages.create(**BODY, features="rate_limiting")


SERVED: list[libclaude.Message] = []
CONFIG = {
    "retry.enabled": True,
    "limiter.enabled": True,
    "limiter.requests_per_second": 0.001,
    "limiter.burst": 1,
    "limiter.max_wait_ms": 86400000,
    "timeout.total_ms": 0,
}
WAYS: dict[str, Callable[[libclaude.Client], None]] = {
    "create": create,
    "events": with_stream(list),
    "texts": with_stream(lambda stream: list(stream.text_stream)),
    "pings": pings,
    "final": with_stream(lambda stream: stream.get_final_message()),
    "backoff": backoff,
    "backoff-stream": backoff_stream,
    "turn": turn,
}


def main() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _, url, way, turns = sys.argv
    client = libclaude.Client(KEY, base_url=url, config=CONFIG)
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
