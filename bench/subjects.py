"""Subjects of the measured requests: chosen from the city, and given full lists of records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from gateway.demo.city.calendar import iso
from gateway.demo.city.settings import CITY_DAY

TODAY = iso(CITY_DAY)
RECORDS_EACH = 6
ORGANISATIONS = 4_000
INDIVIDUALS = 2_000
_MARKER = "bench.subjects"
_VERSION = "3"


@dataclass(frozen=True, slots=True)
class Subjects:
    """Codes that requests may name; each has at least five records in every list asked for."""

    organisations: list[str]
    individuals: list[str]


@dataclass(frozen=True, slots=True)
class _Addition:
    """How records are added to one table: copies of published ones, with other owners and days.

    Attributes:
        published: condition of the rows that may be copied.
        changes: pairs of a column and an expression over `c.code` and `n`.
    """

    slug: str
    table: str
    published: str
    changes: Mapping[str, str]

    def statement(self) -> str:
        changes = ", ".join(f"'{column}', {value}" for column, value in self.changes.items())
        return f"""
WITH published AS (
    SELECT row_number() OVER (ORDER BY md5(t::text)) - 1 AS i, t FROM {self.table} t
    WHERE {self.published}
), size AS (SELECT count(*) AS of FROM published)
INSERT INTO {self.table}
SELECT (jsonb_populate_record(p.t, jsonb_build_object({changes}))).*
FROM unnest($1::text[]) WITH ORDINALITY c(code, o)
CROSS JOIN generate_series(1, {RECORDS_EACH}) n
CROSS JOIN size
JOIN published p ON p.i = (c.o * {RECORDS_EACH} + n) % size.of
"""


def _day(days: int, form: str) -> str:
    return f"to_char(DATE '{TODAY}' - (c.o * 37 + n * {days})::int % 1500, '{form}')"


_ADDITIONS = (
    _Addition(
        "market",
        "scjg.xzxk",
        f"gszt = '3' AND xk_xdr_shxym IS NOT NULL AND (gsjzq IS NULL OR gsjzq >= '{TODAY}')"
        f" AND (plqx IS NULL OR plqx >= '{TODAY}')",
        {
            "jlbh": "'BENCH' || c.code || n",
            "xk_xdr_shxym": "c.code",
            "xk_jdrq": _day(181, "YYYY-MM-DD"),
            "xk_wsh": "'测许〔' || c.o || '〕' || n || '号'",
        },
    ),
    _Addition(
        "tax",
        "sw.qsgg",
        f"fbzt_dm = 'GS' AND shxydm IS NOT NULL AND (gsjz_rq IS NULL OR gsjz_rq >= '{TODAY}')"
        f" AND (pljz_rq IS NULL OR pljz_rq >= '{TODAY}')",
        {
            "lsh": "'BENCH' || c.code || n",
            "shxydm": "c.code",
            "gg_rq": _day(173, "YYYY-MM-DD"),
            "qs_ye": "1000 + (c.o * 7919 + n * 104729) % 90000000 / 100.0",
        },
    ),
    _Addition(
        "courts",
        "fy.sxbzxr",
        f"zt = '公示中' AND zzdm IS NOT NULL AND (gsq IS NULL OR gsq >= '{TODAY}')"
        f" AND (plq IS NULL OR plq >= '{TODAY}')",
        {
            "bh": "'BENCH' || c.code || n",
            "zzdm": "c.code",
            "fbrq": _day(191, "YYYYMMDD"),
            "ah": "'（测）执字第' || c.o || '-' || n || '号'",
        },
    ),
)
_ANALYSE = {"market": "scjg.xzxk", "tax": "sw.qsgg", "courts": "fy.sxbzxr"}
_REGISTERED = f"""
SELECT tyshxydm FROM scjg.qy_djxx
WHERE gszt = '3' AND (gsjzq IS NULL OR gsjzq >= '{TODAY}')
    AND (plqx IS NULL OR plqx >= '{TODAY}') AND starts_with(tyshxydm, '92') = $1
ORDER BY md5(tyshxydm)
"""
_GRADED = f"""
SELECT DISTINCT shxydm FROM sw.xydj
WHERE fbzt_dm IN ('GS', 'GX') AND (pljz_rq IS NULL OR pljz_rq >= '{TODAY}')
"""


async def provide_subjects(owners: Mapping[str, str]) -> Subjects:
    """Choose subjects, and add records for them where that has not been done.

    Args:
        owners: PostgreSQL URL of each department's owner, by slug.
    """
    subjects = await _choose(owners)
    for addition in _ADDITIONS:
        connection = await asyncpg.connect(owners[addition.slug])
        try:
            await _add(connection, addition, subjects)
        finally:
            await connection.close()
    return subjects


async def _choose(owners: Mapping[str, str]) -> Subjects:
    tax = await asyncpg.connect(owners["tax"])
    market = await asyncpg.connect(owners["market"])
    try:
        graded = {row[0] for row in await tax.fetch(_GRADED)}
        found = [
            [row[0] for row in await market.fetch(_REGISTERED, of_individuals)]
            for of_individuals in (False, True)
        ]
    finally:
        await tax.close()
        await market.close()
    organisations, individuals = ([code for code in codes if code in graded] for codes in found)
    return Subjects(organisations[:ORGANISATIONS], individuals[:INDIVIDUALS])


async def _add(connection: asyncpg.Connection, addition: _Addition, subjects: Subjects) -> None:
    if await connection.fetchval("SELECT to_regclass($1)", _MARKER) is not None:
        return
    async with connection.transaction():
        codes = subjects.organisations + subjects.individuals
        await connection.execute(addition.statement(), codes)
        await connection.execute("CREATE SCHEMA bench")
        await connection.execute(f"CREATE TABLE {_MARKER} AS SELECT {_VERSION} AS version")
    await connection.execute(f"VACUUM (ANALYZE) {_ANALYSE[addition.slug]}")
