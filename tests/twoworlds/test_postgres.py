"""The same over PostgreSQL, where rows lie in pages, plans differ, and SQL decides what is seen."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from tests.oracle.departments import adapters_at
from tests.twoworlds.callers import CALLERS, somebody_before
from tests.twoworlds.compare import opened
from tests.twoworlds.leaks import LEAKS, Leak
from tests.twoworlds.natives import write_natives
from tests.twoworlds.odd import with_odd_values
from tests.twoworlds.pen import City
from tests.twoworlds.places import Places
from tests.twoworlds.questions import asker_of
from tests.twoworlds.vary import Varier

_CALLERS = (
    "public",
    "market TENDER",
    "tax INSPECTION",
    "courts COURT_ENFORCEMENT",
    "firm",
    "bank PRE_LOAN",
    "centre EVALUATION",
)
_QUESTIONS = 16
_LEAK_QUESTIONS = 60
_IN_POSTGRES = [leak for leak in LEAKS if leak.in_postgres]


async def _differences(places: Places, city: City, name: str, questions: int) -> list[str]:
    random = Random(f"postgres {name}")
    caller = CALLERS[name](city.world)
    other = Varier(random, city, caller).other()
    odd: Counter[str] = Counter()
    await write_natives(places.second, with_odd_values(random, other, caller, odd))
    assert odd
    worlds = (city.world, other.world)
    asker = asker_of(random, caller, worlds)
    found = []
    async with opened(worlds, (adapters_at(places.first), adapters_at(places.second))) as pair:
        for _ in range(questions):
            before = somebody_before(random, city.world)
            found.append(await pair.compare(asker.question(), before))
    return [difference for difference in found if difference]


@pytest.mark.parametrize("name", _CALLERS)
async def test_databases_that_differ_unseen_give_equal_answers(
    places: Places, small_city: City, name: str
) -> None:
    found = await _differences(places, small_city, name, _QUESTIONS)
    assert not found, "\n\n".join(found)


@pytest.mark.long
@pytest.mark.parametrize("name", CALLERS)
async def test_they_do_so_for_every_caller(places: Places, small_city: City, name: str) -> None:
    found = await _differences(places, small_city, name, 4 * _QUESTIONS)
    assert not found, "\n\n".join(found)


@pytest.mark.parametrize("leak", _IN_POSTGRES, ids=lambda leak: leak.name)
async def test_seeded_leak_in_the_sql_shows(
    leak: Leak, places: Places, small_city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak.put(monkeypatch)
    for name in leak.callers:
        if await _differences(places, small_city, name, _LEAK_QUESTIONS):
            return
    pytest.fail(f"no question showed the leak through {leak.name}")


def test_there_are_a_hundred_questions() -> None:
    assert len(_CALLERS) * _QUESTIONS >= 100
