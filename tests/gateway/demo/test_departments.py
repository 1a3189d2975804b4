"""The departments' databases: loading, reuse, logins, named cases as the databases hold them."""

import asyncio
from typing import Any

import asyncpg
import pytest

from gateway.demo.city.cases import CASES, Case
from gateway.demo.city.generate import SLUGS, TABLES, CityBatch
from gateway.demo.city.load import CityNotEmptyError, load_city
from gateway.demo.city.settings import CitySettings
from gateway.demo.departments import Departments, prepare_departments
from gateway.demo.postgres import RunningPostgres
from tests.support.city import prepared_city
from tests.support.postgres import running_postgres

OWNED_BY = {
    "scjg.qy_djxx": "tyshxydm",
    "scjg.xzxk": "xk_xdr_shxym",
    "scjg.xzcf": "cf_xdr_shxym",
    "scjg.jyyc": "tyshxydm",
    "scjg.yzwf": "tyshxydm",
    "scjg.qtxzxw": "xdr_shxym",
    "sw.xydj": "shxydm",
    "sw.qsgg": "shxydm",
    "sw.swcf": "shxydm",
    "fy.sxbzxr": "zzdm",
    "fy.xzxf": "zzdm",
}


def query(url: str, sql: str, *arguments: object) -> list[Any]:
    async def run() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            return list(await connection.fetch(sql, *arguments))
        finally:
            await connection.close()

    return asyncio.run(run())


def count(departments: Departments, table: str, code: str) -> int:
    slug = next(slug for slug in SLUGS if table in TABLES[slug].values())
    url = departments.access[slug].reader_url
    return int(query(url, f"SELECT count(*) FROM {table} WHERE {OWNED_BY[table]} = $1", code)[0][0])


def test_every_generated_row_is_in_its_table(
    departments: Departments, city_rows: CityBatch
) -> None:
    for slug in SLUGS:
        for kind, table in TABLES[slug].items():
            url = departments.access[slug].owner_url
            assert query(url, f"SELECT count(*) FROM {table}")[0][0] == len(
                city_rows.of(slug).lines(kind)
            ), table


def test_second_start_uses_the_data_again(
    departments: Departments, embedded_postgres: RunningPostgres, city_settings: CitySettings
) -> None:
    again = prepared_city(embedded_postgres, city_settings)
    assert again.rows is None
    assert again.access == departments.access


def test_reader_cannot_write(departments: Departments) -> None:
    for slug in SLUGS:
        table = next(iter(TABLES[slug].values()))
        with pytest.raises(asyncpg.PostgresError):
            query(departments.access[slug].reader_url, f"DELETE FROM {table}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            asyncio.run(_delete_in_a_writing_session(departments.access[slug].reader_url, table))


async def _delete_in_a_writing_session(url: str, table: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET default_transaction_read_only = off")
        await connection.execute(f"DELETE FROM {table}")
    finally:
        await connection.close()


@pytest.mark.parametrize("own", SLUGS)
@pytest.mark.parametrize("other", SLUGS)
def test_reader_opens_its_own_database_only(departments: Departments, own: str, other: str) -> None:
    url = departments.access[own].reader_url.replace(f"@/{own}?", f"@/{other}?")
    if own == other:
        assert query(url, "SELECT 1")[0][0] == 1
        return
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        query(url, "SELECT 1")


def test_reader_of_market_sees_totals_of_complaints_and_no_single_one(
    departments: Departments,
) -> None:
    url = departments.access["market"].reader_url
    code = CASES.penalised_firm.code
    totals = query(url, "SELECT sum(tssl) FROM scjg.v_tsjb_nd WHERE tyshxydm = $1", code)
    assert totals[0][0] == CASES.penalised_firm.counts.complaints
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        query(url, "SELECT tsr_xm FROM scjg_ts.tsjb")


def test_urls_do_not_print(departments: Departments) -> None:
    assert "postgresql://" not in repr(departments)


@pytest.mark.parametrize("case", CASES.all(), ids=lambda case: case.code)
def test_named_case_has_its_records(departments: Departments, case: Case) -> None:
    counts = case.counts
    expected = {
        "scjg.qy_djxx": 1,
        "scjg.xzxk": counts.licences,
        "scjg.xzcf": counts.market_penalties,
        "scjg.jyyc": counts.abnormal,
        "scjg.yzwf": counts.serious,
        "sw.xydj": counts.grades,
        "sw.qsgg": counts.arrears,
        "sw.swcf": counts.tax_penalties,
        "fy.sxbzxr": counts.defaults,
        "fy.xzxf": counts.restrictions,
    }
    assert {table: count(departments, table, case.code) for table in expected} == expected


def test_penalties_of_the_repaired_firm_are_all_repaired(departments: Departments) -> None:
    code = CASES.repaired_firm.code
    market = query(
        departments.access["market"].reader_url,
        "SELECT DISTINCT gszt FROM scjg.xzcf WHERE cf_xdr_shxym = $1",
        code,
    )
    tax = query(
        departments.access["tax"].reader_url,
        "SELECT DISTINCT fbzt_dm FROM sw.swcf WHERE shxydm = $1",
        code,
    )
    assert [row[0] for row in market + tax] == ["5", "XF"]


def test_person_of_the_defaulter_case_is_listed_personally(departments: Departments) -> None:
    case = CASES.defaulter_person
    rows = query(
        departments.access["courts"].reader_url,
        "SELECT mc, zzdm FROM fy.sxbzxr WHERE wlbs = $1",
        case.head.reference,
    )
    assert [tuple(row) for row in rows] == [(case.head_name, None)] * 2


def test_namesakes_share_a_name_and_nothing_else(departments: Departments) -> None:
    rows = query(
        departments.access["market"].reader_url,
        "SELECT tyshxydm, fr_zjhm FROM scjg.qy_djxx WHERE qymc = $1",
        CASES.namesake_one.name,
    )
    assert {row[0] for row in rows} == {CASES.namesake_one.code, CASES.namesake_two.code}
    assert len({row[1] for row in rows}) == 2


async def test_city_is_not_loaded_over_existing_tables(departments: Departments) -> None:
    urls = {slug: access.owner_url for slug, access in departments.access.items()}
    with pytest.raises(CityNotEmptyError, match="expected an empty database"):
        await load_city(urls, CitySettings(subjects=1_000), lambda _work, _done, _total: None)


def test_other_city_replaces_the_data() -> None:
    reported: list[tuple[str, int, int]] = []
    with running_postgres() as server:
        first = asyncio.run(
            prepare_departments(
                server, CitySettings(subjects=1_000), lambda *what: reported.append(what)
            )
        )
        other = prepared_city(server, CitySettings(subjects=1_000, seed=2))
    assert first.rows is not None
    assert other.rows is not None
    assert other.rows != first.rows
    assert ("records", 1_000, 1_000) in reported
    assert ("indexes", 3, 3) in reported
