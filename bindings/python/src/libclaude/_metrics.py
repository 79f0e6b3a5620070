"""What a client's calls have done, in figures."""

from __future__ import annotations

from collections.abc import Mapping

from ._errors import check
from ._ffi import NULL, ffi, lib, text_of
from ._json import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ._claude import CData

    Figures = Mapping[str, int]
else:
    Figures = Mapping

_KINDS = {
    lib.CLAUDE_METRIC_COUNTER: "counter",
    lib.CLAUDE_METRIC_GAUGE: "gauge",
    lib.CLAUDE_METRIC_HISTOGRAM: "histogram",
}


class Metric:
    """One of the metrics that there are (docs/metrics.md)."""

    __slots__ = ("help", "kind", "name", "otel_name", "unit")

    def __init__(self, name: str, kind: str, unit: str, help: str, otel_name: str) -> None:
        self.name = name
        self.kind = kind
        """"counter", "gauge" or "histogram"."""
        self.unit = unit
        self.help = help
        self.otel_name = otel_name
        """Its name in OpenTelemetry's conventions for GenAI; "" if they have none."""

    def __repr__(self) -> str:
        return f"<Metric {self.name}, {self.kind} of {self.unit}>"


def metrics_known() -> list[Metric]:
    """The metrics that there are, for programs that map them to names of their own."""
    kind = ffi.new("int32_t *")
    name, unit, text, otel = (ffi.new("const char **") for _ in range(4))
    found: list[Metric] = []
    while lib.claude_metric_at(len(found), name, kind, unit, text, otel):
        texts = [text_of(each[0]) or "" for each in (name, unit, text, otel)]
        found.append(Metric(texts[0], _KINDS.get(kind[0], ""), *texts[1:]))
    return found


class Metrics(Figures):
    """A snapshot of a client's metrics, from client.metrics(): a mapping of names to figures, which never changes.

    Of a histogram the figure is how many values there were.
    """

    __slots__ = ("_all", "_handle")

    def __init__(self, client: CData) -> None:
        out, err = ffi.new("claude_metrics_t **"), ffi.new("claude_error_t **")
        check(lib.claude_client_metrics(client, out, err), err)
        self._handle = ffi.gc(out[0], lib.claude_metrics_unref)
        self._all: Any = None

    def __getitem__(self, name: str) -> int:
        figure = lib.claude_metrics_value(self._handle, name.encode()) if isinstance(name, str) else -1
        if figure < 0:
            raise KeyError(name)
        return figure

    def __iter__(self) -> Iterator[str]:
        index, name = 0, ffi.new("const char **")
        while lib.claude_metric_at(index, name, NULL, NULL, NULL, NULL):
            yield text_of(name[0]) or ""
            index += 1

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def errors(self) -> Mapping[str, int]:
        """How many attempts failed, and how many calls without an attempt, by the names of their codes."""
        errors: Mapping[str, int] = self._decoded()["errors"]
        return errors

    @property
    def histograms(self) -> Mapping[str, Any]:
        """The histograms by name, each with `count`, `sum`, `bounds` and `counts`, of which there is one more."""
        histograms: Mapping[str, Any] = self._decoded()["histograms"]
        return histograms

    @property
    def json(self) -> str:
        """All of it as a JSON object."""
        return self._text(lib.claude_metrics_json).decode()

    @property
    def prometheus(self) -> str:
        """All of it in Prometheus' text format, content type "text/plain; version=0.0.4"."""
        return self._text(lib.claude_metrics_prometheus).decode()

    def _decoded(self) -> Any:
        if self._all is None:
            self._all = decode(self._text(lib.claude_metrics_json))
        return self._all

    def _text(self, function: Any) -> bytes:
        length = ffi.new("size_t *")
        return ffi.unpack(function(self._handle, length), length[0])

    def __repr__(self) -> str:
        return f"<Metrics {dict(self)!r}>"
