"""What an adapter returned, held against what it was asked and what the schema declares."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from gateway.authorization.plan import subject_kind
from gateway.authorization.types import Stream
from gateway.contract import SUBJECT_KEY, Batch, JsonBatch, RecordRequest, Row, RowBatch
from gateway.rowcode import RowsCheck, SummaryCheck, rows_check, rows_order, rows_rule, summary_rule
from schema.classification import SubjectKind
from schema.predicate import ALWAYS
from schema.records import MODEL

MOST_JSON_BYTES = 16 * 1024 * 1024
_UNLIKE_AN_ANSWER = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""What looking at something raises that is not even shaped like an answer."""


def is_sound(stream: Stream, batch: object, request: RecordRequest) -> bool:
    """Whether a batch answers its request, fits the declared types and keeps the row rules."""
    checks = stream.kept.get(_StreamChecks)
    if checks is None:
        checks = stream.kept[_StreamChecks] = _StreamChecks(stream)
    groups = 1 if request.keys is None else len(request.keys)
    try:
        if isinstance(batch, JsonBatch):
            return checks.json_is_sound(batch, groups)
        if isinstance(batch, RowBatch):
            return checks.rows_are_sound(batch, groups) and _are_about(stream, batch, request)
    except _UNLIKE_AN_ANSWER:
        return False
    return False


class _StreamChecks:
    """The checks of one stream, generated once."""

    __slots__ = (
        "_beside",
        "_first",
        "_is_json",
        "_most",
        "_needs_totals",
        "_order",
        "_proof",
        "_rule",
        "_types",
    )

    def __init__(self, stream: Stream) -> None:
        selection, kind = stream.selection, MODEL.kinds[stream.place.kind]
        self._is_json = stream.is_json
        self._beside = len(selection.beside)
        self._first = selection.first
        self._most = selection.first + selection.lookahead
        self._needs_totals = selection.count
        self._proof: SummaryCheck | None = None
        self._rule: RowsCheck | None = None
        if stream.is_json:
            if selection.beside:
                self._types = rows_check(kind, selection.beside)
            if selection.checked:
                self._proof = summary_rule(stream.row_rule, kind)
            elif stream.row_rule != ALWAYS:
                columns = {name: column for column, name in enumerate(selection.beside)}
                self._rule = rows_rule(stream.row_rule, columns, kind)
            return
        if stream.row_rule != ALWAYS:
            self._rule = rows_rule(stream.row_rule, stream.columns, kind)
        self._types = rows_check(kind, selection.fields, stream.place.is_search)
        self._order = rows_order(selection.order, stream.columns, kind)

    def json_is_sound(self, batch: JsonBatch, groups: int) -> bool:
        """Built JSON: per key bytes and a count, and beside it what proves the row rules."""
        counts = batch.counts
        return (
            self._is_json
            and len(batch.groups) == groups == len(counts)
            and _all_of(bytes, batch.groups)
            and sum(map(len, batch.groups)) <= MOST_JSON_BYTES
            and _all_of(int, counts)
            and min(counts, default=0) >= 0
            and max(counts, default=0) <= self._most
            and self._totals_fit(batch, counts)
            and _is_count(batch.withheld)
            and (self._proof is None or not any(counts) or self._proof(batch.summary))
            and (not self._beside or self._beside_fits(batch.beside, counts))
        )

    def _beside_fits(self, beside: Sequence[Sequence[Row]] | None, counts: Sequence[int]) -> bool:
        """Whether there is a sound row for each record that was built."""
        if beside is None or not all(
            len(found) == min(count, self._first)
            for found, count in zip(beside, counts, strict=True)
        ):
            return False
        rows = list(chain.from_iterable(beside))
        return self._types(rows) and (self._rule is None or self._rule(rows))

    def rows_are_sound(self, batch: RowBatch, groups: int) -> bool:
        """Rows: per key at most as many as asked, of the declared types, ruled and in order."""
        if self._is_json or len(batch.groups) != groups or not _is_count(batch.withheld):
            return False
        found = [len(rows) for rows in batch.groups]
        if max(found, default=0) > self._most or not self._totals_fit(batch, found):
            return False
        rows = list(chain.from_iterable(batch.groups))
        return (
            self._types(rows)
            and (self._rule is None or self._rule(rows))
            and all(self._order(group) for group in batch.groups if len(group) > 1)
        )

    def _totals_fit(self, batch: Batch, found: Sequence[int]) -> bool:
        """Whether there are totals if they were asked for, each no less than what was found."""
        totals = batch.totals
        if totals is None:
            return not self._needs_totals
        if self._needs_totals and not _all_of(int, totals):
            return False
        return all(total >= count for total, count in zip(totals, found, strict=True))


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _all_of(kind: type, values: Sequence[object]) -> bool:
    """Whether every value is of this very type: a bool is no int."""
    return set(map(type, values)) <= {kind}


def _are_about(stream: Stream, batch: RowBatch, request: RecordRequest) -> bool:
    """Whether the rows are about the subjects that were asked for, as far as they say."""
    column = stream.columns.get(SUBJECT_KEY)
    if column is None:
        return True
    if request.keys is not None:
        return all(
            row[column] == key
            for key, rows in zip(request.keys, batch.groups, strict=True)
            for row in rows
        )
    kinds = stream.subject_kinds
    if kinds is None or len(kinds) == len(SubjectKind):
        return True
    return all(
        row[column] is not None and subject_kind(str(row[column])) in kinds
        for rows in batch.groups
        for row in rows
    )


def tells_existence(batch: object, groups: int) -> bool:
    """Whether a batch answers the question which codes are registered."""
    return (
        isinstance(batch, RowBatch)
        and isinstance(batch.groups, list | tuple)
        and len(batch.groups) == groups
        and all(isinstance(rows, list | tuple) for rows in batch.groups)
    )
