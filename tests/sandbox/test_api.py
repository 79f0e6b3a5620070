"""Self-test of the endpoints beside messages that claude-sandbox has without a scenario: batches, files, skills, old
completions, lists of every kind; and of what generates and echoes for them.
"""

from __future__ import annotations

import gzip
import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest
from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

AUTH = {"x-api-key": "k", "anthropic-version": "2026-10-21"}
PARAMS: dict[str, Any] = {"model": "m", "max_tokens": 99, "messages": [{"role": "user", "content": "hi"}]}
SKILL = b"---\nname: brew\ndescription: Makes tea\n---\nBoil water.\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    running = Sandbox().start()
    yield running
    assert running.close() == 0, "the sandbox did not end cleanly"


@pytest.fixture
def sb(server: Sandbox) -> Sandbox:
    server.reset()
    return server


def call(
    sb: Sandbox, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", sb.port, timeout=30)
    try:
        connection.request(method, path, body, {**AUTH, **(headers or {})})
        response = connection.getresponse()
        return response.status, {n.lower(): v for n, v in response.getheaders()}, response.read()
    finally:
        connection.close()


def ask(sb: Sandbox, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    status, _, content = call(sb, method, path, data, headers)
    assert status == 200, content
    return json.loads(content)


def refused(
    sb: Sandbox, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    status, _, content = call(sb, method, path, data, headers)
    return status, json.loads(content)["error"]["message"]


# ---- batches


def requests(*names: str) -> dict[str, Any]:
    return {"requests": [{"custom_id": name, "params": PARAMS} for name in names]}


def results(sb: Sandbox, batch: dict[str, Any]) -> list[dict[str, Any]]:
    path = batch["results_url"].removeprefix(sb.url)
    assert path == f"/v1/messages/batches/{batch['id']}/results"
    status, headers, body = call(sb, "GET", path)
    assert status == 200
    assert headers["content-type"] == "application/x-jsonl"
    assert headers["transfer-encoding"] == "chunked"
    assert body.endswith(b"\n")
    return [json.loads(line) for line in body.splitlines()]


def test_a_batch_from_beginning_to_end(sb: Sandbox) -> None:
    created = ask(sb, "POST", "/v1/messages/batches", requests("one", "errored-2", "expired-3", "canceled-4", "5"))
    path = f"/v1/messages/batches/{created['id']}"
    assert created["id"].startswith("msgbatch_")
    assert (created["type"], created["processing_status"]) == ("message_batch", "in_progress")
    assert created["request_counts"] == {"processing": 5, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
    assert created["results_url"] is None
    assert refused(sb, "GET", f"{path}/results") == (400, "The batch has no results before it has ended")
    assert refused(sb, "DELETE", path) == (400, "The batch cannot be deleted before it has ended")
    assert ask(sb, "GET", path) == created
    ended = ask(sb, "GET", path)
    assert ended["processing_status"] == "ended"
    assert ended["request_counts"] == {"processing": 0, "succeeded": 2, "errored": 1, "canceled": 1, "expired": 1}
    found = results(sb, ended)
    assert [line["custom_id"] for line in found] == ["5", "canceled-4", "expired-3", "errored-2", "one"]
    assert [line["result"]["type"] for line in found] == ["succeeded", "canceled", "expired", "errored", "succeeded"]
    assert found[0]["result"]["message"]["content"][0]["text"] == "Echo: hi"
    assert found[3]["result"]["error"]["error"]["type"] == "invalid_request_error"
    assert refused(sb, "POST", f"{path}/cancel", {})[0] == 400
    assert ask(sb, "DELETE", path) == {"id": created["id"], "type": "message_batch_deleted"}
    assert call(sb, "GET", path)[0] == 404


@pytest.mark.parametrize("retrieves", [0, 1, 3])
def test_when_a_batch_ends(sb: Sandbox, retrieves: int) -> None:
    headers = {"x-sandbox-batch-retrieves": str(retrieves)}
    batch = ask(sb, "POST", "/v1/messages/batches", requests("a"), headers)
    seen = [batch["processing_status"]]
    while seen[-1] != "ended":
        batch = ask(sb, "GET", f"/v1/messages/batches/{batch['id']}")
        seen.append(batch["processing_status"])
    assert seen == ["in_progress"] * retrieves + ["ended"]


def test_cancelling(sb: Sandbox) -> None:
    batch = ask(sb, "POST", "/v1/messages/batches", requests("a", "b"))
    canceling = ask(sb, "POST", f"/v1/messages/batches/{batch['id']}/cancel")
    assert canceling["processing_status"] == "canceling"
    assert canceling["cancel_initiated_at"] is not None
    ended = ask(sb, "GET", f"/v1/messages/batches/{batch['id']}")
    assert ended["request_counts"]["canceled"] == 2
    assert [(line["custom_id"], line["result"]) for line in results(sb, ended)] == [
        ("a", {"type": "canceled"}),
        ("b", {"type": "canceled"}),
    ]


def test_a_request_that_cannot_be_answered(sb: Sandbox) -> None:
    body = {"requests": [{"custom_id": "a", "params": {"model": "m"}}]}
    batch = ask(sb, "POST", "/v1/messages/batches", body, {"x-sandbox-batch-retrieves": "0"})
    assert batch["request_counts"]["errored"] == 1
    assert results(sb, batch)[0]["result"]["type"] == "errored"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "requests: Field required"),
        ({"requests": []}, "requests: List should have 1 to 100000 items"),
        (requests("a", "b", "a"), "requests.2.custom_id: custom_ids must be unique"),
        (requests("a", ""), "requests.1.custom_id: String should match"),
        (requests("a b"), "requests.0.custom_id: String should match"),
        (requests("x" * 65), "requests.0.custom_id: String should match"),
        ({"requests": [{"params": PARAMS}]}, "requests.0.custom_id"),
        ({"requests": [{"custom_id": "a"}]}, "requests.0.params: Field required"),
        ({"requests": [7]}, "requests.0.custom_id"),
    ],
)
def test_batches_that_are_refused(sb: Sandbox, body: Any, message: str) -> None:
    status, text = refused(sb, "POST", "/v1/messages/batches", body)
    assert status == 400
    assert message in text
    assert ask(sb, "GET", "/v1/messages/batches")["data"] == []


def test_a_batch_may_be_larger_than_a_message(sb: Sandbox) -> None:
    long = {**PARAMS, "messages": [{"role": "user", "content": "x" * (33 << 20)}]}
    body = {"requests": [{"custom_id": "a", "params": long}]}
    assert ask(sb, "POST", "/v1/messages/batches", body)["request_counts"]["processing"] == 1
    assert call(sb, "POST", "/v1/messages", json.dumps(long).encode())[0] == 413


# ---- files and skills


def form(*parts: tuple[str, bytes], boundary: str = "xyz") -> tuple[bytes, dict[str, str]]:
    """A form of parts: what follows "form-data; ", and the content."""
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts
    )
    return body + f"--{boundary}--\r\n".encode(), {"content-type": f"multipart/form-data; boundary={boundary}"}


