"""The environment adapter passes the kit."""

from collections.abc import Iterator

import pytest

import plugins.environment
from gateway.conformance import AdapterConformance, Department
from gateway.conformance.proxy import HttpRequests
from gateway.contract import AdapterSettings
from gateway.demo.city.settings import CitySettings
from tests.conformance.conftest import behind_proxy, department_of
from tests.support.further_departments import environment_values

# Thousands of questions over a network protocol.
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Department]:
    with environment_values(
        tmp_path_factory.mktemp("environment"), CitySettings(subjects=1_000)
    ) as values:
        port = int(values["url"].rpartition(":")[2])
        with behind_proxy(port, HttpRequests) as (there, control):
            moved = {key: value.replace(f":{port}", f":{there}") for key, value in values.items()}
            settings = AdapterSettings(moved)
            yield department_of(lambda: plugins.environment.register_adapter(settings), control)


class TestEnvironment(AdapterConformance):
    pass
