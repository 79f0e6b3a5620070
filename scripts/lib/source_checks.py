"""Checks of the C sources that no compiler makes: layering of the rooms, banned functions, length of functions.

Usage: source_checks.py layering|banned|length [ROOT]

Prints each finding as file:line: text; the exit status is 1 if there is any.
"""

from __future__ import annotations

import pathlib
import re
import sys
from collections.abc import Iterator

# Levels of the rooms: a room includes rooms of lower levels, and of its own as long as there is no circle.
LEVELS = {
    "base": 0,
    "json": 1,
    "sse": 1,
    "codec": 1,
    "http": 2,
    "auth": 2,
    "config": 2,
    "reliability": 2,
    "message": 3,
    "call": 4,
    "client": 4,
    "api": 5,
    "tools": 5,
    "diag": 5,
}
# Headers of other libraries, and the only room that may include them.
LIBRARIES = {"curl/": "http", "json-c/": "json", "json.h": "json", "zlib.h": "codec"}
# Public headers that any room may include, and those that belong to a room's own handles.
PUBLIC_FOR_ALL = {"types.h", "error.h"}
PUBLIC_OF_ROOM = {
    "json": {"response.h"},
    "auth": {"secret.h", "trail.h"},
    "config": {"config.h", "secret.h"},
    "reliability": {"breaker.h", "failover.h", "limiter.h", "metrics.h", "report.h"},
    "message": set(
        "answer.h block.h call.h event.h message.h model.h request.h response.h schema.h stream.h tool.h "
        "validate.h".split()
    ),
    "call": {"call.h", "credential.h", "diag.h", "event.h", "loop.h", "observe.h", "request.h", "response.h"},
    "client": {"call.h", "client.h", "config.h", "credential.h", "request.h", "response.h"},
    "api": {
        "batch.h",
        "client.h",
        "endpoint.h",
        "model.h",
        "page.h",
        "request.h",
        "response.h",
        "skill.h",
        "watcher.h",
    },
    "tools": {"client.h", "request.h", "response.h", "runner.h", "tool.h"},
    "diag": {"client.h", "diag.h"},
}

# Never called by the library: they end or change the host, print, keep hidden state, or overflow.
BANNED = set(
    "exit _exit abort atexit printf vprintf puts putchar fprintf vfprintf fputs perror stdout stderr setlocale "
    "signal sigaction sigprocmask pthread_sigmask alarm setitimer system popen fork vfork select strtok "
    "localtime gmtime asctime ctime mktime rand srand random srandom drand48 setenv putenv unsetenv strerror "
    "gethostbyname mlockall umask chdir sprintf vsprintf strcpy strcat gets alloca sleep usleep nanosleep "
    "fopen tmpfile tmpnam mkstemp".split()
)
# They follow the locale, so only base, which replaces them, may name them.
LOCALE = set(
    "strtod strtof strtold atof atoi atol isdigit isalpha isalnum isspace isupper islower isxdigit isprint ispunct "
    "iscntrl isgraph tolower toupper strcasecmp strncasecmp strcoll strxfrm".split()
)
# Only functions whose names say so read the environment.
ENVIRONMENT = {"getenv", "secure_getenv"}
ENVIRONMENT_FILES = {"src/auth/sources.c"}

MAX_FUNCTION_LINES = 70
TABLE_ROW = re.compile(r"\s*(\{.*\}|\".*\"),$")

Finding = tuple[str, int, str]


def blank_out(text: str, strings: bool = True) -> str:
    """Replaces comments (and the insides of strings) by blanks, keeping lines and columns."""

    def blanks(match: re.Match[str]) -> str:
        token = match[0]
        if token[0] in "\"'" and not strings:
            return token
        return re.sub(r"[^\n]", " ", token)

    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blanks, text, flags=re.DOTALL)


def sources(root: pathlib.Path, *folders: str) -> Iterator[tuple[str, str]]:
    """Path relative to the root and text of every C file below the folders."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.[ch]")):
            yield str(path.relative_to(root)), path.read_text(encoding="utf-8")


def check_include(room: str, quote: str, target: str) -> str | None:
    """What is wrong with an #include in a room, if anything."""
    for prefix, owner in LIBRARIES.items():
        if target.startswith(prefix) and quote == "<":
            return None if room == owner else f"<{target}> may be included by {owner}/ only"
    if target.startswith("claude/"):
        header = target.removeprefix("claude/")
        if room == "capi" or header in PUBLIC_FOR_ALL | PUBLIC_OF_ROOM.get(room, set()):
            return None
        return f"<{target}> may not be included by {room}/"
    if quote == "<" or (room == "capi" and "/" not in target):
        return None
    other = target.split("/")[0]
    if other not in LEVELS or "/" not in target:
        return f'"{target}" must be written with its room: "room/header.h"'
    if room != "capi" and LEVELS[other] > LEVELS[room]:
        return f'{room}/ may not include "{target}": {other}/ is above it'
    return None