def upload(sb: Sandbox, path: str, *parts: tuple[str, bytes], **headers: str) -> Any:
    body, content_type = form(*parts)
    status, _, content = call(sb, "POST", path, body, {**content_type, **headers})
    assert status == 200, content
    return json.loads(content)


def test_a_file_from_beginning_to_end(sb: Sandbox) -> None:
    content = bytes(range(256)) * 40 + b"\r\n-xyz\n--xyz no boundary: see its line end"
    file = upload(sb, "/v1/files", ('name="file"; filename="a ü;=.bin"\r\nContent-Type: image/png', content))
    return_of = {key: file[key] for key in ("type", "mime_type", "size_bytes", "downloadable", "expires_at")}
    assert return_of == {
        "type": "file",
        "mime_type": "image/png",
        "size_bytes": len(content),
        "downloadable": True,
        "expires_at": None,
    }
    path = f"/v1/files/{file['id']}"
    assert file["id"].startswith("file_")
    assert ask(sb, "GET", path) == file
    status, headers, body = call(sb, "GET", f"{path}/content")
    assert (status, headers["content-type"], body) == (200, "image/png", content)
    assert ask(sb, "DELETE", path) == {"id": file["id"], "type": "file_deleted"}
    for method, where in (("GET", path), ("GET", f"{path}/content"), ("DELETE", path)):
        assert call(sb, method, where)[0] == 404


