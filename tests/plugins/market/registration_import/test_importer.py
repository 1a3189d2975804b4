"""The import as a whole: accounts, repetition, versions, duplicates, interruption."""

import asyncio
import os
import signal
import sys
from collections import Counter
from datetime import date
from decimal import Decimal

import asyncpg
import pytest

from gateway.sources.files.errors import UnusableInputError
from plugins.market.registration_import.ledger import prepare
from plugins.market.registration_import.source_file import SourceFile
from tests.plugins.market.registration_import.conftest import Market
from tests.plugins.market.registration_import.extracts import (
    HEADER,
    Extract,
    code_number,
    extract_of,
    row_number,
)


def counts(tally: object) -> tuple[int, ...]:
    names = ("inserted", "replaced", "unchanged", "quarantined")
    return tuple(getattr(tally, name) for name in names)


def csv_of(*rows: object) -> str:
    return Extract(tuple(rows)).csv_text()  # type: ignore[arg-type]


async def test_load_writes_every_column(market: Market) -> None:
    result = await market.load(market.file("a.csv", csv_of(row_number(1))))
    assert (result.read, counts(result.totals)) == (1, (1, 0, 0, 0))
    row = await market.connection.fetchrow("SELECT * FROM scjg.qy_djxx")
    assert row is not None
    assert row["gxsj"] is not None
    expected = {
        "tyshxydm": code_number(1),
        "qymc": "郑州样例1号商贸有限公司",
        "clrq": date(2011, 3, 9),
        "qylx": "有限责任公司",
        "fddbr": "样某",
        "zczb_wy": Decimal(1000),
        "zczb_bz": "156",
        "zczb_yw": "1,000(万元)",
        "jyfw": "日用百货,文具；食品",
        "zs": "郑州市金水区样例路1号",
        "szd": "410105",
        "djzt": "K",
        "sjly": "IMPORT",
        "bbh": 1,
        "bs": [],
    }
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("layout", ["csv", "json"])
async def test_load_same_rows_from_every_encoding_and_layout(
    market: Market, codec: str, layout: str
) -> None:
    market.batch_rows = 7
    extract = extract_of(20)
    await market.load(market.file("reference.csv", extract.csv_text(end="\r\n")))
    text = extract.json_text() if layout == "json" else extract.csv_text()
    result = await market.load(market.file("again", text.encode(codec)))
    assert counts(result.totals) == (0, 0, 20, 0)


async def test_load_again_changes_nothing(market: Market) -> None:
    content = csv_of(row_number(1), row_number(2), row_number(3, code="无"))
    await market.load(market.file("a.csv", content))
    before = await market.connection.fetch("SELECT * FROM scjg.qy_djxx ORDER BY 1")
    result = await market.load(market.file("a.csv", content))
    assert counts(result.totals) == (0, 0, 2, 1)
    assert await market.connection.fetch("SELECT * FROM scjg.qy_djxx ORDER BY 1") == before
    assert len(await market.quarantine()) == 1


async def test_load_changed_row_is_replaced_and_counted_up(market: Market) -> None:
    await market.load(market.file("a.csv", csv_of(row_number(1), row_number(2))))
    await market.connection.execute("UPDATE scjg.qy_djxx SET djzt = 'D'")
    changed = row_number(2, address="N/A")
    result = await market.load(market.file("b.csv", csv_of(row_number(1), changed)))
    assert counts(result.totals) == (0, 1, 1, 0)
    found = await market.connection.fetch("SELECT bbh, zs, djzt FROM scjg.qy_djxx ORDER BY qymc")
    # The extract says nothing of the status, so the department's own stands.
    assert [tuple(row) for row in found] == [(1, row_number(1).address, "D"), (2, None, "D")]


async def test_load_longest_name_fits_the_index(market: Market) -> None:
    # No two characters alike, and four bytes each, so that nothing is saved by compression.
    name = "".join(chr(0x20000 + number) for number in range(500))
    result = await market.load(market.file("a.csv", csv_of(row_number(1, name=name))))
    assert counts(result.totals) == (1, 0, 0, 0)


