"""The associations' adapter passes the kit, over the demonstration's own drop."""

from __future__ import annotations

from pathlib import Path

import pytest

import plugins.associations
from gateway.conformance import AdapterConformance, Department
from gateway.contract import AdapterSettings
from gateway.demo.associations.drops import prepare_associations
from gateway.demo.city.cases import CASES
from gateway.demo.city.settings import CitySettings
from tests.conformance.conftest import UNKNOWN
from tests.support.associations import associations_adapter


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory) -> Department:
    folder: Path = tmp_path_factory.mktemp("associations")
    city = CitySettings(subjects=1_000)
    associations_adapter(folder, city)
    settings = AdapterSettings({**prepare_associations(folder, city), "threads": "2"})
    keys = (CASES.clean_firm.code, CASES.penalised_firm.code, CASES.home_business.code)
    return Department(lambda: plugins.associations.register_adapter(settings), keys, UNKNOWN)


@pytest.mark.long
class TestAssociations(AdapterConformance):
    pass
