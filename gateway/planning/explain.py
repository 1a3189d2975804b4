"""From a plan to stable text, for people and golden files.

Tells the places of a plan, their arguments and leaves. What others know of a place (who is asked
for it, under which rules) they add through `PlanNotes`; this module knows no caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from gateway.planning.leaves import page_members, wants_count
from gateway.planning.types import (
    ConnectionNode,
    FetchPlan,
    ListArguments,
    NullRoot,
    RecordPlace,
    RecordsRoot,
    ResolvedRoot,
    Root,
    StatisticsRoot,
    SubjectPlace,
    SubjectsRoot,
)
from schema.predicate import (
    ALWAYS,
    And,
    Comparison,
    Includes,
    IsNull,
    Not,
    OneOf,
    Or,
    Predicate,
    StartsWith,
    WireScalar,
)

INDENT = "  "


class PlanNotes(Protocol):
    """What is to stand below a place: lines, indented only against each other."""

    def of_subjects(self, place: SubjectPlace) -> Sequence[str]: ...

    def of_records(self, place: RecordPlace, above: SubjectPlace | None) -> Sequence[str]: ...

    def of_statistics(self, root: StatisticsRoot) -> Sequence[str]: ...


class NoNotes:
    """The plan alone."""

    def of_subjects(self, place: SubjectPlace) -> Sequence[str]:
        return ()

    def of_records(self, place: RecordPlace, above: SubjectPlace | None) -> Sequence[str]:
        return ()

    def of_statistics(self, root: StatisticsRoot) -> Sequence[str]:
        return ()


def explain_plan(plan: FetchPlan, notes: PlanNotes) -> list[str]:
    """Return the plan as lines, in document order, the same for the same plan."""
    return [line for name, root in plan.roots.items() for line in _root(name, root, notes)]


def _root(name: str, root: Root, notes: PlanNotes) -> Iterator[str]:
    match root:
        case SubjectsRoot(place, _, is_list):
            yield f"{name}: {'subjects' if is_list else 'one subject'} by key"
            yield from _indented(_subjects(place, notes))
        case RecordsRoot(place):
            yield from _records(place, None, notes)
        case StatisticsRoot():
            yield from _statistics(name, root, notes)
        case ResolvedRoot(fields):
            yield f"{name}: {fields[0].name.value}, answered by the gateway itself"
        case NullRoot():
            yield f"{name}: null, the id is none of ours"
        case _:
            yield f"{name}: name of the root type"


def _subjects(place: SubjectPlace, notes: PlanNotes) -> Iterator[str]:
    yield from notes.of_subjects(place)
    for records in place.records:
        yield from _records(records, place, notes)


def _records(place: RecordPlace, above: SubjectPlace | None, notes: PlanNotes) -> Iterator[str]:
    yield f"{'.'.join(place.path)}: {_asked(place)}{_of_whom(place, above)}"
    yield from _indented(_arguments(place))
    if place.leaves:
        yield f"{INDENT}leaves {', '.join(place.leaves)}"
    page = (["totalCount"] if wants_count(place.content) else []) + sorted(
        page_members(place.content) - {"__typename"}
    )
    if page:
        yield f"{INDENT}page   {', '.join(page)}"
    yield from _indented(notes.of_records(place, above))
    for below in place.below:
        yield f"{INDENT}{'.'.join(below.path)}: subjects of these records"
        yield from _indented(_subjects(below, notes), 2)


def _asked(place: RecordPlace) -> str:
    if place.record is not None:
        return f"one record of kind {place.kind.value} by its id"
    if not isinstance(place.content, ConnectionNode):
        return f"first record of kind {place.kind.value}"
    scope = "" if place.is_keyed else ", over all subjects"
    return f"{place.arguments.first} records of kind {place.kind.value}{scope}"


def _of_whom(place: RecordPlace, above: SubjectPlace | None) -> str:
    """Whose records they are, where subjects of both types can stand above."""
    if above is None or not above.person:
        return ""
    is_of_organisations = place in above.organisation.values()
    is_of_persons = place in above.person.values()
    if is_of_organisations and is_of_persons:
        return ""
    return ", of organisations only" if is_of_organisations else ", of persons only"


def _arguments(place: RecordPlace) -> Iterator[str]:
    if place.record is not None:
        return
    if place.arguments.filter != ALWAYS:
        yield f"filter {predicate_text(place.arguments.filter)}"
    yield f"order  {order_text(place.arguments)}"
    if place.arguments.after.variable or place.arguments.after.value:
        yield "after  a cursor"


def _statistics(name: str, root: StatisticsRoot, notes: PlanNotes) -> Iterator[str]:
    yield f"{name}: statistics of kind {root.kind.value}, over all subjects"
    if root.arguments.filter != ALWAYS:
        yield f"{INDENT}filter {predicate_text(root.arguments.filter)}"
    if root.group_by:
        yield f"{INDENT}groups {', '.join(root.group_by)}"
    if root.sums:
        yield f"{INDENT}sums   {', '.join(root.sums)}"
    yield from _indented(notes.of_statistics(root))


def order_text(arguments: ListArguments) -> str:
    """The order in words: `meta.decidedOn descending`."""
    keys = (f"{key.field}{' descending' if key.descending else ''}" for key in arguments.order)
    return ", ".join(keys)


def predicate_text(predicate: Predicate) -> str:
    """A predicate in one line; the constants are those of the document or of a rule."""
    match predicate:
        case And(()):
            return "always"
        case Or(()):
            return "never"
        case And(parts):
            return " and ".join(_part(part) for part in parts)
        case Or(parts):
            return " or ".join(_part(part) for part in parts)
        case Not(part):
            return f"not {_part(part)}"
        case IsNull(field):
            return f"{field} is missing"
        case Comparison(field, operator, value):
            return f"{field} {operator.value} {_value(value)}"
        case OneOf(field, values):
            return f"{field} in ({', '.join(map(_value, values))})"
        case StartsWith(field, prefix):
            return f"{field} begins with {_value(prefix)}"
        case Includes(field, value):
            return f"{field} holds {_value(value)}"


def _part(predicate: Predicate) -> str:
    text = predicate_text(predicate)
    is_compound = isinstance(predicate, And | Or) and len(predicate.parts) > 1
    return f"({text})" if is_compound else text


def _value(value: WireScalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"`{value}`" if isinstance(value, str) else str(value)


def _indented(lines: Sequence[str] | Iterator[str], depth: int = 1) -> Iterator[str]:
    return (INDENT * depth + line for line in lines)