def test_names_of_files(sb: Sandbox) -> None:
    for written, filename in (("plain.txt", "plain.txt"), ('"a;b=c.txt"', "a;b=c.txt"), ('"ü ñ.txt"', "ü ñ.txt")):
        assert upload(sb, "/v1/files", (f"filename={written}; name=file", b"1"))["filename"] == filename


def test_a_file_that_may_not_be_read(sb: Sandbox) -> None:
    file = upload(sb, "/v1/files", ('name="file"; filename="a"', b"1"), **{"x-sandbox-downloadable": "false"})
    assert (file["mime_type"], file["downloadable"]) == ("application/octet-stream", False)
    status, _, content = call(sb, "GET", f"/v1/files/{file['id']}/content")
    assert status == 400
    assert json.loads(content)["error"]["details"] == {"error_code": "file_not_downloadable"}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([('name="other"; filename="a"', b"1")], "file: Field required"),
        ([('name="file"', b"1")], "file: Field required"),
        ([('name="file"; filename=""', b"1")], "filename must have"),
        ([('name="file"; filename="a/b"', b"1")], "filename must have"),
        ([('name="file"; filename="a"', b"1"), ('name="expires_in_seconds"', b"60")], "expires_in_seconds"),
        ([('name="file"; filename="a"', b"1"), ('name="expires_in_seconds"', b"soon")], "expires_in_seconds"),
    ],
)
def test_files_that_are_refused(sb: Sandbox, parts: list[tuple[str, bytes]], message: str) -> None:
    body, headers = form(*parts)
    status, text = refused(sb, "POST", "/v1/files", body, headers)
    assert status == 400
    assert message in text
    assert ask(sb, "GET", "/v1/files")["data"] == []


GOOD_FORM, FORM_TYPE = form(('name="file"; filename="a"', b"1"))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (GOOD_FORM, "application/json"),
        (GOOD_FORM, "multipart/form-data"),
        (GOOD_FORM, 'multipart/form-data; boundary="xyz'),
        (GOOD_FORM, "multipart/form-data; boundary=other"),
        (GOOD_FORM, f"multipart/form-data; boundary={'x' * 71}"),
        (GOOD_FORM[:-4], FORM_TYPE["content-type"]),
        (GOOD_FORM + b"after", FORM_TYPE["content-type"]),
        (GOOD_FORM.replace(b"\r\n\r\n", b"\n\n"), FORM_TYPE["content-type"]),
        (GOOD_FORM.replace(b"form-data", b"attachment"), FORM_TYPE["content-type"]),
        (GOOD_FORM.replace(b'name="file"; ', b""), FORM_TYPE["content-type"]),
        (GOOD_FORM.replace(b"Content-Disposition", b"X"), FORM_TYPE["content-type"]),
        (b"before\r\n" + GOOD_FORM, FORM_TYPE["content-type"]),
        (b"", FORM_TYPE["content-type"]),
        (b"--xyz--\r\n", FORM_TYPE["content-type"]),
    ],
)
def test_forms_that_are_refused(sb: Sandbox, body: bytes, content_type: str) -> None:
    assert refused(sb, "POST", "/v1/files", body, {"content-type": content_type})[0] == 400


def test_forms_in_other_spellings(sb: Sandbox) -> None:
    body, _ = form(('name="file"; filename="a"', b"1"), boundary="x'()+_,-./:=? y")
    quoted = {"content-type": 'Multipart/Form-Data; charset=x; Boundary="x\'()+_,-./:=? y"'}
    assert call(sb, "POST", "/v1/files", body, quoted)[0] == 200
    packed = {**FORM_TYPE, "content-encoding": "gzip"}
    assert call(sb, "POST", "/v1/files", gzip.compress(GOOD_FORM), packed)[0] == 200


def test_expiry(sb: Sandbox) -> None:
    parts = ('name="expires_in_seconds"', b"3600"), ('name="file"; filename="a"', b"1")
    assert upload(sb, "/v1/files", *parts)["expires_at"] is not None


def skill_files(folder: str = "brew", text: bytes = SKILL) -> list[tuple[str, bytes]]:
    return [
        (f'name="files[]"; filename="{folder}/SKILL.md"', text),
        (f'name="files[]"; filename="{folder}/lib/\\"pot\\\\.py"', b"boil()"),
    ]


