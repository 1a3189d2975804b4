"""The associations' adapter passes the kit, over the demonstration's own drop."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from itertools import count
from pathlib import Path

import pytest

import plugins.associations
from gateway.conformance import AdapterConformance, Department
from gateway.conformance.drops import DropControl
from gateway.contract import AdapterSettings
from gateway.demo.associations.drops import prepare_associations
from gateway.demo.city.calendar import iso
from gateway.demo.city.cases import CASES
from gateway.demo.city.settings import CitySettings
from gateway.sources.files import FilesAdapter
from gateway.sources.files.exchange import take_up
from tests.conformance.conftest import UNKNOWN
from tests.support.associations import AT_NIGHT, associations_adapter


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory) -> Department:
    folder: Path = tmp_path_factory.mktemp("associations")
    city = CitySettings(subjects=1_000)
    first = associations_adapter(folder, city)
    settings = AdapterSettings({**prepare_associations(folder, city), "threads": "2"})
    numbers = count(1)

    def renew() -> None:
        """The same files again, as of a later day."""
        number = next(numbers)
        exchange = first.recipe.source.exchange
        first_day = iso(city.today)
        day = (dt.date.fromisoformat(first_day) + dt.timedelta(days=number)).isoformat()
        shutil.copytree(exchange / first_day, exchange / day)
        manifest = exchange / day / "manifest.toml"
        text = re.sub(r"(?m)^as_of = .*$", f"as_of = {day}", manifest.read_text("utf-8"))
        manifest.write_text(text, "utf-8")
        state = take_up(first.recipe, lambda: AT_NIGHT + dt.timedelta(days=number))
        assert state.indexed is not None
        assert state.indexed.drop == day, state.refused

    control = DropControl(first.recipe.source.exchange, renew, lambda _kind, _count: False)

    def make() -> FilesAdapter:
        adapter = plugins.associations.register_adapter(settings)
        assert isinstance(adapter, FilesAdapter)
        return control.watched(adapter)

    keys = (CASES.clean_firm.code, CASES.penalised_firm.code, CASES.home_business.code)
    return Department(make, keys, UNKNOWN, control)


@pytest.mark.long
class TestAssociations(AdapterConformance):
    pass
