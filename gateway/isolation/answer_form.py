"""Answers as JSON values and bytes, for the way from an adapter's process, and back.

The way back is written for a sender that lies: whatever has another form is `MappingFailed`.
Whether an answer of the right form is true and fits its request is checked in fetching, as it is
for an adapter in the gateway's own process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.contract import (
    Batch,
    ChangesBatch,
    CommandResult,
    FieldSummary,
    Health,
    JsonBatch,
    MappingFailed,
    RecordChange,
    RowBatch,
    StatisticsBatch,
    StatisticsGroup,
    UserError,
)

_UNLIKE_AN_ANSWER = (TypeError, ValueError, LookupError, AttributeError)


class UnfitAnswer(Exception):
    """What the adapter returned is not even shaped like an answer."""


def batches_form(batches: Any, tail: list[bytes]) -> object:
    """Batches of a call of `fetch`; built JSON goes into the tail.

    Raises:
        UnfitAnswer: they are no batches.
    """
    try:
        return [_batch_form(batch, tail) for batch in batches]
    except _UNLIKE_AN_ANSWER as error:
        raise UnfitAnswer from error


def _batch_form(batch: Any, tail: list[bytes]) -> object:
    if isinstance(batch, RowBatch):
        return ["rows", batch.groups, batch.totals, batch.withheld]
    if not isinstance(batch, JsonBatch):
        raise TypeError
    tail += batch.groups
    summary = {name: _field_form(each) for name, each in batch.summary.items()}
    sizes = [len(group) for group in batch.groups]
    return ["json", sizes, batch.counts, batch.totals, summary, batch.withheld, batch.beside]


def _field_form(summary: FieldSummary) -> object:
    seen = None if summary.seen is None else list(summary.seen)
    return [summary.least, summary.greatest, seen, summary.missing]


def batches_of(form: object, tail: bytes) -> Sequence[Batch]:
    """Batches that a process answered.

    Raises:
        MappingFailed: the form is another.
    """
    try:
        made: list[Batch] = []
        start = 0
        for each in _list(form):
            if each[0] == "json":
                batch, start = _json_batch(each, tail, start)
                made.append(batch)
            else:
                made.append(_row_batch(each))
    except _UNLIKE_AN_ANSWER as error:
        raise MappingFailed("the adapter's process answered in another form") from error
    if start != len(tail):
        raise MappingFailed("the adapter's process sent bytes that belong to nothing")
    return made


def _row_batch(form: Any) -> RowBatch:
    word, groups, totals, withheld = form
    if word != "rows":
        raise ValueError(word)
    return RowBatch(_list(groups), None if totals is None else _list(totals), withheld)


def _json_batch(form: Any, tail: bytes, start: int) -> tuple[JsonBatch, int]:
    _, sizes, counts, totals, summary, withheld, beside = form
    groups = []
    for size in _list(sizes):
        if type(size) is not int or not 0 <= size <= len(tail) - start:
            raise ValueError
        groups.append(tail[start : start + size])
        start += size
    found = {name: _field_summary(each) for name, each in summary.items()}
    return JsonBatch(groups, _list(counts), totals, found, withheld, beside), start


def _field_summary(form: Any) -> FieldSummary:
    least, greatest, seen, missing = form
    return FieldSummary(least, greatest, None if seen is None else frozenset(_list(seen)), missing)


def statistics_batches_form(batches: Any) -> object:
    """Batches of a call of `statistics`.

    Raises:
        UnfitAnswer: they are no batches.
    """
    try:
        return [
            [
                [[group.values, group.count, group.sums, group.subjects] for group in batch.groups],
                batch.is_complete,
                batch.withheld,
            ]
            for batch in batches
        ]
    except _UNLIKE_AN_ANSWER as error:
        raise UnfitAnswer from error


def statistics_batches_of(form: object) -> Sequence[StatisticsBatch]:
    """Batches that a process answered.

    Raises:
        MappingFailed: the form is another.
    """
    try:
        return [
            StatisticsBatch(
                [
                    StatisticsGroup(tuple(_list(values)), count, tuple(_list(sums)), subjects)
                    for values, count, sums, subjects in _list(groups)
                ],
                is_complete,
                withheld,
            )
            for groups, is_complete, withheld in _list(form)
        ]
    except _UNLIKE_AN_ANSWER as error:
        raise MappingFailed("the adapter's process answered in another form") from error


def changes_batch_form(batch: Any) -> object:
    """A batch of changes.

    Raises:
        UnfitAnswer: it is none.
    """
    try:
        changes = [[each.record_id, each.subject_key] for each in batch.changes]
        return [changes, batch.cursor, batch.is_complete]
    except _UNLIKE_AN_ANSWER as error:
        raise UnfitAnswer from error


def changes_batch_of(form: object) -> ChangesBatch:
    """A batch of changes that a process answered.

    Raises:
        MappingFailed: the form is another.
    """
    try:
        changes, cursor, is_complete = _list(form)
        made = tuple(RecordChange(record_id, subject) for record_id, subject in _list(changes))
    except _UNLIKE_AN_ANSWER as error:
        raise MappingFailed("the adapter's process answered in another form") from error
    return ChangesBatch(made, cursor, is_complete)


def health_form(health: Any) -> object:
    """What a department says of its state.

    Raises:
        UnfitAnswer: it is none.
    """
    if not isinstance(health, Health):
        raise UnfitAnswer
    return [health.is_up, health.as_of]


def health_of(form: object) -> Health:
    """The state that a process answered.

    Raises:
        MappingFailed: the form is another.
    """
    match form:
        case [bool() as is_up, str() | None as as_of]:
            return Health(is_up, as_of)
    raise MappingFailed("the adapter's process answered in another form")


def result_form(result: Any) -> object:
    """Result of a command.

    Raises:
        UnfitAnswer: it is none.
    """
    try:
        errors = [[error.code, error.field, error.message] for error in result.errors]
        return [list(result.record_ids), errors]
    except _UNLIKE_AN_ANSWER as error:
        raise UnfitAnswer from error


def result_of(form: object) -> CommandResult:
    """The result that a process answered.

    Raises:
        MappingFailed: the form is another.
    """
    try:
        record_ids, errors = _list(form)
        if not all(type(each) is str for each in _list(record_ids)):
            raise TypeError
        return CommandResult(tuple(record_ids), tuple(_user_error(each) for each in _list(errors)))
    except _UNLIKE_AN_ANSWER as error:
        raise MappingFailed("the adapter's process answered in another form") from error


def _user_error(form: Any) -> UserError:
    match form:
        case [str() as code, str() | None as field, str() as message]:
            return UserError(code, field, message)
    raise TypeError


def _list(value: object) -> list[Any]:
    if type(value) is not list:
        raise TypeError
    return value
