"""Where a table begins: its column names, below titles, in one row or in two merged ones."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gateway.sources.files.errors import UnusableInputError

MOST_ROWS_ABOVE = 20
"""Rows in which the names are looked for."""
_NOISE = re.compile("[\\s\u3000\ufeff\u200b*＊]+")

Cells = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Header:
    """The column names of a table.

    Attributes:
        names: per column; empty where there is none.
        rows: how many of the rows given it takes, the titles above it included.
    """

    names: tuple[str, ...]
    rows: int

    def positions(self, needed: Sequence[str]) -> tuple[int, ...]:
        """Columns of the needed names, in their order."""
        return tuple(self.names.index(plain_name(name)) for name in needed)


def plain_name(name: str) -> str:
    """A column name without blanks, line breaks and the stars of required columns."""
    return _NOISE.sub("", name)


def find_header(rows: Sequence[Cells], needed: Collection[str], where: str) -> Header:
    """Find the row that names all needed columns.

    Two rows count as one where the upper one has merged cells: `有效期` above `自` and `至` names
    `有效期自` and `有效期至`.

    Args:
        rows: the first rows of the table.
        where: the file, for the error.

    Raises:
        UnusableInputError: a needed name is in no row, or twice in one.
    """
    wanted = {plain_name(name) for name in needed}
    closest: set[str] = wanted
    for number, row in enumerate(rows):
        below = rows[number + 1] if number + 1 < len(rows) else ()
        for names, height in ((_plain(row), 1), (_joined(row, below), 2)):
            missing = wanted - set(names)
            if not missing:
                _refuse_repetition(names, wanted, where)
                return Header(names, number + height)
            closest = min(closest, missing, key=len)
    listed = ", ".join(sorted(closest))
    plural = "s" if len(closest) > 1 else ""
    raise UnusableInputError(f"`{where}` lacks the column{plural} {listed} in its first rows")


def _plain(row: Cells) -> tuple[str, ...]:
    return tuple(plain_name(cell or "") for cell in row)


def _joined(upper: Cells, lower: Cells) -> tuple[str, ...]:
    """Names of two rows: a merged cell has its text in its first column only."""
    names, group = [], ""
    for column in range(max(len(upper), len(lower))):
        above = plain_name((upper[column] or "") if column < len(upper) else "")
        below = plain_name((lower[column] or "") if column < len(lower) else "")
        group = above or (group if below else "")
        names.append(f"{group}{below}")
    return tuple(names)


def _refuse_repetition(names: Sequence[str], wanted: Collection[str], where: str) -> None:
    repeated = next((name for name in wanted if names.count(name) > 1), None)
    if repeated is not None:
        raise UnusableInputError(f"`{where}` names the column `{repeated}` twice")
