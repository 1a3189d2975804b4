"""Four worker processes on one store: what has ended is shown by none of them."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest

from gateway.demo.city.cases import CASES, DEMO_BANK
from gateway.demo.consents import CONSENTED
from gateway.demo.departments import Departments
from gateway.demo.files import DemoFiles
from gateway.entitlements.consent_register import ConsentRegister
from gateway.entitlements.registers import ClientRegister, Effect, EffectRegister, RecordEffect
from gateway.settings import Settings
from gateway.store.connect import StoreAddress, connector, postgres_url
from gateway.store.pool import LightPool
from policies.model import CallerClass
from schema.codes import RecordKind
from tests.e2e.conftest import provision_in
from tests.e2e.serving import sender_headers
from tests.support.consents import file_active, firm_consent
from tests.support.postgres import DatabaseFactory

WORKERS = 4
PATIENCE_S = 90.0
FIRM = CASES.penalised_firm.code
RATING = "query($u: USCC!) { subject(uscc: $u) { taxpayerCredit { grade } } }"
PENALTIES = """query($u: USCC!) { subject(uscc: $u) { penalties(first: 1) {
    nodes { meta { recordId adapter } } } } }"""


@dataclass
class Workers:
    """Worker processes, and the store that they share."""

    ports: list[int]
    tokens: dict[str, str | None]
    store: StoreAddress
    settings: Settings

    def on_store(self, work: Callable[[LightPool], Awaitable[None]]) -> None:
        """Change something in the store; it is committed when this returns."""

        async def run() -> None:
            pool = LightPool(connector(self.store), 1)
            try:
                await work(pool)
            finally:
                await pool.aclose()

        asyncio.run(run())


@dataclass(frozen=True)
class Seen:
    """What a query showed, and when it ran."""

    began: float
    ended: float
    shown: str | None


@contextmanager
def process(config: Path) -> Iterator[int]:
    """Serve in a process of its own; yields the port once it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve", "--config", str(config)],
        env={**os.environ, "CREDIT_GATEWAY_SERVER_PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def workers(
    tmp_path_factory: pytest.TempPathFactory, databases: DatabaseFactory, departments: Departments
) -> Iterator[Workers]:
    folder = tmp_path_factory.mktemp("fence")
    store = databases.create()
    url = postgres_url(**store.connect_arguments())
    provisioned = provision_in(folder, departments, url)
    files = DemoFiles(folder / "data", folder / "build")
    with ExitStack() as stack:
        ports = [stack.enter_context(process(files.settings)) for _ in range(WORKERS)]
        with httpx.Client(timeout=30.0) as http:
            for port in ports:
                wait_until(partial(is_ready, http, port))
        tokens = dict(provisioned.description.tokens)
        yield Workers(ports, tokens, StoreAddress(url), provisioned.settings)
    databases.drop(store.database)


def is_ready(http: httpx.Client, port: int) -> bool:
    try:
        return http.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


@dataclass(frozen=True)
class Query:
    """A query of one profile, and where its secret stands in the answer."""

    profile: str
    document: str
    member: str

    def ask(self, http: httpx.Client, port: int, workers: Workers) -> Seen:
        headers = sender_headers(workers.settings, workers.tokens[self.profile])
        began = time.monotonic()
        response = http.post(
            f"http://127.0.0.1:{port}/graphql",
            json={"query": self.document, "variables": {"u": FIRM}},
            headers=headers,
        )
        ended = time.monotonic()
        data = response.json().get("data") or {}
        return Seen(began, ended, secret_of((data.get("subject") or {}).get(self.member)))


def secret_of(found: object) -> str | None:
    """The value in an answer that must vanish."""
    match found:
        case {"grade": str(grade)}:
            return grade
        case {"nodes": [{"meta": {"recordId": str(record_id)}}]}:
            return record_id
        case _:
            return None


def shown_by(workers: Workers, query: Query) -> str:
    """The secret, once every worker shows the same."""
    found: list[str | None] = []

    def is_shown_by_all() -> bool:
        with httpx.Client(timeout=30.0) as http:
            found[:] = [query.ask(http, port, workers).shown for port in workers.ports]
        return found[0] is not None and len(set(found)) == 1

    wait_until(is_shown_by_all)
    assert found[0] is not None
    return found[0]


