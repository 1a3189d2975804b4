"""Decides who may do what with which field. Pure: same question, same answer; no clock, no I/O.

Deny unless permitted; forbid wins. Among permitting and masking rules the more particular ones
decide: those that name an entitlement (consent, grant) over those that name a relation (own
record, own department) over general ones. Where rules of one rank disagree, masked wins over
clear, and the stricter mask over the laxer.

A department's own rules speak of the records that it supplies itself. They close, mask and open
them, but what the rules for all forbid stays forbidden, and what these mask stays masked.

Beyond the single rules, for every field: it is denied where its record kind is denied; it can
be filtered or ordered by only where it is read clear, and aggregated only where it is not
masked. A platform that names no institution, and any other caller without an organisation, is
nobody and gets nothing.
"""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from policies.index import Candidate, Cells, Index, JoinedIndex
from policies.judgement import Clause, is_in, judge
from policies.model import (
    AccessRequest,
    Caller,
    CallerClass,
    Decision,
    Effect,
    Missing,
    Outcome,
    Purpose,
    Role,
    Rule,
    SubjectProfile,
    Use,
)
from policies.settling import on_day
from schema.classification import SubjectKind
from schema.model import CreditModel

DEFAULT_DENY = "default.deny"

_AnyIndex = Index | JoinedIndex
_ViewKey = tuple[_AnyIndex, CallerClass, Purpose, SubjectKind, Role | None]

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


class PolicySet:
    """All rules, ready to decide on one day.

    Attributes:
        rules: rules for all.
        own_rules: rules of single departments about their own records, by department code.
        version: hash of the rules and of the classes and masks that they refer to.
        today: day that row conditions and time windows refer to.
    """

    def __init__(
        self,
        rules: tuple[Rule, ...],
        model: CreditModel,
        today: dt.date,
        own_rules: Mapping[str, tuple[Rule, ...]] | None = None,
    ) -> None:
        self.rules = rules
        self.own_rules = {code: own for code, own in (own_rules or {}).items() if own}
        self.model = model
        self.today = today
        self.version = _version([*rules, *chain.from_iterable(self.own_rules.values())], model)
        self._index = index = Index(rules, model)
        self._joined = {
            code: JoinedIndex(index, Index(own, model, len(rules)))
            for code, own in self.own_rules.items()
        }
        self._by_id = {rule.id: rule for rule in (*rules, *chain(*self.own_rules.values()))}
        self._views: dict[_ViewKey, View] = {}

    def rule(self, rule_id: str) -> Rule | None:
        """The rule of this id, a department's own included; None if there is none."""
        return self._by_id.get(rule_id)

    def on(self, today: dt.date) -> PolicySet:
        """Return the same rules for another day; cheap."""
        if today == self.today:
            return self
        other = copy.copy(self)
        other.today = today
        other._views = {}
        return other

    def decide(self, request: AccessRequest) -> Decision:
        """Decide one use of one coordinate."""
        table = self.compile(
            request.caller, request.subject, request.granted, request.is_source, request.provider
        )
        return table.decide(request.coordinate, request.use)

    def compile(
        self,
        caller: Caller,
        subject: SubjectProfile,
        granted: frozenset[str],
        is_source: bool,
        provider: str | None = None,
    ) -> AccessTable:
        """Return the decisions of all coordinates for one caller and one kind of subject.

        Cheap: decisions are made when first asked for, and kept.

        Args:
            provider: code of the department whose records are meant; None or one without rules
                of its own: the rules for all alone.
        """
        organisation = _organisation(caller)
        index = self._joined.get(provider, self._index) if provider else self._index
        view = self._view(index, caller, subject.subject_kind, organisation)
        return AccessTable(
            index, view, self.today, caller, organisation, subject, granted, is_source
        )

    def _view(
        self, index: _AnyIndex, caller: Caller, subject: SubjectKind, organisation: str | None
    ) -> View:
        if organisation is None and caller.caller_class is not CallerClass.PUBLIC:
            return View({}, {})
        group = (caller.caller_class, caller.purpose, subject)
        if index.names_organisations:
            return View(index.cells(*group), {})
        key = (index, *group, caller.role if index.names_roles else None)
        found = self._views.get(key)
        if found is None:
            found = self._views[key] = View(index.cells(*group), {})
        return found


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
        index: _AnyIndex,
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
            found = self._decided[place] = self._decide(place, coordinate, use)
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


def _organisation(caller: Caller) -> str | None:
    """The organisation that counts: a platform is the institution that it acts for."""
    if caller.caller_class is CallerClass.PLATFORM:
        return caller.acting_for
    return caller.organisation


def _version(rules: Sequence[Rule], model: CreditModel) -> str:
    """Short hash of everything that decisions are made from, the day excepted."""
    digest = hashlib.sha256()
    for rule in sorted(rules, key=lambda rule: rule.id):
        digest.update(f"{rule!r}\n".encode())
    for kind in model.kinds.values():
        digest.update(f"{kind.declaration!r}\n".encode())
    for field in model.fields():
        digest.update(f"{field.coordinate} {field.declaration!r}\n".encode())
    return digest.hexdigest()[:16]
