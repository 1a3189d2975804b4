"""The compiled path answers generated operations byte for byte as the oracle does.

Each chunk is one test, so that workers can share them; a failure prints the seed, the smallest
operation found that fails, and where the answers part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

import pytest

from gateway.demo.city.settings import NETWORK_KEY
from schema.identifiers.network_reference import SEAL_KEY_BYTES, NetworkKey
from tests.oracle.departments import adapters_at
from tests.oracle.executor import Oracle
from tests.oracle.generate import Generator
from tests.oracle.harness import Harness
from tests.oracle.landscape import Landscape
from tests.oracle.operations import Operation
from tests.oracle.product import opened

_CHUNKS, _OPERATIONS = 41, 50
_LONG_CHUNKS = 400
_KEYS_SEED = 2_000_000
"""Other operations than those of the comparison."""


def _operation(oracle: Oracle, landscape: Landscape, seed: int) -> Operation:
    return Generator(Random(seed), landscape, oracle).operation()


async def _check(
    oracle: Oracle,
    landscape: Landscape,
    urls: Mapping[str, str],
    seeds: range,
    keys: Sequence[NetworkKey] = (NETWORK_KEY,),
) -> None:
    async with opened(oracle.world, adapters_at(urls, keys)) as product:
        harness = Harness(oracle, product)
        for seed in seeds:
            verdict = await harness.judge(_operation(oracle, landscape, seed))
            if verdict.difference:
                pytest.fail(f"seed {seed}\n{await harness.explained(verdict)}")


@pytest.mark.parametrize("chunk", range(_CHUNKS))
async def test_compiled_answers_equal_the_oracles(
    oracle: Oracle, landscape: Landscape, city_urls: Mapping[str, str], chunk: int
) -> None:
    first = chunk * _OPERATIONS
    await _check(oracle, landscape, city_urls, range(first, first + _OPERATIONS))


async def test_answers_equal_the_oracles_while_two_network_keys_are_in_force(
    oracle: Oracle, landscape: Landscape, city_urls: Mapping[str, str]
) -> None:
    """The departments still hold references under the older key."""
    newer = NetworkKey(NETWORK_KEY.identity, bytes(SEAL_KEY_BYTES))
    seeds = range(_KEYS_SEED, _KEYS_SEED + 2 * _OPERATIONS)
    await _check(oracle, landscape, city_urls, seeds, (newer, NETWORK_KEY))


@pytest.mark.long
@pytest.mark.parametrize("chunk", range(_CHUNKS, _CHUNKS + _LONG_CHUNKS))
async def test_many_more_compiled_answers_equal_the_oracles(
    oracle: Oracle, landscape: Landscape, city_urls: Mapping[str, str], chunk: int
) -> None:
    first = chunk * _OPERATIONS
    await _check(oracle, landscape, city_urls, range(first, first + _OPERATIONS))


def test_generated_operations_are_telling(oracle: Oracle, landscape: Landscape) -> None:
    """At least 70 of 100 return records; 30 have a next page, a mask or a denial."""
    count = 300
    answers = []
    for seed in range(count):
        made = _operation(oracle, landscape, seed)
        answers.append(
            oracle.traced(made.document, made.operation_name, made.variables, made.caller)
        )
    with_rows = sum(answer.rows > 0 for answer in answers)
    eventful = sum(answer.is_eventful for answer in answers)
    assert with_rows >= 0.7 * count
    assert eventful >= 0.3 * count


def test_the_same_seed_generates_the_same_operation(oracle: Oracle, landscape: Landscape) -> None:
    assert _operation(oracle, landscape, 5) == _operation(oracle, landscape, 5)
