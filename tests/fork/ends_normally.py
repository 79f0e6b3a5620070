"""Forks in the middle of a stream; the child leaves with all it has inherited, as any Python program ends.

Usage: ends_normally.py URL. Prints what the parent got of the stream, then its answer to another request.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import libclaude

PATIENCE_S = 3
ASK: dict[str, Any] = {"model": "claude-opus-5", "max_tokens": 1024, "messages": [{"role": "user", "content": "hi"}]}

client = libclaude.Client("sk-ant-canary-J4q0dTz8W3vX-must-never-show", base_url=sys.argv[1], timeout=60)
message = client.messages.create(**ASK)
stream = client.messages.create(stream=True, **ASK)
first = next(stream)
child = os.fork()
if child == 0:
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
begun = time.monotonic()
print(first.type, *(event.type for event in stream))
# A parent that had lost its events would go on much later, when it looks at its clocks.
assert time.monotonic() - begun < PATIENCE_S
print(client.messages.create(**ASK).text)
