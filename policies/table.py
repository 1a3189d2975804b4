"""Decisions for one caller and one kind of subject, each made when it is first asked for.

How rules add up over a coordinate and its record kind stands in `policies.engine`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from policies.index import Candidate, Cells, Index, JoinedIndex
from policies.judgement import Clause, is_in, judge
from policies.model import (
    Caller,
    CallerClass,
    Decision,
    Effect,
    Missing,
    Outcome,
    SubjectProfile,
    Use,
)
from policies.settling import on_day

DEFAULT_DENY = "default.deny"
TOKEN_LIMIT = "token.limit"  # noqa: S105 - the id of a decision
"""Stands for a rule where the caller's token is for less than the rules permit."""

AnyIndex = Index | JoinedIndex

_BEYOND_TOKEN = Decision(Outcome.DENIED, (TOKEN_LIMIT,), missing=Missing.TOKEN)
_UNKNOWN = Decision(Outcome.DENIED, (DEFAULT_DENY,), missing=Missing.NOTHING_HELPS)


@dataclass(frozen=True, slots=True)
class View:
    """What rules say to one caller class with one purpose about one subject kind, on one day.

    Attributes:
        decided: decisions already made, by cell, candidates and the four facts that conditions
            ask for; at most sixteen for each pair of cell and candidates. A cache that changes
            no answer.
    """

    cells: Cells
    decided: dict[tuple[int, int, int], Decision]


class AccessTable:
    """Decisions for one caller, subject profile, set of grants, and kind of provider."""

    __slots__ = (
        "_caller",
        "_decided",
        "_facts",
        "_granted",
        "_index",
        "_is_source",
        "_organisation",
        "_subject",
        "_today",
        "_view",
    )

    def __init__(
        self,
        index: AnyIndex,
        view: View,
        today: dt.date,
        caller: Caller,
        organisation: str | None,
        subject: SubjectProfile,
        granted: frozenset[str],
        is_source: bool,
    ) -> None:
        self._index = index
        self._view = view
        self._today = today
        self._caller = caller
        self._organisation = organisation
        self._subject = subject
        self._granted = granted
        self._is_source = is_source
        self._facts = (4 if subject.is_self else 0) | (8 if is_source else 0)
        self._decided: dict[tuple[str, str], Decision] = {}

    def decide(self, coordinate: str, use: Use) -> Decision:
        """Decide one use of one coordinate; an unknown coordinate is denied."""
        place = (coordinate, use.word)
        found = self._decided.get(place)
        if found is None:
            found = self._decide(place, coordinate, use)
            limit = self._subject.limit
            # INVARIANT: a token only takes away: what rules deny is denied for their reason
            if (
                limit is not None
                and found.outcome is not Outcome.DENIED
                and not limit.lets(coordinate, use)
            ):
                found = _BEYOND_TOKEN
            self._decided[place] = found
        return found

    def _decide(self, place: tuple[str, str], coordinate: str, use: Use) -> Decision:
        kind = self._index.kind_of.get(coordinate)
        if kind is None:
            return _UNKNOWN
        own = self._judge(place)
        if kind == coordinate:
            return own
        gate = self.decide(kind, Use.AGGREGATE if use is Use.AGGREGATE else Use.READ)
        if gate.outcome is Outcome.DENIED:
            return gate
        if use is Use.READ or own.outcome is Outcome.DENIED:
            return own
        read = self._judge((coordinate, Use.READ.word))
        if read.outcome is Outcome.MASKED:
            missing = self._entitlement((coordinate, Use.READ.word)) or Missing.NOTHING_HELPS
            return Decision(Outcome.DENIED, read.rule_ids, missing=missing)
        if read.outcome is Outcome.DENIED and use is not Use.AGGREGATE:
            return read
        return own

    def _judge(self, place: tuple[str, str]) -> Decision:
        """The decision of a coordinate's own rules alone, for a use's word."""
        cell = self._view.cells.get(place)
        if cell is not None and cell.settled is not None and cell.settled.row is None:
            return cell.settled
        coordinate = place[0]
        facts = (
            self._facts
            | (1 if coordinate in self._subject.consented else 0)
            | (2 if coordinate in self._granted else 0)
        )
        key = (id(cell), id(self._index.candidates(place)), facts)
        found = self._view.decided.get(key)
        if found is None:
            clauses = cell.clauses if cell is not None else ()
            found = self._apply(place, clauses)
            if found.row is not None:
                found = replace(found, row=on_day(found.row, self._today))
            self._view.decided[key] = found
        return found

    def _apply(self, place: tuple[str, str], clauses: tuple[Clause, ...]) -> Decision:
        matched = [clause for clause in clauses if self._holds(clause, place[0])]
        decision = judge(matched)
        if decision is not None:
            return decision
        forbids = tuple(clause.rule_id for clause in matched if clause.effect is Effect.FORBID)
        missing = self._missing(place)
        return Decision(Outcome.DENIED, forbids or (DEFAULT_DENY,), missing=missing)

    def _holds(self, clause: Clause, coordinate: str) -> bool:
        return (
            (not clause.consent or coordinate in self._subject.consented)
            and (not clause.grant or coordinate in self._granted)
            and (not clause.is_self or self._subject.is_self)
            and (not clause.is_source or self._is_source)
            and (not clause.organisations or self._organisation in clause.organisations)
            and (not clause.roles or self._caller.role in clause.roles)
            and (clause.window is None or is_in(clause.window, self._today))
        )

    def _candidates(self, place: tuple[str, str]) -> list[Candidate]:
        """Permitting and masking rules of these days, whoever they are for."""
        return [
            candidate
            for candidate in self._index.candidates(place)
            if candidate.window is None or is_in(candidate.window, self._today)
        ]

    def _missing(self, place: tuple[str, str]) -> Missing:
        """First failing of caller, subject, purpose, field, entitlement."""
        candidates = self._candidates(place)
        if not candidates:
            return Missing.NOTHING_HELPS
        candidates = [c for c in candidates if self._is_caller(c)]
        if not candidates:
            return Missing.ANOTHER_CALLER
        kind = self._subject.subject_kind
        candidates = [
            c
            for c in candidates
            if kind in c.subject_kinds and (not c.is_self or self._subject.is_self)
        ]
        if not candidates:
            return Missing.ANOTHER_SUBJECT
        if not any(self._caller.purpose in c.purposes for c in candidates):
            return Missing.ANOTHER_PURPOSE
        return self._entitlement(place) or Missing.NOTHING_HELPS

    def _is_caller(self, candidate: Candidate) -> bool:
        caller_class = self._caller.caller_class
        if self._organisation is None and caller_class is not CallerClass.PUBLIC:
            return False
        return (
            caller_class in candidate.who
            and (not candidate.is_source or self._is_source)
            and (not candidate.organisations or self._organisation in candidate.organisations)
            and (not candidate.roles or self._caller.role in candidate.roles)
        )

    def _entitlement(self, place: tuple[str, str]) -> Missing | None:
        """The entitlement that a rule for this caller, subject and purpose waits for."""
        open_rules = [
            c
            for c in self._candidates(place)
            if self._is_caller(c)
            and self._subject.subject_kind in c.subject_kinds
            and (not c.is_self or self._subject.is_self)
            and self._caller.purpose in c.purposes
        ]
        coordinate = place[0]
        lacks_consent = coordinate not in self._subject.consented
        lacks_grant = coordinate not in self._granted
        if lacks_consent and any(c.consent and not (c.grant and lacks_grant) for c in open_rules):
            return Missing.CONSENT
        if lacks_grant and any(c.grant for c in open_rules):
            return Missing.GRANT
        return None
