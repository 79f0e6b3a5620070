"""Facts about models, and costs: what the table that is built into the library knows, or one of the program's own."""

from __future__ import annotations

import time
from collections.abc import Mapping

from ._args import c_text
from ._errors import check, invalid
from ._ffi import NULL, ffi, lib, text_of
from ._json import decode, encode
from ._response import Body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal
    from typing import Any

    from ._claude import CData


class ModelTable:
    """Limits, lifecycle and prices of models. Models may be named by ids, aliases, and what platforms make of them."""

    __slots__ = ("_handle", "_models")

    def __init__(self, table: Mapping[str, Any] | str | bytes | None = None) -> None:
        """The table that is built in; or one of the program's own, in its form (docs/models.md)."""
        out, err = ffi.new("claude_models_t **"), ffi.new("claude_error_t **")
        if table is None:
            check(lib.claude_models_builtin(out, err), err)
        else:
            data = encode(table) if isinstance(table, Mapping) else table.encode() if isinstance(table, str) else table
            check(lib.claude_models_load_json(data, len(data), out, err), err)
        self._handle: CData = ffi.gc(out[0], lib.claude_models_unref)
        self._models: dict[str, Any] | None = None

    @property
    def json(self) -> str:
        """The whole table."""
        length = ffi.new("size_t *")
        return ffi.unpack(lib.claude_models_json(self._handle, length), length[0]).decode()

    def __len__(self) -> int:
        return lib.claude_models_count(self._handle)

    def __iter__(self) -> Iterator[str]:
        """The ids of the models."""
        for index in range(len(self)):
            yield text_of(lib.claude_models_at(self._handle, index)) or ""

    def __contains__(self, model: object) -> bool:
        return isinstance(model, str) and self.find(model) is not None

    def find(self, model: str) -> str | None:
        """The id under which the table knows a model; None if it does not."""
        return text_of(lib.claude_models_find(self._handle, _name(model)))

    def facts(self, model: str) -> Any:
        """All that the table has of a model: `.context_window`, `.max_output_tokens`, ...; None if it is unknown."""
        if self._models is None:
            self._models = {each["id"]: each for each in decode(self.json.encode())["models"]}
        return self._models.get(self.find(model) or "")

    def deprecation(self, model: str, feature: str | None = None) -> str | None:
        """A sentence that says that a model, or a way of using it ("thinking/enabled"), is deprecated; None if not."""
        text = ffi.new("const char **")
        way = NULL if feature is None else c_text(feature, "feature")
        return text_of(text[0]) if lib.claude_models_deprecation(self._handle, _name(model), way, text) else None

    def days_left(self, model: str, now: float | None = None) -> int | None:
        """Days until a model is retired, 0 if it is; None if no date is known. `now` is as time.time() gives it."""
        days = lib.claude_models_days_left(self._handle, _name(model), _milliseconds(now))
        return days if days >= 0 else None

    def check_context(self, model: str, input_tokens: int, max_tokens: int) -> None:
        """Raises InvalidRequestError if a prompt and its answer do not fit the model's context window."""
        err = ffi.new("claude_error_t **")
        check(lib.claude_context_check(self._handle, _name(model), _count(input_tokens), _count(max_tokens), err), err)

    def cost(
        self, model: str | None, usage: Body | Mapping[str, Any], *, batch: bool = False, part: str = "total"
    ) -> Decimal | None:
        """What a message cost, in US dollars; None if the table has no price for the model.

        `usage` is a message, or what it has as `usage`; for a message the model may be None. `part` is one of "total",
        "input", "output", "cache_write", "cache_read", "server_tools", "cache_savings" (docs/models.md).
        """
        data = usage.raw if isinstance(usage, Body) else encode(usage)
        flags = lib.CLAUDE_COST_BATCH if batch else 0
        name = NULL if model is None else _name(model)
        return _dollars(
            lib.claude_cost_of_json(self._handle, name, data, len(data), flags, c_text(part, "part")),
            "there is no usage that can be priced, or no such part",
        )

    def estimate_cost(self, model: str, input_tokens: int, max_tokens: int, *, batch: bool = False) -> Decimal | None:
        """The most that a request can cost, in US dollars, server tools and writing to the cache aside."""
        flags = lib.CLAUDE_COST_BATCH if batch else 0
        return _dollars(
            lib.claude_cost_estimate(self._handle, _name(model), _count(input_tokens), _count(max_tokens), flags),
            "numbers of tokens must not be negative",
        )

    def __repr__(self) -> str:
        return f"<ModelTable of {len(self)} models>"


def cost(
    model: str | None, usage: Body | Mapping[str, Any], *, batch: bool = False, part: str = "total"
) -> Decimal | None:
    """ModelTable().cost(): what a message cost, in US dollars."""
    return ModelTable().cost(model, usage, batch=batch, part=part)


def estimate_cost(model: str, input_tokens: int, max_tokens: int, *, batch: bool = False) -> Decimal | None:
    """ModelTable().estimate_cost(): the most that a request can cost, in US dollars."""
    return ModelTable().estimate_cost(model, input_tokens, max_tokens, batch=batch)


def model_facts(model: str) -> Any:
    """ModelTable().facts(): all that is known of a model, None if it is unknown."""
    return ModelTable().facts(model)


def choose_model(models: Body, wanted: Sequence[str], now: float | None = None) -> str | None:
    """The first of the models wanted that is in an answer of models.list(), and not retired; None if there is none.

    Ask for the list with a high limit, so that it is one page.
    """
    names = c_text(",".join(wanted), "the models wanted")
    return text_of(lib.claude_model_choose(models._handle, names, _milliseconds(now)))


def _name(model: Any) -> bytes:
    return c_text(model, "model")


def _count(tokens: Any) -> int:
    if isinstance(tokens, bool) or not isinstance(tokens, int):
        raise invalid(f"a number of tokens must be an int, not {type(tokens).__name__}")
    counted: int = min(tokens, 2**62)
    return counted


def _milliseconds(now: float | None) -> int:
    return int((time.time() if now is None else now) * 1000)


def _dollars(nano: int, problem: str) -> Decimal | None:
    from decimal import Decimal

    if nano == lib.CLAUDE_COST_UNPRICED:
        return None
    if nano < 0:
        raise invalid(problem)
    return Decimal(nano).scaleb(-9)
