"""How long an answer takes tells as little as what is in it.

Over PostgreSQL, questions that hidden records could slow down are put to both worlds in turn. A
classifier that guesses the world by a threshold on the time, the best one for each question, must
do hardly better than chance.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from statistics import mean

import pytest

from schema.codes import RecordKind
from tests.oracle.departments import adapters_at
from tests.oracle.landscape import landscape_of
from tests.oracle.world import Effect
from tests.twoworlds.callers import CALLERS
from tests.twoworlds.compare import Pair, opened
from tests.twoworlds.natives import write_natives
from tests.twoworlds.pen import City
from tests.twoworlds.places import Places
from tests.twoworlds.side import Question
from tests.twoworlds.vary import Varier

_PAIRS = 2_000
_WARMING = 20
_MOST_AUC = 0.55
_LISTS = "nodes { meta { decidedOn } } pageInfo { hasNextPage } totalCount"
_DOCUMENTS = (
    f"query ($u: USCC!) {{ subject(uscc: $u) {{ penalties(first: 3) {{ {_LISTS} }} }} }}",
    f"query ($u: USCC!) {{ subject(uscc: $u) {{ licences(first: 5) {{ {_LISTS} }} }} }}",
    f"query ($u: USCC!) {{ subject(uscc: $u) {{ judgmentDefaulters {{ {_LISTS} }} }} }}",
    "query ($u: USCC!) { subject(uscc: $u) { registration { name taxNo address } } }",
    "query ($u: USCC!) { subject(uscc: $u) { taxPayments { nodes { paidAmount } } } }",
    "{ records(kind: TAX_ARREARS, first: 5) { nodes { id } totalCount } }",
    "{ records(kind: ADMINISTRATIVE_PENALTY, first: 5) { nodes { id } totalCount } }",
    "{ recordStatistics(kind: JUDGMENT_DEFAULTER) { groups { count } suppressedGroups } }",
)
_CALLER = "public"


@pytest.mark.long
async def test_time_tells_hardly_more_than_chance(places: Places, small_city: City) -> None:
    random = Random(11)
    city = _hidden_everywhere(small_city)
    caller = CALLERS[_CALLER](city.world)
    other = Varier(random, city, caller).other()
    await write_natives(places.second, other.natives)
    landscape = landscape_of(city.world, (caller,))
    codes = landscape.having[RecordKind.ADMINISTRATIVE_PENALTY]
    adapters = (adapters_at(places.first), adapters_at(places.second))
    found = []
    async with opened((city.world, other.world), adapters) as pair:
        for document in _DOCUMENTS:
            variables = {"u": random.choice(codes)} if "$u" in document else {}
            found.append(auc(*await _timed(random, pair, Question(caller, document, variables))))
    print(f"AUC over {_PAIRS} pairs: {mean(found):.3f}; of each question {found}")
    assert mean(found) <= _MOST_AUC


async def _timed(random: Random, pair: Pair, question: Question) -> tuple[list[float], list[float]]:
    """Seconds of each answer, in the first world and in the second; whose turn it is is drawn."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(_WARMING + _PAIRS // len(_DOCUMENTS)):
        for place in random.sample((0, 1), 2):
            side = (pair.first, pair.second)[place]
            started = time.perf_counter()
            await side.ask(question)
            if number >= _WARMING:
                taken[place].append(time.perf_counter() - started)
    return taken


def auc(one: Sequence[float], other: Sequence[float]) -> float:
    """Area under the curve of the better of both threshold classifiers: 0.5 is chance."""
    ordered = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    below = wins = 0.0
    for _, place in ordered:
        below += place == 0
        wins += below if place == 1 else 0.0
    found = wins / (len(one) * len(other))
    return max(found, 1.0 - found)


def test_the_area_tells_times_apart_that_differ() -> None:
    assert auc([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]) == 1.0
    assert auc([4.0, 5.0, 6.0], [1.0, 2.0, 3.0]) == 1.0
    assert auc([1.0, 4.0], [2.0, 3.0]) == 0.5


def _hidden_everywhere(city: City) -> City:
    """Something of every kind is hidden from the caller, so that lists are made alike.

    Where nothing of a kind is hidden from a class of callers, the department may build the JSON,
    which is faster. So time tells whether anything of the kind is hidden by an effect from the
    class at all, in the whole department; what is compared here is all that is finer.
    """
    caller_class = CALLERS[_CALLER](city.world).caller_class
    effects = tuple(
        Effect(department.slug, kind, "none such", hidden_from=frozenset({caller_class}))
        for department in city.world.departments
        for kind in department.records
    )
    world = replace(city.world, effects=(*city.world.effects, *effects))
    return City(city.natives, world)
