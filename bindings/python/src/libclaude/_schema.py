"""JSON Schemas of Python's types, and values of those types out of JSON."""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Mapping, Sequence

from ._errors import invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
_UNIONS = {typing.Union, getattr(types, "UnionType", typing.Union)}
# Annotations that only say whether a member of a TypedDict is needed.
_NEEDED = {"Required", "NotRequired", "ReadOnly"}


def type_schema(kind: Any, where: str) -> dict[str, Any]:
    """The schema of values of this type; InvalidRequestError names what cannot be said."""
    if kind in (typing.Any, object):
        return {}
    if isinstance(kind, type) and kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if kind is None:
        return {"type": "null"}
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if getattr(origin, "__name__", getattr(origin, "_name", None)) in _NEEDED:
        return type_schema(arguments[0], where)
    if hasattr(kind, "__metadata__"):  # Annotated
        texts = [text for text in kind.__metadata__ if isinstance(text, str)]
        schema = type_schema(kind.__origin__, where)
        return {**schema, "description": texts[0]} if texts else schema
    if origin is typing.Literal:
        return _choice(list(arguments))
    if origin in _UNIONS:
        schemas = [type_schema(each, where) for each in arguments]
        return {} if {} in schemas else {"anyOf": schemas}
    if origin is None:
        origin = kind
    if isinstance(origin, type):
        found = _class_schema(origin, arguments, where)
        if found is not None:
            return found
    raise invalid(
        f"{where}: there is no JSON Schema for {kind!r}; use str, int, float, bool, list, dict, Optional, "
        "Literal, an Enum, a dataclass or a TypedDict"
    )


def _class_schema(kind: type, arguments: tuple[Any, ...], where: str) -> dict[str, Any] | None:
    if issubclass(kind, enum.Enum):
        return _choice([each.value for each in kind])
    if dataclasses.is_dataclass(kind):
        optional = {each.name for each in dataclasses.fields(kind) if _has_default(each)}
        return object_schema(hints(kind), optional, kind.__qualname__)
    if typing.is_typeddict(kind) if hasattr(typing, "is_typeddict") else hasattr(kind, "__total__"):
        return object_schema(hints(kind), kind.__optional_keys__, kind.__qualname__)  # type: ignore[attr-defined]
    if issubclass(kind, (list, tuple, set, frozenset)) or kind is Sequence:
        return {"type": "array", **({"items": type_schema(arguments[0], where)} if arguments else {})}
    if issubclass(kind, dict) or kind is Mapping:
        value = type_schema(arguments[1], where) if arguments else {}
        return {"type": "object", **({"additionalProperties": value} if value else {})}
    return None


def _has_default(field: Any) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _choice(values: list[Any]) -> dict[str, Any]:
    kinds = {_PLAIN.get(type(value)) for value in values}
    (kind,) = kinds if len(kinds) == 1 else (None,)
    return {**({"type": kind} if kind else {}), "enum": values}


def hints(owner: Any) -> dict[str, Any]:
    """Annotations of a class or a function, those that are text understood."""
    try:
        return typing.get_type_hints(owner, include_extras=True)
    except Exception as error:
        name = getattr(owner, "__qualname__", owner)
        raise invalid(f"the annotations of {name} cannot be understood: {error}") from error


def object_schema(members: Mapping[str, Any], optional: Any, where: str) -> dict[str, Any]:
    """The schema of an object with these members."""
    return {
        "type": "object",
        "properties": {name: type_schema(kind, f"{where}.{name}") for name, kind in members.items()},
        "required": [name for name in members if name not in optional],
        "additionalProperties": False,
    }


def build(kind: Any, value: Any) -> Any:
    """The value of a type that its JSON stands for, as far as the type says; what does not fit stays as it is."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if hasattr(kind, "__metadata__"):
        return build(kind.__origin__, value)
    if origin in _UNIONS:
        fitting = [each for each in arguments if each is not type(None)]
        return build(fitting[0], value) if len(fitting) == 1 and value is not None else value
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and isinstance(value, dict):
        known = hints(kind)
        return kind(**{name: build(known.get(name, typing.Any), member) for name, member in value.items()})
    if origin is list and isinstance(value, list):
        return [build(arguments[0], each) for each in value]
    if origin is dict and isinstance(value, dict):
        return {name: build(arguments[1], member) for name, member in value.items()}
    return value
