"""Events pulled one by one, the text among them, and the message they make."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import libclaude
import pytest
from claudetest import ask, message_json
from libclaude import EventKind

if TYPE_CHECKING:
    from sandbox import Sandbox


class Connections:
    """How many connections a test has opened and not closed."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.before = sandbox.stats()["connections_open"]

    def wait(self, wanted: int) -> None:
        """Until there are that many."""
        deadline = time.monotonic() + 20
        while self.sandbox.stats()["connections_open"] - self.before != wanted:
            assert time.monotonic() < deadline, f"there are not {wanted} connections"


@pytest.fixture
def connections(sandbox: Sandbox) -> Connections:
    return Connections(sandbox)


def test_events(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("text-tool-thinking")
    with client.messages.stream(**ask()) as stream:
        events = list(stream)
    assert [event.type for event in events[:4]] == [
        "message_start",
        "ping",
        "content_block_start",
        "content_block_delta",
    ]
    assert events[-1].type == events[-1].name == "message_stop"
    assert events[0].message.usage.input_tokens == 12
    deltas = {event.kind: event for event in events if event.type == "content_block_delta"}
    assert set(deltas) == {30, 31, 32, 33}
    assert deltas[EventKind.TEXT_DELTA].index == 1
    assert deltas[EventKind.TEXT_DELTA].text == deltas[EventKind.TEXT_DELTA].delta.text == " Paris."
    assert deltas[EventKind.INPUT_JSON_DELTA].delta.partial_json == deltas[EventKind.INPUT_JSON_DELTA].text
    assert events[1].index == -1
    assert events[1].text is None
    for event in events:
        assert json.loads(event.json) == event.data
        assert event.data["type"] == event.type


def test_events_outlive_their_stream(client: libclaude.Client) -> None:
    with client.messages.stream(**ask("a text that comes in several pieces")) as stream:
        events = list(stream)
    del stream
    texts = [event.delta.text for event in events if event.kind == EventKind.TEXT_DELTA]
    assert len(texts) > 2
    assert "".join(texts) == "Echo: a text that comes in several pieces"


def test_text_stream(client: libclaude.Client) -> None:
    with client.messages.stream(**ask("Grüße, 世界 🦉 in mehreren Stücken")) as stream:
        pieces = list(stream.text_stream)
        assert list(stream.text_stream) == []
        assert list(stream) == []
        message = stream.get_final_message()
    assert len(pieces) > 2
    assert "".join(pieces) == message.text == stream.get_final_text() == "Echo: Grüße, 世界 🦉 in mehreren Stücken"


def test_text_and_events_can_be_mixed(client: libclaude.Client) -> None:
    with client.messages.stream(**ask("a text that comes in several pieces")) as stream:
        first = next(stream)
        text = next(stream.text_stream)
        rest = "".join(event.text or "" for event in stream)
    assert first.type == "message_start"
    assert text + rest == "Echo: a text that comes in several pieces"


def test_text_that_was_read_ahead_is_not_lost(client: libclaude.Client) -> None:
    with client.messages.stream(**ask("abc")) as stream:
        stream._pending = libclaude.Event(EventKind.TEXT_DELTA, 0, "early ", b"{}")
        assert "".join(stream.text_stream) == "early Echo: abc"


def test_final_message_is_what_a_call_without_stream_gives(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("text-tool-thinking")
    whole = client.messages.create(**ask()).to_dict()
    with client.messages.stream(**ask()) as stream:
        streamed = stream.get_final_message()
        assert streamed is stream.get_final_message()
    # On the wire `citations: null` is only in the whole message.
    for block in whole["content"]:
        block.pop("citations", None)
    assert streamed.to_dict() == whole
    assert streamed.content[2].input == {"location": "Paris, France", "unit": "celsius"}
    assert isinstance(streamed, libclaude.Message)
    assert streamed.request_id == sandbox_id(streamed)


def sandbox_id(message: libclaude.Message) -> str:
    return str(message.headers["request-id"])


def test_interleaved_blocks(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("interleaved")
    with client.messages.stream(**ask()) as stream:
        order = [event.index for event in stream if event.type == "content_block_delta"]
        message = stream.get_final_message()
    assert order == [0, 1, 0, 1, 0]
    assert message.text == "One and two."
    assert message.content[1].input == {"key": "value"}


def test_unknown_things_pass_through(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("unknown-events")
    with client.messages.stream(**ask()) as stream:
        events = list(stream)
        message = stream.get_final_message()
    assert [event.type for event in events if event.kind == EventKind.OTHER] == ["weather_report", "debug_trace"]
    assert events[0].sky == "blue"
    assert events[0].nested.a == [1, 2.5, None, True]
    other = [event for event in events if event.kind == EventKind.OTHER_DELTA]
    assert [event.delta.type for event in other] == ["sparkle_delta", "hologram_delta"]
    assert message.text == "Hello!"
    assert message.content[1].payload.deep.er == "yes"


def test_kinds_are_those_of_the_library() -> None:
    from libclaude._claude import lib

    in_library = {name[13:]: getattr(lib, name) for name in dir(lib) if name.startswith("CLAUDE_EVENT_")}
    assert {kind.name: kind.value for kind in EventKind} == in_library


def test_nul_and_surrogate_pairs_in_deltas(client: libclaude.Client, sandbox: Sandbox) -> None:
    raw = (
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
        '"delta":{"type":"text_delta","text":"a\\u0000b\\ud83e\\udd89"}}\n\n'
    )
    message = {"data": {"type": "message_start", "message": json.loads(message_json("[]"))}}
    start = {"data": {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}}
    sandbox.scenario({"events": [message, start, {"raw": raw}, {"data": {"type": "message_stop"}}]})
    with client.messages.stream(**ask()) as stream:
        assert list(stream.text_stream) == ["a\0b🦉"]
        assert stream.get_final_text() == "a\0b🦉"


def test_raw_events(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("text")
    stream = client.messages.create(stream=True, **ask())
    assert isinstance(stream, libclaude.Stream)
    assert not isinstance(stream, libclaude.MessageStream)
    texts = [event.delta.text for event in stream if event.kind == EventKind.TEXT_DELTA]
    assert texts == ["Hello", ", ", "world!"]
    with client.messages.create(stream=True, **ask()) as stream:
        assert next(stream).type == "message_start"


def test_what_comes_before_the_events(client: libclaude.Client, sandbox: Sandbox) -> None:
    with client.messages.stream(**ask()) as stream:
        assert stream.status == 200
        assert stream.request_id
        assert stream.get_final_message().request_id == stream.request_id


def test_pieces_cut_anywhere(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("slow")
    with client.messages.stream(**ask()) as stream:
        assert list(stream.text_stream) == ["Hello", ", world!"]


def test_text_among_many_other_events(client: libclaude.Client, sandbox: Sandbox) -> None:
    # More than are passed over in one go.
    thinking = {"generate": {"events": 3000, "event_bytes": 200, "kind": "thinking"}}
    start = {"data": {"type": "message_start", "message": json.loads(message_json("[]", stop_reason="null"))}}
    blocks = [
        {"data": {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}},
        thinking,
        {"data": {"type": "content_block_stop", "index": 0}},
        {"data": {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}},
        {
            "data": {
                "type": "content_block_delta",
                "index": 1,
                "delta": {"type": "text_delta", "text": "after all"},
            }
        },
        {"data": {"type": "content_block_stop", "index": 1}},
        {"data": {"type": "message_stop"}},
    ]
    sandbox.scenario({"events": [start, *blocks]})
    with client.messages.stream(**ask()) as stream:
        assert list(stream.text_stream) == ["after all"]
        assert len(stream.get_final_message().content[0].thinking) > 3000


def test_until_done(client: libclaude.Client) -> None:
    with client.messages.stream(**ask("whole")) as stream:
        stream.until_done()
        assert list(stream) == []
        assert stream.get_final_text() == "Echo: whole"


def test_final_message_after_the_with_block(client: libclaude.Client) -> None:
    with client.messages.stream(**ask("later")) as stream:
        stream.until_done()
    assert stream.get_final_message().text == "Echo: later"


def test_close_ends_the_call(client: libclaude.Client, sandbox: Sandbox, connections: Connections) -> None:
    sandbox.scenario("stall")
    with client.messages.stream(**ask()) as stream:
        assert next(stream.text_stream) == "Hello"
        connections.wait(1)
        stream.close()
        connections.wait(0)
        stream.close()
        with pytest.raises(libclaude.CallCancelled) as caught:
            next(stream)
        partial = caught.value.response
        assert isinstance(partial, libclaude.Message)
        assert partial.text in ("Hello", "Hello, wor")
        for use in (lambda: list(stream.text_stream), stream.get_final_message, stream.until_done):
            with pytest.raises(libclaude.CallCancelled):
                use()


def test_leaving_the_block_ends_the_call(client: libclaude.Client, sandbox: Sandbox, connections: Connections) -> None:
    sandbox.scenario("stall")

    def give_up() -> None:
        with client.messages.stream(**ask()) as stream:
            next(stream)
            connections.wait(1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        give_up()
    connections.wait(0)
    assert caught


def test_losing_a_stream_ends_the_call(client: libclaude.Client, sandbox: Sandbox, connections: Connections) -> None:
    sandbox.scenario("stall")
    stream = client.messages.create(stream=True, **ask())
    next(stream)
    connections.wait(1)
    del stream
    connections.wait(0)


def test_close_from_another_thread(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    with client.messages.stream(**ask()) as stream:
        closer = threading.Thread(target=stream.close)
        for text in (texts := stream.text_stream):
            if text == ", wor":
                closer.start()
                break
        with pytest.raises(libclaude.CallCancelled):
            next(texts)
        closer.join()


def test_a_stream_in_use_elsewhere_is_refused(client: libclaude.Client, sandbox: Sandbox) -> None:
    sandbox.scenario("stall")
    with client.messages.stream(**ask()) as stream:
        next(stream)
        view = stream._call.view
        view.owner = 1  # what another thread inside looks like
        for use in (lambda: next(stream), lambda: next(stream.text_stream), stream.get_final_message):
            with pytest.raises(libclaude.InvalidStateError, match="another thread"):
                use()
        stream.close()
        assert view.owner == 1
        with pytest.raises(libclaude.CallCancelled):
            next(stream)
        view.owner = 0
        with pytest.raises(libclaude.CallCancelled):
            next(stream)


def test_closing_a_client_leaves_its_streams_alone(sandbox: Sandbox) -> None:
    client = libclaude.Client("sk-ant-0123456789-0123456789", base_url=sandbox.url)
    with client.messages.stream(**ask("still here")) as stream:
        client.close()
        del client
        assert "".join(stream.text_stream) == "Echo: still here"


def test_entering_twice_asks_twice(client: libclaude.Client, sandbox: Sandbox) -> None:
    manager = client.messages.stream(**ask("again"))
    assert sandbox.counts()[0] == 0
    for _ in range(2):
        with manager as stream:
            assert stream.get_final_text() == "Echo: again"
    assert sandbox.counts()[0] == 2
