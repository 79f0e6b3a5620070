"""The groups `build` and `upload` of scripts/bench: requests put together and sent, answers taken apart.

Texts, answers and files are made below build/bench/files, the same ones each time. Each row is a process of its own on
the client's core.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import bench_bindings

FILES = bench_bindings.PLACE / "files"
TYPESCRIPT = bench_bindings.PLACE / "typescript" / "official_typescript_build.mjs"

# what is measured -> who does it besides libclaude; the first is what the others are compared with
OFFICIAL = ["official.python", "official.typescript"]
WHATS: dict[str, list[str]] = {
    "build.1mb": ["jsonc", *OFFICIAL],
    "build.1mb.escapes": ["jsonc", *OFFICIAL],
    "build.1mb.utf8": ["jsonc", *OFFICIAL],
    "build.24mb": ["jsonc", *OFFICIAL],
    "build.image10mb": ["jsonc", *OFFICIAL],
    "parse.1mb": ["jsonc", "blocks", *OFFICIAL],
    "batch.results": ["jsonc", "parsed", *OFFICIAL],
    "upload.images": OFFICIAL[::-1],
    "upload.pdf": OFFICIAL[::-1],
}
LINES, FEW_LINES = 100_000, 10_000
# Those who read 100,000 lines in a second or two, and those who would need a minute.
SCENARIOS: dict[str, dict[str, object]] = {
    "bench-lines": {"generate_lines": {"lines": LINES, "line_bytes": 3000}, "framing": "chunked"},
    "bench-few-lines": {"generate_lines": {"lines": FEW_LINES, "line_bytes": 3000}, "framing": "chunked"},
    "bench-short": {
        "body_json": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-opus-5",
            "content": [{"type": "text", "text": "Hi"}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
    },
}

ENGLISH = "The quick brown fox jumps over the lazy dog, and nobody was there who would have called it back. "
SPEECH = 'She said: "I have read it twice, and it\'s still not clear to me."\n\n'
CODE = '    if (strcmp(argv[1], "--help") == 0) {\n        printf("usage: %s\\n", argv[0]);\n        return 0;\n    }\n'
GERMAN = "Für größere Änderungen wäre es schön, vorher darüber zu reden. "
CHINESE = "你好，世界。今天的天气很好，我们一起去公园散步吧。"
RUSSIAN = "Привет, мир. Сегодня хорошая погода, и мы идём гулять в парк. "
EMOJI = "Done 👍 🎉 "
MIXED = [ENGLISH, ENGLISH, ENGLISH, ENGLISH, SPEECH, SPEECH, CODE, GERMAN, CHINESE, RUSSIAN, EMOJI]
# JSON within JSON, as results of tools are.
ESCAPES = ['{"path": "src/main.c", "line": 12,\n "text": "return \\"ok\\";\\n"}\n', CODE, SPEECH]
UTF8 = [GERMAN, CHINESE, RUSSIAN, EMOJI]


def rows() -> dict[str, str | None]:
    """Each row after the one it is compared with."""
    found: dict[str, str | None] = {}
    for what, others in WHATS.items():
        base = f"{what}.{others[0]}"
        found |= {f"{what}.{other}": base for other in others} | {base: None, what: base}
    return found


def group_of(row: str) -> str:
    """The group of one of these rows."""
    return "upload" if row.startswith("upload.") else "build"


def split(row: str) -> tuple[str, str]:
    """What is measured, and who does it: "" for libclaude."""
    what = max((name for name in WHATS if f"{row}.".startswith(f"{name}.")), key=len)
    return what, row[len(what) + 1 :]


# ---- what they work on ----


def texts(pieces: list[str], count: int) -> Iterator[str]:
    """So many messages of 5,000 bytes."""
    chance = random.Random(7)
    for _ in range(count):
        text = ""
        size = 0
        while size < 5000:
            piece = chance.choice(pieces)
            text += piece
            size += len(piece.encode())
        yield text.encode()[:5000].decode(errors="ignore")


def conversation(pieces: list[str], count: int) -> bytes:
    """Messages with a NUL after each."""
    return "".join(f"{text}\0" for text in texts(pieces, count)).encode()


def answer() -> bytes:
    """A message of 1 MB: ten long texts, and after each a tool called with plenty of input."""
    content: list[dict[str, object]] = []
    for number in range(10):
        content.append({"type": "text", "text": "".join(texts(MIXED, 16))})
        edits = [{"path": f"src/file{i}.c", "line": i * 7, "new": 'return "ok";\n', "all": True} for i in range(250)]
        content.append({"type": "tool_use", "id": f"toolu_{number}", "name": "edit", "input": {"edits": edits}})
    message = {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-5",
        "content": content,
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1000, "output_tokens": 300_000, "service_tier": "standard"},
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def noise(magic: bytes, size: int, seed: int) -> bytes:
    """A file of that kind as far as anybody looks: bytes that cannot be compressed."""
    return magic + random.Random(seed).randbytes(size - len(magic))


PNG, PDF = b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n"
MAKE: dict[str, Callable[[], bytes]] = {
    "1mb.txt": lambda: conversation(MIXED, 200),
    "1mb.escapes.txt": lambda: conversation(ESCAPES, 200),
    "1mb.utf8.txt": lambda: conversation(UTF8, 200),
    "24mb.txt": lambda: conversation(MIXED, 4800),
    "answer.json": answer,
    "image10mb.png": lambda: noise(PNG, 10_000_000, 1),
    "30mb.pdf": lambda: noise(PDF, 30_000_000, 2),
    **{f"image5mb-{i}.png": lambda i=i: noise(PNG, 5_000_000, 10 + i) for i in range(5)},  # type: ignore[misc]
}


def files_of(what: str) -> list[str]:
    """Paths of what a row works on, made if they are not there."""
    names = {
        "build.image10mb": ["image10mb.png"],
        "parse.1mb": ["answer.json"],
        "batch.results": [],
        "upload.images": [f"image5mb-{i}.png" for i in range(5)],
        "upload.pdf": ["30mb.pdf"],
    }.get(what, [what.removeprefix("build.") + ".txt"])
    FILES.mkdir(parents=True, exist_ok=True)
    for name in names:
        if not (FILES / name).exists():
            (FILES / name).write_bytes(MAKE[name]())
    return [str(FILES / name) for name in names]


# ---- measuring ----


def command(row: str, programs: Path, url: str) -> list[str]:
    """The program of a row and its arguments."""
    what, who = split(row)
    files = files_of(what)
    if who in OFFICIAL:
        files = files or ["bench-few-lines"]
        python = [str(bench_bindings.VENV / "python"), str(bench_bindings.PROGRAMS / "official_python_build.py")]
        start = python if who == "official.python" else ["node", str(TYPESCRIPT)]
        return [*start, row, what, url, *files]
    if what == "batch.results":
        return [str(programs / "bench_batch"), row, url, "bench-lines", str(LINES)]
    if what.startswith("upload."):
        return [str(programs / "bench_upload"), row, url, *files]
    return [str(programs / ("bench_image" if what == "build.image10mb" else "bench_build")), row, *files]


def measure(
    wanted: list[str], programs: Path, url: str, core: int | None, runs: int, add: Callable[[str], None]
) -> None:
    """Takes every wanted row once per run."""
    if any(split(row)[1] == "official.typescript" for row in wanted):
        bench_bindings.install_typescript()
        shutil.copy(bench_bindings.PROGRAMS / "official_typescript_build.mjs", TYPESCRIPT)
    group = group_of(wanted[0])
    for run in range(runs):
        print(f"{group}: run {run + 1} of {runs}", file=sys.stderr)
        for row in wanted:
            add(bench_bindings.output_of(command(row, programs, url), core, installed=False))
