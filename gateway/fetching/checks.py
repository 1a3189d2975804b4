"""What an adapter returned, held against what it was asked and what the schema declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from weakref import WeakKeyDictionary

from gateway.authorization.types import Stream
from gateway.contract import Batch, FieldSummary, JsonBatch, RecordSelection, RowBatch
from gateway.rowcode import RowsCheck, rows_check, rows_rule
from schema.model import KindModel
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
        self._proofs: WeakKeyDictionary[Stream, Proof] = WeakKeyDictionary()

    def is_sound(self, stream: Stream, batch: object, groups: int) -> bool:
        """Whether a batch answers its request, fits the declared types and keeps the row rules."""
        if isinstance(batch, RowBatch):
            return _fits(batch, stream.selection, groups) and self._rows_are_sound(stream, batch)
        if isinstance(batch, JsonBatch) and stream.is_json:
            return (
                _fits(batch, stream.selection, groups)
                and _counts_fit(stream, batch)
                and self._summary_is_sound(stream, batch)
            )
        return False

    def _summary_is_sound(self, stream: Stream, batch: JsonBatch) -> bool:
        if stream.row_rule == ALWAYS or not any(batch.counts):
            return True
        proof = self._proofs.get(stream)
        if proof is None:
            proof = proof_of(stream.row_rule, MODEL.kinds[stream.place.kind])
            self._proofs[stream] = proof
        summary = batch.summary
        return summary.keys() >= set(stream.selection.checked) and proof(summary)

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


def _counts_fit(stream: Stream, batch: JsonBatch) -> bool:
    return max(batch.counts, default=0) <= stream.selection.first + stream.selection.lookahead


Summary = Mapping[str, FieldSummary]
Proof = Callable[[Summary], bool]


def proof_of(rule: Predicate, kind: KindModel) -> Proof:
    """A function that tells whether a summary shows that every record satisfies the rule."""
    match rule:
        case And(parts):
            proofs = [proof_of(part, kind) for part in parts]
            return lambda summary: all(proof(summary) for proof in proofs)
        case Or((IsNull(), Comparison() as comparison) | (Comparison() as comparison, IsNull())):
            return _within(comparison, kind)
        case Comparison(name, _, _):
            within = _within(rule, kind)
            return lambda summary: summary[name].missing == 0 and within(summary)
        case OneOf(name, values):
            return _only(name, frozenset(str(value) for value in values))
        case IsNull(name):
            return lambda summary: summary[name].least is None and not summary[name].seen
        case _:
            return lambda _: False


def _within(rule: Comparison, kind: KindModel) -> Proof:
    name = rule.field
    is_upper = rule.operator in (Operator.LT, Operator.LE)

    def proves(summary: Summary) -> bool:
        found = summary[name]
        bound = found.greatest if is_upper else found.least
        return bound is None or matches(rule, {name: bound}, kind)

    return proves


def _only(name: str, values: frozenset[str]) -> Proof:
    def proves(summary: Summary) -> bool:
        found = summary[name]
        return found.missing == 0 and found.seen is not None and found.seen <= values

    return proves
