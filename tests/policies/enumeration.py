"""Every cell of the decisions, asked of the engine and of the plain reference.

A *situation* is a caller, a kind of subject and facts between them. A *cell* is one use of one
coordinate in a situation. The reference is slow, so its answers are kept under what its rules
can see of a cell: coordinates that the same rules name and that have the same classes and masks
are alike, so are purposes that the same rules list, and a fact counts only where a rule for such
a caller asks for it. The engine is asked about every cell by itself.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from policies.engine import PolicySet
from policies.model import Caller, CallerClass, Decision, Purpose, Role, SubjectProfile, Use
from schema.classification import SubjectKind
from schema.model import KindModel
from schema.predicate import matches
from schema.records import MODEL
from tests.policies.records import random_record
from tests.policies.reference import FACTS, Answer, Question, Reference, class_of

CODE = "91410199MA9DEM028G"
STATES = ("none", "even fields", "odd fields")
"""What consents and grants list: nothing, or about half of the fields of every kind, so that in
each kind some fields are listed and for the others it is another field that is."""
COORDINATES = MODEL.coordinates
CELLS = len(COORDINATES) * len(Use)
_KINDS = frozenset(MODEL.by_type_name)
_RECORDS = 60


@dataclass(frozen=True, slots=True)
class Situation:
    caller: CallerClass
    purpose: Purpose
    subject: SubjectKind
    is_self: bool
    is_source: bool
    consent: str
    grant: str
    role: Role | None = None
    provider: str | None = None


def situations(caller: CallerClass) -> Iterator[Situation]:
    """All situations of a caller class. The public is nobody: it owns and consents to nothing."""
    is_public = caller is CallerClass.PUBLIC
    flags = (False,) if is_public else (False, True)
    states = ("none",) if is_public else STATES
    for purpose in Purpose:
        for subject in SubjectKind:
            for is_self in flags:
                for is_source in flags:
                    for consent in states:
                        for grant in states:
                            yield Situation(
                                caller, purpose, subject, is_self, is_source, consent, grant
                            )


def listed(state: str) -> frozenset[str]:
    """Coordinates of a consent or grant; a kind's own wherever one of its fields is."""
    if state == "none":
        return frozenset()
    wanted = state == "even fields"
    chance = random.Random(17)
    halves = {name: chance.random() < 0.5 for name in COORDINATES}
    return _KINDS | {name for name, is_even in halves.items() if is_even is wanted}


_LISTED = {state: listed(state) for state in STATES}


