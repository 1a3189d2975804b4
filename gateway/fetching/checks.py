"""What an adapter returned, held against what it was asked and what the schema declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from weakref import WeakKeyDictionary

from gateway.authorization.plan import subject_kind
from gateway.authorization.types import Stream
from gateway.contract import (
    SUBJECT_KEY,
    Batch,
    FieldSummary,
    JsonBatch,
    RecordRequest,
    RecordSelection,
    RowBatch,
)
from gateway.rowcode import RowsCheck, rows_check, rows_order, rows_rule
from schema.classification import SubjectKind
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

_UNLIKE_AN_ANSWER = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
"""What looking at something raises that is not even shaped like an answer."""


class BatchChecks:
    """Checks batches; keeps the generated checks of each stream while the stream lives."""

    def __init__(self) -> None:
        self._row_checks: WeakKeyDictionary[Stream, _RowChecks] = WeakKeyDictionary()
        self._proofs: WeakKeyDictionary[Stream, Proof] = WeakKeyDictionary()

    def is_sound(self, stream: Stream, batch: object, request: RecordRequest) -> bool:
        """Whether a batch answers its request, fits the declared types and keeps the row rules."""
        groups = 1 if request.keys is None else len(request.keys)
        try:
            if isinstance(batch, RowBatch) and not stream.is_json:
                return (
                    _fits(batch, stream.selection, groups)
                    and _totals_fit(batch, [len(rows) for rows in batch.groups])
                    and self._rows_are_sound(stream, batch)
                    and _are_about(stream, batch, request)
                )
            if isinstance(batch, JsonBatch) and stream.is_json:
                return (
                    _fits(batch, stream.selection, groups)
                    and _counts_fit(stream, batch)
                    and _totals_fit(batch, batch.counts)
                    and self._summary_is_sound(stream, batch)
                )
        except _UNLIKE_AN_ANSWER:
            return False
        return False

    def _summary_is_sound(self, stream: Stream, batch: JsonBatch) -> bool:
        if stream.row_rule == ALWAYS or not any(batch.counts):
            return True
        proof = self._proofs.get(stream)
        if proof is None:
            proof = proof_of(stream.row_rule, MODEL.kinds[stream.place.kind])
            self._proofs[stream] = proof
        summary = batch.summary
        return all(name in summary for name in stream.selection.checked) and proof(summary)

    def _rows_are_sound(self, stream: Stream, batch: RowBatch) -> bool:
        checks = self._row_checks.get(stream)
        if checks is None:
            checks = self._row_checks[stream] = _row_checks(stream)
        most = stream.selection.first + stream.selection.lookahead
        if max(map(len, batch.groups), default=0) > most:
            return False
        rows = list(chain.from_iterable(batch.groups))
        return (
            checks.types(rows)
            and (checks.rule is None or checks.rule(rows))
            and all(checks.order(group) for group in batch.groups if len(group) > 1)
        )


@dataclass(frozen=True, slots=True)
class _RowChecks:
    """Generated checks of one stream; `order` is asked for each key's rows by themselves."""

    types: RowsCheck
    rule: RowsCheck | None
    order: RowsCheck


def _row_checks(stream: Stream) -> _RowChecks:
    kind = MODEL.kinds[stream.place.kind]
    is_free = stream.row_rule == ALWAYS
    return _RowChecks(
        rows_check(kind, stream.selection.fields, stream.place.is_search),
        None if is_free else rows_rule(stream.row_rule, stream.columns, kind),
        rows_order(stream.selection.order, stream.columns, kind),
    )


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


def _fits(batch: Batch, selection: RecordSelection, groups: int) -> bool:
    if len(batch.groups) != groups or type(batch.withheld) is not int or batch.withheld < 0:
        return False
    totals = batch.totals
    return not selection.count or (
        totals is not None and len(totals) == groups and all(type(total) is int for total in totals)
    )


def _totals_fit(batch: Batch, found: Sequence[int]) -> bool:
    """Whether totals, if there are any, are no less than what was found."""
    return batch.totals is None or all(
        total >= count for total, count in zip(batch.totals, found, strict=True)
    )


def _counts_fit(stream: Stream, batch: JsonBatch) -> bool:
    most = stream.selection.first + stream.selection.lookahead
    return (
        len(batch.counts) == len(batch.groups)
        and set(map(type, batch.groups)) <= {bytes}
        and set(map(type, batch.counts)) <= {int}
        and min(batch.counts, default=0) >= 0
        and max(batch.counts, default=0) <= most
    )


Summary = Mapping[str, FieldSummary]
Proof = Callable[[Summary], bool]


def proof_of(rule: Predicate, kind: KindModel) -> Proof:
    """A function that tells whether a summary shows that every record satisfies the rule."""
    match rule:
        case And(parts):
            proofs = [proof_of(part, kind) for part in parts]
            return lambda summary: all(proof(summary) for proof in proofs)
        case Or((IsNull(name), Comparison() as known) | (Comparison() as known, IsNull(name))):
            return _within(known, kind) if known.field == name else _never
        case Comparison(name, Operator.EQ, value) if kind.by_name[name].enum_values:
            return _only(name, frozenset((str(value),)))
        case Comparison(name, _, _):
            within = _within(rule, kind)
            return lambda summary: (
                summary[name].missing == 0 and summary[name].least is not None and within(summary)
            )
        case OneOf(name, values):
            return _only(name, frozenset(str(value) for value in values))
        case IsNull(name):
            return lambda summary: summary[name].least is None and not summary[name].seen
        case _:
            return _never


def _never(_: Summary) -> bool:
    return False


def _within(rule: Comparison, kind: KindModel) -> Proof:
    """Whether least and greatest value satisfy the comparison, and so all between them."""
    name = rule.field

    def proves(summary: Summary) -> bool:
        found = summary[name]
        if found.least is None and found.greatest is None and not found.seen:
            return True
        return all(
            bound is not None and matches(rule, {name: bound}, kind)
            for bound in (found.least, found.greatest)
        )

    return proves


def _only(name: str, values: frozenset[str]) -> Proof:
    def proves(summary: Summary) -> bool:
        found = summary[name]
        return found.missing == 0 and found.seen is not None and found.seen <= values

    return proves
