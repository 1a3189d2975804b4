"""Rules arranged so that one decision looks at few of them. Deciding is `policies.engine`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policies.judgement import Clause, judge
from policies.model import CallerClass, Decision, Effect, Purpose, Role, Rule, Use, Window
from policies.scope import Place, Scope
from policies.settling import for_kind
from schema.classification import MaskKind, SubjectKind
from schema.model import CreditModel
from schema.predicate import Predicate

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
    roles: frozenset[Role]
    window: Window | None
    is_source: bool
    subject_kinds: frozenset[SubjectKind]
    is_self: bool
    purposes: frozenset[Purpose]
    consent: bool
    grant: bool


Cells = Mapping[tuple[str, str], Cell]
"""Cells by coordinate and value of the use."""


class Index:
    """The rules of a model, by caller class, purpose, subject kind, use, coordinate.

    Attributes:
        kind_of: type name of the record kind, for every coordinate.
        names_organisations: whether any rule is for single organisations.
        names_roles: whether any rule is for callers in a role.
    """

    def __init__(self, rules: Sequence[Rule], model: CreditModel, first_number: int = 0) -> None:
        """
        Args:
            first_number: number of the first rule, where others come before these.
        """
        scope = Scope(model)
        self.kind_of: dict[str, str] = {
            name: place.type_name for name, place in scope.places.items()
        }
        self._spans = [
            _Span(number, rule, list(scope.covered(rule)), model)
            for number, rule in enumerate(rules, first_number)
        ]
        self._candidates = _candidates(self._spans)
        self.names_organisations = any(rule.organisations for rule in rules)
        self.names_roles = any(rule.roles for rule in rules)
        self._cells: dict[tuple[CallerClass, Purpose, SubjectKind], Cells] = {}
        self._build()

    def cells(self, caller_class: CallerClass, purpose: Purpose, subject: SubjectKind) -> Cells:
        """Cells of what any rule says to such a caller about such a subject."""
        return self._cells.get((caller_class, purpose, subject), {})

    def candidates(self, place: tuple[str, str]) -> Sequence[Candidate]:
        """Permitting and masking rules on a coordinate and use's word, whoever they are for.

        Coordinates with equal candidates get the same object.
        """
        return self._candidates.get(place, ())

    def _build(self) -> None:
        built: dict[tuple[SubjectKind, tuple[int, ...]], Cells] = {}
        for caller_class in CallerClass:
            for purpose in Purpose:
                spans = [span for span in self._spans if span.is_for(caller_class, purpose)]
                for subject in SubjectKind:
                    key = (subject, tuple(span.number for span in spans))
                    if key not in built:
                        built[key] = _build_cells(spans, subject)
                    self._cells[caller_class, purpose, subject] = built[key]


class JoinedIndex:
    """Rules for all, and one department's own beside them, which are few.

    Joined when first asked for; every answer is then the same object again.
    """

    def __init__(self, common: Index, own: Index) -> None:
        self.kind_of = common.kind_of
        self.names_organisations = common.names_organisations or own.names_organisations
        self.names_roles = common.names_roles or own.names_roles
        self._common = common
        self._own = own
        self._cells: dict[tuple[CallerClass, Purpose, SubjectKind], Cells] = {}
        self._candidates: dict[tuple[str, str], Sequence[Candidate]] = {}

    def cells(self, caller_class: CallerClass, purpose: Purpose, subject: SubjectKind) -> Cells:
        """As `Index.cells`."""
        key = (caller_class, purpose, subject)
        found = self._cells.get(key)
        if found is None:
            common = self._common.cells(*key)
            joined = dict(common)
            for place, own in self._own.cells(*key).items():
                beside = common.get(place)
                before = beside.clauses if beside is not None else ()
                joined[place] = _cell((*before, *own.clauses))
            found = self._cells[key] = joined
        return found

    def candidates(self, place: tuple[str, str]) -> Sequence[Candidate]:
        """As `Index.candidates`."""
        found = self._candidates.get(place)
        if found is None:
            common = self._common.candidates(place)
            own = self._own.candidates(place)
            found = self._candidates[place] = (*common, *own) if own else common
        return found


def _cell(clauses: Sequence[Clause]) -> Cell:
    settled = judge(clauses) if all(clause.is_plain for clause in clauses) else None
    return Cell(tuple(clauses), settled)


class _Span:
    """A rule with its number and what it covers; makes its clauses and candidates."""

    def __init__(
        self,
        number: int,
        rule: Rule,
        covered: list[tuple[Place, SubjectKind]],
        model: CreditModel,
    ) -> None:
        self.number = number
        self.rule = rule
        self.covered = covered
        self._model = model
        self._clauses: dict[tuple[MaskKind, Predicate | None], Clause] = {}
        self._by_subject: dict[SubjectKind, list[tuple[tuple[str, str], Clause]]] = {}
        uses = rule.uses or tuple(Use)
        self._kind_uses = tuple(use for use in uses if use in _KIND_USES)
        self._field_uses = tuple(use for use in uses if use in _FIELD_USES)

    def is_for(self, caller_class: CallerClass, purpose: Purpose) -> bool:
        rule = self.rule
        return (not rule.who or caller_class in rule.who) and (
            not rule.purposes or purpose in rule.purposes
        )

    def uses_at(self, place: Place) -> tuple[Use, ...]:
        """Uses of the rule that the coordinate has: records are counted, fields are ordered by."""
        return self._kind_uses if place.is_kind else self._field_uses

    def candidate(self, subject_kinds: frozenset[SubjectKind]) -> Candidate:
        """The rule as a candidate on coordinates that it covers for these subject kinds."""
        rule, when = self.rule, self.rule.condition
        return Candidate(
            who=frozenset(rule.who or CallerClass),
            organisations=frozenset(rule.organisations),
            roles=frozenset(rule.roles),
            window=when.window,
            is_source=when.is_source,
            subject_kinds=subject_kinds,
            is_self=when.is_self,
            purposes=frozenset(rule.purposes or Purpose),
            consent=when.consent,
            grant=when.grant,
        )

    def clauses(self, subject: SubjectKind) -> list[tuple[tuple[str, str], Clause]]:
        """The rule's clauses about a kind of subject, by coordinate and word of the use."""
        found = self._by_subject.get(subject)
        if found is None:
            found = self._by_subject[subject] = [
                ((place.coordinate, use.word), clause)
                for place, covered in self.covered
                if covered is subject
                for clause in (self._clause(place, subject),)
                for use in self.uses_at(place)
            ]
        return found

    def _clause(self, place: Place, subject: SubjectKind) -> Clause:
        """The rule's clause on a place about a kind of subject; places alike share one."""
        rule, when = self.rule, self.rule.condition
        mask = MaskKind.NONE
        if rule.effect is Effect.MASK:
            mask = rule.mask or place.masks[subject]
        row = when.row
        if row is not None:
            row = for_kind(row, self._model.by_type_name[place.type_name])
        key = (mask, row)
        if key not in self._clauses:
            self._clauses[key] = Clause(
                number=self.number,
                rule_id=rule.id,
                effect=rule.effect,
                rank=_rank(rule),
                consent=when.consent,
                grant=when.grant,
                is_self=when.is_self,
                is_source=when.is_source,
                organisations=frozenset(rule.organisations),
                roles=frozenset(rule.roles),
                window=when.window,
                is_own=rule.provider is not None,
                mask=mask,
                row=row,
            )
        return self._clauses[key]


