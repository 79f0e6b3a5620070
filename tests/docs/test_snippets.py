"""Every example that a reader might copy is compiled and run: README, docs/, and the @code of the headers."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from sandbox import Sandbox

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
HEADERS = sorted((ROOT / "capi" / "include" / "claude").glob("*.h"))

# What a fragment finds around it: a client, and a request ready to be sent.
HARNESS = """\
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <claude/claude.h>

static void example(claude_client_t *client, claude_request_t *request)
{
    (void)client;
    (void)request;
    {
%s
    }
}

int main(void)
{
    claude_client_t *client = NULL;
    claude_request_t *request = NULL;
    claude_error_t *err = NULL;
    if (claude_client_from_env(NULL, &client, &err) < 0 || claude_request_new("messages.create", &request, &err) < 0) {
        fprintf(stderr, "%%s\\n", claude_error_message(err));
        return 1;
    }
    claude_request_set_model(request, "claude-haiku-5-5", NULL);
    claude_request_set_max_tokens(request, 16, NULL);
    claude_request_add_user_text(request, "Hello!", CLAUDE_NTS, NULL);
    example(client, request);
    claude_request_unref(request);
    claude_client_unref(client);
    return 0;
}
"""


def fenced(path: pathlib.Path, language: str) -> list[str]:
    """The fenced code blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def in_comments(path: pathlib.Path) -> list[str]:
    """The @code examples of a header."""
    found = re.findall(r"^ \* @code\n(.*?)^ \* @endcode$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [re.sub(r"^ \* ?", "", text, flags=re.MULTILINE) for text in found]


def snippets(language: str) -> Iterator[object]:
    """All examples of a language, for parametrize."""
    for path in PAGES:
        for number, text in enumerate(fenced(path, language), start=1):
            yield pytest.param(text, id=f"{path.relative_to(ROOT)}-{number}")
    if language == "c":
        for path in HEADERS:
            for number, text in enumerate(in_comments(path), start=1):
                yield pytest.param(text, id=f"{path.name}-{number}")


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(path=str(BUILD / "bin" / "claude-sandbox")) as running:
        yield running


def run(server: Sandbox, *command: str | pathlib.Path, **more: str) -> str:
    """Runs an example against the sandbox: it must succeed and complain of nothing; its output."""
    environment = {
        "PATH": os.environ["PATH"],
        "LD_LIBRARY_PATH": str(BUILD / "lib"),
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": "sk-ant-documentation-not-a-real-key",
        **more,
    }
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def talks(text: str) -> bool:
    """Whether an example sends something."""
    sends = r"claude_(client_(execute|stream|start)|loop_submit)\(|\.messages\.\w+\(|\.submit\("
    return re.search(sends, text) is not None


def check(server: Sandbox, text: str, output: str) -> None:
    """An example that sends a request has really sent it, and shows the reply."""
    count, _ = server.counts()
    assert count == (1 if talks(text) else 0)
    if talks(text):
        assert "Echo: Hello!" in output


@pytest.mark.parametrize("text", snippets("c"))
def test_c(text: str, server: Sandbox, tmp_path: pathlib.Path) -> None:
    source = tmp_path / "example.c"
    program = tmp_path / "example"
    source.write_text(text if "int main(" in text else HARNESS % text, encoding="utf-8")
    command = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", str(source), "-o", str(program)]
    command += [f"-I{ROOT / 'capi' / 'include'}", f"-L{BUILD / 'lib'}", "-lclaude"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    server.reset()
    check(server, text, run(server, program))


@pytest.mark.parametrize("text", snippets("python"))
def test_python(text: str, server: Sandbox, tmp_path: pathlib.Path) -> None:
    source = tmp_path / "example.py"
    source.write_text(text, encoding="utf-8")
    server.reset()
    output = run(server, sys.executable, "-W", "error", source, PYTHONPATH=str(ROOT / "bindings" / "python" / "src"))
    check(server, text, output)


def test_there_are_examples() -> None:
    assert len(fenced(ROOT / "README.md", "c")) == 1
    assert len(fenced(ROOT / "README.md", "python")) == 1
    assert sum(len(in_comments(path)) for path in HEADERS) >= 2


def test_every_code_of_a_header_is_found() -> None:
    for path in HEADERS:
        assert path.read_text(encoding="utf-8").count("@code") == len(in_comments(path)), path.name


@pytest.mark.parametrize("path", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_names(path: pathlib.Path) -> None:
    """Links lead somewhere; files, commands and functions that are named exist."""
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (path.parent / target).exists(), f"link to {target}"
    for name in re.findall(r"\bscripts/[a-z-]+\b", text):
        assert (ROOT / name).exists(), name
    headers = "".join(header.read_text(encoding="utf-8") for header in HEADERS)
    for name in re.findall(r"`(claude_(?!x_)\w+)\(\)`", text):
        assert f"{name}(" in headers, f"{name}() is declared nowhere"


def examples() -> list[object]:
    """The example programs, with how each is started."""
    found: list[object] = [
        pytest.param([BUILD / "bin" / "examples" / path.stem], id=f"c/{path.name}")
        for path in sorted((ROOT / "examples" / "c").glob("*.c"))
    ]
    for path in sorted((ROOT / "examples" / "python").glob("*.py")):
        found.append(pytest.param([sys.executable, path], id=f"python/{path.name}"))
    return found


@pytest.mark.parametrize("command", examples())
def test_example_programs(command: list[pathlib.Path], server: Sandbox) -> None:
    server.reset()
    output = run(server, *command, PYTHONPATH=str(ROOT / "bindings" / "python" / "src"))
    assert "Echo: " in output
    assert server.counts()[0] >= 1
