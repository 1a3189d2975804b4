"""The worlds that are compared do differ, and what is taken for unseen is unseen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from schema.codes import RecordKind
from tests.oracle.records import Department, Record
from tests.twoworlds.callers import CALLERS
from tests.twoworlds.pen import City
from tests.twoworlds.seen import Eyes
from tests.twoworlds.vary import Varier

_SORTS = (
    "denied value",
    "masked value",
    "hidden record changed",
    "hidden record removed",
    "hidden record added",
    "hidden record of another subject",
    "record hidden by an effect added",
    "ended record added",
    "hidden from others",
    "consent of others",
    "grant of others",
)


def test_every_sort_of_difference_is_made(small_city: City) -> None:
    made: Counter[str] = Counter()
    for name in ("public", "courts INSPECTION", "bank PRE_LOAN"):
        varier = Varier(Random(3), small_city, CALLERS[name](small_city.world))
        other = varier.other()
        assert _values(other) != _values(small_city)
        assert _counts(other) != _counts(small_city)
        made += varier.made
    assert all(made[sort] > 0 for sort in _SORTS), made


def _counts(city: City) -> list[int]:
    return [len(rows) for rows in city.natives.rows.values()]


def _values(city: City) -> Counter[str]:
    return Counter(
        repr(sorted(record.values.items()))
        for department in city.world.departments
        for records in department.records.values()
        for record in records
    )


def _first(city: City, slug: str, kind: RecordKind) -> tuple[Department, Record]:
    department = next(each for each in city.world.departments if each.slug == slug)
    return department, department.records[kind][0]


@pytest.mark.parametrize(
    ("name", "field", "value", "is_told"),
    [
        ("public", "name", "郑州样例有限公司", True),
        ("public", "taxNo", "91410100000000000X", False),
        ("public", "legalRepresentativePhone", "13800000000", False),
        ("market INSPECTION", "taxNo", "91410100000000000X", True),
        ("auditor", "name", "郑州样例有限公司", False),
    ],
)
def test_a_value_is_told_from_another_by_whom_the_rules_let(
    small_city: City, name: str, field: str, value: str, is_told: bool
) -> None:
    department, record = _first(small_city, "market", RecordKind.REGISTRATION)
    changed = replace(record, values={**record.values, field: value})
    eyes = Eyes(small_city.world, CALLERS[name](small_city.world))
    before, after = (eyes.glimpse(each, department) for each in (record, changed))
    assert (before != after) is is_told


def test_a_mask_lets_some_values_look_alike_and_not_others(small_city: City) -> None:
    eyes = Eyes(small_city.world, CALLERS["market TENDER"](small_city.world))
    department, record = _first(small_city, "market", RecordKind.REGISTRATION)

    def glimpse(number: str) -> object:
        changed = replace(record, values={**record.values, "legalRepresentativePhone": number})
        return eyes.glimpse(changed, department)

    assert glimpse("13812345678") == glimpse("13899995678")
    assert glimpse("13812345678") != glimpse("13912345678")
