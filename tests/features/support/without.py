"""Run by test_features.py: Python with a library that lacks all that can be left out."""

from __future__ import annotations

import sys
from typing import Any, Callable

import libclaude
import pytest
from libclaude._ffi import lib
from listed import option_of

NAME = "claude-haiku-5-5"
HELLO: dict[str, Any] = {"model": NAME, "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}


def refused(feature: str, action: Callable[[], object]) -> None:
    with pytest.raises(libclaude.UnsupportedError) as raised:
        action()
    assert f"no {feature}:" in str(raised.value)
    assert option_of(feature) in str(raised.value)
    assert raised.value.feature == feature


assert lib.claude_feature(b"streaming") == 0
with libclaude.Client("sk-ant-features-not-a-real-key", base_url=sys.argv[1]) as client:
    assert client.messages.create(**HELLO).text
    refused("streaming", lambda: list(client.messages.stream(**HELLO).__enter__()))
    refused("count-tokens", lambda: client.messages.count_tokens(model=NAME, messages=HELLO["messages"]))
    refused("model-management", lambda: client.models.retrieve(NAME))
    assert client.messages.create(**HELLO).text
refused("authentication", libclaude.Client.from_workspace)
print("fine")
