"""Rules as Cedar policies, for a second opinion by an engine that others wrote.

Encoding. Every rule becomes one policy: `forbid` a forbid, `permit` and `mask` a permit. A use is
an action, a record kind an entity `Kind` and a field an entity `Field`, one for each kind of
subject, with its class. Who asks is the principal; purpose, relation, entitlements, provider and
day are the context. Cedar says whether anything permits and nothing forbids, and names all
policies that hold. What they come to, which Cedar has no notion of, is read from the annotations
of those: the highest `@rank` decides, `@mask` masks, `@row` limits records. A forbid that is
limited to some records denies none of the others: such *bars* are a policy set of their own, as
permits, which tells those that hold. That a field follows its kind, and other uses follow reading,
is added by asking Cedar about each.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from policies.model import CallerClass, Effect, Role, Rule, Use
from schema.classification import SubjectKind
from schema.records import MODEL
from tests.policies.reference import class_of

NOBODY = "nobody"
SCHEMA = """
entity Caller = { class: String, role?: String };
entity Kind = { coordinate: String, class: String, subject: String };
entity Field = { coordinate: String, class: String, subject: String };
type Asked = {
  purpose: String, organisation?: String, provider?: String, today: Long,
  consented: Bool, granted: Bool, isSelf: Bool, isSource: Bool,
};
action read, aggregate appliesTo { principal: Caller, resource: [Kind, Field], context: Asked };
action filter, order appliesTo { principal: Caller, resource: Field, context: Asked };
action count appliesTo { principal: Caller, resource: Kind, context: Asked };
"""
_KIND_ONLY, _FIELD_ONLY = ("count",), ("filter", "order")


def policies_text(rules: Iterable[Rule]) -> str:
    """All rules but bars, and that nobody without an organisation gets anything."""
    return _text(rule for rule in rules if not _is_bar(rule))


def bars_text(rules: Iterable[Rule]) -> str:
    """Bars, as permits."""
    return _text(rule for rule in rules if _is_bar(rule))


def _text(rules: Iterable[Rule]) -> str:
    nobody = (
        f'@id("{NOBODY}") forbid (principal, action, resource) '
        'when { principal.class != "public" && !(context has organisation) };'
    )
    return "\n".join([nobody, *map(_policy, rules)])


def _is_bar(rule: Rule) -> bool:
    return rule.effect is Effect.FORBID and rule.condition.row is not None


def _policy(rule: Rule) -> str:
    word = "forbid" if rule.effect is Effect.FORBID and not _is_bar(rule) else "permit"
    uses = ", ".join(f'Action::"{use.value}"' for use in rule.uses)
    action = f"action in [{uses}]" if uses else "action"
    parts = [part for part in _conditions(rule) if part]
    when = f" when {{ {' && '.join(parts)} }}" if parts else ""
    return f'@id("{rule.id}")\n{word} (principal, {action}, resource){when};'


def _conditions(rule: Rule) -> Iterable[str]:
    when = rule.condition
    yield _among("principal.class", [caller.value for caller in rule.who])
    yield _among("context.purpose", [purpose.value for purpose in rule.purposes])
    yield _among("resource.class", [each.value for each in rule.classes])
    yield _among("resource.subject", [each.value for each in rule.subject_kinds])
    if rule.coordinates:
        named = (f"resource.coordinate like {json.dumps(name)}" for name in rule.coordinates)
        yield f"({' || '.join(named)})"
    if rule.organisations:
        yield "context has organisation"
        yield _among("context.organisation", list(rule.organisations))
    if rule.roles:
        yield "principal has role"
        yield _among("principal.role", [role.value for role in rule.roles])
    if rule.provider is not None:
        yield f"context has provider && context.provider == {json.dumps(rule.provider)}"
    if when.window is not None and when.window.first is not None:
        yield f"context.today >= {when.window.first.toordinal()}"
    if when.window is not None and when.window.last is not None:
        yield f"context.today <= {when.window.last.toordinal()}"
    yield "context.consented" if when.consent else ""
    yield "context.granted" if when.grant else ""
    yield "context.isSelf" if when.is_self else ""
    yield "context.isSource" if when.is_source else ""


def _among(name: str, values: list[str]) -> str:
    return f"{json.dumps(values)}.contains({name})" if values else ""


def entities() -> list[dict[str, Any]]:
    """Callers of every class and role, and every coordinate for every kind of subject."""
    made = []
    for caller in CallerClass:
        for role in (None, *Role):
            attributes = {"class": caller.value} | ({"role": role.value} if role else {})
            made.append(_entity("Caller", caller_id(caller.value, role and role.value), attributes))
    for coordinate in MODEL.coordinates:
        for subject in SubjectKind:
            attributes = {
                "coordinate": coordinate,
                "class": class_of(coordinate, subject.value),
                "subject": subject.value,
            }
            name = place_id(coordinate, subject.value)
            made.append(_entity(_type_of(coordinate), name, attributes))
    return made


def _entity(kind: str, name: str, attributes: dict[str, str]) -> dict[str, Any]:
    return {"uid": {"type": kind, "id": name}, "attrs": attributes, "parents": []}


def caller_id(caller: str, role: str | None) -> str:
    return f"{caller} {role or '-'}"


def place_id(coordinate: str, subject: str) -> str:
    return f"{coordinate} {subject}"


def _type_of(coordinate: str) -> str:
    return "Field" if "." in coordinate else "Kind"


def has_use(coordinate: str, use: str) -> bool:
    """Whether the schema lets the use be asked about; records are counted, fields ordered by."""
    return use not in (_KIND_ONLY if "." in coordinate else _FIELD_ONLY)


def request(
    caller: str, role: str | None, coordinate: str, use: Use, subject: str, context: dict[str, Any]
) -> dict[str, Any]:
    """A request for `cedarpy`; context members that are None are left out."""
    return {
        "principal": {"type": "Caller", "id": caller_id(caller, role)},
        "action": {"type": "Action", "id": use.value},
        "resource": {"type": _type_of(coordinate), "id": place_id(coordinate, subject)},
        "context": {name: value for name, value in context.items() if value is not None},
    }
