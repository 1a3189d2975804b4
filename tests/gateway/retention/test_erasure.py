"""Erasure: entries are about nobody any more, nothing else changes, and every proof still holds."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.entry import RecordHasher
from gateway.audit.log import AuditLog
from gateway.audit.recorder import GroupCommitRecorder
from gateway.audit.references import SubjectReferences
from gateway.audit.within import TransactionRecorder
from gateway.entitlements.consent_register import ConsentRegister
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.states import ConsentState
from gateway.retention.erasure import Erased, Erasure, erase_subject
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from gateway.translog import verify_audit_log as alone
from gateway.translog.mirror import Mirror
from gateway.translog.proofs import Proofs
from gateway.translog.sequencer import Sequencer
from gateway.translog.storecheck import check_store
from gateway.translog.types import InclusionProof
from policies.model import Purpose
from tests.gateway.accesslog.written import OTHER_FIRM, WrittenLog, officer
from tests.support.consents import firm_consent
from tests.support.entries import FIRM, audit_entry
from tests.support.postgres import DatabaseFactory
from tests.support.standings import followed
from tests.support.store import store_address
from tests.support.translog import KnownLog, new_log

NOW = datetime(2026, 12, 1, tzinfo=UTC)
KEPT_SINCE = datetime(2021, 12, 1, tzinfo=UTC)
_EXAMPLES = itertools.count()


def erasure(key: str, **changes: object) -> Erasure:
    wanted = Erasure(
        key, secrets.token_hex(8), "operator", "matter closed", "order 7", NOW, KEPT_SINCE
    )
    return replace(wanted, **changes)  # type: ignore[arg-type]


async def erase(pool: LightPool, wanted: Erasure) -> Erased:
    async with pool.connection() as connection, connection.transaction():
        return await erase_subject(connection, wanted)


async def reference_of(pool: LightPool, key: str) -> str | None:
    async with pool.connection() as connection:
        found = await connection.fetchval(
            "SELECT encode(reference, 'hex') FROM subject_reference WHERE subject_key = $1", key
        )
    return None if found is None else str(found)


async def test_erased_subject_is_shown_no_line_and_others_all_of_theirs(log: WrittenLog) -> None:
    await log.look_up(officer(Purpose.LICENCE_REVIEW), subjects=(FIRM, OTHER_FIRM))
    done = await erase(log.pool, erasure(FIRM))
    assert done == Erased(1, 0)
    assert await log.lines() == []
    assert len(await log.lines(key=OTHER_FIRM)) == 1
    async with log.pool.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM audit_subject") == 1


async def test_erasure_is_an_entry_with_reason_order_and_actor(log: WrittenLog) -> None:
    await log.look_up(officer(Purpose.LICENCE_REVIEW))
    reference = await reference_of(log.pool, FIRM)
    wanted = erasure(FIRM)
    await erase(log.pool, wanted)
    (entry,) = await AuditLog(log.pool).of_request(wanted.event_id)
    assert json.loads(entry.entry) == {
        "actor": "operator",
        "at": "2026-12-01T00:00:00Z",
        "event": "ERASURE",
        "format": 1,
        "kind": "EVENT",
        "order": "order 7",
        "outcome": "ERASED",
        "reason": "matter closed",
        "reference": reference,
        "requestId": wanted.event_id,
    }
    assert FIRM.encode() not in entry.entry


async def test_erased_subject_is_met_again_under_another_reference(log: WrittenLog) -> None:
    await log.look_up(officer(Purpose.LICENCE_REVIEW))
    before = await reference_of(log.pool, FIRM)
    await erase(log.pool, erasure(FIRM))
    log.references.pop(FIRM)
    log.references["taken"] = ""  # the next number is another one
    await log.look_up(officer(Purpose.TENDER))
    after = await reference_of(log.pool, FIRM)
    assert after not in (None, before)
    assert [line["purpose"] for line in await log.lines("purpose")] == ["TENDER"]


async def test_worker_that_remembers_an_erased_reference_writes_nothing_under_it(
    store: StoreAddress, store_pool: LightPool
) -> None:
    async with followed(store) as standings:
        recorder = GroupCommitRecorder(
            store_pool, SubjectReferences(secrets.token_bytes), RecordHasher(bytes(32)), standings
        )
        await recorder.open()
        await recorder.commit(audit_entry("r-1"))
        before = await reference_of(store_pool, FIRM)
        await erase(store_pool, erasure(FIRM))
        await recorder.commit(audit_entry("r-2"))
        await recorder.aclose()
    assert before is not None
    log = AuditLog(store_pool)
    (entry,) = await log.of_request("r-2")
    assert before not in entry.members()["subjects"]
    assert entry.members()["subjects"] == [await reference_of(store_pool, FIRM)]


async def test_act_under_an_erased_reference_may_be_tried_again(store_pool: LightPool) -> None:
    recorder = TransactionRecorder(SubjectReferences(secrets.token_bytes), RecordHasher(bytes(32)))
    references = recorder._references
    async with store_pool.connection() as connection, connection.transaction():
        await recorder.record(connection, audit_entry("r-1"))
    async with store_pool.connection() as connection:
        await references.resolve(connection, [FIRM])
    await erase(store_pool, erasure(FIRM))
    with pytest.raises(Exception, match="reference that was erased"):
        async with store_pool.connection() as connection, connection.transaction():
            await recorder.record(connection, audit_entry("r-2"))
    async with store_pool.connection() as connection, connection.transaction():
        await recorder.record(connection, audit_entry("r-2"))
    assert len(await AuditLog(store_pool).of_request("r-2")) == 1


async def test_subject_with_a_consent_in_force_is_not_erased(
    log: WrittenLog, store_pool: LightPool
) -> None:
    await log.look_up(officer(Purpose.LICENCE_REVIEW))
    register = ConsentRegister(store_pool)
    given = firm_consent()
    await register.add(given, NOW, ConsentState.SIGNED)
    await register.activate(given.consent_no, NOW)
    with pytest.raises(EntitlementRefusedError, match="1 consents that are in force"):
        await erase(store_pool, erasure(FIRM))
    await register.withdraw(given.consent_no, NOW)
    assert await erase(store_pool, erasure(FIRM)) == Erased(1, 1)
    assert await register.list_consents(FIRM) == []


async def test_what_must_still_be_kept_is_erased_on_an_order_only(log: WrittenLog) -> None:
    await log.look_up(officer(Purpose.LICENCE_REVIEW), at="2021-12-01T00:00:00Z")
    with pytest.raises(EntitlementRefusedError, match="is of 2021-12-01, and what is on record"):
        await erase(log.pool, erasure(FIRM, order=None))
    await erase(log.pool, erasure(FIRM))
    with pytest.raises(EntitlementRefusedError, match="nothing is on record"):
        await erase(log.pool, erasure(FIRM))


async def test_what_need_not_be_kept_is_erased_without_an_order(log: WrittenLog) -> None:
    await log.look_up(officer(Purpose.LICENCE_REVIEW), at="2021-11-30T23:59:59Z")
    assert await erase(log.pool, erasure(FIRM, order=None)) == Erased(1, 0)


async def test_reason_or_order_that_says_nothing_or_names_the_subject_is_refused(
    log: WrittenLog,
) -> None:
    await log.look_up(officer(Purpose.LICENCE_REVIEW))
    texts = {"reason": (" ", "x" * 1_001, f"about {FIRM.lower()}."), "order": ("", FIRM)}
    for name, refused in texts.items():
        for text in refused:
            with pytest.raises(EntitlementRefusedError, match=f"the {name}"):
                await erase(log.pool, erasure(FIRM, **{name: text}))
    assert len(await log.lines()) == 1


class _Erasing:
    """A log that grows, of which subjects are erased, with a copy in segments."""

    def __init__(self, address: StoreAddress, folder: Path) -> None:
        self.address, self.folder = address, folder
        self.known: KnownLog = new_log()
        self.count = 0

    async def run(self, mentions: list[frozenset[int]], erased: frozenset[int]) -> None:
        """Write entries about subjects, erase some, and hold everything against everything."""
        example = next(_EXAMPLES)
        chance = random.Random(example)
        pool = LightPool(connector(self.address), 2)
        recorder = TransactionRecorder(
            SubjectReferences(secrets.token_bytes), RecordHasher(bytes(32))
        )
        names = {number: f"subject-{example}-{number}" for number in range(5)}
        entries = []
        for mentioned in mentions:
            self.count += 1
            subjects = tuple(names[number] for number in sorted(mentioned))
            entry = audit_entry(f"e-{self.count}", subjects=subjects)
            entries.append(entry.request_id)
            async with pool.connection() as connection, connection.transaction():
                await recorder.record(connection, entry)
            if chance.random() < 0.5:
                await self.sign(pool)
        on_record = frozenset().union(*mentions)
        before = {number: await reference_of(pool, names[number]) for number in on_record}
        for number in sorted(erased & on_record):
            await erase(pool, erasure(names[number]))
            self.count += 1
        await self.sign(pool)
        await self.hold(pool, entries)
        for number in on_record:
            reference = await reference_of(pool, names[number])
            assert reference == (None if number in erased else before[number])
        async with pool.connection() as connection:
            listed = {
                row[0]
                for row in await connection.fetch(
                    "SELECT DISTINCT encode(reference, 'hex') FROM audit_subject"
                )
            }
        assert listed.isdisjoint(before[number] for number in erased & on_record)
        assert listed >= {before[number] for number in on_record - erased}
        await pool.aclose()

    async def sign(self, pool: LightPool) -> None:
        async with pool.connection() as connection:
            sequencer = Sequencer(connection, self.known.identity, self.known.signer)
            await sequencer.resume()
            await sequencer.step()

    async def hold(self, pool: LightPool, entries: list[str]) -> None:
        """Store, segments and each single proof hold."""
        mirror = Mirror(pool, self.known.identity, self.folder)
        await mirror.open()
        await mirror.copy()
        mirror.close()
        trust = alone.Trust((alone.read_key(self.known.identity.key.verifier_key()),))
        report = alone.Report()
        alone.SegmentCheck(self.folder, trust, report).run()
        found = await check_store(pool, self.known.identity.suite.name, trust)
        assert (report.problems, found.problems) == ([], [])
        assert report.covered == found.covered == self.count
        suite = self.known.identity.suite
        for request_id in entries:
            (entry,) = await AuditLog(pool).of_request(request_id)
            proof = await Proofs(pool, suite).proof_of(entry.entry_no)
            assert isinstance(proof, InclusionProof)
            stated = {
                "entry": entry.entry.decode(),
                "leafIndex": proof.leaf_index,
                "path": proof.path_texts(),
                "checkpoint": proof.checkpoint,
            }
            digest = alone.hash_function(suite.name)
            assert alone.check_proof(stated, trust, digest).problems == []


def test_whatever_is_erased_every_proof_and_the_verifier_hold(
    databases: DatabaseFactory, store_template: str, tmp_path: Path
) -> None:
    address = databases.create(store_template)
    log = _Erasing(store_address(address), tmp_path / "segments")
    subjects = st.frozensets(st.integers(0, 4), min_size=1, max_size=3)

    @settings(max_examples=5, deadline=None)
    @given(st.lists(subjects, min_size=1, max_size=6), st.frozensets(st.integers(0, 4)))
    def check(mentions: list[frozenset[int]], erased: frozenset[int]) -> None:
        asyncio.run(log.run(mentions, erased))

    check()
    databases.drop(address.database)
