"""What several rules on one coordinate come to. Which rules apply is `policies.engine`'s part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from policies.model import Decision, Effect, Outcome, Role, Window
from schema.classification import MaskKind
from schema.predicate import Not, Or, Predicate, both

STRICTNESS: tuple[MaskKind, ...] = (
    MaskKind.DOCUMENT,
    MaskKind.ID_STRICT,
    MaskKind.AMOUNT_BAND,
    MaskKind.NAME,
    MaskKind.ADDRESS,
    MaskKind.ACCOUNT,
    MaskKind.PHONE,
    MaskKind.MAIL,
    MaskKind.ID,
    MaskKind.DATE_YEAR,
)
"""Masks from the strictest to the laxest, for a field that two rules mask differently."""


@dataclass(frozen=True, slots=True)
class Clause:
    """What a rule says about one coordinate, once caller class, purpose and subject kind fit.

    Attributes:
        number: place of the rule in file order.
        rank: 2 names an entitlement, 1 a relation, 0 neither; 0 for a department's own rules,
            which never unmask what the rules for all mask.
        is_own: a department's own rule about its own records.
    """

    number: int
    rule_id: str
    effect: Effect
    rank: int
    consent: bool
    grant: bool
    is_self: bool
    is_source: bool
    organisations: frozenset[str]
    roles: frozenset[Role]
    window: Window | None
    is_own: bool
    mask: MaskKind
    row: Predicate | None

    @property
    def is_plain(self) -> bool:
        """Whether it holds for every caller and subject that it is offered to."""
        is_conditional = self.consent or self.grant or self.is_self or self.is_source
        is_limited = self.organisations or self.roles or self.window is not None
        return not is_conditional and not is_limited


def judge(matched: Sequence[Clause]) -> Decision | None:
    """Decide among rules that apply, given in file order.

    Returns:
        None if nothing permits, or a rule forbids: denied.
    """
    barred: list[Clause] = []
    permits: list[Clause] = []
    for clause in matched:
        if clause.effect is not Effect.FORBID:
            permits.append(clause)
        elif clause.row is None:
            return None
        else:
            barred.append(clause)
    if not permits:
        return None
    rank = max(clause.rank for clause in permits)
    deciding = [clause for clause in permits if clause.rank == rank]
    masks = [
        clause
        for clause in permits
        if clause.effect is Effect.MASK and (clause.rank == rank or clause.is_own)
    ]
    if masks:
        mask = min((clause.mask for clause in masks), key=STRICTNESS.index)
        ids = tuple(clause.rule_id for clause in masks if clause.mask is mask)
        return Decision(Outcome.MASKED, ids, mask=mask)
    if not barred and all(clause.row is None for clause in permits):
        return Decision(Outcome.CLEAR, tuple(clause.rule_id for clause in deciding))
    return _limited(permits, barred)


def is_in(window: Window | None, day: dt.date) -> bool:
    """Whether a rule with this window holds on the day."""
    if window is None:
        return True
    first, last = window.first, window.last
    return (first is None or first <= day) and (last is None or day <= last)


def _limited(permits: list[Clause], barred: list[Clause]) -> Decision:
    """Permission for the records that any permit opens and no forbid bars."""
    unlimited = [clause for clause in permits if clause.row is None]
    deciding = unlimited or permits
    rows: Predicate | None = None
    if not unlimited:
        choices = tuple(dict.fromkeys(c.row for c in permits if c.row is not None))
        rows = choices[0] if len(choices) == 1 else Or(choices)
    for clause in barred:
        assert clause.row is not None
        rows = Not(clause.row) if rows is None else both(rows, Not(clause.row))
    ids = tuple(clause.rule_id for clause in sorted([*deciding, *barred], key=_in_file_order))
    return Decision(Outcome.CLEAR, ids, row=rows)


def _in_file_order(clause: Clause) -> int:
    return clause.number
