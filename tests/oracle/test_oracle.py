"""The compiled path answers generated operations byte for byte as the oracle does.

Each chunk is one test, so that workers can share them; a failure prints the seed, the smallest
operation found that fails, and where the answers part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from gateway.demo.city.settings import NETWORK_KEY
from schema.identifiers.network_reference import SEAL_KEY_BYTES, NetworkKey
from tests.oracle.departments import adapters_at
from tests.oracle.executor import Oracle
from tests.oracle.expectations import Expectations
from tests.oracle.harness import Harness
from tests.oracle.product import opened

_CHUNKS, _OPERATIONS = 41, 50
_LONG_CHUNKS = 400
_KEYS_SEED = 2_000_000
"""Other operations than those of the comparison."""


async def _check(
    expectations: Expectations,
    oracle: Oracle,
    urls: Mapping[str, str],
    seeds: range,
    keys: Sequence[NetworkKey] = (NETWORK_KEY,),
) -> None:
    async with opened(oracle.world, adapters_at(urls, keys)) as product:
        harness = Harness(oracle, product)
        for seed in seeds:
            expected = expectations.of(seed)
            verdict = await harness.judge(expected.operation, expected.answer)
            if verdict.difference:
                pytest.fail(f"seed {seed}\n{await harness.explained(verdict)}")


@pytest.mark.parametrize("chunk", range(_CHUNKS))
async def test_compiled_answers_equal_the_oracles(
    expectations: Expectations, oracle: Oracle, city_urls: Mapping[str, str], chunk: int
) -> None:
    first = chunk * _OPERATIONS
    await _check(expectations, oracle, city_urls, range(first, first + _OPERATIONS))


async def test_answers_equal_the_oracles_while_two_network_keys_are_in_force(
    expectations: Expectations, oracle: Oracle, city_urls: Mapping[str, str]
) -> None:
    """The departments still hold references under the older key."""
    newer = NetworkKey(NETWORK_KEY.identity, bytes(SEAL_KEY_BYTES))
    seeds = range(_KEYS_SEED, _KEYS_SEED + 2 * _OPERATIONS)
    await _check(expectations, oracle, city_urls, seeds, (newer, NETWORK_KEY))


@pytest.mark.long
@pytest.mark.parametrize("chunk", range(_CHUNKS, _CHUNKS + _LONG_CHUNKS))
async def test_many_more_compiled_answers_equal_the_oracles(
    expectations: Expectations, oracle: Oracle, city_urls: Mapping[str, str], chunk: int
) -> None:
    first = chunk * _OPERATIONS
    await _check(expectations, oracle, city_urls, range(first, first + _OPERATIONS))


def test_generated_operations_are_telling(expectations: Expectations) -> None:
    """At least 70 of 100 return records; 30 have a next page, a mask or a denial."""
    count = 300
    answers = [expectations.of(seed).answer for seed in range(count)]
    with_rows = sum(answer.rows > 0 for answer in answers)
    eventful = sum(answer.is_eventful for answer in answers)
    assert with_rows >= 0.7 * count
    assert eventful >= 0.3 * count


def test_the_same_seed_generates_the_same_operation(expectations: Expectations) -> None:
    assert expectations.operation(5) == expectations.operation(5)
