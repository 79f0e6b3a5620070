"""The table of endpoints as it is kept in the repository, read here without the library."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

import pytest
from native import ROOT

TABLE = ROOT / "src" / "api" / "endpoints.tsv"


@dataclass(frozen=True)
class Row:
    name: str
    method: str
    path: str
    returns: str
    stability: str
    beta: str
    paging: str
    body: str
    answer: str
    headers: tuple[str, ...]
    keyless: bool

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def betas(self) -> list[str]:
        return [name for name in self.beta.split(",") if name]


def read_row(cells: dict[str, str]) -> Row:
    given = {name: "" if cell == "-" else cell for name, cell in cells.items()}
    extras = [name for name in given.pop("headers").split(",") if name]
    return Row(**given, headers=tuple(name for name in extras if name != "keyless"), keyless="keyless" in extras)


def read_rows() -> list[Row]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [read_row(cells) for cells in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


ROWS = read_rows()
BY_NAME = {row.name: row for row in ROWS}


def each(rows: list[Row]) -> pytest.MarkDecorator:
    """A test of its own for each of the rows."""
    return pytest.mark.parametrize("row", rows, ids=[row.name for row in rows])
