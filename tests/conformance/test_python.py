"""The cases that every language runs, in every way that Python has; and that each of their expectations can fail.

A case runs with client.request(), which takes any endpoint and any body, and on a Loop. Where it is a message whose
body is given as JSON, it runs as keyword arguments of client.messages and of Loop.submit(), too; and every case whose
body is JSON by the function that a client has for its endpoint.
"""

from __future__ import annotations

import asyncio
import copy
import json
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libclaude
import pytest
from libclaude._endpoints import Endpoint, names

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from sandbox import Request, Sandbox

    Way = Callable[["Case", str, "Seen"], None]

CASES = Path(__file__).resolve().parent / "cases"
API_KEY = "sk-ant-conformance-not-a-real-key"
PATIENCE_S = 20

Json = Any
Found = Any


class Malformed(Exception):  # noqa: N818 (it is the case that is in error)
    """A case, or what it expects, is not in the form that README.md describes."""


@dataclass
class Case:
    name: str
    scenario: Json = None
    client: dict[str, Json] = field(default_factory=dict)
    client_headers: dict[str, Json] = field(default_factory=dict)
    endpoints: list[dict[str, Json]] | None = None
    times: int = 1
    request: dict[str, Json] = field(default_factory=dict)
    expect: dict[str, Json] = field(default_factory=dict)

    @property
    def stream(self) -> bool:
        return bool(self.request.get("stream", False))

    @cached_property
    def files(self) -> dict[str, libclaude.File]:
        return {name: libclaude.File(text.encode()) for name, text in self.request.get("files", {}).items()}

    @property
    def body(self) -> Json:
        """With files in the places of their names; where it is text, with their tokens."""
        text = self.request.get("body_text")
        if text is None:
            return self.filled(self.request.get("body"))
        for name, file in self.files.items():
            text = text.replace(json.dumps(name), json.dumps(file.token))
        return text.encode()

    def filled(self, value: Json) -> Json:
        if isinstance(value, dict):
            return {name: self.filled(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        return self.files.get(value, value) if isinstance(value, str) else value

    @property
    def form(self) -> list[tuple[str, Json]] | None:
        parts = self.request.get("form")
        return None if parts is None else [(part["name"], self.part(part)) for part in parts]

    @staticmethod
    def part(part: dict[str, Json]) -> Json:
        if "text" in part:
            return part["text"]
        return part.get("filename"), part["content"].encode(), part.get("media_type")

    @property
    def anything(self) -> dict[str, Json]:
        """Keyword arguments of what calls any endpoint."""
        named = {name: self.request.get(name) for name in ("path", "query", "betas")}
        return {**self.settings, **named, "form": self.form, "files": list(self.files.values())}

    @property
    def settings(self) -> dict[str, Json]:
        """Keyword arguments of whatever makes a call."""
        headers = dict(self.request.get("headers", {}))
        if self.scenario is not None:
            headers["x-sandbox-scenario"] = self.scenario if isinstance(self.scenario, str) else self.name
        options, features = self.request.get("options"), self.request.get("with")
        return {"stream": self.stream, "extra_headers": headers, "options": options, "features": features}

    def failover(self, url: str) -> libclaude.Failover | None:
        if self.endpoints is None:
            return None
        made = libclaude.Failover(self.client)
        for each in self.endpoints:
            named = {name: each.get(name) for name in ("api_key", "models")}
            made.add_endpoint(url + each["path"], each["priority"], **named)
        return made

    @property
    def executed(self) -> str | None:
        """The function of a client that has the name of the one feature that is asked for."""
        features = self.request.get("with", [])
        return f"execute_with_{features[0]}" if len(features) == 1 and not self.stream else None

    @property
    def spelled_out(self) -> bool:
        """Whether it can be said in keyword arguments."""
        return self.request["endpoint"] == "messages.create" and "body" in self.request and self.plain

    @property
    def plain(self) -> bool:
        return not {"path", "query", "form", "betas"} & set(self.request)

    @property
    def function(self) -> Endpoint | None:
        """The endpoint, where a client has a function for it that takes and answers all that the case is about."""
        name, said = self.request["endpoint"], set(self.request)
        if name not in names() or name == "messages.create" or {"body_text", "form", "stream"} & said:
            return None
        endpoint = Endpoint(name)
        whole = set(endpoint.parameters) == set(self.request.get("path", {})) and endpoint.answer in (
            "json",
            "completion",
        )
        return endpoint if whole and endpoint.members != "form" else None

    def called(self, client: libclaude.Client | libclaude.AsyncClient) -> Json:
        """What that function answers."""
        assert self.function is not None
        found: Any = client
        for part in self.function.name.split("."):
            found = getattr(found, part)
        path = [self.request["path"][name] for name in self.function.parameters]
        settings = {name: value for name, value in self.settings.items() if name != "stream"}
        settings["betas"] = self.request.get("betas")
        return found(*path, **settings, **self.request.get("query", {}), **(self.body or {}))


@dataclass
class Seen:
    """What a program saw of a call, and what the sandbox saw of it. What is behind the error is of all calls."""

    events: list[libclaude.Event] = field(default_factory=list)
    response: libclaude.Response | None = None
    error: libclaude.ClaudeError | None = None
    codes: list[str] = field(default_factory=list)
    metrics: libclaude.Metrics | None = None
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    @property
    def report(self) -> libclaude.Report | None:
        answer = self.response or self.error
        return answer.report if answer is not None else None

    @contextmanager
    def call(self) -> Iterator[None]:
        """A block that makes the call once more."""
        self.events, self.response, self.error = [], None, None
        try:
            yield
        except libclaude.ClaudeError as error:
            self.error = error
        self.codes.append(self.error.name if self.error is not None else "CLAUDE_OK")

    def look_at(self, client: libclaude.Client | libclaude.AsyncClient) -> None:
        with suppress(libclaude.InvalidRequestError):  # it does not count
            self.metrics = client.metrics()


# ---- reading


def only(found: Json, allowed: set[str], what: str) -> dict[str, Json]:
    if not isinstance(found, dict) or not set(found) <= allowed:
        raise Malformed(f"{what} has {sorted(set(found) - allowed) if isinstance(found, dict) else found!r}")
    return found


def read_case(path: Path) -> Case:
    members = {"about", "scenario", "client", "client_headers", "endpoints", "times", "request", "expect"}
    found = only(json.loads(path.read_text(encoding="utf-8")), members, path.name)
    known = "endpoint stream with body body_text headers options path query betas files form"
    request = only(found["request"], set(known.split()), f"{path.name}: request")
    for part in request.get("form", []):
        only(part, {"name", "text", "filename", "media_type", "content"}, f"{path.name}: form")
    for endpoint in found.get("endpoints", []):
        only(endpoint, {"path", "priority", "api_key", "models"}, f"{path.name}: endpoints")
    if found.get("times", 1) < 1:
        raise Malformed(f"{path.name}: times")
    if not isinstance(found.pop("about"), str) or "endpoint" not in request or {"body", "body_text"} <= set(request):
        raise Malformed(path.name)
    if ("response" in found["expect"]) == ("error" in found["expect"]):
        raise Malformed(f"{path.name} must expect either a response or an error")
    return Case(path.stem, **found)


def read_cases(folder: Path) -> list[Case]:
    cases = [read_case(path) for path in sorted(folder.glob("*.json"))]
    if not cases:
        raise Malformed(f"there is no case in {folder}")
    return cases


# ---- the ways


def configuration(case: Case, url: str) -> dict[str, Json]:
    return {
        "config": {"api_key": API_KEY, "base_url": url, **case.client},
        "headers": case.client_headers,
        "failover": case.failover(url),
    }


def repeatedly(case: Case, url: str, seen: Seen, once: Callable[[libclaude.Client], None]) -> None:
    with libclaude.Client(**configuration(case, url)) as client:
        for _ in range(case.times):
            with seen.call():
                once(client)
        seen.look_at(client)


def by_request(case: Case, url: str, seen: Seen) -> None:
    def once(client: libclaude.Client) -> None:
        endpoint, given = case.request["endpoint"], case.anything
        if case.executed is not None:
            del given["stream"], given["features"]
            answer = getattr(client, case.executed)(endpoint, case.body, **given)
        else:
            answer = client.request(endpoint, case.body, **given)
        if isinstance(answer, libclaude.MessageStream):
            seen.events.extend(answer)
            answer = answer.get_final_message()
        seen.response = answer

    repeatedly(case, url, seen, once)


def by_messages(case: Case, url: str, seen: Seen) -> None:
    settings = {name: value for name, value in case.settings.items() if name != "stream"}

    def once(client: libclaude.Client) -> None:
        if case.stream:
            with client.messages.stream(**settings, **case.body) as stream:
                seen.events.extend(stream)
                seen.response = stream.get_final_message()
        else:
            seen.response = client.messages.create(**settings, **case.body)

    repeatedly(case, url, seen, once)


def by_loop(case: Case, url: str, seen: Seen) -> None:
    def once(client: libclaude.Client) -> None:
        with libclaude.Loop(client) as loop:
            run_loop(case, loop, loop.request(case.name, case.request["endpoint"], case.body, **case.anything), seen)

    repeatedly(case, url, seen, once)


def by_submit(case: Case, url: str, seen: Seen) -> None:
    def once(client: libclaude.Client) -> None:
        with libclaude.Loop(client) as loop:
            run_loop(case, loop, loop.submit(case.name, **case.settings, **case.body), seen)

    repeatedly(case, url, seen, once)


def run_loop(case: Case, loop: libclaude.Loop, call: libclaude.LoopCall, seen: Seen) -> None:
    while not call.ended:
        assert loop.wait(PATIENCE_S), "nothing came"
        while (happened := loop.next()) is not None:
            tag, event = happened
            assert tag == case.name
            if event is not None:
                seen.events.append(event)
    seen.response = call.result()


def by_asyncio(once: Callable[[Case, libclaude.AsyncClient, Seen], Coroutine[Any, Any, None]]) -> Way:
    async def repeatedly(case: Case, url: str, seen: Seen) -> None:
        async with libclaude.AsyncClient(**configuration(case, url)) as client:
            for _ in range(case.times):
                with seen.call():
                    await once(case, client, seen)
            seen.look_at(client)

    return lambda case, url, seen: asyncio.run(asyncio.wait_for(repeatedly(case, url, seen), PATIENCE_S))


async def await_request(case: Case, client: libclaude.AsyncClient, seen: Seen) -> None:
    endpoint, given = case.request["endpoint"], case.anything
    if case.executed is not None:
        del given["stream"], given["features"]
        answer = await getattr(client, case.executed)(endpoint, case.body, **given)
    else:
        answer = await client.request(endpoint, case.body, **given)
    if isinstance(answer, libclaude.AsyncMessageStream):
        async for event in answer:
            seen.events.append(event)
        answer = await answer.get_final_message()
    seen.response = answer


async def await_messages(case: Case, client: libclaude.AsyncClient, seen: Seen) -> None:
    settings = {name: value for name, value in case.settings.items() if name != "stream"}
    if case.stream:
        async with client.messages.stream(**settings, **case.body) as stream:
            async for event in stream:
                seen.events.append(event)
            seen.response = await stream.get_final_message()
    else:
        seen.response = await client.messages.create(**settings, **case.body)


def by_function(case: Case, url: str, seen: Seen) -> None:
    def once(client: libclaude.Client) -> None:
        seen.response = case.called(client)

    repeatedly(case, url, seen, once)


async def await_function(case: Case, client: libclaude.AsyncClient, seen: Seen) -> None:
    seen.response = await case.called(client)


ANY_CASE: dict[str, Way] = {"request": by_request, "async-request": by_asyncio(await_request), "loop": by_loop}
SPELLED_OUT: dict[str, Way] = {
    "messages": by_messages,
    "async-messages": by_asyncio(await_messages),
    "submit": by_submit,
}
WITH_FUNCTION: dict[str, Way] = {"function": by_function, "async-function": by_asyncio(await_function)}


def ways(case: Case) -> dict[str, Way]:
    found = {**ANY_CASE, **(SPELLED_OUT if case.spelled_out else {})}
    return {**found, **(WITH_FUNCTION if case.function else {})}


def run(case: Case, way: Way, sandbox: Sandbox) -> Seen:
    seen = Seen(url=sandbox.url)
    if isinstance(case.scenario, dict):
        sandbox.register(case.name, case.scenario)
    try:
        way(case, sandbox.url, seen)
    except libclaude.ClaudeError as error:
        seen.error = error
    seen.requests = sandbox.requests()
    return seen


# ---- comparing: each function yields what is not as expected


def same(a: Json, b: Json) -> bool:
    """Equal as JSON: 1 is 1.0, but not true."""
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return set(a) == set(b) and all(same(a[name], b[name]) for name in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def present(expected: Json, found: str | None) -> bool:
    """A header, or the like: its value, null where there is none, true for any."""
    return found is not None if expected is True else same(expected, found)


def members(what: str, expected: Json, looks: dict[str, Callable[[Found], Json]], found: Found) -> Iterator[str]:
    """Compares each member of `expected` with what its look finds."""
    if not isinstance(expected, dict):
        yield f"what is expected of {what} is no object"
        return
    for name, value in expected.items():
        if name not in looks:
            yield f"nothing is known about {name!r} of {what}"
        elif not same(value, seen := looks[name](found)):
            yield f"{what}: {name} is {seen!r} instead of {value!r}"


def split(expected: Json, *names: str) -> tuple[dict[str, Json], Json]:
    """The members of these names, which are compared in their own ways; and the others."""
    if not isinstance(expected, dict):
        return {}, expected
    return (
        {name: expected[name] for name in names if name in expected},
        {name: value for name, value in expected.items() if name not in names},
    )


SENT: dict[str, Callable[[Request], Json]] = {
    "method": lambda sent: sent.method,
    "target": lambda sent: sent.target,
    "body": lambda sent: sent.json(),
    "body_text": lambda sent: sent.body.decode(),
}


def check_sent(expected: Json, requests: list[Request]) -> Iterator[str]:
    wanted = expected if isinstance(expected, list) else [] if expected is None else [expected]
    if len(requests) != len(wanted):
        yield f"{len(requests)} requests were sent"
    for each, request in zip(wanted, requests):
        own, others = split(each, "headers", "body_contains")
        yield from members("what is sent", others, SENT, request)
        for part in own.get("body_contains", []):
            if part.encode() not in request.body:
                yield f"the body is without {part!r}"
        yield from check_headers(own, request.header)


def check_described(what: str, expected: Json, found: Json) -> Iterator[str]:
    """Each member as it is expected; true where a number is to be above 0."""
    if not isinstance(expected, dict):
        yield f"what is expected of {what} is no object"
        return
    for name, value in expected.items():
        if name not in found:
            yield f"nothing is known about {name!r} of {what}"
            continue
        number = found[name]
        if value is True and isinstance(number, int) and not isinstance(number, bool):
            if number <= 0:
                yield f"{what}: {name} is {number!r}"
        elif not same(value, number):
            yield f"{what}: {name} is {number!r} instead of {value!r}"


def check_report(expected: Json, seen: Seen) -> Iterator[str]:
    report = seen.report
    if expected is None or report is None:
        if report is not expected:
            yield f"the report is {report!r}"
        return
    own, others = split(expected, "attempt_list", "endpoint_url")
    yield from check_described("the report", others, report)
    if "endpoint_url" in own and own["endpoint_url"] != report.endpoint_url.replace(seen.url, "", 1):
        yield f"the endpoint is {report.endpoint_url!r}"
    if "attempt_list" in own:
        if len(own["attempt_list"]) != len(report.attempt_list):
            yield f"there were {len(report.attempt_list)} attempts"
        for wanted, attempt in zip(own["attempt_list"], report.attempt_list):
            yield from check_described("an attempt", wanted, attempt)


def check_metrics(expected: Json, metrics: libclaude.Metrics | None) -> Iterator[str]:
    if not isinstance(expected, dict):
        yield "what is expected of the metrics is no object"
        return
    for name, value in expected.items():
        if not same((metrics or {}).get(name), value):
            yield f"the metric {name} is {(metrics or {}).get(name)} instead of {value!r}"


def check_headers(own: dict[str, Json], header: Callable[[str], str | None]) -> Iterator[str]:
    expected = own.get("headers", {})
    if not isinstance(expected, dict):
        yield "the headers expected are no object"
        return
    for name, value in expected.items():
        if not present(value, header(name)):
            yield f"header {name} is {header(name)!r} instead of {value!r}"


EVENT: dict[str, Callable[[libclaude.Event], Json]] = {
    "kind": lambda event: libclaude.EventKind(event.kind).name.lower(),
    "name": lambda event: event.name,
    "index": lambda event: None if event.index < 0 else event.index,
    "text": lambda event: event.text,
    "json": lambda event: json.loads(event.json),
}


def check_events(expected: Json, events: list[libclaude.Event]) -> Iterator[str]:
    if len(expected) != len(events):
        yield f"there were {len(events)} events instead of {len(expected)}"
    for number, (wanted, event) in enumerate(zip(expected, events)):
        yield from members(f"event {number}", wanted, EVENT, event)


def text_member(name: str) -> Callable[[libclaude.Response], Json]:
    def look(response: libclaude.Response) -> Json:
        value = response.to_dict().get(name)
        return value if isinstance(value, str) else None

    return look


RESPONSE: dict[str, Callable[[libclaude.Response], Json]] = {
    "status": lambda response: response.status,
    "type": text_member("type"),
    "id": text_member("id"),
    "model": text_member("model"),
    "stop_reason": text_member("stop_reason"),
    "text": lambda response: response.text,
    "json": lambda response: json.loads(response.raw),
    "raw": lambda response: response.raw.decode(),
}


def at(value: Json, path: str) -> Json:
    """What is at a JSON pointer; KeyError if there is nothing."""
    for step in path.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (IndexError, TypeError, ValueError):
            raise KeyError(path) from None
    return value


def at_or_none(value: Json, path: str) -> Json:
    try:
        return at(value, path)
    except KeyError:
        return None


def check_response(expected: Json, response: libclaude.Response) -> Iterator[str]:
    own, others = split(expected, "headers", "request_id", "usage", "at")
    yield from members("the response", others, RESPONSE, response)
    yield from check_headers(own, response.headers.get)
    if "request_id" in own and not present(own["request_id"], response.request_id):
        yield f"the request id is {response.request_id!r} instead of {own['request_id']!r}"
    for name, value in own.get("usage", {}).items():
        found = at_or_none(response, f"/usage/{name}")
        if not same(found, value):
            yield f"the usage has {found!r} {name} instead of {value!r}"
    for path, value in own.get("at", {}).items():
        try:
            if not same(at(response, path), value):
                yield f"{path} is {at(response, path)!r} instead of {value!r}"
        except KeyError:
            yield f"there is nothing at {path}"


ERROR: dict[str, Callable[[libclaude.ClaudeError], Json]] = {
    "code": lambda error: error.name,
    "category": lambda error: error.category,
    "http_status": lambda error: error.http_status,
    "api_type": lambda error: error.api_type,
    "error_code": lambda error: error.error_code,
    "message": lambda error: error.message,
    "retryable": lambda error: error.retryable,
    "retry_after_ms": lambda error: error.retry_after_ms,
    "attempts": lambda error: error.attempts,
    "feature": lambda error: error.feature,
}


def check_error(expected: Json, error: libclaude.ClaudeError) -> Iterator[str]:
    own, others = split(expected, "contains", "request_id", "response", "cause")
    yield from members("the error", others, ERROR, error)
    for part in own.get("contains", []):
        if part not in error.message:
            yield f"the message is {error.message!r}, without {part!r}"
    if "request_id" in own and not present(own["request_id"], error.request_id):
        yield f"the request id is {error.request_id!r} instead of {own['request_id']!r}"
    if "response" in own:
        if own["response"] is not None and error.response is not None:
            yield from check_response(own["response"], error.response)
        elif own["response"] is not error.response:
            yield f"the error's response is {error.response!r}"
    if "cause" in own:
        if own["cause"] is not None and error.cause is not None:
            yield from check_error(own["cause"], error.cause)
        elif own["cause"] is not error.cause:
            yield f"the error's cause is {error.cause!r}"


def check_ending(expect: dict[str, Json], seen: Seen) -> Iterator[str]:
    if "response" in expect and seen.response is not None and seen.error is None:
        yield from check_response(expect["response"], seen.response)
    elif "error" in expect and seen.error is not None and seen.response is None:
        yield from check_error(expect["error"], seen.error)
    else:
        yield f"the call ended with {seen.response!r} {seen.error!r}"


def check(expect: dict[str, Json], seen: Seen) -> Iterator[str]:
    looks: dict[str, Callable[[Seen], Json]] = {
        "codes": lambda seen: seen.codes,
        "event_count": lambda seen: len(seen.events),
        "text": lambda seen: "".join(event.text or "" for event in seen.events if event.kind == TEXT),
        "bytes": lambda seen: b"".join(event.raw for event in seen.events if event.kind == BYTES).decode(),
    }
    own, others = split(expect, "sent", "metrics", "report", "events", "response", "error")
    yield from members("the case", others, looks, seen)
    yield from check_ending(own, seen)
    if "sent" in own:
        yield from check_sent(own["sent"], seen.requests)
    if "metrics" in own:
        yield from check_metrics(own["metrics"], seen.metrics)
    if "report" in own:
        yield from check_report(own["report"], seen)
    if "events" in own:
        yield from check_events(own["events"], seen.events)


TEXT, BYTES = libclaude.EventKind.TEXT_DELTA, libclaude.EventKind.BYTES

# ---- whether the expectations can fail


def other_value(value: Json) -> Json:
    """Another value of the same kind; for what holds others, something more in it."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value - 1
    if isinstance(value, list):
        return [*value, "?\1"]
    return {**value, "?\1": "?\1"} if isinstance(value, dict) else "?\1"


def mutations(value: Json) -> Iterator[Json]:
    """The value, each time with something else changed in it."""
    if isinstance(value, dict):
        for name, member in value.items():
            for changed in (other_value(member), *mutations(member)):
                yield {**value, name: changed}
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for changed in (other_value(item), *mutations(item)):
                yield [*value[:index], changed, *value[index + 1 :]]


# ---- the tests

ALL = read_cases(CASES)
RUNS = [pytest.param(case, way, id=f"{case.name}-by-{name}") for case in ALL for name, way in ways(case).items()]


@pytest.mark.parametrize(("case", "way"), RUNS)
def test_case(case: Case, way: Way, sandbox: Sandbox) -> None:
    seen = run(case, way, sandbox)
    assert list(check(case.expect, seen)) == []
    missed = [changed for changed in mutations(case.expect) if not list(check(changed, seen))]
    assert missed == [], "nobody misses it when something else is expected"


def test_folder_without_cases(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="there is no case in"):
        read_cases(tmp_path)


@pytest.mark.parametrize("place", ["", "request"])
def test_unknown_member(tmp_path: Path, place: str) -> None:
    case = copy.deepcopy(json.loads((CASES / "whole-text.json").read_text(encoding="utf-8")))
    (case[place] if place else case)["expected"] = {}
    (tmp_path / "case.json").write_text(json.dumps(case), encoding="utf-8")
    with pytest.raises(Malformed, match="expected"):
        read_cases(tmp_path)
