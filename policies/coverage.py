"""What the rules leave open or closed: checks at start, and the matrix of fields and callers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.engine import PolicySet
from policies.model import Caller, CallerClass, Effect, Outcome, Purpose, Rule, SubjectProfile, Use
from policies.scope import Place, Scope
from schema.classification import FieldClass, MaskKind, SubjectKind
from schema.model import CreditModel

_SYMBOLS = {Outcome.CLEAR: "clear", Outcome.MASKED: "masked", Outcome.DENIED: "-"}
_SAMPLE_CODE = "91410199MA9DEM028G"


@dataclass(frozen=True, slots=True)
class Profile:
    """A caller and a subject as the matrix shows them, under a name."""

    name: str
    caller: Caller
    subject: SubjectProfile
    granted: frozenset[str] = frozenset()
    is_source: bool = False


def check_policies(model: CreditModel, policies: PolicySet) -> list[str]:
    """Say what is wrong with the rules for this model, one sentence each; empty if nothing is.

    Found are fields without class, coordinates that a rule names and the schema does not have,
    masks that a rule asks for and the schema does not know, and coordinates of which no rule
    says anything for some caller class. Fields that are not nullable are refused earlier, when
    the model is read.
    """
    scope = Scope(model)
    problems = [*_unclassified(model), *_unknown_coordinates(policies.rules, scope)]
    for place, caller_class in _unruled(policies.rules, scope):
        problems.append(
            f"coordinate `{place.coordinate}` has no rule for `{caller_class.value}`, "
            "expected one that opens or closes it"
        )
    return problems


def _unclassified(model: CreditModel) -> list[str]:
    return [
        f"field `{field.coordinate}` has no class, expected one of PUBLIC, DEPARTMENT, "
        "AUTHORISED, SECRET"
        for field in model.fields()
        if any(not isinstance(field.class_for(subject), FieldClass) for subject in SubjectKind)
    ]


def _unknown_coordinates(rules: Iterable[Rule], scope: Scope) -> list[str]:
    return [
        f"rule `{rule.id}` names `{pattern}`, expected a coordinate of the schema"
        for rule in rules
        for pattern in rule.coordinates
        if not any(True for _ in scope.matching(pattern))
    ]


def _unruled(rules: Sequence[Rule], scope: Scope) -> list[tuple[Place, CallerClass]]:
    """Coordinates that no rule opens or closes for a class of callers.

    A field of a kind that is closed to the class as a whole needs no rule of its own.
    """
    ruled: set[tuple[str, CallerClass]] = set()
    opened: set[tuple[str, CallerClass]] = set()
    for rule in rules:
        coordinates = {place.coordinate for place, _ in scope.covered(rule)}
        for caller_class in rule.who or CallerClass:
            ruled.update((coordinate, caller_class) for coordinate in coordinates)
            if rule.effect is not Effect.FORBID:
                opened.update((coordinate, caller_class) for coordinate in coordinates)
    return [
        (place, caller_class)
        for place in scope.places.values()
        for caller_class in CallerClass
        if (place.coordinate, caller_class) not in ruled
        and (place.is_kind or (place.type_name, caller_class) in opened)
    ]


def standard_profiles(
    model: CreditModel, subject_kind: SubjectKind = SubjectKind.ORGANISATION
) -> tuple[Profile, ...]:
    """One profile per kind of caller, two where consent or the own department matters."""
    anyone = SubjectProfile(subject_kind, False, frozenset())
    consenting = SubjectProfile(subject_kind, False, frozenset(model.coordinates))
    itself = SubjectProfile(subject_kind, True, frozenset())

    def caller(caller_class: CallerClass, purpose: Purpose) -> Caller:
        return Caller(caller_class, _SAMPLE_CODE, purpose, acting_for=_SAMPLE_CODE)

    public = Caller(CallerClass.PUBLIC, None, Purpose.PUBLIC_DISPLAY)
    inspector = caller(CallerClass.DEPARTMENT, Purpose.INSPECTION)
    tender = caller(CallerClass.DEPARTMENT, Purpose.TENDER)
    bank = caller(CallerClass.INSTITUTION, Purpose.PRE_LOAN)
    platform = caller(CallerClass.PLATFORM, Purpose.PRE_LOAN)
    return (
        Profile("public", public, anyone),
        Profile("inspector", inspector, anyone),
        Profile("tender", tender, anyone),
        Profile("granted", tender, anyone, granted=frozenset(model.coordinates)),
        Profile("source", inspector, anyone, is_source=True),
        Profile("bank", bank, anyone),
        Profile("bank-consent", bank, consenting),
        Profile("platform-consent", platform, consenting),
        Profile("credit-centre", caller(CallerClass.CREDIT_CENTRE, Purpose.EVALUATION), anyone),
        Profile("association", caller(CallerClass.ASSOCIATION, Purpose.EVALUATION), anyone),
        Profile("subject", caller(CallerClass.SUBJECT, Purpose.SELF_QUERY), itself),
        Profile("auditor", caller(CallerClass.AUDITOR, Purpose.AUDIT), anyone),
    )


def matrix(
    policies: PolicySet,
    profiles: Sequence[Profile],
    coordinates: Sequence[str],
    use: Use = Use.READ,
) -> list[list[str]]:
    """One line per coordinate, headed by it, with one cell per profile: clear, mask, `-`."""
    tables = [
        policies.compile(profile.caller, profile.subject, profile.granted, profile.is_source)
        for profile in profiles
    ]
    lines: list[list[str]] = []
    for coordinate in coordinates:
        cells = []
        for table in tables:
            decision = table.decide(coordinate, use)
            symbol = _SYMBOLS[decision.outcome]
            if decision.mask is not MaskKind.NONE:
                symbol = decision.mask.value
            cells.append(f"{symbol} (rows)" if decision.row is not None else symbol)
        lines.append([coordinate, *cells])
    return lines


def matrix_text(profiles: Sequence[Profile], lines: Sequence[Sequence[str]]) -> str:
    """The matrix as text in columns, with a heading."""
    table = [["coordinate", *(profile.name for profile in profiles)], *lines]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )
