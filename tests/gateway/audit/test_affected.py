"""Whom a leak is about: told apart by what was shown of whom, by client, time and field."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from gateway.audit.affected import Leak, affected_subjects
from gateway.audit.batch import Batch, Submission
from gateway.audit.entry import RecordHasher
from gateway.audit.references import BatchReferences
from gateway.audit.types import AuditEntry, DecisionDigest, EntryKind, SubjectDecisions
from gateway.store.pool import LightPool
from tests.support.entries import FIRM, audit_entry, bank_principal

OTHER = "91410199MA9DEM111X"
KEYS = {FIRM: "aa" * 16, OTHER: "bb" * 16}
MARCH = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


def decided(**outcomes: str) -> DecisionDigest:
    """Decisions by field of TaxpayerCredit."""
    listed = [
        {"coordinate": f"TaxpayerCredit.{name}", "outcome": outcome, "use": "read"}
        for name, outcome in outcomes.items()
    ]
    return DecisionDigest(json.dumps(listed, separators=(",", ":")).encode())


async def stored(pool: LightPool, *entries: AuditEntry) -> None:
    batch = Batch()
    decisions: dict[bytes, bytes] = {}
    for entry in entries:
        batch.add(Submission(entry), KEYS, RecordHasher(bytes(32)))
        decisions |= {named.sha256: named.json for named in entry.named_decisions()}
    async with pool.connection() as connection:
        await batch.write(connection, BatchReferences(KEYS, KEYS), decisions)


BOTH = replace(
    audit_entry("r-1", subjects=(FIRM, OTHER)),
    decisions=decided(grade="CLEAR", score="DENIED"),
    shares=(SubjectDecisions(decided(grade="DENIED", score="MASKED"), (1,)),),
)


async def test_what_was_shown_is_told_apart_by_subject(store_pool: LightPool) -> None:
    await stored(store_pool, BOTH)
    found = await affected_subjects(store_pool, Leak(*MARCH))
    assert {each.reference: each.coordinates for each in found} == {
        KEYS[FIRM]: {"TaxpayerCredit.grade"},
        KEYS[OTHER]: {"TaxpayerCredit.score"},
    }
    assert all(each.key is None for each in found)


async def test_field_or_kind_narrows_and_names_are_told_when_asked(store_pool: LightPool) -> None:
    await stored(store_pool, BOTH)
    leak = Leak(*MARCH, coordinate="TaxpayerCredit.grade")
    (only,) = await affected_subjects(store_pool, leak, names_subjects=True)
    assert only.key == FIRM
    of_kind = Leak(*MARCH, coordinate="TaxpayerCredit")
    assert len(await affected_subjects(store_pool, of_kind)) == 2


async def test_others_clients_times_refusals_and_acts_do_not_count(store_pool: LightPool) -> None:
    clear = decided(grade="CLEAR")
    await stored(
        store_pool,
        replace(audit_entry("r-1", principal=bank_principal("bank-2")), decisions=clear),
        replace(audit_entry("r-2", at="2026-04-01T00:00:00Z"), decisions=clear),
        replace(audit_entry("r-3", outcome="QUOTA_EXCEEDED"), decisions=clear),
        replace(audit_entry("r-4"), decisions=clear, kind=EntryKind.ACT),
    )
    assert await affected_subjects(store_pool, Leak(*MARCH, client_id="bank-1")) == []
    (read,) = await affected_subjects(store_pool, Leak(*MARCH))
    assert (read.requests, read.clients) == (1, {"bank-2"})
