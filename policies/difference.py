"""What another set of rules decides otherwise: every cell that changed, in every situation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policies.engine import PolicySet
from policies.model import CallerClass, Decision, Use
from policies.scope import Scope
from policies.situations import Situation, all_rules, situations


@dataclass(frozen=True, slots=True)
class Change:
    """One use of one coordinate that is decided otherwise.

    Attributes:
        situation: its `purposes` are all those for which the same holds.
        before, after: with another outcome, mask or limit on records; other rules that come to
            the same are no change.
    """

    coordinate: str
    use: Use
    situation: Situation
    before: Decision
    after: Decision


def changes(old: PolicySet, new: PolicySet) -> list[Change]:
    """Find every change between two sets of rules for one model, in the order of the schema."""
    touched = _touched(old, new)
    if not touched:
        return []
    order = {name: number for number, name in enumerate(touched)}
    uses = list(Use)
    found = [
        change
        for caller_class in CallerClass
        for situation in situations([old, new], caller_class)
        for change in _changes(old, new, situation, touched)
    ]
    return sorted(found, key=lambda change: (order[change.coordinate], uses.index(change.use)))


def _touched(old: PolicySet, new: PolicySet) -> list[str]:
    """Coordinates of the kinds of which the two have different rules.

    A rule on a kind decides about its fields, and one on a field about no other kind.
    """
    scope = Scope(old.model)
    kinds = {
        place.type_name
        for rule in frozenset(all_rules(old)) ^ frozenset(all_rules(new))
        for place, _ in scope.covered(rule)
    }
    return [name for name in old.model.coordinates if name.partition(".")[0] in kinds]


def _changes(
    old: PolicySet, new: PolicySet, situation: Situation, touched: Sequence[str]
) -> Iterator[Change]:
    before, after = situation.table(old), situation.table(new)
    for coordinate in touched:
        for use in Use:
            first, second = before.decide(coordinate, use), after.decide(coordinate, use)
            if first is not second and _shown(first) != _shown(second):
                yield Change(coordinate, use, situation, first, second)


def _shown(decision: Decision) -> tuple[object, ...]:
    return (decision.outcome, decision.mask, decision.row)
