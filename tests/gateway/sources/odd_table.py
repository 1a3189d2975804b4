"""A table whose columns are of every form that the kit knows, and random rows for it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import asyncpg
from hypothesis import strategies as st

from gateway.contract import Batch, FetchContext, Manifest, RecordRequest
from gateway.demo.postgres import PostgresAddress
from gateway.sources.mapping import (
    Amount,
    Code,
    CodeColumns,
    CodeList,
    Column,
    Constant,
    DateColumn,
    DecimalColumn,
    Flag,
    Integer,
    KindMapping,
    LocalTimestamp,
    Part,
    Text,
    TextDate,
    TextList,
    Timestamp,
)
from gateway.sources.postgres import PostgresAdapter, PostgresSource
from gateway.store.connect import postgres_url
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from tests.support.awkward_department import entry_for

FIRM = make_uscc("9", "1", "410199", "MA9DDD01").code
SHOP = make_uscc("9", "2", "410199", "MA9DDD02").code
PERSON = "5e" * 32
OWN = make_uscc("1", "1", "410199", "MB0D0001").code
OTHER = make_uscc("1", "1", "410199", "MB0D0002").code

TABLE = """CREATE TABLE odd.{name} (
    id text PRIMARY KEY, code text, person text, t text, named text, day date, day_text text,
    at timestamptz, local timestamp, amount numeric, wan numeric(20, 6), n int, flag text,
    code_a int, code_b text, codes text[], texts text[], score numeric, parts jsonb)"""
COLUMNS = (
    *("id", "code", "person", "t", "named", "day", "day_text", "at", "local", "amount", "wan"),
    *("n", "flag", "code_a", "code_b", "codes", "texts", "score", "parts"),
)
LEGAL_STATUS = {"1": "EFFECTIVE", "2": "CHANGED", "02": "CHANGED", "x'": "REVOKED"}
WAY = {"1": "甲", "2": "乙", "3": "甲"}
CATEGORY = {"a": "P11", "b": "P21", "bb": "P21", "c": "P42"}
CIRCUMSTANCE = {"1": "EVADES", "2": "OBSTRUCTS", "x'": "EVADES"}
PENALTY_COLUMNS: dict[str, Column] = {
    "meta.recordId": Text("id"),
    "meta.decidedOn": DateColumn("day"),
    "meta.reportedAt": Timestamp("at"),
    "meta.verifiedAt": LocalTimestamp("local"),
    "meta.version": Integer("n"),
    "meta.objectionMark": Flag("flag", ("1", "是")),
    "meta.severity": Code("code_b", {"1": "MINOR", "x'": "SERIOUS"}),
    "decidedOn": TextDate("day_text"),
    "documentNo": Text("t"),
    "counterpartName": Text("named"),
    "violationType": Code("code_a", WAY),
    "legalStatus": Code("code_b", LEGAL_STATUS),
    "counterpartType": Constant("LEGAL_PERSON"),
    "authorityName": Constant("样例'局\\"),
    "categories": CodeList("codes", CATEGORY),
    "fineAmount": Amount("amount"),
    "confiscatedAmount": Amount("wan", 10_000),
    "simpleProcedure": Constant(True),
    "performed": Flag("t", ("a", "")),
}
CREDIT_COLUMNS: dict[str, Column] = {
    "meta.recordId": Text("id"),
    "meta.decidedOn": DateColumn("day"),
    "meta.objectionMark": Constant(False),
    "year": Integer("n"),
    "score": DecimalColumn("score", 3),
    "grade": Code("code_b", {"1": "A", "2": "B", "02": "B"}),
    "directReasons": TextList("texts"),
}
VIOLATION_COLUMNS: dict[str, Column] = {
    "meta.recordId": Text("id"),
    "meta.decidedOn": DateColumn("day"),
    "financeResponsible.name": Part("parts", "n"),
    "financeResponsible.role": Part("parts", "r", translation={"F": "LEGAL_REP"}),
}
DEFAULTER_COLUMNS: dict[str, Column] = {
    "meta.recordId": Text("id"),
    "meta.decidedOn": DateColumn("day"),
    "name": Code("code_a", WAY),
    "circumstances": CodeColumns(("code_b", "flag", "code_a"), CIRCUMSTANCE),
}
PENALTY, CREDIT = RecordKind.ADMINISTRATIVE_PENALTY, RecordKind.TAXPAYER_CREDIT
DEFAULTER = RecordKind.JUDGMENT_DEFAULTER
VIOLATION = RecordKind.MAJOR_TAX_VIOLATION

WORDS = st.text("甲乙aAb \\%_'\"é😀Ａ\n\t\x7f\x01/", max_size=4)
DAYS = st.dates(dt.date(1999, 12, 30), dt.date(2000, 1, 3))
TIMES = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2000, 1, 1, 0, 0, 2))
AMOUNTS = st.sampled_from(("0", "-0.004", "0.005", "1.5", "9.99", "10", "123456789012.345"))


def rows(name: str) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """Native rows in the order of `COLUMNS`; the id holds a part that the test chose."""
    maybe = st.none
    row = st.tuples(
        st.one_of(maybe(), st.sampled_from((FIRM, SHOP))),
        st.sampled_from((PERSON, None)),
        st.one_of(maybe(), WORDS),
        st.one_of(maybe(), WORDS),
        st.one_of(maybe(), DAYS),
        st.sampled_from((None, "", "20000101", "19991231", "20001301", "2000-01-01", "x")),
        st.one_of(maybe(), TIMES.map(lambda moment: moment.replace(tzinfo=dt.UTC))),
        st.one_of(maybe(), TIMES),
        st.one_of(maybe(), AMOUNTS.map(Decimal)),
        st.one_of(maybe(), AMOUNTS.map(lambda text: Decimal(text) / 10_000)),
        st.one_of(maybe(), st.integers(-2, 3)),
        st.sampled_from((None, "0", "1", "是", "")),
        st.one_of(maybe(), st.integers(0, 4)),
        st.sampled_from((None, "1", "2", "02", "x'", "9")),
        st.one_of(maybe(), st.lists(st.sampled_from(("a", "b", "bb", "c", "?", None)), max_size=3)),
        st.one_of(maybe(), st.lists(st.one_of(maybe(), WORDS), max_size=3)),
        st.one_of(maybe(), AMOUNTS.map(Decimal)),
        st.one_of(maybe(), st.lists(st.fixed_dictionaries({"n": WORDS}), max_size=2)),
    )
    ids = st.lists(WORDS.filter(bool), min_size=0, max_size=12, unique=True)

    def numbered(drawn: list[str]) -> st.SearchStrategy[list[tuple[Any, ...]]]:
        return st.tuples(*(row for _ in drawn)).map(
            lambda found: [
                (f"{word}{name}", *values) for word, values in zip(drawn, found, strict=True)
            ]
        )

    return ids.flatmap(numbered)


@dataclass
class OddSource:
    """Two departments over two such tables in one database, and a loop to use them in."""

    address: PostgresAddress
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def __post_init__(self) -> None:
        self.url = postgres_url(**self.address.connect_arguments())
        self.own = self._adapter(OWN, "own")
        self.other = self._adapter(OTHER, "other")
        self._connection = self.runner.run(self._open())

    async def _open(self) -> asyncpg.Connection:
        connection = await asyncpg.connect(self.url)
        await connection.execute("CREATE SCHEMA odd")
        for name in ("own", "other"):
            await connection.execute(TABLE.format(name=name))
        return connection

    def _adapter(self, code: str, table: str) -> PostgresAdapter:
        entries = (entry_for(PENALTY), entry_for(CREDIT))
        manifest = Manifest(table, code, "样例", "Sample", "1", "a@example.com", entries)
        columns = {
            PENALTY: PENALTY_COLUMNS,
            CREDIT: CREDIT_COLUMNS,
            DEFAULTER: DEFAULTER_COLUMNS,
            VIOLATION: VIOLATION_COLUMNS,
        }
        mappings = [
            KindMapping(kind, f"odd.{table}", "id", "code", found, "person")
            for kind, found in columns.items()
        ]
        return PostgresAdapter(manifest, mappings, PostgresSource(self.url, 2))

    def fill(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Replace the content of a table."""
        wired = [(*row[:-1], None if row[-1] is None else json.dumps(row[-1])) for row in rows]
        places = ", ".join(f"${number + 1}" for number in range(len(COLUMNS)))

        async def replace() -> None:
            await self._connection.execute(f"TRUNCATE odd.{table}")
            await self._connection.executemany(f"INSERT INTO odd.{table} VALUES ({places})", wired)

        self.runner.run(replace())

    def execute(self, sql: str) -> None:
        """Change the tables in a way that `fill` cannot."""
        self.runner.run(self._connection.execute(sql))

    def ask(self, *requests: RecordRequest) -> Sequence[Batch]:
        """Fetch from the first department."""
        context = FetchContext("test", time.monotonic() + 30, "2026-11-02T08:00:00Z")
        return self.runner.run(self.own.fetch(requests, context))

    def close(self) -> None:
        """Close everything."""
        for closing in (self.own.aclose, self.other.aclose, self._connection.close):
            self.runner.run(closing())
        self.runner.close()
