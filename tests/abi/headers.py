"""What the public headers declare: every CLAUDE_API function with its doc comment, and every constant."""

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


def all_headers() -> list[pathlib.Path]:
    """The public headers, sorted."""
    return sorted(HEADERS.glob("*.h"))


def functions() -> list[Function]:
    """All exported functions, sorted by name."""
    found = []
    for header in all_headers():
        text = re.sub(r"^\s*#.*(?:\\\n.*)*$", "", header.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for match in COMMENT_AND_FUNCTION.finditer(text):
            prototype = " ".join((match["prototype"] or match["bare"]).split())
            name = NAME.search(prototype)
            if name is None:
                raise ValueError(f"{header.name}: cannot read the declaration {prototype!r}")
            found.append(Function(name[1], header.name, prototype, match["comment"] or ""))
    return sorted(found, key=lambda function: function.name)
