"""Writes calls.inc of features.c: a call of every function that belongs to a feature, with NULL and 0 for arguments."""

from __future__ import annotations

import re

import abi_headers
from listed import CORE, Row, feature_of

NUMBERS = {"int32_t", "int64_t", "uint32_t", "uint64_t", "size_t", "double"}
# Functions of an object, which NULL is none of; it is a table of models, though.
OF_OBJECT = re.compile(r"\bclaude_\w+\((?!const claude_models_t )(const )?claude_\w+_t \*")


def is_output(kind: str) -> bool:
    """Whether a parameter receives something: `T **`, `const char **`, `size_t *`, `void *` of bytes."""
    if kind.endswith("**"):
        return True
    return kind.endswith("*") and kind[:-1].strip() in NUMBERS


def argument(kind: str, name: str, slots: list[str]) -> str:
    """What is given for a parameter."""
    if name == "err":
        return "o->err"
    if name == "destroy":
        return "on_destroy"
    if name == "user_data":
        return "&o->destroyed"
    if kind == "claude_request_t *" and name == "request" and not slots:
        return "o->request"
    if is_output(kind):
        slots.append(name)
        return f"(void *)&o->slots[{len(slots) - 1}]"
    return "NULL" if kind.endswith(("*", "_fn")) else "0"


def result_kind(result: str, can_fail: bool) -> tuple[str, str]:
    """How features.c calls what a function returns, and where it goes."""
    if result == "void":
        return "OF_NOTHING", ""
    if can_fail:
        return "OF_CODE", "o->code = (claude_code_t)"
    if result.startswith("const char"):
        return "OF_TEXT", "o->text = "
    if result.endswith("*"):
        return "OF_POINTER", "o->pointer = "
    return "OF_NUMBER", "o->number = (int64_t)"


def row_of(function: abi_headers.Function, row: Row) -> tuple[str, str]:
    """The function that makes the call, and the row of the table."""
    match = re.fullmatch(r"(.*?) ?\b(claude_\w+)\((.*)\)", function.prototype)
    assert match, function.prototype
    result, name, text = match.groups()
    parameters = [] if text == "void" else [re.fullmatch(r"(.*?)(\w+)", part.strip()) for part in text.split(",")]
    slots: list[str] = []
    given = [argument(p[1].strip(), p[2], slots) for p in parameters if p]
    kind, goes = result_kind(result, "o->err" in given)
    answer = row.answer or ("CLAUDE_E_UNSUPPORTED" if result == "claude_code_t" else "0")
    columns = [
        f'"{name}"',
        f'"{row.feature}"',
        f"run_{name}",
        kind,
        str(int("on_destroy" in given)),
        str(int(kind == "OF_CODE" and bool(given) and given[0] == "o->request")),
        row.answer or "NULL" if kind == "OF_TEXT" else "NULL",
        answer if kind == "OF_NUMBER" else "0",
        str(int(kind not in ("OF_CODE", "OF_NOTHING") and bool(OF_OBJECT.search(function.prototype)))),
    ]
    unused = "    (void)o;\n" if "o->" not in goes + "".join(given) else ""
    body = f"static void run_{name}(outcome *o)\n{{\n{unused}    {goes}{name}({', '.join(given)});\n}}\n"
    return body, f"    {{{', '.join(columns)}}},\n"


def calls() -> str:
    owners = feature_of()
    made = [row_of(f, owners[f.name]) for f in abi_headers.functions() if owners[f.name].feature != CORE]
    bodies = "\n".join(body for body, _ in made)
    return f"{bodies}\nstatic const call calls[] = {{\n{''.join(row for _, row in made)}}};\n"
