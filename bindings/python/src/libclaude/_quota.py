"""Quotas: how many requests and tokens, and how much money, may be used in a day and in a month."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_UP, Decimal, InvalidOperation

from ._args import c_text, whole
from ._base import config_of
from ._errors import check, invalid
from ._ffi import NULL, ffi, lib, text_of
from ._json import Object, decode, encode
from ._models import ModelTable
from ._reliability import _Handle, _made
from ._response import Received

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType
    from typing import Any, Literal, TypeVar, Union

    from ._base import Options
    from ._claude import CData

    Limit = Literal[
        "daily_requests", "daily_tokens", "daily_cost", "monthly_requests", "monthly_tokens", "monthly_cost"
    ]
    Usage = Union[Received, Mapping[str, Any], str, bytes]
    ReservationT = TypeVar("ReservationT", bound="QuotaReservation")


def _usage_json(usage: Any) -> bytes:
    """A message, or its "usage", as JSON."""
    if isinstance(usage, Received):
        return usage.raw
    return usage if isinstance(usage, bytes) else usage.encode() if isinstance(usage, str) else encode(usage)


def _model(model: str | None) -> Any:
    return NULL if model is None else c_text(model, "model")


def _figure(name: str, number: int) -> int | Decimal:
    """Requests or tokens; money in US dollars."""
    return Decimal(number).scaleb(-9) if name.endswith("cost") else number


def _number(name: str, limit: Any) -> int:
    if limit is None:
        return 0
    if not name.endswith("cost"):
        return whole(limit, f"the limit {name}")
    try:
        if isinstance(limit, bool):
            raise TypeError
        money = Decimal(str(limit))
        nano = int(money.scaleb(9).to_integral_value(ROUND_UP))  # next to nothing must not become no limit
        return whole(nano, name)
    except (InvalidOperation, TypeError, ValueError, OverflowError):
        raise invalid(f"the limit {name} is {limit!r}; it must be a number of US dollars") from None


class Quota(_Handle):
    """A quota: for `Client(quota=...)`, also of several clients, or alone.

        quota = libclaude.Quota()
        quota.load_limits({"daily_cost": 50, "models": {"claude-opus-5-5": {"daily_requests": 100}}})
        with libclaude.Client.from_env(quota=quota) as client:
            client.messages.create(..., features="quota")      # a QuotaExceededError where there is no room

    Money is in US dollars, as Decimal. Nothing is stored: export_json() and import_json() are for programs that do.
    Usable by any number of threads.
    """

    __slots__ = ()

    def __init__(self, config: Options | None = None, *, models: ModelTable | None = None) -> None:
        """`config` has options `quota.*` by name (docs/options.md), `models` facts and prices of their own."""
        handle, err = config_of(config), ffi.new("claude_error_t **")
        if models is not None:
            if not isinstance(models, ModelTable):
                raise invalid(f"models must be a ModelTable, not {type(models).__name__}")
            check(lib.claude_config_set_models(handle, models._handle, err), err)
        self._handle = _made(lib.claude_quota_new, "claude_quota_t", lib.claude_quota_unref, handle)

    def set_limit(self, name: Limit, limit: int | Decimal | float | None, *, model: str | None = None) -> None:
        """Sets a limit of all models together, or of one; None and 0 are no limit. Costs are in US dollars."""
        err, number = ffi.new("claude_error_t **"), _number(name, limit)
        check(lib.claude_quota_set_limit(self._handle, _model(model), c_text(name, "name"), number, err), err)

    def load_limits(self, limits: Mapping[str, Any] | str | bytes) -> None:
        """Sets several at once, or none: by their names, and those of models in "models". JSON is understood, too."""
        data, err = _usage_json(limits), ffi.new("claude_error_t **")
        check(lib.claude_quota_load_limits(self._handle, data, len(data), err), err)

    def limit(self, name: Limit, *, model: str | None = None) -> int | Decimal | None:
        """A limit; None: there is none."""
        found = self._known(name, lib.claude_quota_limit(self._handle, _model(model), c_text(name, "name")))
        return _figure(name, found) if found else None

    def usage(self, name: str, *, model: str | None = None) -> int | Decimal:
        """What is used, of all models together or of one.

        "daily_", "monthly_" or "total_" before "requests", "tokens", "input_tokens", "cache_write_tokens",
        "cache_read_tokens", "output_tokens", "cost", "estimated" or "unpriced"; "reserved_requests",
        "reserved_tokens", "reserved_cost"; "refused".
        """
        number = lib.claude_quota_usage(self._handle, _model(model), c_text(name, "name"))
        return _figure(name, self._known(name, number))

    def remaining(self, name: Limit, *, model: str | None = None) -> int | Decimal | None:
        """What a limit has left; None: there is no limit."""
        self.limit(name, model=model)  # says if the name is none
        found = lib.claude_quota_remaining(self._handle, _model(model), c_text(name, "name"))
        return _figure(name, found) if found >= 0 else None

    def resets_at(self, name: Literal["daily", "monthly"]) -> datetime:
        """When the limits of a day or of a month begin anew."""
        from datetime import datetime, timezone

        found = self._known(name, lib.claude_quota_reset_at_ms(self._handle, c_text(name, "name")))
        return datetime.fromtimestamp(found / 1000, timezone.utc)

    @property
    def models(self) -> list[str]:
        """The models that it knows: those that have limits or were used."""
        count = lib.claude_quota_model_count(self._handle)
        return [text_of(lib.claude_quota_model_at(self._handle, index)) or "" for index in range(count)]

    def record_usage(self, model: str | None, input_tokens: int, output_tokens: int) -> None:
        """Counts a request of so many tokens, if there is room for it; else a QuotaExceededError."""
        err = ffi.new("claude_error_t **")
        used = whole(input_tokens, "input_tokens"), whole(output_tokens, "output_tokens")
        check(lib.claude_quota_record_usage(self._handle, _model(model), used[0], used[1], err), err)

    def add(self, usage: Usage, *, model: str | None = None, batch: bool = False) -> None:
        """Counts what was used already: a message or its "usage", for example of a batch's results."""
        data, err = _usage_json(usage), ffi.new("claude_error_t **")
        flags = lib.CLAUDE_COST_BATCH if batch else 0
        check(lib.claude_quota_add_json(self._handle, _model(model), data, len(data), flags, err), err)

    def reserve(self, model: str | None, input_tokens: int, output_tokens: int) -> QuotaReservation:
        """Takes room for a request that is going to be made; a QuotaExceededError if there is none."""
        return QuotaReservation(
            _made(
                lib.claude_quota_reserve,
                "claude_quota_reservation_t",
                lib.claude_quota_reservation_unref,
                self._handle,
                _model(model),
                whole(input_tokens, "input_tokens"),
                whole(output_tokens, "output_tokens"),
            )
        )

    def export_json(self) -> str:
        """All of it, for monitoring and for import_json()."""
        return self._exported().decode()

    @property
    def state(self) -> Object:
        """The same as objects: `state.total.day.requests`, `state.models["claude-haiku-5-5"].limits`."""
        found: Object = decode(self._exported())
        return found

    def import_json(self, text: str | bytes | Mapping[str, Any]) -> None:
        """Goes on with what was exported, in place of what was used here until now; limits stay as they are."""
        data, err = _usage_json(text), ffi.new("claude_error_t **")
        check(lib.claude_quota_import_json(self._handle, data, len(data), err), err)

    def _exported(self) -> bytes:
        document = _made(lib.claude_quota_export_json, "claude_response_t", lib.claude_response_unref, self._handle)
        length = ffi.new("size_t *")
        return ffi.unpack(lib.claude_response_json(document, length), length[0])

    @staticmethod
    def _known(name: str, found: int) -> int:
        if found < 0:
            raise invalid(f"there is nothing named {name!r} in a quota; docs/python.md has the names")
        return found

    def __repr__(self) -> str:
        return f"<Quota, {self.usage('daily_requests')} requests today>"


class QuotaReservation(_Handle):
    """Room in a Quota. End it with what was used, or leave a `with` block: as reserved, counted as estimated."""

    __slots__ = ()

    def __init__(self, handle: CData) -> None:
        self._handle = handle

    def settle(self, input_tokens: int | None = None, output_tokens: int | None = None) -> None:
        """Ends it with what was used; None: as reserved. One that has ended is left alone."""
        used = (-1 if tokens is None else whole(tokens, "tokens") for tokens in (input_tokens, output_tokens))
        lib.claude_quota_reservation_settle(self._handle, *used)

    def settle_with(self, usage: Usage, *, batch: bool = False) -> None:
        """Ends it with a message or its "usage"."""
        data, err = _usage_json(usage), ffi.new("claude_error_t **")
        flags = lib.CLAUDE_COST_BATCH if batch else 0
        check(lib.claude_quota_reservation_settle_json(self._handle, data, len(data), flags, err), err)

    def release(self) -> None:
        """Gives it back: nothing was sent."""
        lib.claude_quota_reservation_release(self._handle)

    def __enter__(self: ReservationT) -> ReservationT:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.settle()
