"""What rules must not be together: two of one name, or one that others leave nothing to open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.errors import PolicyLoadError
from policies.model import CallerClass, Condition, Effect, Purpose, Rule, Use
from policies.reading_rules import uses_of
from policies.scope import Scope
from schema.classification import SubjectKind

_ALWAYS = Condition()


@dataclass(frozen=True, slots=True)
class ReadRule:
    """A rule and the file that it was read from.

    Attributes:
        folder: name of the folder with the file.
    """

    folder: str
    file: str
    rule: Rule


def check_rules(read: Sequence[ReadRule], common: Iterable[Rule], scope: Scope) -> None:
    """Refuse names used twice, and rules that open nothing because others forbid all of it.

    Args:
        common: rules that hold beside those read, and were checked before.

    Raises:
        PolicyLoadError: the first such rule.
    """
    folders: dict[str, str] = {}
    for each in read:
        name, before = name_of(each.rule), folders.get(each.rule.id)
        if before is not None:
            where = "" if before == each.folder else f", in `{before}` and in `{each.folder}`"
            found = f"`{name}` twice{where}"
            raise PolicyLoadError(each.file, name, "name", found, "a name used once")
        folders[each.rule.id] = each.folder
    forbids = _forbids((*common, *(each.rule for each in read)), scope)
    for each in read:
        if each.rule.effect is Effect.FORBID:
            continue
        forbidding = _overruled_by(each.rule, forbids, scope)
        if forbidding is not None:
            raise PolicyLoadError(
                each.file,
                name_of(each.rule),
                "effect",
                f"`{each.rule.effect.value}` of nothing but what `{forbidding.id}` forbids",
                "a rule that opens something to somebody",
            )


def name_of(rule: Rule) -> str:
    """The name that a rule has in its file."""
    return rule.id.partition(":")[2] or rule.id.partition(".")[2]


_Forbids = dict[tuple[str, SubjectKind], list[Rule]]


def _forbids(rules: Iterable[Rule], scope: Scope) -> _Forbids:
    found: _Forbids = {}
    for rule in rules:
        is_limited = rule.organisations or rule.roles or rule.condition != _ALWAYS
        if rule.effect is Effect.FORBID and not is_limited:
            for place, subject in scope.covered(rule):
                found.setdefault((place.coordinate, subject), []).append(rule)
    return found


def _overruled_by(rule: Rule, forbids: _Forbids, scope: Scope) -> Rule | None:
    last = None
    for place, subject in scope.covered(rule):
        against = forbids.get((place.coordinate, subject), ())
        for use in uses_of(place) & frozenset(rule.uses or Use):
            last = _closing(rule, use, against)
            if last is None:
                return None
    return last


def _closing(rule: Rule, use: Use, against: Iterable[Rule]) -> Rule | None:
    """The last of the rules that together close a use to all whom the rule is for."""
    left = {(who, purpose) for who in rule.who or CallerClass for purpose in _purposes(rule)}
    for forbid in against:
        if forbid.provider not in (None, rule.provider) or (forbid.uses and use not in forbid.uses):
            continue
        left -= {
            (who, purpose) for who in forbid.who or CallerClass for purpose in _purposes(forbid)
        }
        if not left:
            return forbid
    return None


def _purposes(rule: Rule) -> Iterable[Purpose]:
    return rule.purposes or Purpose
