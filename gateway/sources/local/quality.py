"""LocalQuality: the quality of records that a source gave, counted one after the other.

Rules are those of the kits over databases; nothing of a record is kept but numbers.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any

from gateway.contract import KindQuality, QualityRequest
from gateway.sources import measuring
from gateway.sources.local.values import ODD, Getter, reader, subject_reader, text
from gateway.sources.mapping import Code, KindMapping, TextDate
from gateway.sources.measuring import DECIDED, PUBLISHED, REPORTED, TERMS, Counts, quality_of
from schema.identifiers import is_uscc
from schema.predicate import WireValue

_LOCAL = dt.timezone(dt.timedelta(hours=8))
_LOST = {Code: measuring.UNKNOWN_CODE, TextDate: measuring.BAD_DATE}


class LocalQuality:
    """Counts records of one kind as they come."""

    def __init__(self, mapping: KindMapping, request: QualityRequest, get: Getter) -> None:
        """
        Args:
            get: how a column of the mapping is read out of a record.
        """
        self._request = request
        self._readers = {name: reader(column, get) for name, column in mapping.columns.items()}
        self._subject = subject_reader(mapping, get)
        self._organisation = get(mapping.organisation)
        self._lossy = [
            (name, get(column.column), _LOST[type(column)])
            for name, column in mapping.columns.items()
            if isinstance(column, Code | TextDate)
        ]
        self._records = self._refused = 0
        self._newest: dict[str, str] = {}
        self._rules: Counter[str] = Counter()
        self._empty = {name: 0 for name in request.required if name in self._readers}
        self._lags: list[Counter[tuple[str, str | None]]] = [Counter() for _ in TERMS]

    def add(self, records: Iterable[Any]) -> None:
        """Count more records."""
        for record in records:
            self._add(record)

    def told(self) -> KindQuality:
        """What was counted."""
        counts = Counts(
            self._records,
            self._refused,
            self._newest.get(DECIDED),
            self._newest.get(REPORTED),
            dict(self._rules),
            self._empty,
        )
        lags = [
            [(begun, done, number) for (begun, done), number in counted.most_common()]
            for counted in self._lags
        ]
        return quality_of(self._request, counts, *lags)

    def _add(self, record: Any) -> None:
        values = {name: read(record) for name, read in self._readers.items()}
        broken = set(self._broken(record, values))
        self._rules.update(broken)
        if broken:
            self._refused += 1
        else:
            self._records += 1
        for name in self._empty:
            self._empty[name] += values[name] in (None, ODD)
        for name in (DECIDED, REPORTED):
            found = values.get(name)
            if isinstance(found, str) and found > self._newest.get(name, ""):
                self._newest[name] = found
        self._add_lags(values)

    def _broken(self, record: Any, values: dict[str, Any]) -> Iterable[str]:
        subject = self._subject(record)
        code = text(self._organisation(record))
        if subject is None:
            yield measuring.MISSING_CODE
        if code is not None and not (isinstance(code, str) and is_uscc(code)):
            yield measuring.BAD_USCC
        if ODD in values.values():
            yield measuring.ODD_VALUE
        for name, get, rule in self._lossy:
            if values[name] is None and get(record) not in (None, ""):
                yield rule

    def _add_lags(self, values: dict[str, Any]) -> None:
        decided = values.get(DECIDED)
        if not isinstance(decided, str) or decided < self._request.since:
            return
        for counted, (begun, done) in zip(self._lags, TERMS, strict=True):
            first = _day(values.get(begun), begun)
            if first is not None and done in values:
                counted[first, _day(values[done], done)] += 1


def _day(value: WireValue | object, name: str) -> str | None:
    """The day of a wire date or, in the country, of a wire time."""
    if not isinstance(value, str):
        return None
    if name in (DECIDED, PUBLISHED):
        return value
    return dt.datetime.fromisoformat(value).astimezone(_LOCAL).date().isoformat()
