"""The other commands, the command line itself, and where the key comes from."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from claudec import KEY, ROOT, SECONDS, Claudec

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox import Sandbox


def line(name: str, **params: object) -> str:
    body = {"model": "claude-haiku-5-5", "max_tokens": 16, "messages": [{"role": "user", "content": name}], **params}
    return json.dumps({"custom_id": name, "params": body}) + "\n"


def test_version(claudec: Claudec) -> None:
    header = (ROOT / "capi" / "include" / "claude" / "types.h").read_text(encoding="utf-8")
    version = ".".join(re.findall(r"CLAUDE_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))
    for option in ("--version", "-V"):
        done = claudec(option, ANTHROPIC_API_KEY="")
        assert (done.code, done.err) == (0, "")
        assert done.out == f"claudec {version}\nlibclaude {version}, compiled against {version}\n"


def test_models(claudec: Claudec, sandbox: Sandbox) -> None:
    done = claudec("models")
    assert (done.code, done.err) == (0, "")
    assert "claude-haiku-5-5\tClaude Haiku 5.5\tactive" in done.out.splitlines()
    models = [json.loads(text) for text in claudec("models", "--json").out.splitlines()]
    assert [model["id"] for model in models] == [text.split("\t")[0] for text in done.out.splitlines()]
    sandbox.scenario("unauthorized")
    assert claudec("models").code == 77


def test_count(claudec: Claudec, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("notes")
    done = claudec("count", "-s", "Be brief.", "-a", "notes", "hello")
    assert (done.code, done.err) == (0, "")
    assert int(done.out) > 10
    [request] = sandbox.requests()
    assert request.target == "/v1/messages/count_tokens"
    assert sorted(request.json()) == ["messages", "model", "system"]
    assert json.loads(claudec("count", "--json", "hello").out)["input_tokens"] > 0


def test_batch(claudec: Claudec, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "batch.jsonl").write_text(line("one") + line("two"))
    done = claudec("batch", "batch.jsonl", "--usage")
    assert done.code == 0
    results = {result["custom_id"]: result["result"] for result in map(json.loads, done.out.splitlines())}
    assert sorted(results) == ["one", "two"]
    assert results["one"]["message"]["content"][0]["text"] == "Echo: one"
    said = done.err.splitlines()
    assert re.fullmatch(r"claudec: batch msgbatch_\w+ was made: 2 requests", said[0])
    assert said[1:-1] == ["claudec: 0 of 2 requests are done", "claudec: 2 of 2 requests are done"]
    assert re.fullmatch(r"2 results, \$0\.\d{6}", said[-1])
    assert [request.method for request in sandbox.requests()] == ["POST", "GET", "GET", "GET"]


def test_batch_in_two_steps(claudec: Claudec, tmp_path: Path) -> None:
    (tmp_path / "batch.jsonl").write_text(line("one"))
    made = claudec("batch", "--no-wait", "batch.jsonl")
    assert (made.code, made.err) == (0, "")
    identifier = made.out.strip()
    assert re.fullmatch(r"msgbatch_\w+", identifier)
    done = claudec("batch", "-q", "--resume", identifier)
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["custom_id"] == "one"


def test_batch_from_standard_input_with_failures(claudec: Claudec) -> None:
    done = claudec(
        "batch", "-", stdin=line("one") + line("errored-two"), ANTHROPIC_CUSTOM_HEADERS="x-sandbox-batch-retrieves: 0"
    )
    assert done.code == 1
    assert len(done.out.splitlines()) == 2
    assert "1 of 2 requests have failed" in done.err


def test_batch_goes_on_without_us(claudec: Claudec, sandbox: Sandbox) -> None:
    """Failures that may pass are waited out; others end the waiting and say how to come back."""
    ended = {"id": "msgbatch_1", "type": "message_batch", "processing_status": "in_progress", "request_counts": {}}
    busy = {"status": 529, "error": {"type": "overloaded_error", "message": "x"}}
    sandbox.scenario(
        {
            "sequence": [
                busy,
                {"body_json": ended},
                {"status": 401, "error": {"type": "authentication_error", "message": "x"}},
            ]
        }
    )
    done = claudec("batch", "--resume", "msgbatch_1")
    assert (done.code, done.out) == (77, "")
    assert "asking again" in done.err
    assert done.err.endswith("claudec: the batch itself goes on; its results: claudec batch --resume msgbatch_1\n")


def test_batch_that_is_not_there(claudec: Claudec) -> None:
    done = claudec("batch", "--resume", "msgbatch_unheard_of")
    assert (done.code, done.err.count("\n")) == (65, 1)


def test_batch_that_nobody_reads(claudec: Claudec, sandbox: Sandbox) -> None:
    ended = {"id": "msgbatch_1", "type": "message_batch", "processing_status": "ended", "request_counts": {}}
    sandbox.scenario({"sequence": [{"body_json": ended}, {"generate_lines": {"lines": 100000, "line_bytes": 300}}]})
    with claudec.start("batch", "--resume", "msgbatch_1") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(SECONDS) == 141
        assert process.stderr.read() == b"claudec: 0 of 0 requests are done\n"


def test_batch_that_is_wrong(claudec: Claudec, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "wrong.jsonl").write_text(line("one") + "{}\n")
    done = claudec("batch", "wrong.jsonl")
    assert done.code == 65
    assert "line 2" in done.err
    assert claudec("batch", "nowhere.jsonl").code == 66
    for arguments in ([], ["a", "b"], ["--resume", "x", "a"], ["--resume", ""]):
        assert claudec("batch", *arguments).code == 64
    assert sandbox.requests() == []


def test_doctor(claudec: Claudec) -> None:
    done = claudec("doctor", "-m", "claude-haiku-5-5")
    assert (done.code, done.err) == (0, "")
    found = dict(text.split()[:2] for text in done.out.splitlines())
    assert found["tcp"] == found["http"] == found["key"] == found["model"] == "ok"
    assert json.loads(claudec("doctor", "--json").out)["worst"] == "ok"


def test_doctor_without_a_key(claudec: Claudec, sandbox: Sandbox) -> None:
    done = claudec("doctor", ANTHROPIC_API_KEY="")
    assert done.code == 77
    assert "ANTHROPIC_API_KEY" in done.err
    assert "tcp    ok" in done.out
    assert all(request.header("x-api-key") is None for request in sandbox.requests())


def test_doctor_without_a_server(claudec: Claudec) -> None:
    done = claudec("doctor", ANTHROPIC_BASE_URL="http://127.0.0.1:1")
    assert done.code == 1
    assert re.search(r"^tcp    fail .*\n +to mend it: ", done.out, re.MULTILINE)


def test_curl_repeats_the_request(claudec: Claudec, sandbox: Sandbox) -> None:
    prompt = 'it\'s "quoted" $HOME `ls` \\ \n é'
    assert claudec("-s", "Be brief.", prompt).code == 0
    done = claudec("curl", "-s", "Be brief.", prompt, ANTHROPIC_API_KEY="")
    assert (done.code, done.err) == (0, "")
    assert KEY not in claudec("curl", prompt).out
    assert len(sandbox.requests()) == 1
    answer = subprocess.run(
        ["sh", "-c", done.out], env=claudec.environment, capture_output=True, check=True, timeout=SECONDS
    )
    assert b"message_stop" in answer.stdout
    ours, theirs = sandbox.requests()
    assert theirs.json() == ours.json()
    assert theirs.header("x-api-key") == KEY


def test_curl_with_a_file(claudec: Claudec, sandbox: Sandbox, tmp_path: Path) -> None:
    done = claudec("curl", stdin="x" * 200_000)
    assert done.code == 65
    assert "file" in done.err
    done = claudec("curl", "--body-file", "body", stdin="x" * 200_000)
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "body").stat().st_mode & 0o777 == 0o600
    subprocess.run(["sh", "-c", done.out], env=claudec.environment, cwd=tmp_path, check=True, timeout=SECONDS)
    [request] = sandbox.requests()
    assert request.json()["messages"][0]["content"] == "x" * 200_000
    assert claudec("curl", "hello", "--body-file", "no/where").code == 74


WRONG = [
    (["--modle", "x", "hello"], "did you mean --model?"),
    (["--jsn", "hello"], "did you mean --json?"),
    (["--zzzzzzzz", "hello"], "claudec --help"),
    (["-Z", "hello"], "-Z: there is no such option"),
    (["--model"], "--model needs a value: --model MODEL"),
    (["-m"], "-m needs a value"),
    (["--json=yes", "hello"], "--json takes no value"),
    (["--json", "--events", "hello"], "choose one"),
    (["-s", "x", "--system-file", "y", "hello"], "choose one"),
    (["--key-file", "x", "--workspace", "hello"], "choose one"),
    (["models", "--events"], "--events does not go with claudec models"),
    (["models", "are", "large"], "claudec ask"),
    (["-t", "many", "hello"], "--max-tokens many"),
    (["-t", "0", "hello"], "--max-tokens 0"),
    (["-T", ".5", "hello"], "--temperature .5"),
    (["-T", "1e3", "hello"], "--temperature 1e3"),
    (["-m", "", "hello"], "--model"),
    (["-o", "retry", "hello"], "must be KEY=VALUE"),
    (["-o", "retry.max_retrys=3", "hello"], "retry.max_retries"),
    (["-o", "retry.max_retries=many", "hello"], "retry.max_retries"),
    (["--retries", "-1", "hello"], "retry.max_retries"),
    (["--with", "magic", "hello"], "--with magic"),
    (["--with", "failover", "hello"], "--endpoint"),
    (["--endpoint", "ftp://x", "hello"], "--endpoint"),
    (["completion"], "bash, zsh or fish"),
    (["completion", "tcsh"], "bash, zsh or fish"),
]


@pytest.mark.parametrize(("arguments", "says"), WRONG)
def test_command_lines_that_are_wrong(claudec: Claudec, sandbox: Sandbox, arguments: list[str], says: str) -> None:
    done = claudec(*arguments)
    assert (done.code, done.out) == (64, "")
    assert says in done.err
    assert done.err.startswith("claudec: ")
    assert done.err.count("\n") == 1
    assert sandbox.requests() == []


def test_too_many_of_one_option(claudec: Claudec) -> None:
    assert claudec(*["-obeta=x"] * 128, "hello").code == 0
    assert claudec(*["-obeta=x"] * 129, "hello").code == 64


def test_a_key_is_never_an_argument(claudec: Claudec, sandbox: Sandbox) -> None:
    done = claudec("-o", f"api_key={KEY}", "hello", ANTHROPIC_API_KEY="")
    assert done.code == 64
    assert KEY not in done.err
    done = claudec("-o", "network.proxy=http://user:secret@127.0.0.1:1", "hello")
    assert done.code == 64
    assert "secret" not in done.err
    assert sandbox.requests() == []


def test_no_key(claudec: Claudec, sandbox: Sandbox) -> None:
    done = claudec("hello", ANTHROPIC_API_KEY="")
    assert (done.code, done.out) == (77, "")
    assert "ANTHROPIC_API_KEY" in done.err
    assert "--key-file" in done.err
    assert sandbox.requests() == []


def test_key_files(claudec: Claudec, sandbox: Sandbox, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk-ant-out-of-a-file-not-a-real-key\n")
    key.chmod(0o600)
    assert claudec("hello", "--key-file", "key").code == 0  # wins over the environment
    assert sandbox.requests()[0].header("x-api-key") == "sk-ant-out-of-a-file-not-a-real-key"
    key.chmod(0o644)
    done = claudec("hello", "--key-file", "key")
    assert done.code == 77
    assert "600" in done.err
    assert "sk-ant" not in done.err
    assert claudec("hello", "--key-file", "nowhere").code == 77


def test_the_workspace(claudec: Claudec, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    secrets = tmp_path / "secret" / "-secrets.sh"
    secrets.write_text('export ANTHROPIC_API_KEY="sk-ant-of-the-workspace-not-a-real-key"\n')
    secrets.chmod(0o600)
    assert claudec("hello", "--workspace", WORKSPACE_PATH=str(tmp_path), ANTHROPIC_API_KEY="").code == 0
    assert sandbox.requests()[0].header("x-api-key") == "sk-ant-of-the-workspace-not-a-real-key"


def test_options_of_the_library(claudec: Claudec, sandbox: Sandbox) -> None:
    """Every one is offered, but for the key, and can be set to its default."""
    text = (ROOT / "capi" / "abi" / "options.txt").read_text(encoding="utf-8")
    rows = re.findall(r"^([a-z_.0-9]+) \| \w+ \| \S+ \| (\S+) \|", text, re.MULTILINE)
    assert len(rows) > 50
    completion = claudec("completion", "bash").out
    assert [name for name, _ in rows if f"{name}=" not in completion] == ["api_key"]
    some = [f"-o{name}={default}" for name, default in rows if default != "-" and name != "base_url"]
    assert claudec(*some, "hello").out == "Echo: hello\n"
