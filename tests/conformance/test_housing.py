"""The housing adapter passes the kit."""

from collections.abc import Iterator

import pytest

import plugins.housing
from gateway.conformance import AdapterConformance, Department
from gateway.conformance.proxy import MySqlStatements
from gateway.contract import AdapterSettings
from gateway.demo.city.settings import CitySettings
from tests.conformance.conftest import behind_proxy, department_of
from tests.support.further_departments import housing_values

# Thousands of questions over a network protocol.
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Department]:
    with housing_values(tmp_path_factory.mktemp("housing"), CitySettings(subjects=1_000)) as values:
        before, _, rest = values["url"].rpartition(":")
        port, _, database = rest.partition("/")
        with behind_proxy(int(port), MySqlStatements) as (there, control):
            settings = AdapterSettings({"url": f"{before}:{there}/{database}"})
            yield department_of(lambda: plugins.housing.register_adapter(settings), control)


class TestHousing(AdapterConformance):
    pass
