"""Proofs are used once: over all workers, in the commit of the entry that came with them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from gateway.audit.entry import RecordHasher
from gateway.audit.once import FORGET_EVERY_S, UsedProofs
from gateway.audit.recorder import GroupCommitRecorder
from gateway.audit.references import SubjectReferences
from gateway.audit.types import AuditEntry, OutdatedDecisionError
from gateway.audit.within import TransactionRecorder
from gateway.entitlements.client import Client
from gateway.entitlements.client_keys import CredentialRegister
from gateway.entitlements.registers import ClientRegister
from gateway.errors import TooManyRequests, Unauthenticated
from gateway.identity.principal import UsedOnce
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from policies.model import CallerClass
from tests.support.entries import BANK, audit_entry, bank_principal
from tests.support.standings import followed

NOW = int(time.time())


@pytest_asyncio.fixture
async def workers(
    store: StoreAddress, store_pool: LightPool
) -> AsyncIterator[list[GroupCommitRecorder]]:
    async with followed(store) as first, followed(store) as second:
        found = [
            GroupCommitRecorder(
                store_pool,
                SubjectReferences(secrets.token_bytes),
                RecordHasher(bytes(32)),
                standings,
            )
            for standings in (first, second)
        ]
        for worker in found:
            await worker.open()
        yield found
        for worker in found:
            await worker.aclose()


def proof(number: int = 0, good_until: int = NOW + 60) -> UsedOnce:
    return UsedOnce(number.to_bytes(32, "big"), good_until)


def entry(request_id: str, *once: UsedOnce, **more: object) -> AuditEntry:
    principal = replace(bank_principal(), once=once, issued_at=NOW)
    return audit_entry(request_id, principal=principal, **more)  # type: ignore[arg-type]


async def outcomes(pool: LightPool) -> list[tuple[str, str]]:
    async with pool.connection() as connection:
        rows = await connection.fetch(
            "SELECT request_id, outcome FROM audit_entry ORDER BY request_id"
        )
    return [(row["request_id"], row["outcome"]) for row in rows]


async def count(pool: LightPool) -> int:
    async with pool.connection() as connection:
        found: int = await connection.fetchval("SELECT count(*) FROM used_once")
    return found


async def test_proof_is_good_once_over_all_workers(
    workers: list[GroupCommitRecorder], store_pool: LightPool
) -> None:
    await workers[0].commit(entry("r-1", proof()))
    for worker, name in zip(workers, ("r-2", "r-3"), strict=True):
        with pytest.raises(Unauthenticated) as caught:
            await worker.commit(entry(name, proof()))
        assert caught.value.code == "PROOF_REPLAYED"
        assert 'error="invalid_dpop_proof"' in dict(caught.value.headers)["WWW-Authenticate"]
    await workers[1].commit(entry("r-4", proof(1)))
    assert await outcomes(store_pool) == [
        ("r-1", "ANSWERED"),
        ("r-2", "PROOF_REPLAYED"),
        ("r-3", "PROOF_REPLAYED"),
        ("r-4", "ANSWERED"),
    ]


async def test_fifty_replays_at_once_succeed_exactly_once(
    workers: list[GroupCommitRecorder], store_pool: LightPool
) -> None:
    waiting = [workers[n % 2].commit(entry(f"r-{n:02}", proof())) for n in range(50)]
    found = await asyncio.gather(*waiting, return_exceptions=True)
    refused = [each for each in found if isinstance(each, Unauthenticated)]
    assert len(refused) == 49
    codes = [outcome for _, outcome in await outcomes(store_pool)]
    assert (codes.count("ANSWERED"), codes.count("PROOF_REPLAYED")) == (1, 49)


async def test_each_of_several_proofs_must_be_new(workers: list[GroupCommitRecorder]) -> None:
    await workers[0].commit(entry("r-1", proof(1)))
    with pytest.raises(Unauthenticated):
        await workers[0].commit(entry("r-2", proof(2), proof(1)))
    # the refused one used its other proof up as well
    with pytest.raises(Unauthenticated):
        await workers[0].commit(entry("r-3", proof(2)))


async def test_refused_request_uses_its_proof_up(workers: list[GroupCommitRecorder]) -> None:
    await workers[0].commit(entry("r-1", proof(), outcome="RATE_LIMITED"))
    await workers[0].commit(entry("r-2", proof(), outcome="RATE_LIMITED"))
    with pytest.raises(Unauthenticated):
        await workers[1].commit(entry("r-3", proof()))


async def test_query_that_is_run_once_more_keeps_its_proof(
    workers: list[GroupCommitRecorder],
) -> None:
    with pytest.raises(OutdatedDecisionError):
        await workers[0].commit(entry("r-1", proof(), marks=(("grant:x", 7),)))
    await workers[0].commit(entry("r-1", proof()))


async def test_replay_counts_nothing_and_delivers_nothing(
    workers: list[GroupCommitRecorder], store_pool: LightPool
) -> None:
    await ClientRegister(store_pool).put(Client("bank-1", CallerClass.INSTITUTION, BANK, "B", 1))
    used = await workers[0].commit(entry("r-1", proof()))
    assert used is not None
    assert used.used == 1
    with pytest.raises(Unauthenticated):
        await workers[1].commit(entry("r-2", proof(), subjects=("91410199MA9DEM0441",)))
    async with store_pool.connection() as connection:
        assert await connection.fetchval("SELECT units FROM quota_usage") == 1
    with pytest.raises(TooManyRequests):
        await workers[0].commit(entry("r-3", proof(3), subjects=("91410199MA9DEM0441",)))


async def test_mutation_uses_its_proof_in_its_own_transaction(
    store_pool: LightPool, workers: list[GroupCommitRecorder]
) -> None:
    within = TransactionRecorder(SubjectReferences(secrets.token_bytes), RecordHasher(bytes(32)))
    async with store_pool.connection() as connection:
        undone = connection.transaction()
        await undone.start()
        await within.record(connection, entry("r-1", proof()))
        await undone.rollback()
        async with connection.transaction():
            await within.record(connection, entry("r-2", proof()))
        with pytest.raises(Unauthenticated):
            async with connection.transaction():
                await within.record(connection, entry("r-3", proof()))


async def test_tokens_from_before_a_change_of_keys_end_on_all_workers(
    workers: list[GroupCommitRecorder], store_pool: LightPool
) -> None:
    await ClientRegister(store_pool).put(Client("bank-1", CallerClass.INSTITUTION, BANK, "B", None))
    await workers[0].commit(entry("r-1"))
    at = datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=1)
    await CredentialRegister(store_pool).end_tokens("bank-1", at)
    for worker, name in zip(workers, ("r-2", "r-3"), strict=True):
        with pytest.raises(Unauthenticated) as caught:
            await worker.commit(entry(name))
        assert caught.value.code == "TOKEN_REVOKED"
    later = replace(bank_principal(), issued_at=NOW + 2)
    await workers[0].commit(audit_entry("r-4", principal=later))


async def test_old_proofs_are_forgotten_and_good_ones_kept(
    workers: list[GroupCommitRecorder], store_pool: LightPool
) -> None:
    await workers[0].commit(entry("r-1", proof(1, NOW - 120)))
    await workers[0].commit(entry("r-2", proof(2, NOW + 3_600)))
    moment = [0.0]
    proofs = UsedProofs(store_pool, lambda: moment[0])
    proofs.used_some()
    assert await count(store_pool) == 2
    moment[0] = FORGET_EVERY_S
    proofs.used_some()
    await proofs.forget()
    await proofs.aclose()
    assert await count(store_pool) == 1
    with pytest.raises(Unauthenticated):
        await workers[0].commit(entry("r-3", proof(2)))