def test_a_skill_from_beginning_to_end(sb: Sandbox) -> None:
    skill = upload(sb, "/v1/skills", *skill_files(), ('name="display_name"', b"Brewing"))
    path = f"/v1/skills/{skill['id']}"
    assert (skill["type"], skill["display_name"], skill["source"]) == ("skill", "Brewing", {"type": "custom"})
    version = ask(sb, "GET", f"{path}/versions/{skill['latest_version_id']}")
    assert version["type"] == "skill_version"
    assert version["skill_id"] == skill["id"]
    assert (version["name"], version["description"]) == ("brew", "Makes tea")
    assert refused(sb, "DELETE", f"{path}/versions/{version['id']}")[0] == 400
    second = upload(sb, f"{path}/versions", *skill_files("folder-of-another-name"))
    assert ask(sb, "GET", path)["latest_version_id"] == second["id"]
    assert [item["id"] for item in ask(sb, "GET", f"{path}/versions")["data"]] == [second["id"], version["id"]]
    _, headers, content = call(sb, "GET", f"{path}/versions/{second['id']}/content")
    assert headers["content-type"] == "application/zip"
    assert content.startswith(b"PK\x05\x06")
    gone = ask(sb, "DELETE", f"{path}/versions/{second['id']}")
    assert gone == {"id": second["id"], "type": "skill_version_deleted"}
    assert ask(sb, "GET", path)["latest_version_id"] == version["id"]
    assert [item["id"] for item in ask(sb, "GET", "/v1/skills?source=custom")["data"]] == [skill["id"]]
    assert ask(sb, "GET", "/v1/skills?source=anthropic")["data"] == []
    assert ask(sb, "DELETE", path) == {"id": skill["id"], "type": "skill_deleted"}
    assert call(sb, "GET", path)[0] == call(sb, "GET", f"{path}/versions")[0] == 404


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "begin"),
        ([('name="display_name"', b"x")], "files: Field required"),
        ([('name="files[]"; filename="brew/other.md"', SKILL)], "SKILL.md in the top folder"),
        ([('name="files[]"; filename="brew/lib/SKILL.md"', SKILL)], "SKILL.md in the top folder"),
        ([('name="files[]"; filename="SKILL.md"', SKILL)], "same top folder"),
        ([('name="files[]"', SKILL)], "same top folder"),
        ([('name="files[]"; filename="/brew/SKILL.md"', SKILL)], "same top folder"),
        ([*skill_files(), ('name="files[]"; filename="brew/../x"', b"")], "same top folder"),
        ([*skill_files(), ('name="files[]"; filename="other/x"', b"")], "same top folder"),
        ([*skill_files(), ('name="display_name"', b"")], "display_name"),
        ([*skill_files(), ('name="display_name"', b"x" * 256)], "display_name"),
    ],
)
def test_skills_that_are_refused(sb: Sandbox, parts: list[tuple[str, bytes]], message: str) -> None:
    body, headers = form(*parts)
    status, text = refused(sb, "POST", "/v1/skills", body, headers)
    assert status == 400
    assert message in text or not parts


def test_a_skill_keeps_its_name(sb: Sandbox) -> None:
    skill = upload(sb, "/v1/skills", *skill_files())
    assert skill["display_name"] == "brew"
    body, headers = form(*skill_files(text=b"---\nname: other\n---\n"))
    assert refused(sb, "POST", f"/v1/skills/{skill['id']}/versions", body, headers)[0] == 400


def test_a_reset_forgets(sb: Sandbox) -> None:
    ask(sb, "POST", "/v1/messages/batches", requests("a"))
    upload(sb, "/v1/files", ('name="file"; filename="a"', b"1"))
    upload(sb, "/v1/skills", *skill_files())
    sb.reset()
    for path in ("/v1/messages/batches", "/v1/files", "/v1/skills"):
        assert ask(sb, "GET", path)["data"] == []


def test_keys_are_needed_everywhere(sb: Sandbox) -> None:
    for method, path in (("GET", "/v1/files"), ("DELETE", "/v1/skills/x"), ("POST", "/v1/messages/batches")):
        assert call(sb, method, path, headers={"x-api-key": ""})[0] == 401
    for path in ("/v1/files/", "/v1/files/a/b", "/v1/files//content", "/v1/file", "/v1/skills/x/versions/"):
        assert call(sb, "GET", path)[0] == 404


# ---- lists


