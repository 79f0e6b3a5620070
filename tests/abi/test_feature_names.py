"""claude_feature() by name: all that the specification, the headers and the pages name, and nothing else."""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any

import pytest
from abi_tools import ROOT
from cffi import FFI

# Every name of a feature in the specification, and what a build with everything answers: those of its list of optional
# features (7.2), those of its section on reliability (4.1 to 4.6), where they are spelt otherwise.
SPECIFIED = {
    "integration": 0,  # tests, of which nothing is in the library
    "streaming": 1,
    "tools": 1,
    "vision": 1,
    "authentication": 1,
    "content-generation": 1,
    "model-management": 1,
    "error-handling": 1,
    "retry-logic": 1,
    "circuit-breaker": 1,
    "rate-limiting": 1,
    "failover": 1,
    "health-checks": 1,
    "request-caching": 1,
    "count-tokens": 1,
    "streaming-control": 1,
    "compression": 1,
    "enterprise-quota": 1,
    "dynamic-config": 1,
    "sync-api": 1,
    "curl-diagnostics": 1,
    "general-diagnostics": 1,
    "retry": 1,
    "circuit_breaker": 1,
    "rate_limiting": 1,
    "health_checks": 1,
}
# What the specification says the API does not offer, by the words a program may ask with.
NOT_OFFERED = (
    "embeddings embedding audio speech transcription websocket websockets realtime model-tuning tuning fine-tuning "
    "model-deployment deployment image-generation moderation"
).split()


@pytest.fixture(scope="module")
def library(shared: pathlib.Path) -> Any:
    ffi = FFI()
    ffi.cdef("int32_t claude_feature(const char *name); const char *claude_build_info(void);")
    return ffi.dlopen(str(shared))


def build_info(library: Any) -> list[str]:
    names: list[str] = json.loads(FFI().string(library.claude_build_info()))["features"]
    return names


@pytest.mark.parametrize(("name", "answer"), SPECIFIED.items())
def test_of_the_specification(library: Any, name: str, answer: int) -> None:
    spellings = {name, name.replace("-", "_"), name.replace("_", "-")}
    assert {spelling: library.claude_feature(spelling.encode()) for spelling in spellings} == dict.fromkeys(
        spellings, answer
    )


@pytest.mark.parametrize("name", NOT_OFFERED)
def test_not_offered(library: Any, name: str) -> None:
    for spelling in (name, name.replace("-", "_"), name.upper()):
        assert library.claude_feature(spelling.encode()) == 0, spelling
    assert name not in build_info(library)


def test_the_page_names_what_is_not_offered(library: Any) -> None:
    """docs/not-offered.md: each name in its table answers 0, and each of ours is there."""
    text = (ROOT / "docs" / "not-offered.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| ((?:`[a-z-]+`(?:, )?)+) \|", text, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([a-z-]+)`", row)]
    assert sorted(named) == sorted(NOT_OFFERED)
    assert [name for name in named if library.claude_feature(name.encode()) != 0] == []


def test_the_header_names_all_that_there_is(library: Any) -> None:
    text = (ROOT / "capi" / "include" / "claude" / "types.h").read_text(encoding="utf-8")
    found = re.search(r"@param name  a feature of docs/features\.md:(.*?)@return", text, re.DOTALL)
    assert found is not None
    named = set(re.findall(r'"([a-z0-9-]+)"', found[1]))
    assert named - {"retry", "http2", "tls"} == set(build_info(library))
    assert {name for name in named if library.claude_feature(name.encode()) != 1} == set()


def test_only_whole_names(library: Any) -> None:
    for name in build_info(library):
        assert library.claude_feature(name.encode()) == 1
        for other in (name[:-1], name + "s", name + " ", " " + name, name + "-", name.upper()):
            assert library.claude_feature(other.encode()) == int(other in build_info(library)), other
