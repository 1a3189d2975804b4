"""Measuring: the city's departments, a department in files, and those that fail."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

import plugins.courts
import plugins.market
import plugins.tax
from gateway.conformance import ReferenceAdapter
from gateway.contract import Adapter, AdapterSettings, SourceUnavailable
from gateway.demo.city.settings import CitySettings
from gateway.demo.departments import Departments
from gateway.demo.postgres import RunningPostgres
from gateway.quality.measure import Moment, measure
from gateway.quality.register import QualityRegister
from gateway.quality.types import KindReport, report_of
from gateway.store.connect import connector
from gateway.store.pool import LightPool
from policies.disclosure.loader import packaged_clock
from schema.codes import RecordKind
from tests.support.associations import associations_adapter
from tests.support.awkward_department import manifest_for
from tests.support.city import prepared_city
from tests.support.postgres import DatabaseFactory
from tests.support.store import store_address

CITY = CitySettings(subjects=1_000)
MOMENT = Moment(dt.date(2026, 11, 2), "2026-11-02T08:00:00Z")
HOOKS: dict[str, Any] = {
    "market": plugins.market,
    "tax": plugins.tax,
    "courts": plugins.courts,
}


@pytest.fixture(scope="module")
def departments(embedded_postgres: RunningPostgres) -> Departments:
    return prepared_city(embedded_postgres, CITY)


def measured(*adapters: Adapter, patience_s: float = 60) -> dict[tuple[str, str], KindReport]:
    async def run() -> list[KindReport]:
        named = {adapter.manifest.slug: adapter for adapter in adapters}
        for adapter in adapters:
            await adapter.open()
        try:
            return await measure(named, packaged_clock(), MOMENT, patience_s)
        finally:
            for adapter in adapters:
                await adapter.aclose()

    return {(report.slug, report.kind.value): report for report in asyncio.run(run())}


@pytest.fixture(scope="module")
def reports(departments: Departments) -> dict[tuple[str, str], KindReport]:
    return measured(
        *(
            HOOKS[slug].register_adapter(AdapterSettings(access.adapter_values))
            for slug, access in departments.access.items()
        )
    )


def test_every_kind_of_every_department_is_measured(
    reports: dict[tuple[str, str], KindReport],
) -> None:
    assert len(reports) == sum(len(hook.MANIFEST.entries) for hook in HOOKS.values())
    for report in reports.values():
        assert report.is_measured
        assert report.records > 0
        assert report.newest is not None
        assert report.newest <= "2026-11-02"
        assert report.completeness is not None
        assert 0 <= report.completeness <= 1


def test_records_and_refused_rows_are_all_rows(
    reports: dict[tuple[str, str], KindReport], departments: Departments
) -> None:
    async def rows() -> int:
        connection = await asyncpg.connect(departments.access["market"].reader_url)
        try:
            found: int = await connection.fetchval("SELECT count(*) FROM scjg.xzcf")
        finally:
            await connection.close()
        return found

    report = reports["market", "ADMINISTRATIVE_PENALTY"]
    assert report.records + report.refused_rows == asyncio.run(rows())


def test_terms_count_the_last_years_records_once(
    reports: dict[tuple[str, str], KindReport],
) -> None:
    report = reports["market", "ADMINISTRATIVE_PENALTY"]
    for term in (report.publication, report.check):
        assert term is not None
        counted = term.in_time + term.late + term.waiting + term.overdue
        assert 0 < counted <= report.records + report.refused_rows
    assert report.publication is not None
    assert report.publication.working_days == 7


def test_department_in_files_tells_what_was_refused(tmp_path: Path) -> None:
    adapter = associations_adapter(tmp_path, CITY)
    report = measured(adapter)["associations", "COMMITMENT"]
    assert report.refused_rows == 6
    assert report.refused["PRECISION_LOST"] == 1
    assert report.synced_at is not None
    assert report.check is not None
    assert report.check.late > 0


class Broken(ReferenceAdapter):
    """Fails as the test says."""

    error: Exception = RuntimeError("inner text")

    async def quality(self, requests: object, context: object) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SourceUnavailable("host db.internal"), "did not tell: SourceUnavailable"),
        (RuntimeError("inner text"), "failed: RuntimeError"),
        (TimeoutError(), "did not tell: TimeoutError"),
    ],
)
def test_department_that_fails_is_reported_without_inner_texts(
    error: Exception, reason: str, tmp_path: Path
) -> None:
    bad = Broken(manifest_for("bad"), ())
    bad.error = error
    good = associations_adapter(tmp_path, CITY)
    found = measured(bad, good)
    report = found["bad", "REGISTRATION"]
    assert not report.is_measured
    assert report.trouble.endswith(reason)
    assert found["associations", "HONOUR"].is_measured


def test_department_that_cannot_measure_is_told() -> None:
    report = measured(ReferenceAdapter(manifest_for("plain"), ()))["plain", "REGISTRATION"]
    assert (report.is_measured, report.trouble) == (False, "the adapter does not measure")


def test_latest_measurement_is_kept(
    reports: dict[tuple[str, str], KindReport],
    databases: DatabaseFactory,
    store_template: str,
) -> None:
    address = databases.create(store_template)

    async def run() -> list[KindReport]:
        pool = LightPool(connector(store_address(address)), 1)
        register = QualityRegister(pool)
        try:
            old = KindReport("tax", RecordKind.TAX_ARREARS, "2026-01-01T00:00:00Z")
            await register.put([old])
            await register.put(list(reports.values()))
            await register.put([old])
            return await register.all()
        finally:
            await pool.aclose()

    kept = asyncio.run(run())
    databases.drop(address.database)
    assert {(report.slug, report.kind.value): report for report in kept} == reports


def test_report_survives_json(reports: dict[tuple[str, str], KindReport]) -> None:
    for report in reports.values():
        assert report_of(orjson.loads(orjson.dumps(report.as_json()))) == report
