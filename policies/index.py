"""Rules arranged so that one decision looks at few of them. Deciding is `policies.engine`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policies.judgement import Clause, judge
from policies.model import CallerClass, Decision, Effect, Purpose, Rule, Use
from policies.rows import on_day
from policies.scope import Place, Scope
from schema.classification import MaskKind, SubjectKind
from schema.model import CreditModel

_KIND_USES = (Use.READ, Use.COUNT, Use.AGGREGATE)
_FIELD_USES = (Use.READ, Use.FILTER, Use.ORDER, Use.AGGREGATE)


@dataclass(frozen=True, slots=True)
class Cell:
    """The clauses on one coordinate and use, and the decision where nothing else matters."""

    clauses: tuple[Clause, ...]
    settled: Decision | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A permitting or masking rule on one coordinate and use, to say what a denied caller lacks."""

    who: frozenset[CallerClass]
    organisations: frozenset[str]
    is_source: bool
    subject_kinds: frozenset[SubjectKind]
    is_self: bool
    purposes: frozenset[Purpose]
    consent: bool
    grant: bool


View = Mapping[Use, Mapping[str, Cell]]


class Index:
    """The rules of a model on one day, by caller class, purpose, subject kind, use, coordinate.

    Attributes:
        kind_of: type name of the record kind, for every coordinate.
    """

    def __init__(self, rules: Sequence[Rule], model: CreditModel, today: dt.date) -> None:
        scope = Scope(model)
        self.kind_of: dict[str, str] = {
            name: place.type_name for name, place in scope.places.items()
        }
        self._candidates: dict[tuple[str, Use], list[Candidate]] = {}
        self._spans = [
            _Span(number, rule, list(scope.covered(rule)), today)
            for number, rule in enumerate(rules)
        ]
        for span in self._spans:
            self._add_candidates(span)
        self._views: dict[tuple[CallerClass, Purpose, SubjectKind], View] = {}
        self._build_views()

    def view(self, caller_class: CallerClass, purpose: Purpose, subject: SubjectKind) -> View:
        """Cells by use and coordinate; empty for what no rule speaks of."""
        return self._views.get((caller_class, purpose, subject), {})

    def candidates(self, coordinate: str, use: Use) -> Sequence[Candidate]:
        """Permitting and masking rules on a coordinate and use, whoever they are for."""
        return self._candidates.get((coordinate, use), ())

    def _build_views(self) -> None:
        built: dict[tuple[SubjectKind, tuple[int, ...]], View] = {}
        for caller_class in CallerClass:
            for purpose in Purpose:
                spans = [span for span in self._spans if span.is_for(caller_class, purpose)]
                for subject in SubjectKind:
                    key = (subject, tuple(span.number for span in spans))
                    if key not in built:
                        built[key] = _build_view(spans, subject)
                    self._views[caller_class, purpose, subject] = built[key]

    def _add_candidates(self, span: _Span) -> None:
        rule = span.rule
        if rule.effect is Effect.FORBID:
            return
        subjects: dict[str, set[SubjectKind]] = {}
        uses: dict[str, tuple[Use, ...]] = {}
        for place, subject in span.covered:
            subjects.setdefault(place.coordinate, set()).add(subject)
            uses[place.coordinate] = uses_at(place)
        for coordinate, kinds in subjects.items():
            candidate = Candidate(
                who=frozenset(rule.who or CallerClass),
                organisations=frozenset(rule.organisations),
                is_source=rule.condition.is_source,
                subject_kinds=frozenset(kinds),
                is_self=rule.condition.is_self,
                purposes=frozenset(rule.purposes or Purpose),
                consent=rule.condition.consent,
                grant=rule.condition.grant,
            )
            for use in rule.uses or Use:
                if use in uses[coordinate]:
                    self._candidates.setdefault((coordinate, use), []).append(candidate)


def uses_at(place: Place) -> tuple[Use, ...]:
    """Uses that a coordinate has: records are counted, fields are filtered and ordered by."""
    return _KIND_USES if place.is_kind else _FIELD_USES


class _Span:
    """A rule with its number, what it covers, and its clauses by mask."""

    def __init__(
        self, number: int, rule: Rule, covered: list[tuple[Place, SubjectKind]], today: dt.date
    ) -> None:
        self.number = number
        self.rule = rule
        self.covered = covered
        row = rule.condition.row
        self._row = on_day(row, today) if row is not None else None
        self._clauses: dict[MaskKind, Clause] = {}

    def is_for(self, caller_class: CallerClass, purpose: Purpose) -> bool:
        rule = self.rule
        return (not rule.who or caller_class in rule.who) and (
            not rule.purposes or purpose in rule.purposes
        )

    def clause(self, declared: MaskKind) -> Clause:
        """The rule's clause on a field that declares this mask."""
        rule, when = self.rule, self.rule.condition
        mask = MaskKind.NONE
        if rule.effect is Effect.MASK:
            mask = rule.mask or declared
        if mask not in self._clauses:
            self._clauses[mask] = Clause(
                number=self.number,
                rule_id=rule.id,
                effect=rule.effect,
                rank=2 if when.consent or when.grant else int(when.is_self or when.is_source),
                consent=when.consent,
                grant=when.grant,
                is_self=when.is_self,
                is_source=when.is_source,
                organisations=frozenset(rule.organisations),
                mask=mask,
                row=self._row,
            )
        return self._clauses[mask]


def _build_view(spans: Sequence[_Span], subject: SubjectKind) -> View:
    clauses: dict[Use, dict[str, list[Clause]]] = {}
    for span in spans:
        for place, covered_subject in span.covered:
            if covered_subject is not subject:
                continue
            clause = span.clause(place.masks[subject])
            for use in span.rule.uses or Use:
                if use in uses_at(place):
                    by_coordinate = clauses.setdefault(use, {})
                    by_coordinate.setdefault(place.coordinate, []).append(clause)
    cells: dict[tuple[Clause, ...], Cell] = {}
    view: dict[Use, dict[str, Cell]] = {}
    for use, by_coordinate in clauses.items():
        row = view[use] = {}
        for coordinate, found in by_coordinate.items():
            key = tuple(found)
            cell = cells.get(key)
            if cell is None:
                settled = judge(key) if all(clause.is_plain for clause in key) else None
                cell = cells[key] = Cell(key, settled)
            row[coordinate] = cell
    return view
