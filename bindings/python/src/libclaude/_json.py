"""JSON out and in: requests are encoded once, answers become read-only objects with attribute access."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from ._errors import InvalidRequestError, invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from ._files import File

    Dict = dict[str, Any]
    List = list[Any]
else:
    Dict, List = dict, list


class Object(Dict):
    """A JSON object from an answer: a dict that cannot be changed and whose members are attributes too.

    A member that is named like a method of dict (`items`, `keys`, ...) is reached as `object["items"]`.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no member {name!r}; there are: {', '.join(map(str, self)) or 'none'}") from None

    def to_dict(self) -> dict[str, Any]:
        """A copy made of plain dicts and lists."""
        return {name: _plain(value) for name, value in self.items()}

    def _refuse(self, *_args: Any, **_named: Any) -> NoReturn:
        raise TypeError("an answer cannot be changed; to_dict() gives a copy that can")

    __setitem__ = __delitem__ = __ior__ = _refuse
    __setattr__ = __delattr__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return (frozen, (self.to_dict(),))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *map(str, self)]


class Array(List):
    """A JSON array from an answer: a list that cannot be changed."""

    __slots__ = ()

    _refuse = Object._refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return (frozen, (_plain(self),))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def frozen(value: Any) -> Any:
    """The value with every dict and list in it made read-only."""
    if isinstance(value, dict):
        return Object((name, frozen(member)) for name, member in value.items())
    return Array(map(frozen, value)) if isinstance(value, list) else value


def decode(text: bytes) -> Any:
    """JSON as read-only objects."""
    return frozen(json.loads(text))


def _default(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_default)


def encode(value: Any, files: list[File] | None = None) -> bytes:
    """The value as JSON in UTF-8; what JSON cannot carry is an error that says where it is.

    Files in it become tokens, and are listed in `files`.
    """
    try:
        try:
            return _encoder.encode(value).encode()
        except TypeError:
            if files is None:
                raise
            from ._files import with_tokens

            value = with_tokens(value, files)
            return _encoder.encode(value).encode()
    except InvalidRequestError:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        problem = _problem(value, "", ()) or f"the request cannot be written as JSON: {error}"
        raise invalid(problem) from None


def _problem(value: Any, path: str, above: tuple[int, ...]) -> str | None:
    """The first thing in `value` that cannot be JSON: where, and why. Never the value itself."""
    where = path or "the request"
    if isinstance(value, str):
        return _surrogate(value, where)
    if isinstance(value, float) and not math.isfinite(value):
        return f"{where} is not a finite number, which JSON cannot carry"
    if value is None or isinstance(value, (int, float)):
        return None
    if not isinstance(value, (Mapping, list, tuple)):
        return f"{where} is of type {type(value).__name__}, which JSON cannot carry"
    if id(value) in above:
        return f"{where} contains itself"
    above = (*above, id(value))
    if not isinstance(value, Mapping):
        found = (_problem(item, f"{path}[{index}]", above) for index, item in enumerate(value))
        return next(filter(None, found), None)
    for name, member in value.items():
        if not isinstance(name, (str, int, float, bool, type(None))):
            return f"{where} has a name of type {type(name).__name__}; names must be str"
        problem = _surrogate(str(name), f"a name in {where}") or _problem(
            member, f"{path}.{name}" if path else str(name), above
        )
        if problem:
            return problem
    return None


def _surrogate(text: str, where: str) -> str | None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return (
            f"{where} has a lone surrogate (U+{ord(text[error.start]):04X}) at character {error.start}, "
            "which UTF-8 cannot carry"
        )
    return None
