"""What is in a small group changes no statistics: neither its members' values nor their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import orjson
import pytest

from policies.model import Caller
from schema.filters import enum_name
from schema.model import FieldModel, KindModel, ValueType
from schema.predicate import WireValue
from schema.records import MODEL
from tests.oracle.records import Department, Record
from tests.oracle.world import RowRules, World
from tests.twoworlds.callers import CALLERS
from tests.twoworlds.compare import opened
from tests.twoworlds.natives import memory_adapters
from tests.twoworlds.pen import City
from tests.twoworlds.seen import Eyes
from tests.twoworlds.side import Question

_SMALLEST = 5
_FEW_VALUES = (ValueType.ENUM, ValueType.INTEGER, ValueType.DATE)
Changes = dict[tuple[str, str], Record]
"""Records to be put in the place of others, by department code and record id."""


def _changes(world: World, caller: Caller, kind: KindModel, group: FieldModel) -> Changes:
    """A member of a small group goes to another one, and amounts in small groups are others.

    Empty if there are no two small groups: one alone is left out together with a larger one,
    and that it is alone is told.
    """
    groups: dict[WireValue, list[Record]] = {}
    for record in _seen(world, caller, kind):
        groups.setdefault(record.values.get(group.name), []).append(record)
    small = [members for members in groups.values() if len(members) < _SMALLEST]
    source = next((members for members in small if len(members) > 1), None)
    target = next(
        (each for each in small if each is not source and len(each) < _SMALLEST - 1), None
    )
    if source is None or target is None:
        return {}
    amounts = [
        leaf for leaf in kind.comparable if leaf.value_type is ValueType.MONEY and leaf != group
    ]
    changed = {
        (record.department, record.record_id): _with_other_amounts(record, amounts)
        for members in small
        for record in members
    }
    mover = source[0]
    value = target[0].values.get(group.name)
    key = (mover.department, mover.record_id)
    changed[key] = replace(changed[key], values={**changed[key].values, group.name: value})
    return changed


def _seen(world: World, caller: Caller, kind: KindModel) -> Iterator[Record]:
    eyes = Eyes(world, caller)
    for department in world.departments:
        for record in department.records.get(kind.kind, ()):
            if not eyes.is_hidden(record, department):
                yield record


def _with_other_amounts(record: Record, amounts: Sequence[FieldModel]) -> Record:
    made = dict(record.values)
    for leaf in amounts:
        if made.get(leaf.name) is not None:
            made[leaf.name] = "7.00"
    return replace(record, values=made)


def _changed(world: World, kind: KindModel, changes: Changes) -> World:
    departments = [_with(each, kind, changes) for each in world.departments]
    return replace(world, departments=tuple(departments), rows=RowRules())


def _with(department: Department, kind: KindModel, changes: Changes) -> Department:
    records = dict(department.records)
    if kind.kind in records:
        records[kind.kind] = tuple(
            changes.get((each.department, each.record_id), each) for each in records[kind.kind]
        )
    return Department(department.manifest, records)


def _question(caller: Caller, kind: KindModel, group: FieldModel) -> Question:
    member = kind.type_name[0].lower() + kind.type_name[1:]
    summed = [
        leaf for leaf in kind.comparable if leaf.value_type is ValueType.MONEY and leaf != group
    ]
    given = f"kind: {kind.kind.value}, groupBy: {{{member}: [{enum_name(group.name)}]}}"
    if summed:
        given += f", sum: {{{member}: [{enum_name(summed[0].name)}]}}"
    shown = "groups { values { value } count sums { value } } suppressedGroups"
    return Question(caller, f"{{ recordStatistics({given}) {{ {shown} }} }}")


@pytest.mark.parametrize("name", ["market STATISTICS", "public"])
async def test_small_groups_change_no_statistics(small_city: City, name: str) -> None:
    world = small_city.world
    caller = CALLERS[name](world)
    suppressed = 0
    for kind in MODEL.kinds.values():
        for group in (leaf for leaf in kind.comparable if leaf.value_type in _FEW_VALUES):
            changes = _changes(world, caller, kind, group)
            if changes:
                other = _changed(world, kind, changes)
                suppressed += await _compare((world, other), _question(caller, kind, group))
    assert suppressed >= 20


async def _compare(worlds: tuple[World, World], question: Question) -> int:
    """Whether groups were left out; fails if the answers differ."""
    first, second = (memory_adapters(world.departments) for world in worlds)
    async with opened(worlds, (first, second)) as pair:
        difference = await pair.compare(question)
        assert not difference, difference
        answer = orjson.loads((await pair.first.ask(question)).body)
    found = answer["data"]["recordStatistics"]
    return int(bool(found) and found["suppressedGroups"] > 1)
