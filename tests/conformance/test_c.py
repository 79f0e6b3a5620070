"""The runner in C fails where it must: on cases that are not fulfilled or not understood, and where there are none."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev")).resolve()
GOOD = Path(__file__).resolve().parent / "cases" / "whole-text.json"

WRONG = {
    "unknown-member": ([], "expected", {}, 'nothing is known about "expected" of the case'),
    "unknown-of-request": (["request"], "bodies", {}, 'nothing is known about "bodies" of the request'),
    "unknown-of-expect": (["expect"], "evnts", [], 'nothing is known about "evnts" of the case'),
    "unknown-of-sent": (["expect", "sent"], "path", "/", 'nothing is known about "path" of what is sent'),
    "two-endings": (["expect"], "error", {}, 'exactly one of "response" and "error"'),
    "another-status": (["expect", "response"], "status", 201, "the status is 200 instead of 201"),
    "another-target": (["expect", "sent"], "target", "/v2", 'the target is "/v1/messages"'),
    "nothing-sent": (["expect"], "sent", None, "1 requests were sent instead of 0"),
}


def run(folder: Path) -> tuple[int, str]:
    environment = {**os.environ, "CLAUDE_SANDBOX": str(BUILD / "bin" / "claude-sandbox")}
    done = subprocess.run(
        [BUILD / "bin" / "conformance", folder],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", WRONG)
def test_wrong_case(tmp_path: Path, name: str) -> None:
    steps, member, value, complaint = WRONG[name]
    case: Any = json.loads(GOOD.read_text(encoding="utf-8"))
    place = case
    for step in steps:
        place = place[step]
    place[member] = value
    (tmp_path / "case.json").write_text(json.dumps(case), encoding="utf-8")
    code, output = run(tmp_path)
    assert complaint in output
    assert code == 1


def test_no_json(tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text("{", encoding="utf-8")
    code, output = run(tmp_path)
    assert code == 1
    assert "conformance: 0 passed, 1 failed" in output


def test_no_case(tmp_path: Path) -> None:
    code, output = run(tmp_path)
    assert code == 1
    assert "there is no case in" in output
