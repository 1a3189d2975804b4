"""What an adapter answers: one batch per request, in the order of the requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schema.predicate import WireScalar, WireValue

Row = Sequence[WireValue]
"""Wire values in the order of the request's fields.

The leaves of a list of parts are lists of one length, missing together; a leaf that the source
does not hold is a list of nulls beside the others.
"""


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Rows, grouped by key.

    Attributes:
        groups: one list of rows per key in key order; one group where there were no keys.
            At most `first` rows each (one more with lookahead), in the asked order.
        totals: per group the number of matching records, if asked for.
        withheld: how many records of all groups were left out because they hold a value that
            does not fit the schema, such as a date that is none. Totals count them.
    """

    groups: Sequence[Sequence[Row]]
    totals: Sequence[int] | None = None
    withheld: int = 0


class FieldSummary(NamedTuple):
    """What a source says about one field over all records it built JSON for.

    Attributes:
        least, greatest: over the values present; None if there is none, or for enums.
        seen: for enums the member names present; None for other types.
        missing: 0 if every record has a value, else a number above 0.
    """

    least: WireScalar | None
    greatest: WireScalar | None
    seen: frozenset[str] | None
    missing: int


@dataclass(frozen=True, slots=True)
class JsonBatch:
    """JSON that the source built.

    Attributes:
        groups: per key the UTF-8 bytes of the records as JSON objects joined by commas,
            without brackets; at most `first` of them.
        counts: per key the number of records found, one more than `first` at most.
        totals: per key the number of matching records, if asked for.
        summary: per checked field what the gateway checks row rules against.
        withheld: as in `RowBatch`.
        beside: per key a row of the fields asked for beside `json` for each record in `groups`, in
            their order; None if none were asked for.
    """

    groups: Sequence[bytes]
    counts: Sequence[int]
    totals: Sequence[int] | None
    summary: Mapping[str, FieldSummary]
    withheld: int = 0
    beside: Sequence[Sequence[Row]] | None = None


Batch = RowBatch | JsonBatch


@dataclass(frozen=True, slots=True)
class StatisticsGroup:
    """One group: values of the group fields, number of records, sum per summed field.

    Attributes:
        subjects: number of different subjects that its records are about; None if not asked for.
    """

    values: tuple[WireScalar | None, ...]
    count: int
    sums: tuple[str | None, ...]
    subjects: int | None = None


@dataclass(frozen=True, slots=True)
class StatisticsBatch:
    """All groups, or more than `max_groups` of them: then `is_complete` is False.

    Attributes:
        withheld: as in `RowBatch`; they are in no group.
    """

    groups: Sequence[StatisticsGroup]
    is_complete: bool
    withheld: int = 0
