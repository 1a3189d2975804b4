"""Cities that differ only in what a caller may not see are answered alike, whatever is asked.

Each test is one caller: the other city is made for it, and generated questions are put to both
gateways under one clock and request id. Status, body, headers and cost must be equal.
"""

from __future__ import annotations

from random import Random

import pytest

from tests.twoworlds.callers import CALLERS, somebody_before
from tests.twoworlds.compare import opened
from tests.twoworlds.natives import memory_adapters
from tests.twoworlds.pen import City
from tests.twoworlds.questions import asker_of
from tests.twoworlds.side import Side
from tests.twoworlds.vary import Varier

_QUESTIONS = 44
_LONG_SEEDS = range(1, 10)
_EACH = 20


async def _differences(city: City, name: str, seed: int) -> list[str]:
    """What differs, each with the question that showed it."""
    random = Random(f"{name} {seed}")
    caller = CALLERS[name](city.world)
    other = Varier(random, city, caller).other()
    worlds = (city.world, other.world)
    adapters = [memory_adapters(world.departments) for world in worlds]
    asker = asker_of(random, caller, worlds)
    async with opened(worlds, (adapters[0], adapters[1])) as pair:
        found = [
            await pair.compare(asker.question(), somebody_before(random, city.world))
            for _ in range(_QUESTIONS)
        ]
    return [difference for difference in found if difference]


@pytest.mark.parametrize("name", CALLERS)
async def test_what_a_caller_may_not_see_changes_no_answer(small_city: City, name: str) -> None:
    found = await _differences(small_city, name, 0)
    assert not found, "\n\n".join(found)


@pytest.mark.long
@pytest.mark.parametrize("seed", _LONG_SEEDS)
@pytest.mark.parametrize("name", CALLERS)
async def test_it_changes_none_of_many_more_answers(small_city: City, name: str, seed: int) -> None:
    found = await _differences(small_city, name, seed)
    assert not found, "\n\n".join(found)


def test_there_are_a_thousand_questions_and_ten_thousand_in_the_long_run() -> None:
    assert len(CALLERS) * _QUESTIONS >= 1_000
    assert len(CALLERS) * _QUESTIONS * (1 + len(_LONG_SEEDS)) >= 10_000


async def test_most_questions_return_records_or_groups(small_city: City) -> None:
    """At least 70 of 100, over all callers; some callers may see next to nothing."""
    world = small_city.world
    side = Side(world, memory_adapters(world.departments))
    telling = 0
    for name, find in CALLERS.items():
        asker = asker_of(Random(name), find(world), (world,))
        answers = [await side.ask(asker.question()) for _ in range(_EACH)]
        telling += sum(answer.rows > 0 for answer in answers)
    assert telling >= 0.7 * _EACH * len(CALLERS)
