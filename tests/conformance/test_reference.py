"""The reference adapter passes the kit."""

import pytest

from gateway.conformance import AdapterConformance, Department, ReferenceAdapter
from tests.support.awkward_department import (
    FIRM,
    PERSON,
    SHOP,
    UNKNOWN,
    awkward_records,
    manifest_for,
)


@pytest.fixture(scope="module")
def department() -> Department:
    adapter = ReferenceAdapter(manifest_for(), awkward_records(1))
    return Department(lambda: adapter, (FIRM, SHOP, PERSON), UNKNOWN)


class TestReference(AdapterConformance):
    pass
