"""Every example that a reader might copy is compiled and run: README, docs/, and the @code of the headers."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from answers import FILES, Answer, answer_for
from sandbox import Sandbox

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev")).resolve()
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
def running() -> Iterator[Sandbox]:
    with Sandbox(path=str(BUILD / "bin" / "claude-sandbox")) as server:
        yield server


@pytest.fixture
def server(running: Sandbox) -> Sandbox:
    running.reset()
    return running


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """Where examples run: the files that they speak of are there."""
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def run(server: Sandbox, folder: pathlib.Path, *command: str | pathlib.Path) -> str:
    """Runs an example against the sandbox: it must succeed and complain of nothing; its output."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "bindings" / "python" / "src"),
        "LD_LIBRARY_PATH": str(BUILD / "lib"),
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": "sk-ant-documentation-not-a-real-key",
    }
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


C_SENDS = (
    r"claude_(client_(execute(_with_\w+)?|stream|start)|loop_submit|runner_(run|step)|pages_next(_item)?|batch_wait"
    r"|health_check(_endpoint)?|selftest_run)\("
)
# Anything that a client has a name for, but for what is said of a request before it is sent.
PYTHON_SENDS = r"\bclient\.(?!close\(|messages\.validate\()\w[\w.]*\(|\.submit\("


def check(server: Sandbox, sends: int, answer: Answer | None, output: str) -> None:
    """An example that sends requests, at so many places, has really sent them and shows what came."""
    sent = server.requests()
    if sends == 0:
        assert sent == []
        return
    assert len(sent) >= sends
    assert output.strip() != ""
    if answer is not None:
        assert answer.shows in output
    elif any(request.target == "/v1/messages" for request in sent):
        assert "Echo: " in output


@pytest.mark.parametrize("text", snippets("c"))
def test_c(text: str, server: Sandbox, folder: pathlib.Path) -> None:
    source = folder / "example.c"
    program = folder / "example"
    source.write_text(text if "int main(" in text else HARNESS % text, encoding="utf-8")
    command = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", str(source), "-o", str(program)]
    command += [f"-I{ROOT / 'capi' / 'include'}", f"-L{BUILD / 'lib'}", "-lclaude"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = answer_for(text)
    server.scenario(answer.scenario if answer else None)
    check(server, len(re.findall(C_SENDS, text)), answer, run(server, folder, program))


@pytest.mark.parametrize("text", snippets("python"))
def test_python(text: str, server: Sandbox, folder: pathlib.Path) -> None:
    source = folder / "example.py"
    source.write_text(text, encoding="utf-8")
    answer = answer_for(text)
    server.scenario(answer.scenario if answer else None)
    output = run(server, folder, sys.executable, "-W", "error", source)
    check(server, int(re.search(PYTHON_SENDS, text) is not None), answer, output)


# What is said to a program by a file in JSON, taken as the program would: a table of models, or a configuration.
TAKES_JSON = """
import pathlib, sys, libclaude
if '"models"' in pathlib.Path("example.json").read_text():
    libclaude.ModelTable(pathlib.Path("example.json").read_bytes())
else:
    error = libclaude.ConfigWatcher("example.json").error
    sys.exit(error and str(error))
"""


@pytest.mark.parametrize("text", snippets("json"))
def test_json(text: str, server: Sandbox, folder: pathlib.Path) -> None:
    (folder / "example.json").write_text(text, encoding="utf-8")
    assert run(server, folder, sys.executable, "-c", TAKES_JSON) == ""


def test_command_lines(server: Sandbox, folder: pathlib.Path) -> None:
    """Those that the guide of claudec begins with: each as it stands, and each asks."""
    lines = fenced(ROOT / "docs" / "cli.md", "sh")[0].splitlines()
    assert all("claudec " in line for line in lines)
    (folder / "chart.png").write_bytes(FILES["photo.png"])
    run(server, folder, "git", "init", "--quiet")
    asked = 0
    for line in lines:
        quiet = f"set -eu; PATH={BUILD / 'bin'}:$PATH; exec 2> complaints < /dev/null; {line}"
        output = run(server, folder, "sh", "-c", quiet)
        assert output.startswith("Echo: ") or "> results.jsonl" in line or "doctor" in line, line
        assert server.counts()[0] > asked, line
        asked = server.counts()[0]
    assert "key    ok " in output
    assert (folder / "results.jsonl").read_text(encoding="utf-8").count("\n") == FILES["requests.jsonl"].count(b"\n")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_example_goes_without_a_test(path: pathlib.Path) -> None:
    """Code of programs is in fences, with a language that a test knows: other suites have those that are not here."""
    text = path.read_text(encoding="utf-8")
    known = {"c", "python", "json", "sh", "go", "lua", "perl", "ruby", "tcl", "sql", "cmake"}
    assert set(re.findall(r"^```(\S*)\n(?:.*?)^```$", text, re.MULTILINE | re.DOTALL)) <= known
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"^ {4}.*(?:\bclaude_\w+\(.*[;{]$|\bimport libclaude\b).*", prose, re.MULTILINE) == []


