"""What is wrong with a request, all of it at once, before it is sent."""

from __future__ import annotations

import json

from ._base import Settings, new_request, set_body
from ._errors import check
from ._ffi import NULL, ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ._claude import CData


class Problem:
    """Something that the API would refuse."""

    __slots__ = ("code", "constraint", "field", "fix", "message", "tool", "value")

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.code: str = found["code"]
        """A word for programs, which stays: "tool_name_pattern"."""
        self.field: str = found["field"]
        """Where it is, as a JSON pointer: "/tools/3/name"."""
        self.value: str = found["value"]
        """What is there, for people, shortened."""
        self.constraint: str = found["constraint"]
        """What would be right."""
        self.fix: str = found["fix"]
        """What to do."""
        self.tool: str | None = found["tool"]
        """The tool's name, where it is about one."""
        self.message: str = found["message"]
        """All of it in one line."""

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"<Problem {self.code} {self.field}>"


def validate(
    body: Mapping[str, Any] | bytes, endpoint: str = "messages.create", *, options: Mapping[str, Any] | None = None
) -> list[Problem]:
    """The problems of a request's body, in its order; none if nothing is known to be wrong. Nothing is sent.

    What is checked, and how: docs/validation.md. `options` are those of the request: `api_version`, `validate.*`.
    """
    request = new_request(endpoint)
    set_body(request, body)
    Settings(options=options).apply(request, stream=False)
    return problems(lib.claude_request_validate, request)


def problems(function: Any, *arguments: Any) -> list[Problem]:
    """What one of the library's functions finds."""
    out, err = ffi.new("claude_problems_t **"), ffi.new("claude_error_t **")
    if check(function(*arguments, out, err), err) != lib.CLAUDE_PROBLEMS:
        return []
    found: CData = ffi.gc(out[0], lib.claude_problems_unref)
    return [Problem(each) for each in json.loads(ffi.string(lib.claude_problems_json(found, NULL)))]
