"""Values that no source should hold, put where a caller cannot see them.

They are for databases only: a date without end, no number, a number beyond every column, a day
that does not exist. Whatever a hidden value is, it must not spoil the answer about others.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any

from policies.model import Caller
from tests.twoworlds.natives import TABLES, Natives, Row
from tests.twoworlds.pen import City, Pen
from tests.twoworlds.seen import Eyes

_SHARE = 0.2


def with_odd_values(random: Random, city: City, caller: Caller, made: Counter[str]) -> Natives:
    """The rows of the city, odd in what is not seen of them; `made` counts them by table."""
    eyes = Eyes(city.world, caller)
    rows = {}
    for table in TABLES:
        pen = Pen(random, city, table, eyes, Counter())
        rows[table.name] = tuple(_odd(random, pen, row, made) for row in pen.rows)
    return Natives(rows)


def _odd(random: Random, pen: Pen, row: Row, made: Counter[str]) -> Row:
    is_hidden = pen.is_hidden(row)
    views = pen.eyes.views(pen.record(row), pen.department)
    seen = frozenset[str]().union(*(frozenset(view.looks) for view in views if view.is_open))
    changed = dict(row)
    for column, fields in pen.fed.items():
        is_unseen = is_hidden or not fields & seen
        is_free = is_unseen and (not fields & pen.deciding or _decides_nothing(pen, row, column))
        if is_free and random.random() < _SHARE:
            changed[column] = _odd_value(random, row[column])
            made[pen.table.name] += changed[column] != row[column]
    return changed


def _decides_nothing(pen: Pen, row: Row, column: str) -> bool:
    """Whether the record is hidden whatever date stands here, or none."""
    return isinstance(row[column], dt.date) and all(
        pen.is_hidden({**row, column: value})
        for value in (None, dt.date(1, 1, 1), dt.date(9900, 1, 1))
    )


def _odd_value(random: Random, native: Any) -> Any:
    match native:
        case Decimal():
            return random.choice([Decimal("NaN"), Decimal("-1"), native + 1])
        case dt.datetime():
            return dt.datetime.max if native.tzinfo is None else native
        case dt.date():
            return random.choice([dt.date.max, dt.date.min])  # infinity and its opposite
        case str() if len(native) == 8 and native.isdecimal():
            return "20000231"
    return native
