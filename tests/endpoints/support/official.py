"""The endpoints as the official Python SDK has them: read out of its source, none of which runs."""

from __future__ import annotations

import ast
import importlib.util
from dataclasses import dataclass
from pathlib import Path

VERBS = {"_get": "GET", "_post": "POST", "_delete": "DELETE", "_put": "PUT", "_patch": "PATCH", "_get_api_list": "GET"}
PAGES = {
    "SyncPage": "page",
    "SyncPageCursor": "cursor",
    "SyncBidirectionalPageCursor": "bidirectional",
    "SyncReportPageCursor": "report",
    "SyncTokenPage": "token",
}


@dataclass(frozen=True)
class Official:
    """A method of the SDK that makes one request."""

    name: str
    method: str
    path: str
    beta: str
    paging: str
    multipart: bool
    binary: bool
    workspace: bool
    user_profile: bool


def resources() -> Path:
    """The folder of the SDK's resources."""
    spec = importlib.util.find_spec("anthropic")
    assert spec is not None
    assert spec.origin is not None, "the official SDK is not installed, see scripts/setup"
    return Path(spec.origin).parent / "resources"


def text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((item.value for item in call.keywords if item.arg == name), None)


def called(call: ast.Call) -> str:
    """The name of what is called: of self._get(...) "_get"."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def path_of(node: ast.expr) -> str:
    """Of "..." or path_template("...", ...)."""
    if isinstance(node, ast.Call) and called(node) == "path_template":
        node = node.args[0]
    return text(node)


def own_beta(function: ast.FunctionDef) -> str:
    """What the method sends without being asked: {"anthropic-beta": "...", **...}."""
    for node in ast.walk(function):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values):
                if text(key) == "anthropic-beta" and text(value):
                    return text(value)
    return ""


def page_of(call: ast.Call) -> str:
    page = keyword(call, "page")
    if not isinstance(page, ast.Subscript) or not isinstance(page.value, ast.Name):
        return "none"
    return PAGES[page.value.id]


def mentions(function: ast.FunctionDef, what: str) -> bool:
    return any(text(node) == what for node in ast.walk(function) if isinstance(node, ast.Constant))


def requests_of(function: ast.FunctionDef, name: str) -> list[Official]:
    found = []
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or called(node) not in VERBS or not node.args:
            continue
        path = path_of(node.args[0])
        if not path:
            continue
        found.append(
            Official(
                name=name,
                method=(text(keyword(node, "method")) or VERBS[called(node)]).upper(),
                path=path.partition("?")[0],
                beta=own_beta(function),
                paging=page_of(node),
                multipart=mentions(function, "multipart/form-data"),
                binary=mentions(function, "application/binary"),
                workspace=mentions(function, "anthropic-workspace-id"),
                user_profile=mentions(function, "anthropic-user-profile-id"),
            )
        )
    return found


def prefix_of(path: Path, root: Path) -> str:
    """The name of a resource: beta/files.py is beta.files, beta/agents/agents.py is beta.agents."""
    parts = [*path.relative_to(root).with_suffix("").parts]
    if len(parts) > 1 and parts[-1] == parts[-2]:
        parts.pop()
    return ".".join(parts)


def read_sdk() -> list[Official]:
    """Every request of every resource."""
    found: list[Official] = []
    root = resources()
    for path in sorted(root.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.ClassDef) or node.name.startswith("Async"):
                continue
            for function in node.body:
                if isinstance(function, ast.FunctionDef) and not function.name.startswith("_"):
                    found += requests_of(function, f"{prefix_of(path, root)}.{function.name}")
    return found
