"""Groups build and upload of the official Python SDK: official_python_build.py ROW WHAT URL FILE ...

Started by scripts/bench.
"""

from __future__ import annotations

import base64
import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anthropic
import httpx2
from rows import KEY, processor_us, scenario, show

ASK: dict[str, Any] = {"model": "claude-opus-5", "max_tokens": 1024}
SHORT: list[Any] = [{"role": "user", "content": "Hello"}]
SECONDS = 1.0
LINE_BYTES = 3000
TINY = b"""{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":"end_turn",
"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}"""


def milliseconds(row: str, work: Callable[[], object]) -> None:
    """Processor time of something that is done again and again for a while."""
    work()
    rounds, begin, start = 0, processor_us(), time.perf_counter()
    while rounds < 3 or time.perf_counter() - start < SECONDS:
        work()
        rounds += 1
    show(row, (processor_us() - begin) / 1e3 / rounds, "ms")


def answering(content: bytes) -> tuple[anthropic.Anthropic, list[int]]:
    """A client whose requests are written as for the network and answered at once, and the lengths of their bodies."""
    sent = [0]

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent[0] = len(request.content)
        return httpx2.Response(200, headers={"content-type": "application/json"}, content=content)

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    return anthropic.Anthropic(api_key=KEY, max_retries=0, http_client=http), sent


def build(messages: Callable[[], list[Any]], least: int) -> Callable[[], object]:
    """A message that is made and serialised."""
    client, sent = answering(TINY)

    def work() -> None:
        client.messages.create(messages=messages(), **ASK)
        assert sent[0] > least

    return work


def conversation(path: str) -> Callable[[], list[Any]]:
    """The texts of a file as messages."""
    texts = Path(path).read_text(encoding="utf-8").split("\0")[:-1]
    roles = ("user", "assistant")
    return lambda: [{"role": roles[number % 2], "content": text} for number, text in enumerate(texts)]


def block(path: str) -> dict[str, Any]:
    """A file as a content block; the SDK takes base64."""
    data = base64.standard_b64encode(Path(path).read_bytes()).decode("ascii")
    image = path.endswith(".png")
    media_type = "image/png" if image else "application/pdf"
    source = {"type": "base64", "media_type": media_type, "data": data}
    return {"type": "image" if image else "document", "source": source}


def parse(path: str) -> Callable[[], object]:
    """An answer that is there at once: parsed, and every text of it looked at."""
    content = Path(path).read_bytes()
    client, _ = answering(content)

    def work() -> None:
        message = client.messages.create(messages=SHORT, **ASK)
        assert message.id
        assert message.usage.output_tokens >= 0
        assert sum(len(piece.text) for piece in message.content if piece.type == "text") > len(content) / 4

    return work


def results(row: str, client: anthropic.Anthropic, name: str) -> None:
    """The results of a batch, each as an object."""
    ask = {"custom_id": "a", "params": {**ASK, "messages": SHORT}}
    made = client.messages.batches.create(requests=[ask], extra_headers={"x-sandbox-batch-retrieves": "0"})
    begin, start = processor_us(), time.perf_counter()
    lines = client.messages.batches.results(made.id, extra_headers=scenario(name))
    count = sum(1 for line in lines if line.custom_id and line.result.type)
    show(row, count * LINE_BYTES / 1e6 / (time.perf_counter() - start), "MB/s")
    show(f"{row}.cpu", (processor_us() - begin) / count, "us")


def memory(name: str) -> float:
    """A line of /proc/self/status, in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def upload(row: str, client: anthropic.Anthropic, paths: list[str]) -> None:
    """Files in a message: peak of memory of the first, processor time of the following ones."""

    def send(content: Any) -> None:
        client.messages.create(
            messages=[{"role": "user", "content": content}], extra_headers=scenario("bench-short"), **ASK
        )

    send("Hello")
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = memory("VmRSS")
    send([block(path) for path in paths])
    show(row, memory("VmHWM") - before, "MiB")
    size = sum(Path(path).stat().st_size for path in paths)
    rounds, begin = 3, processor_us()
    for _ in range(rounds):
        send([block(path) for path in paths])
    show(f"{row}.cpu", (processor_us() - begin) / 1e3 / (size * rounds / 1e6), "ms/MB")


def main() -> None:
    """Measures one row."""
    row, what, url, *files = sys.argv[1:]
    client = anthropic.Anthropic(api_key=KEY, base_url=url, max_retries=0)
    if what.startswith("upload."):
        upload(row, client, files)
    elif what == "batch.results":
        results(row, client, files[0])
    elif what.startswith("parse."):
        milliseconds(row, parse(files[0]))
    elif what == "build.image10mb":
        milliseconds(row, build(lambda: [{"role": "user", "content": [block(files[0])]}], 13_000_000))
    else:
        milliseconds(row, build(conversation(files[0]), Path(files[0]).stat().st_size))


if __name__ == "__main__":
    main()