def test_lists_by_ids(sb: Sandbox) -> None:
    made = [ask(sb, "POST", "/v1/messages/batches", requests("a"))["id"] for _ in range(5)][::-1]
    first = ask(sb, "GET", "/v1/messages/batches?limit=2")
    assert [item["id"] for item in first["data"]] == made[:2]
    assert (first["has_more"], first["first_id"], first["last_id"]) == (True, made[0], made[1])
    last = ask(sb, "GET", f"/v1/messages/batches?limit=3&after_id={made[1]}")
    assert [item["id"] for item in last["data"]] == made[2:]
    assert last["has_more"] is False
    before = ask(sb, "GET", f"/v1/messages/batches?limit=3&before_id={made[4]}")
    assert [item["id"] for item in before["data"]] == made[1:4]
    assert before["has_more"] is True
    assert ask(sb, "GET", f"/v1/messages/batches?limit=3&before_id={made[1]}")["has_more"] is False
    nothing = ask(sb, "GET", f"/v1/messages/batches?after_id={made[4]}")
    assert nothing == {"data": [], "has_more": False, "first_id": None, "last_id": None}


def pages(sb: Sandbox, path: str, limit: int) -> list[dict[str, Any]]:
    found = [ask(sb, "GET", f"{path}?limit={limit}")]
    while found[-1]["next_page"] is not None:
        found.append(ask(sb, "GET", f"{path}?limit={limit}&page={found[-1]['next_page']}"))
    return found


def test_lists_by_cursors(sb: Sandbox) -> None:
    agents = pages(sb, "/v1/agents", 10)
    assert [len(page["data"]) for page in agents] == [10, 0, 10, 5], "one page is empty, and not the last"
    assert [item["number"] for page in agents for item in page["data"]] == list(range(25))
    assert all(set(page) == {"data", "next_page"} for page in agents)
    sessions = pages(sb, "/v1/sessions", 10)
    assert [len(page["data"]) for page in sessions] == [10, 10, 5]
    assert sessions[0]["prev_page"] is None
    assert ask(sb, "GET", f"/v1/sessions?limit=10&page={sessions[2]['prev_page']}") == sessions[1]
    costs = pages(sb, "/v1/organizations/analytics/cost", 20)
    assert [(len(page["data"]), page["has_more"]) for page in costs] == [(20, True), (5, False)]
    files = [upload(sb, "/v1/files", ('name="file"; filename="a"', b"1"))["id"] for _ in range(5)][::-1]
    assert [item["id"] for page in pages(sb, "/v1/files", 2) for item in page["data"]] == files


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "page=x", "page=page_", f"page=page_1{'0' * 600}&page=%zz"]
)
def test_queries_of_lists_that_are_refused(sb: Sandbox, query: str) -> None:
    assert refused(sb, "GET", f"/v1/agents?{query}")[0] == 400


def test_models_by_lifecycle(sb: Sandbox) -> None:
    everything = ask(sb, "GET", "/v1/models")["data"]
    stages = {model["id"]: model["lifecycle"] for model in everything}
    assert list(stages.values()).count("deprecated") == 1
    for query, wanted in (
        ("lifecycle[]=active", {"active"}),
        ("lifecycle%5B%5D=deprecated", {"deprecated"}),
        ("x&lifecycle%5b]=%64eprecated", {"deprecated"}),
        ("lifecycle[]=active&lifecycle[]=deprecated", {"active", "deprecated"}),
        ("lifecycle[]=retired", set()),
    ):
        found = [model["id"] for model in ask(sb, "GET", f"/v1/models?{query}")["data"]]
        assert found == [name for name, stage in stages.items() if stage in wanted]
    for model in everything:
        assert (model["deprecated_at"] is None) == (model["lifecycle"] == "active")
        assert model["capabilities"]["thinking"]["types"]["enabled"] == {"supported": True}


# ---- old completions

OLD = {"anthropic-version": "2023-06-01"}
PROMPT: dict[str, Any] = {
    "model": "claude-2.1",
    "prompt": "\n\nHuman: first\n\nAssistant: x\n\nHuman: What ünd why is that so?\n\nAssistant:",
    "max_tokens_to_sample": 50,
}


