"""The text format of COPY: cells, lines, arrays.

No word of the city's vocabulary has a tab, a line break or a backslash, so cells are joined as
they are; a test holds the vocabulary to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from gateway.demo.city.calendar import Day, iso

Cell = str | None
Row = tuple[Cell, ...]


class Sheets:
    """Lines per table, in the order in which they were added.

    Args:
        tables: qualified table name by row type.
    """

    def __init__(self, tables: Mapping[type[Row], str]) -> None:
        self._lines: dict[type[Row], list[str]] = {kind: [] for kind in tables}

    def add(self, row: Row) -> None:
        """Append a row to the sheet of its type."""
        self._lines[type(row)].append("\t".join(["\\N" if cell is None else cell for cell in row]))

    def lines(self, kind: type[Row]) -> list[str]:
        """The lines of one table, without line breaks."""
        return self._lines[kind]

    def content(self, kind: type[Row]) -> bytes:
        """The bytes that COPY reads for one table."""
        lines = self._lines[kind]
        return ("\n".join(lines) + "\n").encode() if lines else b""

    def counts(self) -> int:
        """Number of rows in all sheets."""
        return sum(len(lines) for lines in self._lines.values())


def date_cell(day: Day | None) -> Cell:
    """ISO date, or null."""
    return None if day is None else iso(day)


def compact_date_cell(day: Day | None) -> Cell:
    """Date as `YYYYMMDD`, or null."""
    return None if day is None else iso(day).replace("-", "")


def flag_cell(value: bool) -> str:
    """PostgreSQL boolean."""
    return "t" if value else "f"


def array_cell(members: list[str]) -> str:
    """Array of plain words; none of them has a comma, a brace or a quote."""
    return "{" + ",".join(members) + "}"


def yuan_cell(cents: int) -> str:
    """Amount in 元 with two decimals, from cents."""
    return str(Decimal(cents).scaleb(-2))


def wan_cell(cents: int) -> str:
    """Amount in 万元 with six decimals, from cents; nothing is rounded."""
    return str(Decimal(cents).scaleb(-6))