async def test_load_flags_are_stored_and_counted(market: Market) -> None:
    rows = (row_number(1, code=code_number(1).lower()), row_number(2, capital="5()"))
    result = await market.load(market.file("a.csv", csv_of(*rows)))
    assert result.totals.flags == Counter(LOWER_CASE=1, CAPITAL_UNPARSED=1)
    found = await market.connection.fetch("SELECT tyshxydm, bs FROM scjg.qy_djxx")
    assert {row["tyshxydm"]: row["bs"] for row in found} == {
        code_number(1): ["LOWER_CASE"],
        code_number(2): ["CAPITAL_UNPARSED"],
    }


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
async def test_load_code_twice_is_unchanged_or_a_duplicate(market: Market, batch_rows: int) -> None:
    market.batch_rows = batch_rows
    other = row_number(1, name="别名")
    rows = (row_number(1), row_number(2), other, row_number(1), row_number(1))
    result = await market.load(market.file("a.csv", csv_of(*rows)))
    assert counts(result.totals) == (2, 0, 2, 1)
    assert [(line, rule) for line, rule, _ in await market.quarantine()] == [(4, "DUPLICATE_CODE")]
    reason = await market.connection.fetchval("SELECT reason FROM registration_import.quarantine")
    assert "line 2 of the same file" in reason
    again = await market.load(market.file("a.csv", csv_of(*rows)))
    assert counts(again.totals) == (0, 0, 4, 1)


async def test_load_every_rule_keeps_line_and_bytes(market: Market) -> None:
    lines: list[tuple[bytes, str | None]] = [
        (HEADER.encode(), None),
        (_line(row_number(1)), None),
        (_line(row_number(2)).replace("样例".encode(), b"\xff\xfe"), "BAD_ENCODING"),
        ("只有,三,列".encode(), "BROKEN_LINE"),
        (_line(row_number(3, scope="a\0b")), "BAD_CHARACTER"),
        (_line(row_number(4, code="")), "MISSING_CODE"),
        (_line(row_number(5, name="-")), "MISSING_NAME"),
        (_line(row_number(6, code="1.14102E+17")), "PRECISION_LOST"),
        (_line(row_number(7, code="410105000012345")), "OLD_REGISTRATION_NUMBER"),
        (_line(row_number(8, code="11111111-7")), "ORGANISATION_CODE_ONLY"),
        (_line(row_number(9, code="12345")), "BAD_USCC_LENGTH"),
        (_line(row_number(10, code="91410199MA9DEM02O8")), "BAD_USCC_ALPHABET"),
        (_line(row_number(11, code="410105NA000000012X")), "BAD_USCC_STRUCTURE"),
        (_line(row_number(12, code="91410199MA9DEM028H")), "BAD_USCC_CHECKSUM"),
        (_line(row_number(13, established_on="2011-02-30")), "BAD_DATE"),
        (_line(row_number(1, name="别名")), "DUPLICATE_CODE"),
        (_line(row_number(14)), None),
    ]
    content = b"\n".join(raw for raw, _ in lines)
    result = await market.load(market.file("a.csv", content))
    expected = [
        (number, rule, raw) for number, (raw, rule) in enumerate(lines, 1) if rule is not None
    ]
    assert await market.quarantine() == expected
    assert result.by_rule == {rule: 1 for _, rule, _ in expected}
    assert counts(result.totals) == (2, 0, 0, len(expected))


def _line(row: object) -> bytes:
    return csv_of(row).splitlines()[1].encode()


async def test_load_broken_json_record_is_quarantined(market: Market) -> None:
    text = extract_of(3).json_text().replace(code_number(2), '"')
    result = await market.load(market.file("a.json", text))
    assert result.by_rule == {"BROKEN_RECORD": 1}
    assert counts(result.totals) == (2, 0, 0, 1)


async def test_load_same_name_with_another_code_is_another_firm(market: Market) -> None:
    rows = (row_number(1), row_number(2, name=row_number(1).name), row_number(3, code="-"))
    result = await market.load(market.file("a.csv", csv_of(*rows)))
    assert counts(result.totals) == (2, 0, 0, 1)


class Stop(Exception):
    """Stands for whatever ends an import in its middle."""