def race(workers: Workers, query: Query, secret: str, end: Callable[[], None]) -> int:
    """Ask every worker again and again while something ends; returns how often it was shown."""
    is_shown, is_over = threading.Event(), threading.Event()

    def keep_asking(port: int) -> list[Seen]:
        seen: list[Seen] = []
        with httpx.Client(timeout=30.0) as http:
            while not is_over.is_set():
                seen.append(query.ask(http, port, workers))
                if seen[-1].shown == secret:
                    is_shown.set()
            seen += [query.ask(http, port, workers) for _ in range(3)]
        return seen

    with ThreadPoolExecutor(WORKERS) as threads:
        asking = [threads.submit(keep_asking, port) for port in workers.ports]
        try:
            assert is_shown.wait(PATIENCE_S)
            end()
        finally:
            ended = time.monotonic()
            is_over.set()
        shown = [seen for each in asking for seen in each.result() if seen.shown == secret]
    assert [seen for seen in shown if seen.began >= ended] == []
    assert [seen for seen in shown if seen.ended > ended + 1.0] == []
    return len(shown)


def race_consents(workers: Workers, rounds: int) -> int:
    """Withdraw the bank's consent, and give another."""

    async def give(number: str, pool: LightPool) -> None:
        consent = firm_consent(
            number,
            subject_key=FIRM,
            institution=DEMO_BANK,
            coordinates=tuple(item for item in CONSENTED if item.startswith("TaxpayerCredit.")),
            valid_to=datetime(2030, 1, 1, tzinfo=UTC),
        )
        await file_active(ConsentRegister(pool), consent)

    async def withdraw(number: str, pool: LightPool) -> None:
        await ConsentRegister(pool).withdraw(number, datetime.now(UTC))

    query, shown = Query("bank", RATING, "taxpayerCredit"), 0
    for each in range(rounds):
        number = f"RACE-{time.time_ns()}-{each}"
        workers.on_store(partial(give, number))
        secret = shown_by(workers, query)
        shown += race(workers, query, secret, partial(workers.on_store, partial(withdraw, number)))
    return shown


def race_clients(workers: Workers, rounds: int) -> int:
    """Suspend the inspectors' client, and resume it."""

    async def suspend(is_suspended: bool, pool: LightPool) -> None:
        await ClientRegister(pool).suspend("market-inspection", is_suspended)

    query, shown = Query("inspector", PENALTIES, "penalties"), 0
    for _ in range(rounds):
        secret = shown_by(workers, query)
        shown += race(workers, query, secret, partial(workers.on_store, partial(suspend, True)))
        workers.on_store(partial(suspend, False))
    return shown


def race_effects(workers: Workers, rounds: int) -> int:
    """Hide a record from departments, and lift that."""

    async def hide(record_id: str, pool: LightPool) -> None:
        for effect in hidden(record_id):
            await EffectRegister(pool).put(effect, datetime.now(UTC))

    async def lift(record_id: str, pool: LightPool) -> None:
        for effect in hidden(record_id):
            await EffectRegister(pool).lift(effect)

    query, shown = Query("inspector", PENALTIES, "penalties"), 0
    for _ in range(rounds):
        secret = shown_by(workers, query)
        shown += race(workers, query, secret, partial(workers.on_store, partial(hide, secret)))
        workers.on_store(partial(lift, secret))
    return shown


def hidden(record_id: str) -> list[RecordEffect]:
    """Effects that hide a penalty of this id from departments, whoever supplies it."""
    return [
        RecordEffect(
            slug,
            RecordKind.ADMINISTRATIVE_PENALTY,
            record_id,
            Effect.HIDDEN,
            "RACE",
            (CallerClass.DEPARTMENT,),
        )
        for slug in ("market", "tax")
    ]


RACES = {"consent": race_consents, "client": race_clients, "effect": race_effects}


@pytest.mark.parametrize("what", sorted(RACES))
def test_what_has_ended_is_shown_by_no_worker_process(workers: Workers, what: str) -> None:
    assert RACES[what](workers, 4) > 0


@pytest.mark.long
@pytest.mark.parametrize("what", sorted(RACES))
def test_what_has_ended_is_shown_by_no_worker_process_often(workers: Workers, what: str) -> None:
    assert RACES[what](workers, 200) > 0
