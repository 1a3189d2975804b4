"""The courts adapter passes the kit."""

from collections.abc import Iterator

import pytest

import plugins.courts
from gateway.conformance import AdapterConformance, Department
from gateway.demo.departments import Departments
from gateway.demo.postgres import RunningPostgres
from tests.conformance.conftest import controlled


@pytest.fixture(scope="module")
def department(
    departments: Departments, embedded_postgres: RunningPostgres
) -> Iterator[Department]:
    register = plugins.courts.register_adapter
    with controlled(departments, "courts", embedded_postgres, register) as made:
        yield made


class TestCourts(AdapterConformance):
    pass