def test_there_are_examples() -> None:
    assert len(fenced(ROOT / "README.md", "c")) == 1
    assert len(fenced(ROOT / "README.md", "python")) == 1
    assert sum(len(in_comments(path)) for path in HEADERS) >= 2


def test_every_code_of_a_header_is_found() -> None:
    for path in HEADERS:
        assert path.read_text(encoding="utf-8").count("@code") == len(in_comments(path)), path.name


def places(page: pathlib.Path) -> set[str]:
    """What a link to a page may name after its #: the headings, as they are made into anchors."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_has_every_page() -> None:
    """docs/README.md leads to all pages of its folder."""
    text = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "docs").glob("*.md")):
        assert path.name == "README.md" or f"({path.name})" in text, path.name


@pytest.mark.parametrize("path", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_names(path: pathlib.Path) -> None:
    """Links lead somewhere; files, commands and functions that are named exist."""
    text = path.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```$|`[^`]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    for target, place in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", prose):
        page = path.parent / target if target else path
        assert page.exists(), f"link to {target}"
        assert not place or place in places(page), f"link to {target}#{place}"
    for name in re.findall(r"\bscripts/[a-z-]+\b", text):
        assert (ROOT / name).exists(), name
    headers = "".join(header.read_text(encoding="utf-8") for header in HEADERS)
    for name in re.findall(r"`(claude_(?!x_)\w+)\(\)`", text):
        assert f"{name}(" in headers, f"{name}() is declared nowhere"


# What an example program is called with; the others need nothing.
ARGUMENTS = {
    "vision.c": ["What is this?", "photo.png", "report.pdf", "notes.txt"],
    "caching.c": ["notes.txt", "Who is it from?", "What does it say?"],
    "pages.c": ["models.list", "2"],
    "reliability.c": ["What is a circuit breaker?"],
    "quota.c": ["usage.json", "What is a quota?"],
}
# What it shows, where that is no echo of a question.
SHOWS = {"pages.c": "claude-haiku-5-5", "diagnostics.c": "key    ok       the server takes the key"}


def examples() -> list[object]:
    """The example programs, with how each is started."""
    found: list[object] = []
    for path in sorted((ROOT / "examples" / "c").glob("*.c")):
        command = [BUILD / "bin" / "examples" / path.stem, *ARGUMENTS.get(path.name, [])]
        found.append(pytest.param(path, command, id=f"c/{path.name}"))
    for path in sorted((ROOT / "examples" / "python").glob("*.py")):
        found.append(pytest.param(path, [sys.executable, path], id=f"python/{path.name}"))
    return found


@pytest.mark.parametrize(("source", "command"), examples())
def test_example_programs(
    source: pathlib.Path, command: list[pathlib.Path], server: Sandbox, folder: pathlib.Path
) -> None:
    answer = answer_for(source.read_text(encoding="utf-8"))
    server.scenario(answer.scenario if answer else None)
    output = run(server, folder, *command)
    shows = answer.shows if answer else SHOWS.get(source.name, "Echo: ")
    assert shows in output
    assert server.counts()[0] >= 1


def program(name: str) -> list[str | pathlib.Path]:
    return [BUILD / "bin" / "examples" / name, *ARGUMENTS.get(f"{name}.c", [])]


def test_vision_sends_the_files(server: Sandbox, folder: pathlib.Path) -> None:
    run(server, folder, *program("vision"))
    [request] = server.requests()
    *sources, question = request.json()["messages"][0]["content"]
    assert [block["type"] for block in sources] == ["image", "document", "document"]
    assert [base64.b64decode(block["source"]["data"]) for block in sources[:2]] == [
        FILES["photo.png"],
        FILES["report.pdf"],
    ]
    assert sources[2]["source"]["data"] == FILES["notes.txt"].decode()
    assert question == {"type": "text", "text": "What is this?"}


def test_vision_says_what_cannot_be_sent(server: Sandbox, folder: pathlib.Path) -> None:
    (folder / "photo.png").write_bytes(FILES["photo.png"] + bytes(5 << 20))
    with pytest.raises(AssertionError, match=r"/messages/0/content/0.*image.*too large"):
        run(server, folder, *program("vision"))
    assert server.requests() == []


def test_tools_runs_the_tool(server: Sandbox, folder: pathlib.Path) -> None:
    answer = answer_for("claude_runner_new(")
    assert answer is not None
    server.scenario(answer.scenario)
    run(server, folder, *program("tools"))
    first, second = (request.json() for request in server.requests())
    assert [tool["name"] for tool in first["tools"]] == ["tell_time"]
    [result] = second["messages"][-1]["content"]
    assert (result["type"], result.get("is_error", False)) == ("tool_result", False)
    assert re.search(r"\d\d:\d\d:\d\d", str(result["content"]))


def test_caching_marks_the_document(server: Sandbox, folder: pathlib.Path) -> None:
    output = run(server, folder, *program("caching"))
    questions = [request.json()["messages"][0]["content"] for request in server.requests()]
    assert [content[0]["cache_control"] for content in questions] == [{"type": "ephemeral"}] * 2
    assert questions[0][0] == questions[1][0]
    assert [content[1]["text"] for content in questions] == ARGUMENTS["caching.c"][1:]
    assert output.count("Echo: ") == 2


def test_diagnostics_shows_all(server: Sandbox, folder: pathlib.Path) -> None:
    output = run(server, folder, *program("diagnostics"))
    assert "info  call.end {" in output
    assert '--header "x-api-key: $ANTHROPIC_API_KEY"' in output
    report = json.loads(output.splitlines()[-1])
    assert [row["code"] for row in report["attempts"]] == ["CLAUDE_OK"]
    assert [request.method for request in server.requests()] == ["HEAD", "GET", "POST"]


def test_reliability_tells_of_its_attempts(server: Sandbox, folder: pathlib.Path) -> None:
    busy = {"status": 529, "headers": [["retry-after-ms", "1"]], "error": {"type": "overloaded_error", "message": "x"}}
    message = {"type": "message", "content": [{"type": "text", "text": "Well."}], "usage": {"output_tokens": 1}}
    server.scenario({"sequence": [busy, {"body_json": message}]})
    output = run(server, folder, *program("reliability"))
    assert "attempt 1: CLAUDE_E_OVERLOADED, HTTP 529" in output
    assert "attempt 2: CLAUDE_OK, HTTP 200" in output
    assert '"retries":1' in output
    assert "Well." in output
    assert "2 attempts, 1 retries" in output


def test_pages_goes_through_all_of_them(server: Sandbox, folder: pathlib.Path) -> None:
    lines = run(server, folder, *program("pages")).split()
    assert len(lines) == len(set(lines)) > 4
    assert len(server.requests()) == (len(lines) + 1) // 2


@pytest.mark.parametrize("language", ["c", "python"])
def test_templates_fill_their_requests(server: Sandbox, folder: pathlib.Path, language: str) -> None:
    answer = answer_for("messages.parse(")
    assert answer is not None
    server.scenario(answer.scenario)
    script = ROOT / "examples" / "python" / "templates.py"
    output = run(server, folder, *(program("templates") if language == "c" else [sys.executable, script]))
    names = ["chat", "code", "extraction", "question answering", "summary"]
    assert sorted(re.findall(r"^-- (.*)$", output, re.MULTILINE)) == names
    assert "Hilltop School wants " in output
    sent = [request.json() for request in server.requests()]
    assert len(sent) == len(names)
    assert all(request["system"] and request["max_tokens"] > 0 for request in sent)
    [chat] = [request for request in sent if len(request["messages"]) > 1]
    assert [message["role"] for message in chat["messages"]] == ["user", "assistant", "user"]
    [extraction] = [request for request in sent if "output_config" in request]
    assert extraction["output_config"]["format"]["schema"]["required"] == ["customer", "items"]
    [document] = [
        block
        for request in sent
        for block in request["messages"][-1]["content"]
        if isinstance(block, dict) and block["type"] == "document"
    ]
    assert document["citations"] == {"enabled": True}
    assert document["cache_control"] == {"type": "ephemeral"}


@pytest.mark.parametrize("language", ["c", "python"])
def test_compare_asks_all_models_at_once(server: Sandbox, folder: pathlib.Path, language: str) -> None:
    script = ROOT / "examples" / "python" / "compare.py"
    command = program("compare") if language == "c" else [sys.executable, script]
    output = run(server, folder, *command, "What is it?", "claude-haiku-5-5", "unheard-of", "claude-opus-5-5")
    assert sorted(request.json()["model"] for request in server.requests()) == [
        *("claude-haiku-5-5", "claude-opus-5-5", "unheard-of"),
    ]
    assert server.counts()[1] == 3  # connections: none has waited for another
    table, *answers = output.split("\n\n")
    rows = [row.split() for row in table.splitlines()[1:]]
    assert [row[0] for row in rows] == ["claude-haiku-5-5", "unheard-of", "claude-opus-5-5"]
    for name, first_ms, all_ms, tokens_in, tokens_out, cost in rows:
        assert int(first_ms) <= int(all_ms)
        assert (int(tokens_in), int(tokens_out)) > (0, 0)
        assert cost == "unknown" if name == "unheard-of" else re.fullmatch(r"\$0\.\d{6}", cost)
    assert [answer.strip() for answer in answers] == [f"-- {row[0]}\nEcho: What is it?" for row in rows]


@pytest.mark.parametrize("language", ["c", "python"])
def test_compare_shows_what_failed(server: Sandbox, folder: pathlib.Path, language: str) -> None:
    script = ROOT / "examples" / "python" / "compare.py"
    server.scenario("overloaded")
    output = run(server, folder, *(program("compare") if language == "c" else [sys.executable, script]))
    assert output.count(" failed: ") == 3
    server.reset()
    command = program("compare") if language == "c" else [sys.executable, script]
    table = run(server, folder, *command, "What is it?", "", "claude-opus-5-5").split("\n\n")[0]
    assert [row.split()[0] for row in table.splitlines()] == ["model", "failed:", "claude-opus-5-5"]  # refused unsent
