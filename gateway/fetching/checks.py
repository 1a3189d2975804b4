"""What an adapter returned, held against what it was asked and what the schema declares."""

from __future__ import annotations

from collections.abc import Mapping
from weakref import WeakKeyDictionary

from gateway.authorization.types import Stream
from gateway.contract import Batch, FieldSummary, JsonBatch, RecordSelection, RowBatch
from gateway.rowcode import RowsCheck, rows_check, rows_rule
from schema.predicate import (
    ALWAYS,
    And,
    Comparison,
    IsNull,
    OneOf,
    Operator,
    Or,
    Predicate,
    matches,
)
from schema.records import MODEL


class BatchChecks:
    """Checks batches; keeps the generated checks of each stream while the stream lives."""

    def __init__(self) -> None:
        self._row_checks: WeakKeyDictionary[Stream, tuple[RowsCheck, RowsCheck | None]] = (
            WeakKeyDictionary()
        )

    def is_sound(self, stream: Stream, batch: object, groups: int) -> bool:
        """Whether a batch answers its request, fits the declared types and keeps the row rules."""
        if isinstance(batch, RowBatch):
            return _fits(batch, stream.selection, groups) and self._rows_are_sound(stream, batch)
        if isinstance(batch, JsonBatch) and stream.is_json:
            return _fits(batch, stream.selection, groups) and _summary_proves(stream, batch)
        return False

    def _rows_are_sound(self, stream: Stream, batch: RowBatch) -> bool:
        if stream.is_json:
            return False
        found = self._row_checks.get(stream)
        if found is None:
            kind = MODEL.kinds[stream.place.kind]
            rule = (
                None
                if stream.row_rule == ALWAYS
                else rows_rule(stream.row_rule, stream.columns, kind)
            )
            found = rows_check(kind, stream.selection.fields), rule
            self._row_checks[stream] = found
        types, rule = found
        most = stream.selection.first + stream.selection.lookahead
        for rows in batch.groups:
            if len(rows) > most or not types(rows) or (rule is not None and not rule(rows)):
                return False
        return True


def _fits(batch: Batch, selection: RecordSelection, groups: int) -> bool:
    if len(batch.groups) != groups:
        return False
    if isinstance(batch, JsonBatch) and len(batch.counts) != groups:
        return False
    totals = batch.totals
    return not selection.count or (
        totals is not None
        and len(totals) == groups
        and all(type(total) is int and total >= 0 for total in totals)
    )


def _summary_proves(stream: Stream, batch: JsonBatch) -> bool:
    most = stream.selection.first + stream.selection.lookahead
    if any(count > most for count in batch.counts):
        return False
    if stream.row_rule == ALWAYS or not any(batch.counts):
        return True
    return set(stream.selection.checked) <= batch.summary.keys() and proves(
        batch.summary, stream.row_rule, stream
    )


def proves(summary: Mapping[str, FieldSummary], rule: Predicate, stream: Stream) -> bool:
    """Whether the summary shows that every record satisfies the rule."""
    match rule:
        case And(parts):
            return all(proves(summary, part, stream) for part in parts)
        case Or((IsNull(), Comparison() as comparison)) | Or(
            (Comparison() as comparison, IsNull())
        ):
            return _within(summary[comparison.field], comparison, stream)
        case Comparison():
            found = summary[rule.field]
            return found.missing == 0 and _within(found, rule, stream)
        case OneOf(name, values):
            seen = summary[name].seen
            return summary[name].missing == 0 and seen is not None and seen <= set(values)
        case IsNull(name):
            found = summary[name]
            return found.least is None and not found.seen
        case _:
            return False


def _within(found: FieldSummary, rule: Comparison, stream: Stream) -> bool:
    bound = found.greatest if rule.operator in (Operator.LT, Operator.LE) else found.least
    return bound is None or matches(rule, {rule.field: bound}, MODEL.kinds[stream.place.kind])
