"""Situations: every caller and subject that rules can tell apart, each kind of them once.

What a class could ever do, what changed between two sets of rules, and what would help a caller
are questions over all situations. Their number is kept small: purposes that no rule distinguishes
are one, and a fact that no rule asks for is left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from policies.engine import AccessTable, PolicySet
from policies.model import (
    Caller,
    CallerClass,
    Decision,
    Limit,
    Outcome,
    Purpose,
    Role,
    Rule,
    SubjectProfile,
    Use,
)
from schema.classification import SubjectKind

SAMPLE_CODE = "91410199MA9DEM028G"
"""Organisation of callers that no rule names."""

ONLY_PURPOSE = {
    CallerClass.PUBLIC: Purpose.PUBLIC_DISPLAY,
    CallerClass.SUBJECT: Purpose.SELF_QUERY,
    CallerClass.AUDITOR: Purpose.AUDIT,
}
"""Purpose of the classes that need not state one."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions of rules ask for, all of it assumed and nothing looked up.

    Attributes:
        consent: the subject has consented to every field.
        grant: a sharing grant names every field.
        is_self: the subject is the caller itself.
        is_source: the record is the caller's own.
    """

    consent: bool = False
    grant: bool = False
    is_self: bool = False
    is_source: bool = False

    @property
    def names(self) -> frozenset[str]:
        """Names of the facts that are given."""
        return frozenset(name for name in self.__slots__ if getattr(self, name))


@dataclass(frozen=True, slots=True)
class Situation:
    """A caller, a subject and facts between them.

    Attributes:
        purposes: the caller's purpose and all that the rules treat alike here.
        provider: code of the department whose records are meant; None: one that has no rules of
            its own.
        limit: what the caller's token lets through of the subject; None: everything.
    """

    caller: Caller
    subject_kind: SubjectKind
    facts: Facts
    purposes: tuple[Purpose, ...] = ()
    provider: str | None = None
    limit: Limit | None = None

    def table(self, policies: PolicySet) -> AccessTable:
        """Decisions of these policies in this situation."""
        return self._table(policies, frozenset(policies.model.coordinates))

    def decide(self, policies: PolicySet, coordinate: str, use: Use) -> Decision:
        """One decision of these policies in this situation."""
        named = frozenset((coordinate, coordinate.partition(".")[0]))
        return self._table(policies, named).decide(coordinate, use)

    def _table(self, policies: PolicySet, named: frozenset[str]) -> AccessTable:
        """Decisions where consent and grant, if given, name these coordinates."""
        facts = self.facts
        consented = named if facts.consent else frozenset[str]()
        subject = SubjectProfile(self.subject_kind, facts.is_self, consented, self.limit)
        granted = named if facts.grant else frozenset[str]()
        return policies.compile(self.caller, subject, granted, facts.is_source, self.provider)


def sample_caller(
    caller_class: CallerClass, purpose: Purpose, organisation: str = SAMPLE_CODE
) -> Caller:
    """A caller of a class; platforms act for the organisation."""
    if caller_class is CallerClass.PUBLIC:
        return Caller(caller_class, None, purpose)
    acting_for = organisation if caller_class is CallerClass.PLATFORM else None
    return Caller(caller_class, organisation, purpose, acting_for)


def situations(sets: Sequence[PolicySet], caller_class: CallerClass) -> Iterator[Situation]:
    """Every situation of a caller class that rules of any of the sets tell apart."""
    rules = [
        rule
        for policies in sets
        for rule in all_rules(policies)
        if not rule.who or caller_class in rule.who
    ]
    own = {code for policies in sets for code in policies.own_rules}
    roles = {role for rule in rules for role in rule.roles}
    codes = {code for rule in rules for code in rule.organisations}
    callers = [
        (replace(sample_caller(caller_class, purposes[0], code), role=role), purposes)
        for purposes in _alike(rules, caller_class)
        for code in (SAMPLE_CODE, *sorted(codes - {SAMPLE_CODE}))
        for role in (None, *sorted(roles, key=list(Role).index))
    ]
    facts = _facts(rules, caller_class)
    for caller, purposes in callers:
        for kind, given, provider in itertools.product(SubjectKind, facts, (None, *sorted(own))):
            yield Situation(caller, kind, given, purposes, provider)


def all_rules(policies: PolicySet) -> Iterator[Rule]:
    """The rules for all, then those of single departments."""
    return itertools.chain(policies.rules, *policies.own_rules.values())


def alternatives(policies: PolicySet, present: Situation) -> Iterator[Situation]:
    """Situations of the same caller and provider, with no fact taken away.

    The present one is among them, without what its token limits. Its role is changed for others,
    never dropped.
    """
    given = present.facts.names
    provider = present.provider if present.provider in policies.own_rules else None
    for other in situations([policies], present.caller.caller_class):
        is_same = other.caller.organisation in (None, SAMPLE_CODE) and other.provider == provider
        if is_same and other.facts.names >= given:
            purpose = other.caller.purpose
            if present.caller.purpose in other.purposes:
                purpose = present.caller.purpose
            role = other.caller.role or present.caller.role
            yield replace(other, caller=replace(present.caller, purpose=purpose, role=role))


def is_open(decision: Decision, use: Use) -> bool:
    """Whether anything is given: a masked value is read, and used in no other way."""
    if decision.outcome is Outcome.MASKED:
        return use is Use.READ
    return decision.outcome is Outcome.CLEAR


def reach(policies: PolicySet, caller_class: CallerClass) -> frozenset[tuple[str, Use]]:
    """Coordinates and uses that are open to a class in any situation; takes a good second."""
    wanted = [(name, use) for name in policies.model.coordinates for use in Use]
    found: set[tuple[str, Use]] = set()
    for situation in situations([policies], caller_class):
        table = situation.table(policies)
        opened = {place for place in wanted if is_open(table.decide(*place), place[1])}
        found |= opened
        wanted = [place for place in wanted if place not in opened]
    return frozenset(found)


def _alike(rules: Sequence[Rule], caller_class: CallerClass) -> list[tuple[Purpose, ...]]:
    """Purposes of the class, those together that the same rules are for."""
    groups: dict[tuple[int, ...], list[Purpose]] = {}
    stated = (ONLY_PURPOSE[caller_class],) if caller_class is CallerClass.PUBLIC else Purpose
    for purpose in stated:
        key = tuple(
            number
            for number, rule in enumerate(rules)
            if not rule.purposes or purpose in rule.purposes
        )
        groups.setdefault(key, []).append(purpose)
    return [tuple(group) for group in groups.values()]


def _facts(rules: Sequence[Rule], caller_class: CallerClass) -> list[Facts]:
    """Combinations of the facts that the rules ask for; the public is nobody's consented party."""
    asked = [
        name
        for name in Facts.__slots__
        if caller_class is not CallerClass.PUBLIC
        and any(getattr(rule.condition, name) for rule in rules)
    ]
    return [
        Facts(**dict(zip(asked, values, strict=True)))
        for values in itertools.product((False, True), repeat=len(asked))
    ]