async def test_load_interrupted_and_repeated_ends_alike(market: Market) -> None:
    market.batch_rows = 10
    rows = [row_number(n) for n in range(1, 101)]
    rows[14] = row_number(15, code="无")
    rows[77] = row_number(3, name="别名")
    source = market.file("a.csv", csv_of(*rows))

    def stop_after_forty(_source: SourceFile, read: int) -> None:
        if read == 40:
            raise Stop

    market.on_batch = stop_after_forty
    with pytest.raises(Stop):
        await market.load(source)
    assert len(await market.rows()) == 39
    market.on_batch = lambda _source, _read: None
    result = await market.load(source)
    assert result.files[0].resumed_after == 40
    assert (result.read, counts(result.totals)) == (100, (98, 0, 0, 2))
    assert [line for line, _, _ in await market.quarantine()] == [16, 79]
    assert len(await market.rows()) == 98
    again = await market.load(source)
    assert again.files[0].resumed_after == 0
    assert counts(again.totals) == (0, 0, 98, 2)


async def test_load_batch_and_ledger_commit_together(market: Market) -> None:
    market.batch_rows = 10
    source = market.file("a.csv", extract_of(50).csv_text())
    await market.load(market.file("empty.csv", HEADER))
    await market.connection.execute("""
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$;
        CREATE TRIGGER fail_late BEFORE UPDATE ON registration_import.file_run
            FOR EACH ROW WHEN (NEW.records_committed > 30) EXECUTE FUNCTION fail();
    """)
    with pytest.raises(asyncpg.RaiseError):
        await market.load(source)
    # The fourth batch was merged before its line in the ledger failed, and went with it.
    assert len(await market.rows()) == 30
    await market.connection.execute("DROP TRIGGER fail_late ON registration_import.file_run")
    result = await market.load(source)
    assert result.files[0].resumed_after == 30
    assert counts(result.totals) == (50, 0, 0, 0)


_KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
import asyncpg
from plugins.market.registration_import.importer import import_files
from plugins.market.registration_import.source_file import inspect_file

def kill(source, read):
    if read == 30:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    connection = await asyncpg.connect(os.environ["MARKET_URL"])
    source = inspect_file(Path(sys.argv[1]), "auto")
    await import_files(connection, [source], batch_rows=10, on_batch=kill)

asyncio.run(main())
"""


async def test_load_killed_and_repeated_ends_alike(market: Market) -> None:
    source = market.file("a.csv", extract_of(50).csv_text())
    killed = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _KILLED,
        str(source.path),
        env={**os.environ, "MARKET_URL": market.url, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert await asyncio.wait_for(killed.wait(), 60) == -signal.SIGKILL
    assert len(await market.rows()) == 30
    # The dead client's session holds the lock until the server notices; wait for it there.
    async with asyncio.timeout(30):
        await wait_for_lock(market.connection)
    result = await market.load(source)
    assert result.files[0].resumed_after == 30
    assert counts(result.totals) == (50, 0, 0, 0)
    assert len(await market.rows()) == 50


async def wait_for_lock(connection: asyncpg.Connection) -> None:
    """Wait in the server until the import lock is free."""
    key = await connection.fetchval(
        "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory'"
    )
    if key is not None:
        await connection.execute("SELECT pg_advisory_lock($1)", key)
        await connection.execute("SELECT pg_advisory_unlock($1)", key)


async def test_load_while_another_import_runs_is_refused(market: Market) -> None:
    source = market.file("a.csv", extract_of(2).csv_text())
    other = await asyncpg.connect(market.url)
    try:
        assert await prepare(other)
        with pytest.raises(UnusableInputError, match="another import"):
            await market.load(source)
    finally:
        await other.close()


async def test_load_one_content_twice_is_refused_before_anything_is_written(
    market: Market,
) -> None:
    sources = [market.file(name, extract_of(2).csv_text()) for name in ("a.csv", "b.csv")]
    with pytest.raises(UnusableInputError, match="same content"):
        await market.load(*sources)
    assert await market.rows() == []


async def test_load_file_that_changed_after_inspection_is_refused(market: Market) -> None:
    source = market.file("a.csv", extract_of(2).csv_text())
    source.path.write_text(extract_of(3).csv_text(), encoding="utf-8")
    with pytest.raises(UnusableInputError, match="changed"):
        await market.load(source)
