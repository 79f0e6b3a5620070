"""All endpoints as functions of a client, made from the library's table when they are asked for first.

client.models.list()                                parameters of the path by position, in its order,
client.beta.agents.retrieve("agent_1", version=2)   all else by name: members of the body, or of the query
"""

from __future__ import annotations

from functools import cache, partial
from inspect import Parameter, Signature

from ._base import Settings
from ._errors import invalid
from ._ffi import lib, text_of
from ._pages import AsyncPages, Page
from ._response import wrap
from ._stream import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._claude import CData

# Beside the members of a body, a query or a form.
SETTINGS = ("extra_headers", "extra_query", "extra_body", "betas", "timeout", "options", "features")
_KINDS = {"json": "body", "none": "query", "multipart": "form"}
_PIECES = ("events", "lines", "bytes")


class Endpoint:
    """What the library knows of an endpoint."""

    def __init__(self, name: str) -> None:
        def text(what: str) -> str:
            return text_of(lib.claude_endpoint_text(name.encode(), what.encode())) or ""

        self.name = name
        self.method, self.path, self.returns = text("method"), text("path"), text("returns")
        self.beta, self.paging, self.answer = text("beta"), text("paging"), text("answer")
        self.members = _KINDS[text("body")]
        self.parameters = tuple(part.partition("}")[0] for part in self.path.split("{")[1:])

    @property
    def verb(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]

    @property
    def signature(self) -> Signature:
        """What the function takes."""
        known = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in ("self", *self.parameters)]
        streams = ("stream",) if self.answer in ("completion", "message") else ()
        known += [Parameter(name, Parameter.KEYWORD_ONLY, default=None) for name in (*streams, *SETTINGS)]
        return Signature([*known, Parameter(self.members, Parameter.VAR_KEYWORD)])

    @property
    def text(self) -> str:
        """The function's documentation."""
        members = {"body": "members of the body", "query": "parameters of the query", "form": "parts of the form"}
        text = f"{self.method} {self.path}\n\nKeyword arguments are {members[self.members]}."
        if self.returns:
            text += f" The API calls the answer {self.returns}."
        return f"{text} Beta: {self.beta}." if self.beta else text

    def arguments(self, given: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        """The parameters of the path, the named ones taken out."""
        count = len(self.parameters)
        if len(given) > count:
            raise TypeError(
                f"{self.name}() takes {count} positional arguments, of its path, but {len(given)} were given"
            )
        missing = [name for name in self.parameters[len(given) :] if name not in named]
        if missing:
            raise TypeError(f"{self.name}() is missing {' and '.join(map(repr, missing))} of its path")
        return {
            **dict(zip(self.parameters, given)),
            **{name: named.pop(name) for name in self.parameters[len(given) :]},
        }


def prepare(client: Any, endpoint: Endpoint, given: tuple[Any, ...], named: dict[str, Any]) -> tuple[CData, Settings]:
    """The request of a call, and its settings."""
    headers, query, body, betas, timeout, options, features = (named.pop(name, None) for name in SETTINGS)
    stream = endpoint.answer in _PIECES or bool(named.get("stream"))
    path = endpoint.arguments(given, named)
    settings = Settings(headers, timeout, options, features=features, path=path, query=query, betas=betas)
    if endpoint.members == "body":
        body = {**named, **(body or {})} or None
    elif body is not None:
        raise invalid(f"{endpoint.name} has no JSON body for extra_body")
    elif endpoint.members == "query":
        settings.query = {**named, **(query or {})}
    elif named:
        settings.form = {f"{name}[]" if isinstance(value, list) else name: value for name, value in named.items()}
    return client._request(endpoint.name, body, stream, settings), settings


def _call(client: Any, endpoint: Endpoint, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    stream = named.pop("stream", None) if endpoint.answer == "completion" else None
    request, settings = prepare(client, endpoint, given, named)
    if endpoint.paging != "none":
        return Page(client, request, client._execute(request, settings), settings)
    if stream or endpoint.answer in _PIECES:
        return _reader(endpoint, client)(client._start(request, settings, stream=True))
    return wrap(client._execute(request, settings))


async def _acall(client: Any, endpoint: Endpoint, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    stream = named.pop("stream", None) if endpoint.answer == "completion" else None
    request, settings = prepare(client, endpoint, given, named)
    if stream or endpoint.answer in _PIECES:
        return await _reader(endpoint, client)(client._start(request, settings, stream=True))._begun()
    return wrap(await client._execute(request, settings))


def _reader(endpoint: Endpoint, client: Any) -> Any:
    """The class that takes the answer apart while it comes."""
    name = {"lines": "BatchResults", "bytes": "Download"}.get(endpoint.answer)
    if not client._asynchronous:
        from . import _pieces

        return getattr(_pieces, name) if name else Stream
    from . import _async, _async_pieces

    return getattr(_async_pieces, f"Async{name}") if name else _async.AsyncStream


class Resource:
    """Endpoints that belong together. dir() lists them, help() of one shows what it takes."""

    __slots__ = ("_client",)
    _prefix = ""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"<client.{self._prefix}: {', '.join(name for name in dir(self) if not name.startswith('_'))}>"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            known = [] if name.startswith("_") else dir(type(self))
            raise AttributeError(unknown(f"client.{self._prefix}", name, known))


def unknown(owner: str, name: str, known: Any) -> str:
    """For an AttributeError: names the nearest."""
    known = [each for each in known if not each.startswith("_")]
    if not known:
        return f"{owner} has no {name!r}"
    from difflib import get_close_matches

    near = get_close_matches(name, known, 1)
    return f"{owner} has no {name!r}; " + (f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}")


@cache
def names() -> tuple[str, ...]:
    """All endpoints."""
    found: list[str] = []
    while (name := text_of(lib.claude_endpoint_at(len(found)))) is not None:
        found.append(name)
    return tuple(found)


def children(prefix: str) -> dict[str, str]:
    """What is right below a prefix: the part's name, and the endpoint or prefix it stands for.

    What is there without "beta" is there below "beta", too.
    """
    found: dict[str, str] = {}
    above = [prefix] if not prefix.startswith("beta") else [prefix, prefix[5:]]
    for start in (f"{each}." if each else "" for each in above):
        for name in names():
            if name.startswith(start):
                part = name[len(start) :].partition(".")[0]
                found.setdefault(part, start + part)
    found.pop("beta", None) if prefix == "beta" else None
    return dict(sorted(found.items()))


@cache
def kind(prefix: str, asynchronous: bool) -> type[Resource]:
    """The class of the resource with this prefix."""
    from ._helpers import HELPERS

    base = HELPERS.get((prefix[5:] if prefix.startswith("beta.") else prefix, asynchronous), Resource)
    title = "Async" * asynchronous + "".join(part.title() for part in prefix.replace("_", ".").split("."))
    members: dict[str, Any] = {"__slots__": (), "__module__": __name__, "_prefix": prefix, "__doc__": Resource.__doc__}
    for part, name in children(prefix).items():
        if part not in dir(base):
            members[part] = function(name, asynchronous, title) if name in names() else property(partial(_below, name))
    return type(title, (base,), members)


def _below(prefix: str, above: Resource) -> Any:
    if prefix == "messages":
        return above._client.messages
    return kind(prefix, above._client._asynchronous)(above._client)


def function(name: str, asynchronous: bool, owner: str) -> Callable[..., Any]:
    """The function of an endpoint."""
    endpoint = Endpoint(name)

    def whole(self: Resource, *path: Any, **members: Any) -> Any:
        return _call(self._client, endpoint, path, members)

    def pages(self: Resource, *path: Any, **members: Any) -> Any:
        return AsyncPages(self._client, *prepare(self._client, endpoint, path, members))

    async def awaited(self: Resource, *path: Any, **members: Any) -> Any:
        return await _acall(self._client, endpoint, path, members)

    call: Any = whole if not asynchronous else pages if endpoint.paging != "none" else awaited
    call.__name__, call.__qualname__ = endpoint.verb, f"{owner}.{endpoint.verb}"
    call.__doc__, call.__signature__ = endpoint.text, endpoint.signature
    made: Callable[..., Any] = call
    return made


def root(client: Any) -> list[str]:
    """What a client has of the table."""
    return list(children(""))


def resource(client: Any, prefix: str) -> Any:
    """The resource with this prefix."""
    return kind(prefix, client._asynchronous)(client)


def member(client: Any, name: str) -> Any:
    """A resource that a client has."""
    if name.startswith("_"):
        raise AttributeError(f"{type(client).__name__} has no {name!r}")
    if name not in children(""):
        raise AttributeError(unknown(type(client).__name__, name, dir(client)))
    return resource(client, name)
