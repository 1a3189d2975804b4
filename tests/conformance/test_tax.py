"""The tax adapter passes the kit."""

import pytest

import plugins.tax
from gateway.conformance import AdapterConformance, Department
from gateway.contract import AdapterSettings
from gateway.demo.departments import Departments
from tests.conformance.conftest import department_of


@pytest.fixture(scope="module")
def department(departments: Departments) -> Department:
    settings = AdapterSettings(departments.access["tax"].adapter_values)
    return department_of(lambda: plugins.tax.register_adapter(settings))


class TestTax(AdapterConformance):
    pass
