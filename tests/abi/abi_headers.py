"""What the public headers declare: every CLAUDE_API function with its doc comment, and every constant."""

from __future__ import annotations

import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADERS = ROOT / "capi" / "include" / "claude"

COMMENT_AND_FUNCTION = re.compile(
    r"/\*\*(?P<comment>(?:(?!\*/).)*)\*/\s*CLAUDE_API\s+(?P<prototype>[^;]*);"
    r"|CLAUDE_API\s+(?P<bare>[^;]*);",
    re.DOTALL,
)
NAME = re.compile(r"\b(claude_[a-z0-9_]+)\s*\(")


@dataclasses.dataclass(frozen=True)
class Function:
    """One exported function."""

    name: str
    header: str
    prototype: str
    comment: str

    @property
    def since(self) -> str:
        """The release after @since, or an empty string."""
        found = re.search(r"@since\s+([0-9.]+)", self.comment)
        return found.group(1) if found else ""

    @property
    def is_void(self) -> bool:
        """Whether it returns nothing."""
        return re.match(r"void\s+claude_", self.prototype) is not None


def all_headers(include: pathlib.Path = HEADERS.parent) -> list[pathlib.Path]:
    """The public headers, sorted."""
    return sorted((include / "claude").glob("*.h"))


def functions(include: pathlib.Path = HEADERS.parent) -> list[Function]:
    """All exported functions, sorted by name."""
    found = []
    for header in all_headers(include):
        text = re.sub(r"^\s*#.*(?:\\\n.*)*$", "", header.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for match in COMMENT_AND_FUNCTION.finditer(text):
            prototype = " ".join((match["prototype"] or match["bare"]).split())
            name = NAME.search(prototype)
            if name is None:
                raise ValueError(f"{header.name}: cannot read the declaration {prototype!r}")
            found.append(Function(name[1], header.name, prototype, match["comment"] or ""))
    return sorted(found, key=lambda function: function.name)


def defines() -> dict[str, str]:
    """The simple #define lines of types.h."""
    return dict(re.findall(r"^#define (\w+) (\S+)$", (HEADERS / "types.h").read_text(encoding="utf-8"), re.MULTILINE))


def constants() -> dict[str, int]:
    """Name and value of every constant in an anonymous enum, in the order written."""
    found: dict[str, int] = {}
    for header in all_headers():
        text = re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.DOTALL)
        for body in re.findall(r"\benum\s*\{([^}]*)\}", text):
            for item in filter(None, (part.strip() for part in body.split(","))):
                name, equals, value = (part.strip() for part in item.partition("="))
                if not equals:
                    raise ValueError(f"{header.name}: {name} needs an explicit value")
                found[name] = int(value, 0)
    return found