def circles(edges: dict[str, set[str]]) -> Iterator[list[str]]:
    """Circles among the rooms, each as a list that starts and ends with the same one."""
    for start in sorted(edges):
        stack = [[start]]
        while stack:
            path = stack.pop()
            for following in edges.get(path[-1], set()):
                if following == start and start == min(path):
                    yield [*path, start]
                elif following not in path:
                    stack.append([*path, following])


def layering(root: pathlib.Path) -> list[Finding]:
    """Includes that go against the layering."""
    findings: list[Finding] = []
    edges: dict[str, set[str]] = {}
    for path, text in sources(root, "src", "capi"):
        parts = pathlib.PurePath(path).parts
        if parts[:2] == ("capi", "include"):
            continue
        room = parts[1] if parts[0] == "src" else "capi"
        if room != "capi" and room not in LEVELS:
            findings.append((path, 1, f"unknown room {room}/: add it to LEVELS"))
            continue
        for match in re.finditer(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', blank_out(text, strings=False), re.MULTILINE):
            line = text.count("\n", 0, match.start(1)) + 1
            wrong = check_include(room, match[1], match[2])
            if wrong:
                findings.append((path, line, wrong))
            other = match[2].split("/")[0]
            if match[1] == '"' and other in LEVELS and other != room:
                edges.setdefault(room, set()).add(other)
    findings += [("src", 1, "circle of rooms: " + " -> ".join(circle)) for circle in circles(edges)]
    return findings


def why_banned(path: str, name: str) -> str | None:
    """Why a file may not use a name, if so."""
    if name in BANNED:
        return f"{name} is banned"
    if name in LOCALE and not path.startswith("src/base/"):
        return f"{name} follows the locale; use what base/ has"
    if name in ENVIRONMENT and path not in ENVIRONMENT_FILES:
        return f"{name}: the environment is read in {' and '.join(sorted(ENVIRONMENT_FILES))} only"
    return None


def banned(root: pathlib.Path) -> list[Finding]:
    """Names that the library may not use, and formats that follow the locale."""
    findings: list[Finding] = []
    for path, text in sources(root, "src", "capi"):
        code = blank_out(text)
        # A member or a name of another room is not the C library's function.
        for match in re.finditer(r"(?<![\w.>])([A-Za-z_]\w*)\b(?=\s*\()|\b(?:stdout|stderr)\b", code):
            wrong = why_banned(path, match[0])
            if wrong:
                findings.append((path, code.count("\n", 0, match.start()) + 1, wrong))
        if path.startswith("src/base/"):
            continue
        for match in re.finditer(r'"[^"\n]*%[-+ #0-9.*]*[aefgAEFG][^"\n]*"', blank_out(text, strings=False)):
            line = text.count("\n", 0, match.start()) + 1
            findings.append((path, line, "a floating-point format follows the locale"))
    return findings


def length(root: pathlib.Path) -> list[Finding]:
    """Functions that are too long, from their head to their closing brace; rows of tables do not count."""
    findings: list[Finding] = []
    for path, text in sources(root, "src", "capi", "tests", "examples"):
        lines = blank_out(text).split("\n")
        start = 0
        for number, line in enumerate(lines):
            if line.startswith("{"):
                start = number
                while start > 0 and re.search(r"^[^#].*[\w,*)(]\s*$", lines[start - 1]):
                    start -= 1
            elif line.startswith("}") and start:
                whole = text.split("\n")[start : number + 1]
                count = sum(1 for part in whole if not TABLE_ROW.match(part))
                if count > MAX_FUNCTION_LINES:
                    findings.append((path, start + 1, f"function of {count} lines, over {MAX_FUNCTION_LINES}"))
                start = 0
    return findings


CHECKS = {"layering": layering, "banned": banned, "length": length}


def main(arguments: list[str]) -> int:
    """Runs one check."""
    if len(arguments) not in (1, 2) or arguments[0] not in CHECKS:
        print(__doc__, file=sys.stderr)
        return 2
    root = pathlib.Path(arguments[1]) if len(arguments) == 2 else pathlib.Path(__file__).resolve().parents[2]
    findings = CHECKS[arguments[0]](root)
    for path, line, text in findings:
        print(f"{path}:{line}: {text}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
