"""Answers that match a JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ._errors import check, invalid, take
from ._ffi import ffi, lib
from ._json import decode, encode
from ._response import Body, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._claude import CData


class ParsedMessage(Message):
    """A message whose text was JSON that matches a schema."""

    __slots__ = ("parsed_output",)

    def __init__(self, handle: CData, parsed_output: Any) -> None:
        super().__init__(handle)
        self.parsed_output = parsed_output
        """What the text says: JSON as read-only objects, or an object of the class that was given."""


def schema_of(output_format: Any) -> bytes:
    """The JSON Schema of a mapping, of a class with model_json_schema(), or of what tools take."""
    if isinstance(output_format, Mapping):
        return encode(output_format)
    make = getattr(output_format, "model_json_schema", None)
    if make is not None:
        return encode(make())
    from ._schema import type_schema

    found = type_schema(output_format, "output_format")
    if found.get("type") != "object":
        raise invalid("output_format must be a schema, a dataclass, a TypedDict or a class with model_json_schema()")
    return encode(found)


def transform_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema in the subset that the API supports, for `output_config={"format": {"type": "json_schema", ...}}`."""
    data = encode(schema)
    out, err = ffi.new("claude_response_t **"), ffi.new("claude_error_t **")
    check(lib.claude_schema_transform(data, len(data), out, err), err)
    changed: dict[str, Any] = json.loads(_text(out[0]))
    return changed


def ask_for(request: CData, schema: bytes) -> None:
    """Has the request ask for an answer that matches."""
    err = ffi.new("claude_error_t **")
    check(lib.claude_request_set_structured_output(request, schema, len(schema), err), err)


def parse_output(message: Body, output_format: Any) -> Any:
    """What a message's text says, checked against the schema that was asked for.

    A refusal is an APIStatusError, an answer that was cut off a StreamTruncatedError, one that does not match an
    APIResponseValidationError; their `response` is the message.
    """
    schema = schema_of(output_format)
    out, err = ffi.new("claude_response_t **"), ffi.new("claude_error_t **")
    if lib.claude_response_parse_structured(message._handle, schema, len(schema), out, err) < 0:
        error = take(err[0])
        error.response = message if isinstance(message, Message) else None
        raise error
    text = _text(out[0])
    if isinstance(output_format, Mapping):
        return decode(text)
    validate = getattr(output_format, "model_validate_json", None)
    if validate is not None:
        return validate(text)
    from ._schema import build

    return build(output_format, json.loads(text))


def parsed(handle: CData, output_format: Any) -> ParsedMessage:
    """The message whose reference is handed over, with what its text says."""
    message = ParsedMessage(ffi.gc(handle, lib.claude_response_unref), None)
    message.parsed_output = parse_output(message, output_format)
    return message


def _text(handle: CData) -> bytes:
    """The JSON of a response whose reference is handed over."""
    owned = ffi.gc(handle, lib.claude_response_unref)
    length = ffi.new("size_t *")
    return ffi.unpack(lib.claude_response_json(owned, length), length[0])
