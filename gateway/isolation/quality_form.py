"""Questions about the quality of records, and the answers, as JSON values and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.contract import FetchContext, KindQuality, MappingFailed, QualityRequest
from gateway.contract.quality import Lag
from gateway.isolation.answer_form import UnfitAnswer
from gateway.isolation.asking_form import context_form, context_of
from schema.codes import RecordKind

_UNLIKE_AN_ANSWER = (TypeError, ValueError, LookupError, AttributeError)
_MOST_TEXT = 1_000


def quality_form(requests: Sequence[QualityRequest], context: FetchContext) -> object:
    """A call of `quality`."""
    asked = [[each.kind.value, each.required, each.since, each.max_lags] for each in requests]
    return [context_form(context), asked]


def quality_call(form: Any) -> tuple[list[QualityRequest], FetchContext]:
    """What `quality_form` was made of."""
    context, asked = form
    requests = [
        QualityRequest(RecordKind(kind), tuple(required), since, max_lags)
        for kind, required, since, max_lags in asked
    ]
    return requests, context_of(context)


def qualities_form(qualities: Any) -> object:
    """The answers.

    Raises:
        UnfitAnswer: they are none.
    """
    try:
        return [
            [
                each.kind.value,
                each.records,
                dict(each.refused),
                each.refused_rows,
                each.newest,
                each.synced_at,
                dict(each.missing),
                each.not_supplied,
                each.invalid_codes,
                [list(lag) for lag in each.published],
                [list(lag) for lag in each.checked],
                each.is_complete,
                each.trouble,
            ]
            for each in qualities
        ]
    except _UNLIKE_AN_ANSWER as error:
        raise UnfitAnswer from error


def qualities_of(form: object) -> Sequence[KindQuality]:
    """The answers of a process.

    Raises:
        MappingFailed: the form is another.
    """
    try:
        return [_quality(each) for each in _typed(list, form)]
    except _UNLIKE_AN_ANSWER as error:
        raise MappingFailed("the adapter's process answered in another form") from error


def _quality(form: Any) -> KindQuality:
    kind, records, refused, rows, newest, synced_at, missing, absent, invalid, *rest = form
    published, checked, is_complete, trouble = rest
    return KindQuality(
        RecordKind(kind),
        _typed(int, records),
        _counts(refused),
        _typed(int, rows),
        _optional(newest),
        _optional(synced_at),
        _counts(missing),
        tuple(_text(each) for each in _typed(list, absent)),
        _typed(int, invalid),
        tuple(_lag(each) for each in _typed(list, published)),
        tuple(_lag(each) for each in _typed(list, checked)),
        _typed(bool, is_complete),
        _text(trouble),
    )


def _lag(form: Any) -> Lag:
    begun, done, records = form
    return Lag(_text(begun), _optional(done), _typed(int, records))


def _counts(form: object) -> dict[str, int]:
    return {_text(name): _typed(int, count) for name, count in _typed(dict, form).items()}


def _optional(value: object) -> str | None:
    return None if value is None else _text(value)


def _text(value: object) -> str:
    text: str = _typed(str, value)
    if len(text) > _MOST_TEXT:
        raise ValueError
    return text


def _typed(kind: type[Any], value: object) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value