def _rank(rule: Rule) -> int:
    when = rule.condition
    if rule.provider is not None:
        return 0
    return 2 if when.consent or when.grant else int(when.is_self or when.is_source)


def _candidates(spans: Sequence[_Span]) -> dict[tuple[str, str], tuple[Candidate, ...]]:
    found: dict[tuple[str, str], list[Candidate]] = {}
    for span in spans:
        if span.rule.effect is Effect.FORBID:
            continue
        subjects: dict[str, set[SubjectKind]] = {}
        for place, subject in span.covered:
            subjects.setdefault(place.coordinate, set()).add(subject)
        made: dict[frozenset[SubjectKind], Candidate] = {}
        for place, _ in span.covered:
            kinds = subjects.pop(place.coordinate, None)
            if kinds is None:
                continue  # seen for another subject kind
            key = frozenset(kinds)
            if key not in made:
                made[key] = span.candidate(key)
            for use in span.uses_at(place):
                found.setdefault((place.coordinate, use.word), []).append(made[key])
    shared: dict[tuple[int, ...], tuple[Candidate, ...]] = {}
    return {
        place: shared.setdefault(tuple(map(id, candidates)), tuple(candidates))
        for place, candidates in found.items()
    }


def _build_cells(spans: Sequence[_Span], subject: SubjectKind) -> Cells:
    clauses: dict[tuple[str, str], list[Clause]] = {}
    for span in spans:
        for key, clause in span.clauses(subject):
            clauses.setdefault(key, []).append(clause)
    cells: dict[tuple[int, ...], Cell] = {}
    by_place: dict[tuple[str, str], Cell] = {}
    for key, found in clauses.items():
        identity = tuple(map(id, found))
        cell = cells.get(identity)
        if cell is None:
            cell = cells[identity] = _cell(found)
        by_place[key] = cell
    return by_place
