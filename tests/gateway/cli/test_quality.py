"""The command `quality`: measures, keeps, tells as table and JSON, and says what it could not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.demo.associations.drops import prepare_associations
from gateway.demo.city.settings import CitySettings
from gateway.demo.databases import DemoDatabases
from gateway.demo.departments import DepartmentAccess
from gateway.demo.files import DemoFiles
from gateway.demo.provision import provision
from gateway.root_fields import RootFields
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from policies.model import Caller, CallerClass, Purpose
from schema.catalogue import SourceQuality
from tests.support.associations import associations_adapter
from tests.support.postgres import DatabaseFactory
from tests.support.store import store_address

NOWHERE = "postgresql://nobody:x@127.0.0.1:9/none"
CITY = CitySettings(subjects=1_000)


@pytest.fixture(scope="module")
def store(databases: DatabaseFactory, store_template: str) -> Iterator[StoreAddress]:
    address = databases.create(store_template)
    yield store_address(address)
    databases.drop(address.database)


@pytest.fixture(scope="module")
def config(store: StoreAddress, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Settings with a department in files, and one that nobody can reach."""
    folder: Path = tmp_path_factory.mktemp("quality")
    made = DemoFiles(folder / "data", folder / "build")
    made.make_folders()
    access = {slug: DepartmentAccess(slug, NOWHERE, NOWHERE) for slug in ("market",)}
    asyncio.run(provision(DemoDatabases(access, store.url, None, None), made, 8480))
    associations_adapter(folder / "associations", CITY)
    values = prepare_associations(folder / "associations", CITY)
    lines = ["[adapters.associations]", *(f"{key} = {json.dumps(v)}" for key, v in values.items())]
    with made.settings.open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return str(made.settings)


def run(config: str, *arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(
        main, ["quality", "--config", config, *arguments]
    )


@pytest.fixture(scope="module")
def measured(config: str) -> Result:
    return run(config, "--json", "--patience-s", "20")


def test_json_tells_each_kind_and_exit_code_that_one_is_missing(measured: Result) -> None:
    assert measured.exit_code == 1
    reports = {(each["slug"], each["kind"]): each for each in json.loads(measured.stdout)}
    commitments = reports["associations", "COMMITMENT"]
    assert commitments["refused_rows"] == 6
    assert commitments["check"]["working_days"] == 5
    assert reports["market", "REGISTRATION"]["is_measured"] is False


def test_table_names_rules_and_terms(config: str) -> None:
    done = run(config, "--adapter", "associations")
    assert done.exit_code == 0, done.output
    assert "PRECISION_LOST" in done.output
    assert "信用承诺" in done.output


def test_stored_measurement_asks_nobody(config: str, measured: Result) -> None:
    done = run(config, "--stored", "--json")
    assert done.exit_code == 0
    kinds = {each["kind"] for each in json.loads(done.stdout) if each["slug"] == "associations"}
    assert kinds == {"COMMITMENT", "HONOUR"}


def test_unknown_adapter_is_told_with_those_there_are(config: str) -> None:
    done = run(config, "--adapter", "nobody")
    assert done.exit_code == 1
    assert "no adapter `nobody`" in done.output


@pytest.mark.parametrize(
    ("caller_class", "may_see"),
    [
        (CallerClass.DEPARTMENT, True),
        (CallerClass.CREDIT_CENTRE, True),
        (CallerClass.AUDITOR, True),
        (CallerClass.PUBLIC, False),
        (CallerClass.INSTITUTION, False),
        (CallerClass.ASSOCIATION, False),
        (CallerClass.SUBJECT, False),
    ],
)
def test_quality_is_for_those_who_have_to_see_to_it(
    store: StoreAddress, measured: Result, caller_class: CallerClass, may_see: bool
) -> None:
    async def ask() -> list[SourceQuality] | None:
        pool = LightPool(connector(store), 1)
        try:
            caller = Caller(caller_class, None, Purpose.EVALUATION)
            # Neither catalogue nor office is asked for the quality.
            fields = RootFields(None, None, pool, None, caller)  # type: ignore[arg-type]
            return await fields.quality("associations")
        finally:
            await pool.aclose()

    found = asyncio.run(ask())
    assert (found is not None) == may_see
    if found is not None:
        commitments = next(each for each in found if each.kind.value == "COMMITMENT")
        assert commitments.refused_rows == 6
        assert {each.rule for each in commitments.refused} >= {"BAD_DATE", "UNKNOWN_CODE"}
        assert commitments.publication is not None
