"""The archive: old entries leave the store once they are sealed; nothing is lost on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import asyncpg
import pytest

from gateway.audit.log import AuditLog
from gateway.errors import InternalError
from gateway.retention.archive import Archive, ArchiveAct
from gateway.retention.terms import kept_since
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from gateway.translog import verify_audit_log as alone
from gateway.translog.mirror import Mirror
from gateway.translog.proofs import Proofs
from gateway.translog.segment_reading import SegmentReader
from gateway.translog.segments import SegmentFolder
from gateway.translog.storecheck import check_store
from tests.gateway.retention.logs import BEFORE, add, fill, sign, trust
from tests.support.translog import KnownLog, new_log

AT = datetime(2026, 12, 1, tzinfo=UTC)
CHINA = timezone(timedelta(hours=8))
OLD_ENTRIES, YOUNG_ENTRIES, COVERED = 38, 20, 35
"""A checkpoint comes after seven entries each, so that three old ones share one with young ones."""


def act(name: str = "archive-1", before: datetime = BEFORE) -> ArchiveAct:
    return ArchiveAct(name, "operator", AT, before)


async def counts(pool: LightPool) -> tuple[int, int, int]:
    """Entries in the store, rows of the index of subjects, leaves dropped."""
    async with pool.connection() as connection:
        row = await connection.fetchrow(
            "SELECT (SELECT count(*) FROM audit_entry), (SELECT count(*) FROM audit_subject),"
            " (SELECT dropped_size FROM audit_archive)"
        )
    assert row is not None
    return row[0], row[1], row[2]


async def hold(pool: LightPool, known: KnownLog, folder: Path, leaves: int) -> None:
    """Archive and rows together are the whole log, and every proof of it holds."""
    await sign(pool, known)
    report = await check_store(pool, known.identity.suite.name, trust(known), folder)
    assert report.problems == []
    assert report.covered == leaves
    archived = SegmentReader(folder).leaves(0, leaves)
    proofs = await Proofs(pool, known.identity.suite).of_leaves([each.leaf for each in archived])
    for leaf, entry in archived:
        proof = proofs[leaf]
        stated = {
            "entry": entry.decode(),
            "leafIndex": leaf,
            "path": proof.path_texts(),
            "checkpoint": proof.checkpoint,
        }
        digest = alone.hash_function(known.identity.suite.name)
        assert alone.check_proof(stated, trust(known), digest).problems == []


class _Killed(Exception):
    """The run dies here."""


class _Mortal(Archive):
    """Dies after a step."""

    dies_after = ""
    batches = 0

    def _survive(self, step: str) -> None:
        if self.dies_after == step:
            raise _Killed

    async def _copy(self, size: int) -> None:
        await super()._copy(size)
        self._survive("copied")

    async def _verify(self, size: int) -> None:
        await super()._verify(size)
        self._survive("verified")

    async def _seal(self, act: ArchiveAct, size: int) -> None:
        await super()._seal(act, size)
        self._survive("sealed")

    async def _drop(self) -> int:
        if self.batches == 2:
            self._survive("dropping")
        self.batches += 1
        return await super()._drop()


async def test_run_killed_after_any_step_loses_nothing_and_is_taken_up(
    store_pool: LightPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.retention.archive._MOST_LEAVES", 7)
    known, folder = new_log(), tmp_path / "archive"
    await fill(store_pool, known, OLD_ENTRIES, YOUNG_ENTRIES)
    everything = OLD_ENTRIES + YOUNG_ENTRIES
    whole = SegmentFolder.append
    monkeypatch.setattr(SegmentFolder, "append", _broken_off)
    with pytest.raises(_Killed):
        await Archive(store_pool, known.identity, folder, trust(known)).run(act())
    monkeypatch.setattr(SegmentFolder, "append", whole)
    for step in ("copied", "verified", "sealed", "dropping"):
        mortal = _Mortal(store_pool, known.identity, folder, trust(known))
        mortal.dies_after = step
        with pytest.raises(_Killed):
            await mortal.run(act())
        entries, listed, dropped = await counts(store_pool)
        assert entries == listed + (step in ("sealed", "dropping"))
        expected = everything + (step in ("sealed", "dropping"))
        assert entries + dropped == expected
        assert dropped == (14 if step == "dropping" else 0)
        await hold(store_pool, known, folder, expected)
    archive = Archive(store_pool, known.identity, folder, trust(known))
    assert await archive.run(act()) == COVERED - 14
    assert await counts(store_pool) == (everything + 1 - COVERED, everything - COVERED, COVERED)
    await hold(store_pool, known, folder, everything + 1)
    assert await archive.run(act("archive-2")) == 0
    assert [len(await AuditLog(store_pool).of_request(f"archive-{n}")) for n in (1, 2)] == [1, 0]


def _broken_off(folder: SegmentFolder, *_: object) -> None:
    """Writes a part of a record and dies, as in a crash."""
    (folder._path / f"segment-{0:020}.log").write_bytes(b"credit-gateway audit segm")
    folder.close()
    raise _Killed


async def test_archive_goes_on_where_it_ended_and_copies_come_from_both(
    store_pool: LightPool, tmp_path: Path
) -> None:
    known, folder = new_log(), tmp_path / "archive"
    await fill(store_pool, known, OLD_ENTRIES, YOUNG_ENTRIES)
    archive = Archive(store_pool, known.identity, folder, trust(known))
    assert await archive.run(act()) == COVERED
    later = datetime(2026, 6, 1, tzinfo=UTC)
    assert await archive.run(act("archive-2", later)) == OLD_ENTRIES + YOUNG_ENTRIES - COVERED
    await sign(store_pool, known)
    leaves = OLD_ENTRIES + YOUNG_ENTRIES + 2
    await hold(store_pool, known, folder, leaves)
    mirror = Mirror(store_pool, known.identity, tmp_path / "export", folder)
    await mirror.open()
    assert await mirror.copy() == leaves
    mirror.close()
    report = alone.Report()
    alone.SegmentCheck(tmp_path / "export", trust(known), report).run()
    assert (report.problems, report.covered) == ([], leaves)


async def test_nothing_is_deleted_when_the_archive_does_not_hold(
    store_pool: LightPool, tmp_path: Path
) -> None:
    known, folder = new_log(), tmp_path / "archive"
    await fill(store_pool, known, OLD_ENTRIES, YOUNG_ENTRIES)
    mortal = _Mortal(store_pool, known.identity, folder, trust(known))
    mortal.dies_after = "copied"
    with pytest.raises(_Killed):
        await mortal.run(act())
    path = folder / f"segment-{0:020}.log"
    path.write_bytes(path.read_bytes().replace(b'"old-4"', b'"old-5"', 1))
    with pytest.raises(InternalError, match="nothing is deleted: the entry of leaf 4 was altered"):
        await Archive(store_pool, known.identity, folder, trust(known)).run(act())
    assert await counts(store_pool) == (58, 58, 0)


async def test_store_itself_refuses_to_lose_what_is_not_sealed(
    store_pool: LightPool, tmp_path: Path
) -> None:
    known = new_log()
    await fill(store_pool, known, OLD_ENTRIES, YOUNG_ENTRIES)
    async with store_pool.connection() as connection:
        await connection.execute("UPDATE audit_archive SET sealed_size = 7")
        await add(connection, ["unsigned"], "2020-05-01T00:00:00Z")
        for condition in ("request_id = 'old-7'", "request_id = 'unsigned'", "true"):
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="never deleted"):
                await connection.execute(f"DELETE FROM audit_entry WHERE {condition}")
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await connection.execute("TRUNCATE audit_entry")
        assert await connection.execute("DELETE FROM audit_entry WHERE request_id = 'old-6'")


async def test_entry_missing_from_the_archive_is_found(
    store: StoreAddress, store_pool: LightPool, tmp_path: Path
) -> None:
    known, folder = new_log(), tmp_path / "archive"
    await fill(store_pool, known, OLD_ENTRIES, YOUNG_ENTRIES)
    await Archive(store_pool, known.identity, folder, trust(known)).run(act())
    suite = known.identity.suite.name
    report = await check_store(store_pool, suite, trust(known))
    assert {problem.code for problem in report.problems} == {"MISSING_ENTRY"}
    path = folder / f"segment-{0:020}.log"
    path.write_bytes(path.read_bytes().replace(b'"old-4"', b'"old-5"', 1))
    pool = LightPool(connector(store), 1)
    report = await check_store(pool, suite, trust(known), folder)
    await pool.aclose()
    assert [(each.code, each.place) for each in report.problems] == [("ALTERED_ENTRY", 4)]


@pytest.mark.parametrize(
    ("now", "since"),
    [
        (datetime(2026, 12, 1, 1, tzinfo=UTC), datetime(2021, 12, 1, tzinfo=CHINA)),
        (datetime(2026, 11, 30, 17, tzinfo=UTC), datetime(2021, 12, 1, tzinfo=CHINA)),
        (datetime(2028, 2, 29, 1, tzinfo=UTC), datetime(2023, 2, 28, tzinfo=CHINA)),
    ],
    ids=["day", "night", "leap-day"],
)
def test_kept_since_counts_years_by_the_calendar_of_china(now: datetime, since: datetime) -> None:
    assert kept_since(now, 5) == since
