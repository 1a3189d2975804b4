"""Numbers of entries that were drawn and are not to be seen: still to come, or never.

Entries get their numbers before they are committed, so that a smaller number may be committed
after a larger one, and a number whose transaction was undone never comes. A gap is *over* when all
transactions that were writing entries at the moment it was noticed have ended: whichever of them
drew the number has committed or not, and what is committed is then seen.

INVARIANT: whoever has drawn a number holds PostgreSQL's lock of writers on `audit_entry`, since a
statement takes it before it runs and keeps it until its transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

WRITERS = """
SELECT DISTINCT l.virtualtransaction
FROM pg_locks AS l
WHERE l.locktype = 'relation' AND l.relation = 'audit_entry'::regclass
    AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
    AND l.mode = 'RowExclusiveLock' AND l.granted
"""


class Numbers(NamedTuple):
    """Numbers of entries from `begin` (included) to `end` (excluded)."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class _Gap:
    numbers: Numbers
    writers: frozenset[str]


def missing_between(last: int, seen: Sequence[int]) -> tuple[Numbers, ...]:
    """Return the numbers that are missing after `last`, up to the largest one seen.

    Args:
        seen: ascending, all above `last`.
    """
    found = []
    for number in seen:
        if number > last + 1:
            found.append(Numbers(last + 1, number))
        last = number
    return tuple(found)


class Gaps:
    """The gaps that are not over."""

    def __init__(self) -> None:
        self._gaps: list[_Gap] = []

    def __bool__(self) -> bool:
        return bool(self._gaps)

    @property
    def numbers(self) -> tuple[Numbers, ...]:
        """All missing numbers, ascending."""
        return tuple(sorted(gap.numbers for gap in self._gaps))

    def settled(self, last: int) -> int:
        """Return the number up to which nothing can come any more, if `last` was the last seen."""
        return min((gap.numbers.begin - 1 for gap in self._gaps), default=last)

    def notice(self, missing: Iterable[Numbers], writers: frozenset[str]) -> None:
        """Keep new gaps.

        Args:
            writers: who was writing entries after the gaps had been seen.
        """
        self._gaps += [_Gap(numbers, writers) for numbers in missing]

    def settle(self, found: Sequence[int], writers: frozenset[str], is_whole: bool) -> None:
        """Take out what has come, and the gaps that are over.

        Args:
            found: numbers that were missing and are there now, ascending.
            writers: who was writing entries before it was looked for them.
            is_whole: whether it was looked for all of them.
        """
        left = []
        for gap in self._gaps:
            begin, end = gap.numbers
            if is_whole and not gap.writers & writers:
                continue
            within = [number for number in found if begin <= number < end]
            left += [
                _Gap(numbers, gap.writers) for numbers in missing_between(begin - 1, [*within, end])
            ]
        self._gaps = left
