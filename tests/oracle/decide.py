"""What the rules say, read rule by rule without any index.

A rule speaks of a question if caller, purpose, use, coordinate and subject kind fit; it applies
if its conditions hold too. Any forbid denies (one with a row bars those rows). Otherwise the most
particular permits and masks decide: entitlement before relation before neither; masked before
clear, the stricter mask before the laxer. A field is never open where its kind is not, never
compared where it is not read clear, never aggregated where it is masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from policies.model import (
    AccessRequest,
    Caller,
    CallerClass,
    Decision,
    Effect,
    Missing,
    Outcome,
    Rule,
    Use,
)
from schema.classification import FieldClass, MaskKind, SubjectKind
from schema.model import CreditModel, FieldModel
from schema.predicate import And, Not, Or, Predicate

_STRICTEST_FIRST = (
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
_COMPARING = (Use.FILTER, Use.ORDER)


@dataclass(frozen=True)
class Rules:
    """A rule set with the model that its coordinates and classes refer to."""

    rules: tuple[Rule, ...]
    model: CreditModel
    _made: dict[AccessRequest, Decision] = field(default_factory=dict, repr=False)
    _found: dict[tuple[str, Use, SubjectKind], tuple[Rule, ...]] = field(
        default_factory=dict, repr=False
    )

    def __call__(self, request: AccessRequest) -> Decision:
        """Decide one question."""
        if request not in self._made:
            self._made[request] = self._decide(request)
        return self._made[request]

    def _decide(self, request: AccessRequest) -> Decision:
        kind = request.coordinate.partition(".")[0]
        own = self._alone(request, request.coordinate, request.use)
        if request.coordinate == kind:
            return own
        gate_use = Use.AGGREGATE if request.use is Use.AGGREGATE else Use.READ
        gate = self._alone(request, kind, gate_use)
        if gate.outcome is Outcome.DENIED:
            return gate
        if request.use is Use.READ or own.outcome is Outcome.DENIED:
            return own
        read = self._alone(request, request.coordinate, Use.READ)
        if read.outcome is Outcome.MASKED:
            waits_for = self._entitlement(request, request.coordinate, Use.READ)
            missing = waits_for or Missing.NOTHING_HELPS
            return Decision(Outcome.DENIED, read.rule_ids, missing=missing)
        if read.outcome is Outcome.DENIED and request.use in _COMPARING:
            return read
        return own

    def _alone(self, request: AccessRequest, coordinate: str, use: Use) -> Decision:
        """What the rules on this coordinate and use say."""
        rules = [
            rule
            for rule in self._speaking(coordinate, use, request.subject.subject_kind)
            if _is_for(rule, request.caller)
            and _fits(rule.purposes, request.caller.purpose)
            and _condition_holds(rule, request, coordinate)
        ]
        forbidding = [rule for rule in rules if rule.effect is Effect.FORBID]
        opening = [rule for rule in rules if rule.effect is not Effect.FORBID]
        if any(rule.condition.row is None for rule in forbidding) or not opening:
            ids = tuple(rule.id for rule in forbidding) or ("default.deny",)
            return Decision(Outcome.DENIED, ids, missing=self._missing(request, coordinate, use))
        rank = max(map(_rank, opening))
        deciding = [rule for rule in opening if _rank(rule) == rank]
        masking = [rule for rule in deciding if rule.effect is Effect.MASK]
        if masking:
            return self._masked(masking, coordinate, request.subject.subject_kind)
        return _clear(rules, deciding)

    def _masked(self, masking: list[Rule], coordinate: str, subject: SubjectKind) -> Decision:
        declared = MaskKind.NONE
        if "." in coordinate:
            declared = self._field(coordinate).mask_for(subject)
        masks = {rule.id: rule.mask or declared for rule in masking}
        strictest = min(masks.values(), key=_STRICTEST_FIRST.index)
        ids = tuple(rule for rule, mask in masks.items() if mask is strictest)
        return Decision(Outcome.MASKED, ids, mask=strictest)

    def _speaking(self, coordinate: str, use: Use, subject: SubjectKind) -> tuple[Rule, ...]:
        """Rules on the coordinate, use and subject kind, whoever they are for, in file order."""
        key = (coordinate, use, subject)
        if key not in self._found:
            self._found[key] = tuple(
                rule for rule in self.rules if self._speaks(rule, coordinate, use, subject)
            )
        return self._found[key]

    def _speaks(self, rule: Rule, coordinate: str, use: Use, subject: SubjectKind) -> bool:
        return (
            _fits(rule.uses, use)
            and _fits(rule.subject_kinds, subject)
            and (not rule.coordinates or any(_names(text, coordinate) for text in rule.coordinates))
            and _fits(rule.classes, self._class(coordinate, subject))
        )

    def _class(self, coordinate: str, subject: SubjectKind) -> FieldClass:
        if "." in coordinate:
            return self._field(coordinate).class_for(subject)
        declared = self.model.by_type_name[coordinate].declaration
        is_person = subject is SubjectKind.NATURAL_PERSON
        return declared.person_class if is_person else declared.field_class

    def _field(self, coordinate: str) -> FieldModel:
        type_name, _, name = coordinate.partition(".")
        return self.model.by_type_name[type_name].by_name[name]

    def _missing(self, request: AccessRequest, coordinate: str, use: Use) -> Missing:
        """What a denied caller would need: caller, subject, purpose, entitlement, in this order."""
        subject = request.subject
        about = {
            rule.id: rule
            for kind in SubjectKind
            for rule in self._speaking(coordinate, use, kind)
            if rule.effect is not Effect.FORBID
        }
        left = list(about.values())
        if not left:
            return Missing.NOTHING_HELPS
        left = [rule for rule in left if _is_caller(rule, request)]
        if not left:
            return Missing.ANOTHER_CALLER
        left = [
            rule
            for rule in left
            if self._speaks(rule, coordinate, use, subject.subject_kind)
            and (subject.is_self or not rule.condition.is_self)
        ]
        if not left:
            return Missing.ANOTHER_SUBJECT
        if not any(_fits(rule.purposes, request.caller.purpose) for rule in left):
            return Missing.ANOTHER_PURPOSE
        return self._entitlement(request, coordinate, use) or Missing.NOTHING_HELPS

    def _entitlement(self, request: AccessRequest, coordinate: str, use: Use) -> Missing | None:
        """Consent or grant that a rule for this caller, subject and purpose waits for."""
        waiting = [
            rule.condition
            for rule in self._speaking(coordinate, use, request.subject.subject_kind)
            if rule.effect is not Effect.FORBID
            and _is_caller(rule, request)
            and _fits(rule.purposes, request.caller.purpose)
            and (request.subject.is_self or not rule.condition.is_self)
        ]
        is_granted = coordinate in request.granted
        if coordinate not in request.subject.consented and any(
            when.consent and (is_granted or not when.grant) for when in waiting
        ):
            return Missing.CONSENT
        if not is_granted and any(when.grant for when in waiting):
            return Missing.GRANT
        return None


def _clear(rules: list[Rule], deciding: list[Rule]) -> Decision:
    """Permission, limited to the rows that any permit opens and no forbid bars."""
    barring = [rule for rule in rules if rule.effect is Effect.FORBID]
    opening = [rule for rule in rules if rule.effect is not Effect.FORBID]
    whole = [rule for rule in opening if rule.condition.row is None]
    if len(whole) == len(opening) and not barring:
        return Decision(Outcome.CLEAR, tuple(rule.id for rule in deciding))
    named = [rule for rule in rules if rule in barring or rule in (whole or opening)]
    parts: list[Predicate] = [Not(rule.condition.row) for rule in barring if rule.condition.row]
    if not whole:
        parts.append(Or(tuple(rule.condition.row for rule in opening if rule.condition.row)))
    return Decision(
        Outcome.CLEAR, tuple(rule.id for rule in named), row=And(tuple(parts)) if parts else None
    )


def _rank(rule: Rule) -> int:
    when = rule.condition
    if when.consent or when.grant:
        return 2
    return int(when.is_self or when.is_source)


def _fits(listed: Sequence[object], member: object) -> bool:
    return not listed or member in listed


def _names(text: str, coordinate: str) -> bool:
    """Whether a rule's coordinate, maybe beginning with `*.` or ending in `.*`, names this one."""
    if text.startswith("*."):
        field_name = coordinate.partition(".")[2]
        return bool(field_name) and _below(text[2:], field_name)
    return _below(text, coordinate)


def _below(text: str, name: str) -> bool:
    if text == "*":
        return True
    return name.startswith(text[:-1]) if text.endswith(".*") else name == text


def _organisation(caller: Caller) -> str | None:
    is_platform = caller.caller_class is CallerClass.PLATFORM
    return caller.acting_for if is_platform else caller.organisation


def _is_for(rule: Rule, caller: Caller) -> bool:
    """Whether the rule is for this caller; without an organisation only the public is anybody."""
    organisation = _organisation(caller)
    if organisation is None and caller.caller_class is not CallerClass.PUBLIC:
        return False
    return _fits(rule.who, caller.caller_class) and (
        not rule.organisations or organisation in rule.organisations
    )


def _is_caller(rule: Rule, request: AccessRequest) -> bool:
    return _is_for(rule, request.caller) and (request.is_source or not rule.condition.is_source)


def _condition_holds(rule: Rule, request: AccessRequest, coordinate: str) -> bool:
    when = rule.condition
    return (
        (not when.consent or coordinate in request.subject.consented)
        and (not when.grant or coordinate in request.granted)
        and (not when.is_self or request.subject.is_self)
        and (not when.is_source or request.is_source)
    )
