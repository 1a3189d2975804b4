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
_FAR = {dt.date.max: dt.date(9900, 1, 1), dt.date.min: dt.date(1, 1, 1)}


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
    changed, judged = dict(row), dict(row)
    for column, fields in pen.fed.items():
        if random.random() >= _SHARE or not (is_hidden or not fields & seen):
            continue
        value = _odd_value(random, row[column])
        if fields & pen.deciding:
            # Judged by a day far away: no rule may show the record, whatever else is odd in it.
            candidate = {**judged, column: _FAR.get(value)}
            if not is_hidden or value not in _FAR or not pen.is_hidden(candidate):
                continue
            judged = candidate
        changed[column] = value
        made[pen.table.name] += value != row[column]
    return changed


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
