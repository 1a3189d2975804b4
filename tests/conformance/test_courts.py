"""The courts adapter passes the kit."""

import pytest

import plugins.courts
from gateway.conformance import AdapterConformance, Department
from gateway.contract import AdapterSettings
from gateway.demo.departments import Departments
from tests.conformance.conftest import department_of


@pytest.fixture(scope="module")
def department(departments: Departments) -> Department:
    settings = AdapterSettings(departments.access["courts"].adapter_values)
    return department_of(lambda: plugins.courts.register_adapter(settings))


class TestCourts(AdapterConformance):
    pass
