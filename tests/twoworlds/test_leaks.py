"""Every seeded leak shows: some question is answered otherwise in the other world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

import pytest

from policies.model import Caller
from tests.oracle.world import World
from tests.twoworlds.callers import CALLERS, somebody_before
from tests.twoworlds.compare import opened
from tests.twoworlds.leaks import LEAKS, Leak
from tests.twoworlds.natives import memory_adapters
from tests.twoworlds.pen import City
from tests.twoworlds.questions import asker_of
from tests.twoworlds.side import Question
from tests.twoworlds.vary import Varier

_CALLERS = ("market TENDER", "public", "bank PRE_LOAN")
_QUESTIONS = 80
_IN_MEMORY = [leak for leak in LEAKS if not leak.in_postgres]


@dataclass(frozen=True)
class Prepared:
    """Two worlds for a caller, and what will be asked of them; without a leak nothing shows."""

    worlds: tuple[World, World]
    questions: tuple[tuple[Question, Caller | None], ...]


@pytest.fixture(scope="session")
def prepared(small_city: City) -> Mapping[str, Prepared]:
    """Return worlds and questions by the caller's name."""
    return {name: _prepared(small_city, name) for name in _CALLERS}


def _prepared(city: City, name: str) -> Prepared:
    random = Random(f"leaks {name}")
    caller = CALLERS[name](city.world)
    worlds = (city.world, Varier(random, city, caller).other().world)
    asker = asker_of(random, caller, worlds)
    return Prepared(
        worlds,
        tuple((asker.question(), somebody_before(random, city.world)) for _ in range(_QUESTIONS)),
    )


async def _first_difference(case: Prepared) -> str:
    first, second = (memory_adapters(world.departments) for world in case.worlds)
    async with opened(case.worlds, (first, second)) as pair:
        for question, before in case.questions:
            difference = await pair.compare(question, before)
            if difference:
                return difference
    return ""


@pytest.mark.parametrize("leak", _IN_MEMORY, ids=lambda leak: leak.name)
async def test_seeded_leak_shows(
    leak: Leak, prepared: Mapping[str, Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    leak.put(monkeypatch)
    for name in leak.callers:
        if await _first_difference(prepared[name]):
            return
    pytest.fail(f"no question showed the leak through {leak.name}")


@pytest.mark.parametrize("name", _CALLERS)
async def test_without_a_leak_nothing_shows(name: str, prepared: Mapping[str, Prepared]) -> None:
    assert not await _first_difference(prepared[name])


def test_there_are_twelve_leaks_at_least() -> None:
    assert len({leak.name for leak in LEAKS}) >= 12
