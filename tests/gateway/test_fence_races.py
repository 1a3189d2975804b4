"""Races of what ends against queries, on several workers of one process and one store.

Whatever ends (a consent, a grant, a client, an operation of its contract, a record's visibility, a
rule): no query that begins
afterwards shows data, and none that was running shows any a second later.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from gateway.audit.entry import RecordHasher
from gateway.audit.recorder import GroupCommitRecorder
from gateway.audit.references import SubjectReferences
from gateway.authorization.authorize import Authorizer, manifest_providers
from gateway.conformance import ReferenceAdapter, ReferenceRecord
from gateway.entitlements.cache import EntitlementsCache
from gateway.entitlements.client import Client
from gateway.entitlements.client_operations import OperationRegister
from gateway.entitlements.consent_register import ConsentRegister
from gateway.entitlements.contract import RegisteredOperation
from gateway.entitlements.registers import ClientRegister, Effect, EffectRegister, RecordEffect
from gateway.entitlements.types import RulesInForce
from gateway.errors import ClientError
from gateway.http.types import Credentials, RequestFacts
from gateway.identity.access_token import TokenRules
from gateway.identity.authenticate import Authenticator
from gateway.identity.principal import Principal
from gateway.operation.operations import normal_sha256, sha256_of
from gateway.operation.types import OperationRequest
from gateway.pipeline import Pipeline
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from policies.engine import PolicySet
from policies.model import Caller, CallerClass, Condition, Purpose
from policies.model import Effect as RuleEffect
from schema.codes import RecordKind
from tests.gateway.test_pipeline import MemoryRecorder, pipeline_of
from tests.support.admission import admission_of
from tests.support.awkward_department import CODE, FIRM, awkward_records, manifest_for
from tests.support.consents import AT, file_active, firm_consent
from tests.support.entries import BANK, ORGAN
from tests.support.sender import BEARER
from tests.support.small_gateway import policies, rule
from tests.support.standings import followed
from tests.support.store import store, store_pool, store_template

__all__ = ["store", "store_pool", "store_template"]

WORKERS = 4
PATIENCE_S = 10.0
SEED = 20_261_125
SECRET = "乙级备注"
KIND = RecordKind.ADMINISTRATIVE_PENALTY
TYPE, REMARK = "AdministrativePenalty", "AdministrativePenalty.remark"
DOCUMENT = f'{{ subject(uscc: "{FIRM}") {{ penalties(first: 1) {{ nodes {{ remark }} }} }} }}'

PRINCIPALS = {
    "consent": Principal(Caller(CallerClass.INSTITUTION, BANK, Purpose.PRE_LOAN), "bank-1"),
    "grant": Principal(Caller(CallerClass.DEPARTMENT, ORGAN, Purpose.INSPECTION), "organ-1"),
    "client": Principal(Caller(CallerClass.CREDIT_CENTRE, ORGAN, Purpose.EVALUATION), "centre-1"),
    "contract": Principal(Caller(CallerClass.ASSOCIATION, ORGAN, Purpose.EVALUATION), "assoc-1"),
    "effect": Principal(Caller(CallerClass.PUBLIC, None, Purpose.PUBLIC_DISPLAY), "public"),
    "policy": Principal(Caller(CallerClass.AUDITOR, ORGAN, Purpose.AUDIT), "auditor-1"),
}
OPEN = policies(
    rule("consented", who=(CallerClass.INSTITUTION,), condition=Condition(consent=True)),
    rule("granted", who=(CallerClass.DEPARTMENT,), condition=Condition(grant=True)),
    rule(
        "known",
        who=(
            CallerClass.CREDIT_CENTRE,
            CallerClass.PUBLIC,
            CallerClass.AUDITOR,
            CallerClass.ASSOCIATION,
        ),
    ),
    rule("registered", coordinates=("Registration",)),
)
CLOSED = policies(*OPEN.rules, rule("closed", RuleEffect.FORBID, coordinates=(REMARK, TYPE)))


class StatedCaller(Authenticator):
    """Believes whoever the caller says it is."""

    def authenticate(self, credentials: Credentials, method: str, path: str) -> Principal:
        return PRINCIPALS[credentials.authorization or ""]


@dataclass
class Worker:
    """One of several gateways on one store.

    Attributes:
        rules: in force on it.
    """

    pipeline: Pipeline
    standings: EntitlementsCache
    rules: RulesInForce


@dataclass(frozen=True)
class Seen:
    """What a query showed, and when it ran."""

    began: float
    ended: float
    shows: bool


@asynccontextmanager
async def opened(store: StoreAddress) -> AsyncIterator[Worker]:
    """A worker with a pool, a copy of entitlements and a recorder of its own."""
    records = [record for record in awkward_records(1) if record.kind is not KIND]
    one = next(record for record in awkward_records(1) if record.kind is KIND)
    records.append(ReferenceRecord(KIND, "r1", FIRM, {**one.values, "remark": SECRET}))
    adapter = ReferenceAdapter(manifest_for(), records)
    async with AsyncExitStack() as stack:
        standings = await stack.enter_async_context(followed(store, lambda: AT.timestamp() + 60))
        pool = LightPool(connector(store), 2)
        stack.push_async_callback(pool.aclose)
        recorder = GroupCommitRecorder(
            pool, SubjectReferences(os.urandom), RecordHasher(bytes(32)), standings
        )
        await recorder.open()
        stack.push_async_callback(recorder.aclose)
        worker = Worker(pipeline_of(MemoryRecorder()), standings, RulesInForce(OPEN, 0))
        stages = replace(
            worker.pipeline._stages,
            authenticator=StatedCaller(
                TokenRules("i", "a", {}, max_lifetime_s=1), BEARER, time.time
            ),
            admission=admission_of(standings.client),
            authorizer=Authorizer(manifest_providers([adapter.manifest]), standings),
            recorder=recorder,
            standings=standings,
            rules=lambda: worker.rules,
        )
        fetcher = pipeline_of(MemoryRecorder(), adapter=adapter)._stages.fetcher
        worker.pipeline = Pipeline(replace(stages, fetcher=fetcher))
        yield worker


async def ask(worker: Worker, who: str) -> Seen:
    """Ask for the secret."""
    began = time.monotonic()
    facts = RequestFacts(
        os.urandom(12).hex(),
        "POST",
        "/graphql",
        "peer",
        "local",
        AT.strftime("%Y-%m-%dT%H:%M:%SZ"),
        began + PATIENCE_S,
    )
    request = OperationRequest(DOCUMENT, None, {})
    try:
        answer = await worker.pipeline.answer(request, Credentials(who), facts)
        shows = SECRET.encode() in answer.body
    except ClientError:
        shows = False
    return Seen(began, time.monotonic(), shows)


@dataclass
class Change:
    """Something that lets a caller see the secret, and ends.

    Attributes:
        allow: lets it begin; given the number of the round.
        end: ends it; when it returns, that is committed.
    """

    allow: Callable[[int], Awaitable[None]]
    end: Callable[[int], Awaitable[None]]


def changes(pool: LightPool, workers: list[Worker], dice: random.Random) -> dict[str, Change]:
    """What can end, by whom it concerns."""
    consents, clients, effects = ConsentRegister(pool), ClientRegister(pool), EffectRegister(pool)
    operations = OperationRegister(pool)
    secret = RegisteredOperation(
        "Secret", "EVALUATION", normal_sha256(DOCUMENT), sha256_of(DOCUMENT), DOCUMENT
    )
    hidden = RecordEffect("reference", KIND, "r1", Effect.HIDDEN, "R-1", (CallerClass.PUBLIC,))

    async def give_consent(number: int) -> None:
        consent = firm_consent(
            f"C-{number}", subject_key=FIRM, coordinates=(REMARK,), record_kinds=(KIND,)
        )
        await file_active(consents, consent)

    async def withdraw(number: int) -> None:
        await consents.withdraw(f"C-{number}", AT)

    async def grant(state: str) -> None:
        async with pool.connection() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO sharing_grant (grant_no, state, consumer, provider, catalogue_code,"
                " purposes, legal_basis, scenario, scope, mode, impact_assessment, valid_until)"
                " VALUES ('G-1', 'REQUESTED', $1, $2, 'X', '{INSPECTION}', 'x', 'x', 'x',"
                " 'SERVICE', 'x', '2027-01-01') ON CONFLICT DO NOTHING",
                ORGAN,
                CODE,
            )
            await connection.execute(
                "INSERT INTO grant_coordinate VALUES ('G-1', $1) ON CONFLICT DO NOTHING", REMARK
            )
            await connection.execute("UPDATE sharing_grant SET state = $1", state)

    async def register_client(_: int) -> None:
        await clients.put(Client("centre-1", CallerClass.CREDIT_CENTRE, ORGAN, "Centre", 10))
        await clients.suspend("centre-1", is_suspended=False)

    async def agree(_: int) -> None:
        bound = Client("assoc-1", CallerClass.ASSOCIATION, ORGAN, "Association", None, (), False)
        await clients.put(bound)
        await operations.put("assoc-1", secret)

    async def release(rules: PolicySet, lag_s: float) -> None:
        async with pool.connection() as connection:
            epoch = await connection.fetchval("SELECT release_policy('x', interval '0')")

        async def take_up(worker: Worker) -> None:
            await asyncio.sleep(dice.random() * lag_s)
            # one that lags must not undo a later release
            if epoch > worker.rules.epoch:
                worker.rules = RulesInForce(rules, epoch)

        for worker in workers:
            task = asyncio.create_task(take_up(worker))
            running.add(task)
            task.add_done_callback(running.discard)

    running: set[asyncio.Task[None]] = set()
    return {
        "consent": Change(give_consent, withdraw),
        "grant": Change(lambda _: grant("ACTIVE"), lambda _: grant("SUSPENDED")),
        "client": Change(register_client, lambda _: clients.suspend("centre-1")),
        "contract": Change(agree, lambda _: operations.remove("assoc-1", "EVALUATION", "Secret")),
        "effect": Change(lambda _: effects.lift(hidden), lambda _: effects.put(hidden, AT)),
        "policy": Change(lambda _: release(OPEN, 0), lambda _: release(CLOSED, 0.02)),
    }


async def shown_everywhere(workers: list[Worker], who: str) -> None:
    """Return once every worker shows the secret."""
    async with asyncio.timeout(PATIENCE_S):
        for worker in workers:
            while not (await ask(worker, who)).shows:  # noqa: ASYNC110 - the store tells it
                await asyncio.sleep(0.001)


async def race(workers: list[Worker], who: str, end: Awaitable[None], rounds_first: int) -> int:
    """Query on all workers while something ends; returns how many queries showed the secret."""
    seen: list[Seen] = []
    is_over = asyncio.Event()

    async def keep_asking(worker: Worker) -> None:
        while not is_over.is_set():
            seen.append(await ask(worker, who))
        for _ in range(2):
            seen.append(await ask(worker, who))

    asking = [asyncio.create_task(keep_asking(worker)) for worker in workers]
    for _ in range(rounds_first):
        await asyncio.sleep(0)
    await end
    ended = time.monotonic()
    is_over.set()
    await asyncio.gather(*asking)
    late = [query for query in seen if query.shows and query.began >= ended]
    assert not late, f"{who}: {len(late)} queries that began afterwards showed data"
    slow = [query for query in seen if query.shows and query.ended > ended + 1.0]
    assert not slow, f"{who}: {len(slow)} queries showed data a second later"
    return sum(query.shows for query in seen)


async def run_races(store: StoreAddress, pool: LightPool, who: str, rounds: int) -> None:
    """Let something end and begin again, so many times."""
    dice = random.Random(SEED)
    async with AsyncExitStack() as stack:
        workers = [await stack.enter_async_context(opened(store)) for _ in range(WORKERS)]
        change = changes(pool, workers, dice)[who]
        shown = 0
        for number in range(rounds):
            await change.allow(number)
            await shown_everywhere(workers, who)
            shown += await race(workers, who, change.end(number), dice.randrange(200))
        # it was a race: queries won some of it
        assert shown > 0


@pytest.mark.parametrize("who", sorted(PRINCIPALS))
async def test_what_has_ended_is_shown_by_no_worker(
    store: StoreAddress, store_pool: LightPool, who: str
) -> None:
    await run_races(store, store_pool, who, rounds=20)


@pytest.mark.long
@pytest.mark.parametrize("who", sorted(PRINCIPALS))
async def test_what_has_ended_is_shown_by_no_worker_two_hundred_times(
    store: StoreAddress, store_pool: LightPool, who: str
) -> None:
    await run_races(store, store_pool, who, rounds=200)
