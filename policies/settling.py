"""Row conditions for one day and one kind of record: words of the rules become constants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from policies.disclosure.periods import Span, parse_changing_period
from schema.model import KindModel
from schema.predicate import (
    ALWAYS,
    NEVER,
    And,
    Comparison,
    IsNull,
    Not,
    Operator,
    Or,
    Predicate,
    both,
    matches,
)

TODAY = "today"
BEFORE_TODAY = f"{TODAY} - "
NATURE = "meta.nature"
KIND = "meta.recordKind"


def on_day(predicate: Predicate, today: dt.date) -> Predicate:
    """Return the predicate with `today`, and periods before it, replaced by dates."""
    match predicate:
        case And(parts):
            return And(tuple(on_day(part, today) for part in parts))
        case Or(parts):
            return Or(tuple(on_day(part, today) for part in parts))
        case Not(part):
            return Not(on_day(part, today))
        case Comparison(_, _, value) if value == TODAY:
            return replace(predicate, value=today.isoformat())
        case Comparison(name, operator, str() as value) if value.startswith(BEFORE_TODAY):
            spans = parse_changing_period(value.removeprefix(BEFORE_TODAY)).running(today)
            if operator is Operator.GE:
                return _within(name, spans)
            return And((Not(IsNull(name)), Not(_within(name, spans))))
        case _:
            return predicate


def _within(name: str, spans: Sequence[Span]) -> Predicate:
    """The field is a day of one of the spans."""
    choices: list[Predicate] = []
    for first, after in spans:
        choice: Predicate = Comparison(name, Operator.GE, (first or dt.date.min).isoformat())
        if after is not None:
            choice = both(choice, Comparison(name, Operator.LT, after.isoformat()))
        choices.append(choice)
    return choices[0] if len(choices) == 1 else Or(tuple(choices))


def for_kind(predicate: Predicate, kind: KindModel) -> Predicate:
    """Return the predicate for records of one kind: what is settled by the kind is left out."""
    match predicate:
        case And(parts):
            left = [part for part in (for_kind(p, kind) for p in parts) if part != ALWAYS]
            if NEVER in left:
                return NEVER
            flat = [q for p in left for q in (p.parts if isinstance(p, And) else (p,))]
            return flat[0] if len(flat) == 1 else And(tuple(flat))
        case Or(parts):
            left = [part for part in (for_kind(p, kind) for p in parts) if part != NEVER]
            if ALWAYS in left:
                return ALWAYS
            flat = [q for p in left for q in (p.parts if isinstance(p, Or) else (p,))]
            return flat[0] if len(flat) == 1 else Or(tuple(flat))
        case Not(part):
            inner = for_kind(part, kind)
            return NEVER if inner == ALWAYS else ALWAYS if inner == NEVER else Not(inner)
        case _ if predicate.field in (NATURE, KIND):
            values = {NATURE: kind.declaration.nature.value, KIND: kind.kind.value}
            return ALWAYS if matches(predicate, values, kind) else NEVER
        case _:
            return predicate
