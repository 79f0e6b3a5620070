"""Sends a message with whichever libclaude is installed, and tells what came and which files did it. As JSON.

message.py URL [--from-env] [--config JSON]
"""

from __future__ import annotations

import argparse
import json
import pathlib
from typing import Any

import libclaude

KEY = "sk-ant-packaging-tests-not-a-real-key"


def loaded(part: str) -> list[str]:
    """Files in this process with `part` in their names."""
    lines = pathlib.Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    paths = {line.split(maxsplit=5)[5] for line in lines if len(line.split(maxsplit=5)) == 6}
    return sorted(path for path in paths if part in pathlib.Path(path).name)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--from-env", action="store_true")
    parser.add_argument("--config", type=json.loads, default={})
    options = parser.parse_args()
    make = libclaude.Client.from_env if options.from_env else libclaude.Client
    told: dict[str, object] = {"version": libclaude.__version__, "package": libclaude.__file__}
    ask: dict[str, Any] = {
        "model": "claude-haiku-5-5",
        "max_tokens": 64,
        "messages": [{"role": "user", "content": "Hello!"}],
    }
    with make(KEY, base_url=options.url, config=options.config) as client:
        try:
            told["text"] = client.messages.create(**ask).text
            with client.messages.stream(**ask) as stream:
                told["streamed"] = "".join(stream.text_stream)
        except libclaude.APIConnectionError as error:
            told["error"] = str(error)
    told["libraries"] = [path for part in ("libclaude", "libcurl", "libjson-c") for path in loaded(part)]
    print(json.dumps(told))


if __name__ == "__main__":
    main()
