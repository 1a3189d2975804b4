"""The market adapter passes the kit."""

from collections.abc import Iterator

import pytest

import plugins.market
from gateway.conformance import AdapterConformance, Department
from gateway.demo.departments import Departments
from gateway.demo.postgres import RunningPostgres
from tests.conformance.conftest import controlled


@pytest.fixture(scope="module")
def department(
    departments: Departments, embedded_postgres: RunningPostgres
) -> Iterator[Department]:
    register = plugins.market.register_adapter
    with controlled(departments, "market", embedded_postgres, register) as made:
        yield made


class TestMarket(AdapterConformance):
    pass
