"""Every seeded fault is noticed: some generated operation is answered otherwise than expected."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from random import Random

import pytest

from tests.oracle.departments import adapters_at
from tests.oracle.executor import Oracle
from tests.oracle.faults import FAULTS, Fault
from tests.oracle.generate import Generator
from tests.oracle.harness import Harness, Verdict
from tests.oracle.landscape import Landscape
from tests.oracle.product import Product, opened

_OPERATIONS = 500
_FIRST_SEED = 1_000_000
"""Other operations than those of the comparison."""
_QUICK = FAULTS[::2]
_CASES = [
    pytest.param(fault, marks=() if fault in _QUICK else pytest.mark.long, id=fault.name)
    for fault in FAULTS
]


@pytest.fixture(scope="session")
def sound(oracle: Oracle, landscape: Landscape, city_urls: Mapping[str, str]) -> list[Verdict]:
    """Return operations that the product without a fault answers as expected, short ones first."""

    async def judged() -> list[Verdict]:
        async with opened(oracle.world, adapters_at(city_urls)) as product:
            harness = Harness(oracle, product)
            seeds = range(_FIRST_SEED, _FIRST_SEED + _OPERATIONS)
            operations = [Generator(Random(seed), landscape, oracle).operation() for seed in seeds]
            verdicts = [await harness.judge(operation) for operation in operations]
            found = [verdict for verdict in verdicts if not verdict.difference]
            return sorted(found, key=lambda verdict: len(verdict.expected.body))

    return asyncio.run(judged())


# on one worker, which works out once what is sound
@pytest.mark.xdist_group("faults")
@pytest.mark.parametrize("fault", _CASES)
async def test_seeded_fault_is_noticed(
    fault: Fault,
    oracle: Oracle,
    sound: list[Verdict],
    city_urls: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault.put(monkeypatch)
    async with opened(oracle.world, adapters_at(city_urls)) as product:
        for verdict in sound:
            if await _is_noticed(product, verdict):
                return
    pytest.fail(f"{len(sound)} operations did not notice that {fault.name}")


async def _is_noticed(product: Product, verdict: Verdict) -> bool:
    try:
        return await product.answer(verdict.operation) != verdict.expected.body
    except Exception:
        return True


def test_there_are_twenty_faults_at_least() -> None:
    assert len({fault.name for fault in _QUICK}) >= 20
