"""What the library says of its endpoints is what the table in the repository says, and what the official SDK does."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

import pytest
from native import CONSTANTS, ROOT, NativeError, Request, endpoint_names, endpoint_text
from official import Official, read_sdk
from table import BY_NAME, ROWS, Row, each

if TYPE_CHECKING:
    from collections.abc import Iterable

# ---- what the library says


def test_the_names_in_their_order() -> None:
    assert endpoint_names() == [row.name for row in ROWS]
    assert len(ROWS) == len(BY_NAME) == 273
    assert endpoint_names() == sorted(endpoint_names())


@each(ROWS)
def test_what_is_known_of_it(row: Row) -> None:
    wanted = {**dataclasses.asdict(row), "headers": " ".join(row.headers)}
    del wanted["keyless"]
    assert {what: endpoint_text(row.name, what) for what in wanted} == wanted
    assert Request(row.name).endpoint == row.name


def test_what_is_not_known() -> None:
    for name in ("", "messages.", "messages.create ", "Messages.create", "nothing", None):
        assert endpoint_text(name, "method") is None
    for what in ("", "METHOD", "keyless", "nothing", None):
        assert endpoint_text("messages.create", what) is None


def test_the_table_is_sound() -> None:
    """Words are those that the header names, no two rows are the same request, parameters are words."""
    words = {
        "method": {"GET", "POST", "DELETE"},
        "stability": {"ga", "beta", "legacy"},
        "paging": {"none", "page", "cursor", "bidirectional", "report"},
        "body": {"none", "json", "multipart"},
        "answer": {"json", "message", "completion", "events", "lines", "bytes"},
    }
    for what, allowed in words.items():
        assert {getattr(row, what) for row in ROWS} == allowed
    assert {name for row in ROWS for name in row.headers} == {"workspace", "user_profile", "worker"}
    assert len({(row.method, anonymous(row.path)) for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert re.fullmatch(r"/v1(/[a-z_]+|/\{[a-z_]+\})+", row.path)
        assert len(set(row.parameters)) == len(row.parameters)
        assert all(re.fullmatch(r"[a-z0-9-]+-\d{4}-\d{2}-\d{2}", name) for name in row.betas)
        assert (row.body == "none") == (row.method != "POST")
    assert [row.name for row in ROWS if row.keyless] == ["oauth.token"]


def test_the_page_shows_them_all() -> None:
    text = (ROOT / "docs" / "endpoints.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `([^`]+)`[^|]* \| `([A-Z]+) ([^`]+)` \|", text, re.MULTILINE)
    assert sorted(shown) == sorted((row.name, row.method, row.path) for row in ROWS)


# ---- names


def test_the_alias() -> None:
    assert Request("messages").endpoint == "messages.create"
    assert endpoint_text("messages", "path") == "/v1/messages"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("messages.batch.create", "messages.batches.create"),
        ("messages.creat", "messages.create"),
        ("model.list", "models.list"),
        ("batches.create", "messages.batches.create"),
        ("message.batches.results", "messages.batches.results"),
        ("sessions.list", "beta.sessions.list"),
        ("files.uploads", "files.upload"),
    ],
)
def test_a_name_that_is_nearly_right(name: str, near: str) -> None:
    with pytest.raises(NativeError, match=re.escape(f"did you mean {near}?")) as caught:
        Request(name)
    assert caught.value.code == CONSTANTS["CLAUDE_E_INVALID"]


@pytest.mark.parametrize("name", ["", "x", "messages.", ".", "%s%n", "x" * 10000, None])
def test_a_name_that_is_nothing(name: str | None) -> None:
    with pytest.raises(NativeError, match=r"is not known|is NULL") as caught:
        Request(name)
    assert caught.value.code == CONSTANTS["CLAUDE_E_INVALID"]
    assert len(caught.value.text) < 300


# ---- what the official SDK does


def anonymous(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def by_request(methods: Iterable[Official]) -> dict[tuple[str, str], list[Official]]:
    found: dict[tuple[str, str], list[Official]] = {}
    for method in methods:
        found.setdefault((method.method, anonymous(method.path)), []).append(method)
    return found


SDK = by_request(read_sdk())
# It has neither the old completions nor the exchange of credentials as a resource, and reads results from the URL that
# the batch itself names.
NOT_IN_THE_SDK = {"completions.create", "oauth.token", "messages.batches.results"}
# Where it spells the name of the method in another way.
OTHER_NAMES = {"beta.vaults.credentials.mcp_o_auth_validate": "beta.vaults.credentials.mcp_oauth_validate"}


def twin(row: Row) -> Official:
    """The SDK's method for the same request; of several, that of the same name."""
    twins = SDK[row.method, anonymous(row.path)]
    return next(method for method in twins if method.name == OTHER_NAMES.get(row.name, row.name))


def test_the_sdk_has_no_other_requests() -> None:
    assert len(SDK) > 250
    assert set(SDK) == {(row.method, anonymous(row.path)) for row in ROWS if row.name not in NOT_IN_THE_SDK}


@each([row for row in ROWS if row.name not in NOT_IN_THE_SDK])
def test_the_sdk_does_the_same(row: Row) -> None:
    method = twin(row)
    assert method.path == row.path, "the names of the parameters, too"
    assert method.paging == row.paging
    assert method.multipart == (row.body == "multipart")
    assert method.binary == (row.answer in ("bytes", "lines"))
    assert method.workspace == ("workspace" in row.headers)
    assert method.user_profile == ("user_profile" in row.headers)
    assert set(method.beta.split(",")) - {""} == set(row.betas)
