"""Line and branch coverage of the library's rooms, from a build with gcov instrumentation after its tests have run.

Usage: coverage.py BUILD_FOLDER

Prints a table; the exit status is 1 if a room has under 80 % of its lines covered.
"""

from __future__ import annotations

import collections
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MINIMUM_LINES = 80.0
AIM_LINES, AIM_BRANCHES = 95.0, 90.0


def summary(build: pathlib.Path) -> list[dict[str, float]]:
    """What gcovr says of each file."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "summary.json"
        command = ["gcovr", "--root", str(ROOT), "--object-directory", str(build), "--filter", str(ROOT / "src")]
        command += ["--filter", str(ROOT / "capi"), "--exclude-unreachable-branches", "--json-summary", str(out)]
        subprocess.run([*command, str(build)], check=True, cwd=folder)
        files: list[dict[str, float]] = json.loads(out.read_text(encoding="utf-8"))["files"]
        return files


def percent(covered: float, total: float) -> float:
    """Nothing to cover is all covered."""
    return 100.0 * covered / total if total else 100.0


def main(build: pathlib.Path) -> int:
    """Prints the table and judges."""
    rooms: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for entry in summary(build):
        parts = pathlib.PurePath(str(entry["filename"])).parts
        room = parts[1] if parts[0] == "src" else "capi"
        for key in ("line_covered", "line_total", "branch_covered", "branch_total"):
            rooms[room][key] += int(entry[key])
            rooms["all"][key] += int(entry[key])
    if len(rooms) < 5:
        print(f"error: only {len(rooms)} rooms have figures: the tests of this build have not run")
        return 1
    passed = failed = 0
    print(f"{'room':<10} {'lines':>8} {'branches':>10}    fails under {MINIMUM_LINES:.0f} % of lines")
    for room in sorted(rooms, key=lambda name: (name == "all", name)):
        figures = rooms[room]
        lines = percent(figures["line_covered"], figures["line_total"])
        branches = percent(figures["branch_covered"], figures["branch_total"])
        remark = "" if lines >= AIM_LINES and branches >= AIM_BRANCHES else "below the aim of 95 and 90"
        if lines < MINIMUM_LINES:
            remark = "FAILED"
        passed, failed = (passed, failed + 1) if lines < MINIMUM_LINES else (passed + 1, failed)
        print(f"{room:<10} {lines:>7.1f}% {branches:>9.1f}%    {remark}".rstrip())
    print(f"coverage: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(str(__doc__))
    sys.exit(main(pathlib.Path(sys.argv[1])))
