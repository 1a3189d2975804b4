"""Every seeded fault is noticed: some generated operation is answered otherwise than expected."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.oracle.departments import adapters_at
from tests.oracle.executor import Oracle
from tests.oracle.expectations import Expectation, Expectations
from tests.oracle.faults import FAULTS, Fault
from tests.oracle.product import Product, opened

_OPERATIONS = 500
_QUICK = FAULTS[::2]
_CASES = [
    pytest.param(fault, marks=() if fault in _QUICK else pytest.mark.long, id=fault.name)
    for fault in FAULTS
]


@pytest.fixture(scope="session")
def sound(expectations: Expectations) -> list[Expectation]:
    """Return operations of which the comparison shows that they are answered as expected."""
    found = [expectations.of(seed) for seed in range(_OPERATIONS)]
    return sorted(found, key=lambda each: len(each.answer.body))


@pytest.mark.parametrize("fault", _CASES)
async def test_seeded_fault_is_noticed(
    fault: Fault,
    oracle: Oracle,
    sound: list[Expectation],
    city_urls: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault.put(monkeypatch)
    async with opened(oracle.world, adapters_at(city_urls)) as product:
        for expected in sound:
            if await _is_noticed(product, expected):
                return
    pytest.fail(f"{len(sound)} operations did not notice that {fault.name}")


async def _is_noticed(product: Product, expected: Expectation) -> bool:
    try:
        return await product.answer(expected.operation) != expected.answer.body
    except Exception:
        return True


def test_there_are_twenty_faults_at_least() -> None:
    assert len({fault.name for fault in _QUICK}) >= 20
