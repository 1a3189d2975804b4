"""The fence: no answer that relies on a consent is committed after its withdrawal."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from gateway.audit.entry import RecordHasher
from gateway.audit.recorder import GroupCommitRecorder
from gateway.audit.references import SubjectReferences
from gateway.audit.types import ConsentUse
from gateway.entitlements.consent_register import ConsentRegister
from gateway.errors import Refused
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from tests.support.consents import AT, file_active, firm_consent
from tests.support.entries import audit_entry
from tests.support.standings import followed

RACES = 200
SEED = 20_260_302

_ANSWERED_WITH = """
SELECT count(*) FROM audit_entry
WHERE outcome = 'ANSWERED'
    AND convert_from(entry, 'UTF8')::jsonb #>> '{consents,0,consentNo}' = $1
"""


@pytest_asyncio.fixture
async def workers(
    store: StoreAddress, store_pool: LightPool
) -> AsyncIterator[list[GroupCommitRecorder]]:
    """Return two recorders as two workers have them, on one store."""
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


@pytest.fixture
def register(store_pool: LightPool) -> ConsentRegister:
    return ConsentRegister(store_pool)


async def test_commit_consent_that_holds_is_recorded(
    workers: list[GroupCommitRecorder], register: ConsentRegister
) -> None:
    version = await file_active(register, firm_consent())
    await workers[0].commit(audit_entry(consents=(ConsentUse("C-1", version),)))


@pytest.mark.parametrize(
    "use", [ConsentUse("C-1", 1), ConsentUse("C-1", 3), ConsentUse("C-2", 2)], ids=str
)
async def test_commit_consent_of_another_version_or_number_is_refused(
    workers: list[GroupCommitRecorder], register: ConsentRegister, use: ConsentUse
) -> None:
    version = await file_active(register, firm_consent())
    assert version == 2
    with pytest.raises(Refused) as caught:
        await workers[0].commit(audit_entry(consents=(ConsentUse("C-1", version), use)))
    assert caught.value.code == "CONSENT_NOT_ACTIVE"


async def test_commit_consent_that_expired_meanwhile_is_refused(
    workers: list[GroupCommitRecorder], register: ConsentRegister
) -> None:
    consent = firm_consent(valid_to=datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC))
    uses = (ConsentUse("C-1", await file_active(register, consent)),)
    await workers[0].commit(audit_entry("r-1", at="2026-03-02T01:02:02Z", consents=uses))
    with pytest.raises(Refused):
        await workers[0].commit(audit_entry("r-2", at="2026-03-02T01:02:03Z", consents=uses))


async def test_commit_refusal_is_recorded_with_what_was_asked_and_nothing_released(
    workers: list[GroupCommitRecorder], store_pool: LightPool
) -> None:
    entry = audit_entry(consents=(ConsentUse("C-1", 2),), released=("tax/X/1",))
    with pytest.raises(Refused):
        await workers[0].commit(entry)
    async with store_pool.connection() as connection:
        (row,) = await connection.fetch(
            "SELECT outcome, convert_from(entry, 'UTF8')::jsonb ->> 'released' AS released,"
            " convert_from(entry, 'UTF8')::jsonb #>> '{consents,0,consentNo}' AS consent_no"
            " FROM audit_entry"
        )
    assert tuple(row) == ("CONSENT_NOT_ACTIVE", "[]", "C-1")


async def test_commit_while_the_consent_is_being_changed_is_refused_without_waiting(
    workers: list[GroupCommitRecorder], register: ConsentRegister, store_pool: LightPool
) -> None:
    uses = (ConsentUse("C-1", await file_active(register, firm_consent())),)
    async with store_pool.connection() as connection, connection.transaction():
        await connection.execute("UPDATE consent SET version = version + 1")
        with pytest.raises(Refused):
            await workers[0].commit(audit_entry("r-1", consents=uses))


async def test_commit_one_loser_leaves_the_others_of_its_batch_alone(
    workers: list[GroupCommitRecorder], register: ConsentRegister
) -> None:
    version = await file_active(register, firm_consent())
    results = await asyncio.gather(
        *(
            workers[0].commit(audit_entry(f"r-{n}", consents=(ConsentUse("C-1", version - n % 2),)))
            for n in range(10)
        ),
        return_exceptions=True,
    )
    assert [result is None for result in results] == [n % 2 == 0 for n in range(10)]


async def withdraw(pool: LightPool, number: str, steps: int, withdrawn: asyncio.Event) -> int:
    """Withdraw after some rounds of the loop; returns how many answers came before."""
    for _ in range(steps):
        await asyncio.sleep(0)
    async with pool.connection() as connection, connection.transaction():
        await connection.execute(
            "UPDATE consent SET state = 'WITHDRAWN', version = version + 1, changed_at = $2"
            " WHERE consent_no = $1",
            number,
            AT,
        )
        # the row is ours now: whatever the fence let pass before is committed
        seen: int = await connection.fetchval(_ANSWERED_WITH, number)
    withdrawn.set()
    return seen


async def ask(
    worker: GroupCommitRecorder, request_id: str, use: ConsentUse, withdrawn: asyncio.Event
) -> list[tuple[bool, bool]]:
    """Commit three times, the last time after the withdrawal.

    Returns:
        Per commit whether the withdrawal was over before it began, and whether it succeeded.
    """
    found = []
    for turn in range(3):
        if turn == 2:
            await withdrawn.wait()
        was_withdrawn = withdrawn.is_set()
        try:
            await worker.commit(audit_entry(f"{request_id}-{turn}", consents=(use,)))
        except Refused:
            found.append((was_withdrawn, False))
        else:
            found.append((was_withdrawn, True))
    return found


async def test_commit_raced_by_withdrawal_nothing_is_answered_after_it(
    workers: list[GroupCommitRecorder], register: ConsentRegister, store_pool: LightPool
) -> None:
    dice = random.Random(SEED)
    answered_in_time = answered_late = 0
    for race in range(RACES):
        number = f"C-{race}"
        use = ConsentUse(number, await file_active(register, firm_consent(number)))
        withdrawn = asyncio.Event()
        withdrawal = asyncio.create_task(
            withdraw(store_pool, number, dice.randrange(60), withdrawn)
        )
        asked = await asyncio.gather(
            *(ask(workers[n % 2], f"r-{race}-{n}", use, withdrawn) for n in range(3))
        )
        seen_at_withdrawal = await withdrawal
        outcomes = [outcome for found in asked for outcome in found]
        answered = sum(is_answered for _, is_answered in outcomes)
        answered_late += sum(late and is_answered for late, is_answered in outcomes)
        async with store_pool.connection() as connection:
            recorded = await connection.fetchval(_ANSWERED_WITH, number)
        assert recorded == answered == seen_at_withdrawal, f"race {race}, seed {SEED}"
        answered_in_time += answered
    assert answered_late == 0
    # it was a race: neither side always won
    assert 0 < answered_in_time < RACES * 6
