"""What the rules leave open or closed: what is checked at start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from policies.delays import check_delays
from policies.engine import PolicySet
from policies.model import CallerClass, Effect, Rule
from policies.scope import Place, Scope
from schema.classification import FieldClass, SubjectKind
from schema.model import CreditModel


def check_policies(model: CreditModel, policies: PolicySet) -> list[str]:
    """Say what is wrong with the rules for this model, one sentence each; empty if nothing is.

    Found are fields without class, coordinates that a rule names and the schema does not have,
    masks that a rule asks for and the schema does not know, coordinates of which no rule says
    anything for some caller class, and look-ups that never show to whom they are about. Fields
    that are not nullable are refused earlier, when the model is read.
    """
    scope = Scope(model)
    problems = [*_unclassified(model), *_unknown_coordinates(policies.rules, scope)]
    for place, caller_class in _unruled(policies.rules, scope):
        problems.append(
            f"coordinate `{place.coordinate}` has no rule for `{caller_class.value}`, "
            "expected one that opens or closes it"
        )
    return [*problems, *check_delays(model, policies)]


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
