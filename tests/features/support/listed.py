"""What belongs to which feature, as this repository says it: capi/features.txt, cmake/ClaudeFeatures.cmake."""

from __future__ import annotations

import re
from dataclasses import dataclass

import abi_headers
from abi_tools import ROOT

TABLE = ROOT / "capi" / "features.txt"
CMAKE = ROOT / "cmake" / "ClaudeFeatures.cmake"
CORE = "core"

# The specification's list (7.2) and our own, with what claude_feature() says of those that are no option.
FIXED = {
    "integration": 0,
    "error-handling": 1,
    "request-caching": 1,
    "sync-api": 1,
}
OPTIONAL = (
    "streaming streaming-control tools vision authentication content-generation model-management count-tokens "
    "retry-logic circuit-breaker rate-limiting failover health-checks enterprise-quota metrics compression "
    "dynamic-config curl-diagnostics general-diagnostics"
).split()
# What the specification's section 4.1 calls them.
OTHER_NAMES = {
    "retry": "retry-logic",
    "circuit_breaker": "circuit-breaker",
    "rate_limiting": "rate-limiting",
    "health_checks": "health-checks",
    "enterprise_quota": "enterprise-quota",
}


@dataclass(frozen=True)
class Row:
    """A line of capi/features.txt."""

    feature: str
    item: str  # a header or a function
    answer: str  # a C expression; empty: NULL or 0


def rows() -> list[Row]:
    found = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            feature, item, *answer = line.split()
            found.append(Row(feature, item, " ".join(answer)))
    return found


def feature_of() -> dict[str, Row]:
    """Each function's row: its own, or its header's."""
    listed = {row.item: row for row in rows()}
    found = {}
    for function in abi_headers.functions():
        row = listed.get(function.name) or listed.get(function.header)
        assert row is not None, f"{function.name} of {function.header} is not in {TABLE}"
        found[function.name] = row
    return found


def options() -> dict[str, list[str]]:
    """The features that are options, with those that they need."""
    text = CMAKE.read_text(encoding="utf-8")
    return {name: needs.split() for name, needs in re.findall(r'^claude_feature\((\S+) "[^"]*"([^)]*)\)$', text, re.M)}


def option_of(feature: str) -> str:
    return "CLAUDE_FEATURE_" + feature.upper().replace("-", "_")
