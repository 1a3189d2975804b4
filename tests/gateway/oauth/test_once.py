"""What may be used once is used once, over several pools that stand for several workers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack

import httpx
import pytest_asyncio

from gateway.oauth.authorization import RequestGoneError
from gateway.oauth.server import OAuthGround, open_ground
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from tests.gateway.oauth.conftest import ROTATION_S, SEAL, SetClock, http_of, server_on
from tests.gateway.oauth.scene import Scene
from tests.support.entries import BANK
from tests.support.oauth import (
    EXCHANGE,
    LENDING,
    MANDATE_TOKEN,
    REDIRECT,
    RULES,
    TOKEN_URL,
    VERIFIER,
    Caller,
    TestClients,
    decision,
)

REPLAYS = 50
WORKERS = 2


@pytest_asyncio.fixture
async def workers(
    kept_store: StoreAddress, clients: TestClients, ground: OAuthGround, clock: SetClock
) -> AsyncIterator[list[Scene]]:
    """Return servers that share nothing but the store."""
    async with AsyncExitStack() as stack:
        scenes = []
        for _ in range(WORKERS):
            pool = LightPool(connector(kept_store), 4, acquire_timeout_s=30.0)
            stack.push_async_callback(pool.aclose)
            own = await stack.enter_async_context(open_ground(RULES, pool, SEAL, ROTATION_S, clock))
            server = await server_on(own)
            http = await stack.enter_async_context(http_of(server))
            scenes.append(Scene(Caller(http, server.proofs.nonce()), server, clients, clock))
        yield scenes


async def outcomes(sending: Sequence[Awaitable[httpx.Response]]) -> Counter[str]:
    """How often each outcome came of requests that are sent at the same time."""
    answers = await asyncio.gather(*sending)
    return Counter(
        "issued" if answer.status_code in (200, 201) else answer.json()["error"]
        for answer in answers
    )


async def test_one_assertion_is_good_for_one_token(workers: list[Scene]) -> None:
    jwt = workers[0].bank.jwt()
    sending = [workers[n % WORKERS].own(client_assertion=jwt) for n in range(REPLAYS)]
    assert await outcomes(sending) == {"issued": 1, "invalid_client": REPLAYS - 1}


async def test_one_proof_is_good_for_one_token(workers: list[Scene]) -> None:
    bank, caller = workers[0].bank, workers[0].caller
    proof = bank.prover.proof("POST", TOKEN_URL, nonce=caller.nonce)

    def send(number: int) -> Awaitable[httpx.Response]:
        form = bank.form(grant_type="client_credentials", authorization_details=[LENDING])
        return workers[number % WORKERS].caller.post("/oauth/token", form, headers={"dpop": proof})

    sending = [send(n) for n in range(REPLAYS)]
    assert await outcomes(sending) == {"issued": 1, "invalid_dpop_proof": REPLAYS - 1}


async def test_one_code_is_good_for_one_token(workers: list[Scene]) -> None:
    code, _ = await workers[0].granted()
    sending = [workers[n % WORKERS].redeem(code) for n in range(REPLAYS)]
    assert await outcomes(sending) == {"issued": 1, "invalid_grant": REPLAYS - 1}


async def test_one_refresh_token_is_good_for_one_token(workers: list[Scene]) -> None:
    code, _ = await workers[0].granted()
    token = (await workers[0].redeem(code)).json()["refresh_token"]
    sending = [workers[n % WORKERS].refresh(token) for n in range(REPLAYS)]
    assert await outcomes(sending) == {"issued": 1, "invalid_grant": REPLAYS - 1}


async def test_one_mandate_is_good_for_one_token(workers: list[Scene]) -> None:
    mandate = workers[0].bank.mandate(BANK, "platform-1")
    sending = [
        workers[n % WORKERS].caller.token(
            workers[0].clients.platform,
            grant_type=EXCHANGE,
            subject_token=mandate,
            subject_token_type=MANDATE_TOKEN,
            authorization_details=[LENDING],
        )
        for n in range(REPLAYS)
    ]
    assert await outcomes(sending) == {"issued": 1, "invalid_grant": REPLAYS - 1}


async def test_one_request_is_decided_once(workers: list[Scene]) -> None:
    first = workers[0]
    pushed = await first.caller.push(first.bank)
    uri = pushed.json()["request_uri"]
    await first.server.requests.open(uri, "bank-1")

    async def decide(number: int) -> str:
        requests = workers[number % WORKERS].server.requests
        try:
            if number % 3 == 0:
                await requests.refuse(uri)
            else:
                await requests.grant(uri, decision(), "r")
        except RequestGoneError:
            return "gone"
        return "decided"

    found = Counter(await asyncio.gather(*(decide(n) for n in range(20))))
    assert found == {"decided": 1, "gone": 19}


async def test_a_code_that_cannot_be_redeemed_is_used_up(workers: list[Scene]) -> None:
    code, _ = await workers[0].granted()
    wrong = await workers[0].redeem(code, code_verifier="w" * 43)
    assert wrong.json()["error"] == "invalid_grant"
    assert (await workers[1].redeem(code)).json()["error"] == "invalid_grant"


async def test_nothing_is_issued_without_the_store(
    kept_store: StoreAddress, clients: TestClients, clock: SetClock
) -> None:
    pool = LightPool(connector(kept_store), 1)
    async with open_ground(RULES, pool, SEAL, ROTATION_S, clock) as ground:
        server = await server_on(ground)
        await pool.aclose()
        async with http_of(server) as http:
            scene = Scene(Caller(http, server.proofs.nonce()), server, clients, clock)
            answer = await scene.own()
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")


async def test_secrets_are_not_in_the_store(workers: list[Scene]) -> None:
    code, _ = await workers[0].granted()
    token = (await workers[0].redeem(code)).json()["refresh_token"]
    async with workers[0].server.requests._pool.connection() as connection:
        tables = ("oauth_code", "oauth_refresh_token", "oauth_pushed_request", "oauth_grant")
        text = ""
        for table in tables:
            rows = await connection.fetch(f"SELECT t::text AS line FROM {table} AS t")
            text += "".join(row["line"] for row in rows)
    assert code not in text
    assert token not in text
    assert REDIRECT in text
    assert VERIFIER not in text
