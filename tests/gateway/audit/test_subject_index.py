"""The index of subjects says what the entries' bytes say, and stands with them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gateway.audit.batch import Batch, Submission
from gateway.audit.entry import RecordHasher
from gateway.audit.references import BatchReferences
from gateway.audit.types import AuditEntry, EntryKind
from gateway.identity.principal import Principal
from gateway.store.pool import LightPool
from policies.model import Caller, CallerClass, Purpose
from tests.support.entries import BANK, FIRM, audit_entry

OTHER = "91410199MA9DEM111X"
REFERENCES = {FIRM: "aa" * 16, OTHER: "bb" * 16}


async def store(pool: LightPool, *entries: AuditEntry) -> Sequence[Any]:
    """Write entries in one batch; returns the rows of the index."""
    batch = Batch()
    for entry in entries:
        batch.add(Submission(entry), REFERENCES, RecordHasher(bytes(32)))
    async with pool.connection() as connection:
        await batch.write(connection, BatchReferences(REFERENCES, REFERENCES), {})
        return await connection.fetch(
            "SELECT encode(s.reference, 'hex') AS reference, e.request_id, s.at = e.at AS is_then, "
            "s.purpose, s.caller_class, s.is_own, s.organisation, s.matter_no "
            "FROM audit_subject AS s JOIN audit_entry AS e USING (entry_no) "
            "ORDER BY e.entry_no, s.reference"
        )


@pytest.mark.asyncio
async def test_index_has_a_row_for_each_subject_of_each_request(store_pool: LightPool) -> None:
    officer = Principal(Caller(CallerClass.DEPARTMENT, BANK, Purpose.INSPECTION), "c", "M-1")
    rows = await store(
        store_pool,
        audit_entry("r-1", subjects=(FIRM, OTHER), principal=officer),
        audit_entry("r-2", subjects=()),
        audit_entry("r-3", subjects=(OTHER,), outcome="QUOTA_EXCEEDED"),
    )
    assert [tuple(row) for row in rows] == [
        ("aa" * 16, "r-1", True, "INSPECTION", "department", False, BANK, "M-1"),
        ("bb" * 16, "r-1", True, "INSPECTION", "department", False, BANK, "M-1"),
        ("bb" * 16, "r-3", True, "PRE_LOAN", "institution", False, BANK, None),
    ]


@pytest.mark.asyncio
async def test_index_knows_the_subject_that_looks_at_itself(store_pool: LightPool) -> None:
    owner = Principal(Caller(CallerClass.SUBJECT, FIRM, Purpose.SELF_QUERY), "c")
    rows = await store(store_pool, audit_entry("r-1", subjects=(FIRM, OTHER), principal=owner))
    assert [(row["reference"], row["is_own"], row["organisation"]) for row in rows] == [
        ("aa" * 16, True, None),
        ("bb" * 16, False, None),
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", [EntryKind.ACT, EntryKind.ALARM])
async def test_index_has_no_row_for_acts_and_alarms(store_pool: LightPool, kind: EntryKind) -> None:
    assert await store(store_pool, replace(audit_entry(), kind=kind)) == []