class Enumeration:
    """Compares an engine with a reference on one day, situation by situation."""

    def __init__(self, policies: PolicySet, reference: Reference, today: str) -> None:
        self._policies = policies
        self._reference = reference
        self._today = today
        self._alike = _alike_coordinates(reference)
        self._groups = sorted(set(self._alike.values()))
        self._purposes = _alike_purposes(reference)
        self._answers: dict[tuple[Any, ...], Answer] = {}
        self._facts: dict[tuple[str, str], frozenset[str]] = {}
        self._agreed: dict[tuple[int, int, str], tuple[Decision, Answer]] = {}
        self._chance = random.Random(20260922)
        self._records = {
            kind.type_name: [random_record(self._chance, kind) for _ in range(_RECORDS)]
            for kind in MODEL.kinds.values()
        }
        self.outcomes: dict[str, int] = {}
        self.missing: set[str] = set()

    def compare(self, situation: Situation) -> int:
        """Compare all cells of a situation; the number of them.

        Raises:
            AssertionError: the first cell that differs, in words.
        """
        consented, granted = _LISTED[situation.consent], _LISTED[situation.grant]
        table = self._policies.compile(
            _caller(situation),
            SubjectProfile(situation.subject, situation.is_self, consented),
            granted,
            situation.is_source,
            situation.provider,
        )
        expected: dict[tuple[Any, ...], Answer] = {}
        for coordinate in COORDINATES:
            group = self._alike[coordinate], coordinate in consented, coordinate in granted
            kind = coordinate.partition(".")[0]
            for use in Use:
                key = (group, use)
                answer = expected.get(key)
                if answer is None:
                    answer = expected[key] = self._answer(situation, coordinate, use)
                decision = table.decide(coordinate, use)
                pair = (id(decision), id(answer), kind)
                if pair not in self._agreed:
                    self._check(situation, coordinate, use, decision, answer)
                    self._agreed[pair] = decision, answer
                self.outcomes[answer.outcome] = self.outcomes.get(answer.outcome, 0) + 1
        return CELLS

    def _answer(self, situation: Situation, coordinate: str, use: Use) -> Answer:
        facts = self._facts_for(situation.caller.value, coordinate)
        consented, granted = _LISTED[situation.consent], _LISTED[situation.grant]
        asked = Question(
            caller=situation.caller.value,
            organisation=None if situation.caller is CallerClass.PUBLIC else CODE,
            purpose=self._purposes[situation.purpose.value],
            subject=situation.subject.value,
            coordinate=coordinate,
            use=use.value,
            is_self="is-self" in facts and situation.is_self,
            is_source="is-source" in facts and situation.is_source,
            consented=consented if "consent" in facts else frozenset(),
            granted=granted if "grant" in facts else frozenset(),
            role=situation.role.value if situation.role else None,
            provider=situation.provider,
        )
        kind = coordinate.partition(".")[0]
        key = (
            self._alike[coordinate],
            *(asked.caller, asked.purpose, asked.subject, asked.use, asked.role, asked.provider),
            *(asked.is_self, asked.is_source, kind in asked.consented, kind in asked.granted),
            *(coordinate in asked.consented, coordinate in asked.granted),
        )
        found = self._answers.get(key)
        if found is None:
            found = self._answers[key] = self._reference.decide(asked)
        return found

    def _facts_for(self, caller: str, coordinate: str) -> frozenset[str]:
        """Facts that rules for such a caller ask for, on the coordinate or on its kind."""
        key = (caller, self._alike[coordinate])
        if key not in self._facts:
            named = self._reference.named
            self._facts[key] = frozenset(
                fact
                for place in (coordinate, coordinate.partition(".")[0])
                for rule in named[place]
                if caller in rule["who"] or rule["who"] == ["*"]
                for fact in rule.get("when", {})
                if fact in FACTS
            )
        return self._facts[key]

    def _check(
        self, situation: Situation, coordinate: str, use: Use, found: Decision, expected: Answer
    ) -> None:
        cell = f"{coordinate} {use.value}: {situation}"
        assert found.outcome.value == expected.outcome, cell
        assert list(found.rule_ids) == expected.ids, cell
        assert found.mask.value == expected.mask, cell
        assert (found.missing.value if found.missing else "") == expected.missing, cell
        self.missing.add(expected.missing)
        if expected.outcome == "CLEAR" and coordinate in _KINDS:
            kind = MODEL.by_type_name[coordinate]
            for record in self._records[coordinate]:
                is_shown = _is_shown(found, record, kind)
                assert is_shown == expected.shows(record, self._today), (cell, record)


def _is_shown(found: Decision, record: dict[str, Any], kind: KindModel) -> bool:
    return found.row is None or matches(found.row, record, kind)


def _caller(situation: Situation) -> Caller:
    if situation.caller is CallerClass.PUBLIC:
        return Caller(situation.caller, None, situation.purpose)
    caller = Caller(situation.caller, CODE, situation.purpose, role=situation.role)
    if situation.caller is CallerClass.PLATFORM:
        return replace(caller, acting_for=CODE)
    return caller


def _alike_coordinates(reference: Reference) -> dict[str, str]:
    """For every coordinate the first one that the rules cannot tell from it."""
    first: dict[tuple[Any, ...], str] = {}
    found = {}
    for coordinate in COORDINATES:
        kind, _, path = coordinate.partition(".")
        subjects = list(SubjectKind)
        masks: list[str] = []
        if path:
            field = MODEL.by_type_name[kind].by_name[path]
            masks = [field.mask_for(subject).value for subject in subjects]
        seen: tuple[Any, ...] = (
            bool(path),
            tuple(rule["number"] for rule in reference.named[kind]),
            tuple(rule["number"] for rule in reference.named[coordinate]),
            tuple(class_of(coordinate, subject.value) for subject in subjects),
            tuple(class_of(kind, subject.value) for subject in subjects),
            tuple(masks),
        )
        if not path:
            seen = (coordinate, *seen)  # rows are compared on records of the kind
        found[coordinate] = first.setdefault(seen, coordinate)
    return found


def _alike_purposes(reference: Reference) -> dict[str, str]:
    """For every purpose the first one that is listed in the same rules."""
    first: dict[tuple[int, ...], str] = {}
    return {
        purpose.value: first.setdefault(
            tuple(
                number
                for number, rule in enumerate(reference.rules)
                if purpose.value in rule["purposes"]
            ),
            purpose.value,
        )
        for purpose in Purpose
    }
