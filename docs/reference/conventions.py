"""Doxygen's filter for the headers: adds what the conventions of types.h say of every function, and links.

No line is added or taken away, so that warnings name the lines of the header.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

COMMENTED = re.compile(r"^/\*\*\n((?: \*(?: .*)?\n)*?) \*/\n((?:CLAUDE_API|typedef)\s[^;{]*\);)", re.MULTILINE)
# What stands in a comment as it is: samples, code in a line, tags with one word.
VERBATIM = re.compile(
    r"@code\n.*?@endcode|^ \*\n(?: \*     .*\n)+|`[^`]*`|\"[^\"]*\"|@param \w+", re.MULTILINE | re.DOTALL
)
NAME = re.compile(r"(?<![\w$#])(CLAUDE_[A-Z0-9_]*[A-Z0-9]|claude_\w+(?=\(\)))(?![\w*])")
PARAMETERS = re.compile(r"\(([^()]*)\);$")


def known(parameter: str, declaration: str, first: bool) -> str | None:
    """What is true of a parameter wherever it stands: errors, the user's data, the object that a function is about."""
    if parameter == "claude_error_t **err":
        return "receives the error on failure; release with claude_error_unref(). May be NULL"
    if parameter == "void *user_data":
        registered = declaration.startswith("typedef")
        return "what was registered with the callback" if registered else "given to the callbacks as it is"
    handle = re.fullmatch(r"(?:const )?claude_(\w+)_t \*\w+", parameter)
    return f"the {handle[1].replace('_', ' ')}" if first and handle else None


def before(tags: str, text: str, comment: str) -> str:
    """The comment with a text in front of the first of these tags that begins a line, or at the end."""
    if not text:
        return comment
    done, count = re.subn(rf"^ \* (?=@(?:{tags})\b)", f" * {text}", comment, count=1, flags=re.MULTILINE)
    return done if count else f"{comment[:-1]} {text}\n"


def completed(found: re.Match[str]) -> str:
    """A comment and its declaration, with the parameters that the comment leaves out, each in its place."""
    comment, declaration = found.groups()
    parameters = PARAMETERS.search(declaration)
    pending = ""
    for number, parameter in enumerate(" ".join(parameters[1].split()).split(", ") if parameters else []):
        name = parameter.rpartition(" ")[2].lstrip("*")
        if re.search(rf"@param {name}\b", comment):
            comment = before(rf"param {name}", pending, comment)
            pending = ""
        else:
            text = known(parameter, declaration, number == 0)
            pending += f"@param {name} {text} " if text else ""
    return f"/**\n{before('return|threads|since', pending, comment)} */\n{declaration}"


def linked(found: re.Match[str]) -> str:
    """A comment whose names of functions and constants are explicit links: Doxygen complains of what is not there."""
    text, parts, end = found[0], [], 0
    for verbatim in VERBATIM.finditer(text):
        parts += [NAME.sub(r"#\1", text[end : verbatim.start()]), verbatim[0]]
        end = verbatim.end()
    return "".join(parts) + NAME.sub(r"#\1", text[end:])


def main() -> None:
    """The header that is named as argument, completed, to standard output."""
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    text = re.sub(r"\A/\*\n \* \w+\.h - (\w)", lambda begin: f"/** @file\n * {begin[1].upper()}", text)
    text = re.sub(r"/\*\*.*?\*/", linked, COMMENTED.sub(completed, text), flags=re.DOTALL)
    sys.stdout.buffer.write(text.encode())


main()
