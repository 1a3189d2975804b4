"""The market adapter passes the kit."""

import pytest

import plugins.market
from gateway.conformance import AdapterConformance, Department
from gateway.contract import AdapterSettings
from gateway.demo.departments import Departments
from tests.conformance.conftest import department_of


@pytest.fixture(scope="module")
def department(departments: Departments) -> Department:
    settings = AdapterSettings(departments.access["market"].adapter_values)
    return department_of(lambda: plugins.market.register_adapter(settings))


class TestMarket(AdapterConformance):
    pass
