"""The environment adapter passes the kit."""

from collections.abc import Iterator

import pytest

import plugins.environment
from gateway.conformance import AdapterConformance, Department
from gateway.contract import AdapterSettings
from gateway.demo.city.settings import CitySettings
from tests.conformance.conftest import department_of
from tests.support.further_departments import environment_values

# Thousands of questions over a network protocol.
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Department]:
    with environment_values(
        tmp_path_factory.mktemp("environment"), CitySettings(subjects=1_000)
    ) as values:
        settings = AdapterSettings(values)
        yield department_of(lambda: plugins.environment.register_adapter(settings))


class TestEnvironment(AdapterConformance):
    pass
