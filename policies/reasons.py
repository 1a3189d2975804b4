"""Why one use of one field is decided as it is, and what would help. Asks the engine, and no more.

What would help is found by trying: every situation of the same caller that the rules tell apart,
with nothing taken away. The least changes that open the field are told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from policies.engine import PolicySet
from policies.model import CallerClass, Decision, Missing, Outcome, Purpose, Role, Rule, Use
from policies.situations import (
    Situation,
    all_rules,
    alternatives,
    is_open,
    situations,
)
from schema.classification import SubjectKind


class Gate(Enum):
    """What a use is refused at; the first in this order that fails."""

    CALLER = "CALLER"
    SUBJECT = "SUBJECT"
    PURPOSE = "PURPOSE"
    FIELD = "FIELD"
    TOKEN = "TOKEN"  # noqa: S105 - a word of answers


_TOKEN = "token"  # noqa: S105 - a word of answers
_GATES = {
    Missing.ANOTHER_CALLER: Gate.CALLER,
    Missing.ANOTHER_SUBJECT: Gate.SUBJECT,
    Missing.ANOTHER_PURPOSE: Gate.PURPOSE,
    Missing.CONSENT: Gate.FIELD,
    Missing.GRANT: Gate.FIELD,
    Missing.TOKEN: Gate.TOKEN,
    Missing.NOTHING_HELPS: Gate.FIELD,
}


@dataclass(frozen=True, slots=True)
class Way:
    """A least change that would open the use; all of it is needed.

    Attributes:
        facts: names of the facts that would have to be given (`consent`, `grant`, `is_self`,
            `is_source`, and `token`: an access token that is for it), in the order of the alphabet.
        subject_kind: another kind of subject, or None.
        role: another role of the person behind the request, or None.
        purposes: one of these in place of the present purpose; empty: the present one does.
        outcome: CLEAR or MASKED.
    """

    facts: tuple[str, ...]
    subject_kind: SubjectKind | None
    role: Role | None
    purposes: tuple[Purpose, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Reasons:
    """A decision with what stands behind it.

    Attributes:
        rules: deciding rules in file order; empty where no rule permits the use. Where the rules
            permit it and the token is for less, those that permit it.
        gate: where the use is refused; None if it is not.
        ways: least changes that would open it, for a use that is refused.
        callers: classes to whom it is open in some situation, where no way is open to this one.
    """

    coordinate: str
    use: Use
    decision: Decision
    rules: tuple[Rule, ...]
    gate: Gate | None
    ways: tuple[Way, ...]
    callers: tuple[CallerClass, ...]


def reasons(policies: PolicySet, present: Situation, coordinate: str, use: Use) -> Reasons:
    """Tell why a use of a coordinate is decided as it is in a situation."""
    decision = present.decide(policies, coordinate, use)
    is_beyond_token = decision.missing is Missing.TOKEN
    permitted = replace(present, limit=None).decide(policies, coordinate, use)
    deciding = frozenset((permitted if is_beyond_token else decision).rule_ids)
    rules = tuple(rule for rule in all_rules(policies) if rule.id in deciding)
    if decision.missing is None:
        return Reasons(coordinate, use, decision, rules, None, (), ())
    ways = _ways(policies, present, coordinate, use)
    callers = () if ways else _callers(policies, coordinate, use)
    gate = _GATES[decision.missing]
    return Reasons(coordinate, use, decision, rules, gate, ways, callers)


_Change = tuple[tuple[str, ...], SubjectKind | None, Role | None, bool, Outcome]


def _ways(policies: PolicySet, present: Situation, coordinate: str, use: Use) -> tuple[Way, ...]:
    found: dict[_Change, list[Purpose]] = {}
    for other in alternatives(policies, present):
        decision = other.decide(policies, coordinate, use)
        if is_open(decision, use):
            kind = None if other.subject_kind is present.subject_kind else other.subject_kind
            facts = tuple(sorted(_given(policies, present, other, coordinate, use)))
            is_other = present.caller.purpose not in other.purposes
            role = None if other.caller.role is present.caller.role else other.caller.role
            change = (facts, kind, role, is_other, decision.outcome)
            found.setdefault(change, []).extend(other.purposes if is_other else ())
    least = [
        Way(facts, kind, role, tuple(sorted(found[change], key=list(Purpose).index)), outcome)
        for change in found
        for facts, kind, role, _, outcome in [change]
        if not any(_parts(other) < _parts(change) for other in found)
    ]
    return tuple(sorted(least, key=lambda way: (len(way.facts), way.facts, bool(way.purposes))))


def _given(
    policies: PolicySet, present: Situation, other: Situation, coordinate: str, use: Use
) -> frozenset[str]:
    """Names of what the other situation, which is open, has and the present one has not."""
    facts = other.facts.names - present.facts.names
    if present.limit is None:
        return facts
    limited = replace(other, limit=present.limit).decide(policies, coordinate, use)
    return facts if is_open(limited, use) else facts | {_TOKEN}


def _parts(change: _Change) -> frozenset[str]:
    """What is changed; fewer parts are the lesser change."""
    facts, kind, role, is_other_purpose, _ = change
    named = {"subject": kind, "role": role, "purpose": is_other_purpose}
    return frozenset([*facts, *(name for name, changed in named.items() if changed)])


def _callers(policies: PolicySet, coordinate: str, use: Use) -> tuple[CallerClass, ...]:
    return tuple(each for each in CallerClass if _is_open_to(policies, each, coordinate, use))


def _is_open_to(policies: PolicySet, caller_class: CallerClass, coordinate: str, use: Use) -> bool:
    return any(
        is_open(each.decide(policies, coordinate, use), use)
        for each in situations([policies], caller_class)
    )