def test_completion(sb: Sandbox) -> None:
    found = ask(sb, "POST", "/v1/complete", PROMPT, OLD)
    assert set(found) == {"type", "id", "completion", "model", "log_id", "stop_reason", "stop"}
    assert (found["type"], found["completion"]) == ("completion", " Echo: What ünd why is that so?")
    assert (found["stop_reason"], found["stop"]) == ("stop_sequence", "\n\nHuman:")
    cut = ask(sb, "POST", "/v1/complete", {**PROMPT, "max_tokens_to_sample": 2}, OLD)
    assert (cut["completion"], cut["stop_reason"], cut["stop"]) == (" Echo: W", "max_tokens", None)


def test_completion_stream(sb: Sandbox) -> None:
    status, headers, body = call(sb, "POST", "/v1/complete", json.dumps({**PROMPT, "stream": True}).encode(), OLD)
    assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    events = [block.split("\n") for block in body.decode().split("\n\n")[:-1]]
    names = [event[0].removeprefix("event: ") for event in events]
    data = [json.loads(event[1].removeprefix("data: ")) for event in events]
    assert names == ["completion", "ping", "completion", "completion"]
    assert [item["type"] for item in data] == names
    assert "".join(item.get("completion", "") for item in data) == " Echo: What ünd why is that so?"
    assert [item.get("stop_reason") for item in data] == [None, None, None, "stop_sequence"]


@pytest.mark.parametrize("missing", ["model", "prompt", "max_tokens_to_sample"])
def test_completions_that_are_refused(sb: Sandbox, missing: str) -> None:
    body = {name: value for name, value in PROMPT.items() if name != missing}
    assert refused(sb, "POST", "/v1/complete", body, OLD)[0] == 400
    assert call(sb, "POST", "/v1/complete", json.dumps(PROMPT).encode())[0] == 404, "only in the old version"


# ---- scenarios


def test_echo(sb: Sandbox) -> None:
    sb.scenario({"echo": True, "status": 299, "headers": [["x-more", "1"]]})
    status, headers, content = call(sb, "PATCH", "/any/%2e?a[]=1&b", b"\x00\xff", {"X-Some": "Value"})
    assert (status, headers["x-more"], headers["content-type"]) == (299, "1", "application/json")
    told = json.loads(content)
    (recorded,) = sb.control("GET", "requests")["requests"]
    assert told == {**recorded, "replied": False}
    assert (told["method"], told["target"], told["body_base64"]) == ("PATCH", "/any/%2e?a[]=1&b", "AP8=")
    assert ["X-Some", "Value"] in told["headers"]
    long = b"x" * (2 << 20)
    told = json.loads(call(sb, "POST", "/", long)[2])
    assert told["body"] == long.decode(), "whole, although the record keeps less"
    assert sb.requests()[1].body == long[: 1 << 20]


@pytest.mark.parametrize("other", [{"body": "x"}, {"error": {"type": "a", "message": "b"}}, {"echo": 1}])
def test_echo_is_a_body_of_its_own(sb: Sandbox, other: dict[str, Any]) -> None:
    for scenario in ({"echo": True, **other}, {**other, "echo": True}):
        if scenario != {"echo": True}:
            with pytest.raises(RuntimeError):
                sb.register("bad", scenario)


@pytest.mark.parametrize(("lines", "size"), [(1, 300), (2500, 300), (1003, 3000), (3, 1 << 20)])
def test_generated_lines(sb: Sandbox, lines: int, size: int) -> None:
    sb.scenario({"generate_lines": {"lines": lines, "line_bytes": size}, "framing": "chunked"})
    _, headers, body = call(sb, "GET", "/v1/messages/batches/x/results")
    assert headers["content-type"] == "application/x-jsonl"
    found = body.split(b"\n")
    assert found.pop() == b""
    assert {len(line) + 1 for line in found} == {size}
    assert len(found) == lines
    first = json.loads(found[0])
    assert first["custom_id"] == "line-000"
    assert first["result"]["type"] == "succeeded"
    assert len({json.loads(line)["custom_id"] for line in found[:20]}) == min(lines, 20 if size < 5000 else 1)


def test_generated_lines_that_are_refused(sb: Sandbox) -> None:
    for wrong in ({}, {"lines": 1}, {"lines": 1, "line_bytes": 100}, {"lines": -1, "line_bytes": 500}):
        with pytest.raises(RuntimeError):
            sb.register("bad", {"generate_lines": wrong})
