"""Signing keys: sealed, rotated with overlap, and taken away at once when one became known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from joserfc import jwt

from gateway.errors import InternalError, Unauthenticated
from gateway.identity.access_token import ALGORITHM, TOKEN_TYPE, AccessTokenValidator, TokenRules
from gateway.identity.keys import generate_key, keys_by_id
from gateway.oauth.signing_keys import (
    LEAD_S,
    OVERLAP_S,
    REFRESH_S,
    KeyRegister,
    KeySeal,
    SigningKeys,
)
from gateway.oauth.types import LONGEST_TOKEN_LIFETIME_S
from gateway.store.pool import LightPool
from tests.gateway.oauth.conftest import SEAL, SetClock
from tests.support.oauth import ISSUER

DAY_S = 86_400.0
Open = Callable[[], Awaitable[SigningKeys]]


@pytest_asyncio.fixture
async def fresh(pool: LightPool) -> LightPool:
    """Return a pool on a store without keys."""
    async with pool.connection() as connection:
        await connection.execute("TRUNCATE oauth_signing_key")
    return pool


@pytest_asyncio.fixture
async def worker(fresh: LightPool, clock: SetClock) -> AsyncIterator[Open]:
    """Return what opens the keys of one more worker."""
    async with AsyncExitStack() as stack:

        async def opened() -> SigningKeys:
            register = KeyRegister(fresh)
            keys = SigningKeys(register, KeySeal(SEAL), clock, rotation_s=DAY_S)
            await keys.refresh()
            stack.push_async_callback(keys.aclose)
            return keys

        yield opened


def minted(keys: SigningKeys, clock: SetClock) -> str:
    """A token of five minutes."""
    key, now = keys.signer(), int(clock.now)
    claims = {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": "s",
        "client_id": "c",
        "jti": "j",
        "iat": now,
        "exp": now + LONGEST_TOKEN_LIFETIME_S,
    }
    header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def is_accepted(token: str, keys: SigningKeys, clock: SetClock) -> bool:
    rules = TokenRules(ISSUER, ISSUER, keys.accepted)
    try:
        AccessTokenValidator(rules, clock).validate(token)
    except Unauthenticated:
        return False
    return True


async def test_workers_that_start_together_have_one_key(worker: Open, fresh: LightPool) -> None:
    opened = await asyncio.gather(*(worker() for _ in range(4)))
    assert len({keys.signer().kid for keys in opened}) == 1
    assert len(await KeyRegister(fresh).read()) == 1


async def test_private_halves_are_sealed(worker: Open, fresh: LightPool) -> None:
    keys = await worker()
    secret = str(keys.signer().as_dict(private=True)["d"])
    async with fresh.connection() as connection:
        rows = await connection.fetch("SELECT t::text AS line FROM oauth_signing_key AS t")
    assert secret not in rows[0]["line"]
    assert secret.encode().hex() not in rows[0]["line"]


async def test_another_seal_refuses_the_start(
    worker: Open, fresh: LightPool, clock: SetClock
) -> None:
    await worker()
    other = SigningKeys(KeyRegister(fresh), KeySeal(bytes(32)), clock, rotation_s=DAY_S)
    with pytest.raises(InternalError):
        await other.open()


async def test_whoever_writes_the_store_alone_has_no_key_accepted(
    worker: Open, fresh: LightPool, clock: SetClock
) -> None:
    keys = await worker()
    planted = generate_key()
    at = datetime.fromtimestamp(clock.now, UTC)
    await KeyRegister(fresh).add(planted, KeySeal(bytes(32)).seal(planted), 2, at)
    with pytest.raises(InternalError):
        await keys.refresh()
    assert planted.kid not in keys.accepted


async def test_a_key_that_was_moved_to_another_id_is_not_opened(
    worker: Open, fresh: LightPool
) -> None:
    keys = await worker()
    async with fresh.connection() as connection:
        await connection.execute("UPDATE oauth_signing_key SET kid = 'another'")
    with pytest.raises(InternalError):
        await keys.refresh()


async def test_the_next_key_is_published_before_it_signs(worker: Open, clock: SetClock) -> None:
    keys = await worker()
    first = keys.signer().kid
    clock.now += DAY_S - 2 * LEAD_S + 1
    await keys.refresh()
    published = {key["kid"] for key in keys.jwks()["keys"]}
    assert len(published) == 2
    assert keys.signer().kid == first
    clock.now += LEAD_S
    assert keys.signer().kid != first
    assert keys.signer().kid in published


async def test_readers_keep_key_sets_for_less_than_the_lead() -> None:
    assert 60 + REFRESH_S < LEAD_S
    assert OVERLAP_S > LONGEST_TOKEN_LIFETIME_S


async def test_no_token_fails_while_keys_rotate(
    fresh: LightPool, worker: Open, clock: SetClock
) -> None:
    """Two workers and an outside reader, all of them later than they are allowed to be."""
    workers = [await worker(), await worker()]
    for each in workers:
        each._rotation_s = 1_000.0
    outside, live, signers = keys_by_id(workers[0].jwks()), [], set()
    for second in range(0, 4_000, 5):
        clock.now += 5
        if second % 10 == 0:
            await workers[second // 10 % 2].refresh()
        if second % 60 == 0:
            outside = keys_by_id(workers[0].jwks())
        if second % 50:
            continue
        live.append((clock.now, minted(workers[second // 50 % 2], clock)))
        live = [(at, token) for at, token in live if clock.now - at < LONGEST_TOKEN_LIFETIME_S]
        signers.add(workers[second // 50 % 2].signer().kid)
        for _, token in live:
            assert all(is_accepted(token, each, clock) for each in workers)
            AccessTokenValidator(TokenRules(ISSUER, ISSUER, outside), clock).validate(token)
    assert len(signers) >= 4


async def test_a_replaced_key_is_accepted_until_its_last_token_has_ended(
    worker: Open, clock: SetClock
) -> None:
    keys = await worker()
    old = keys.signer().kid
    await keys.rotate()
    clock.now += LEAD_S - 1
    token = minted(keys, clock)
    assert keys.signer().kid == old
    clock.now += LONGEST_TOKEN_LIFETIME_S - 1
    assert is_accepted(token, keys, clock)
    clock.now += OVERLAP_S
    assert old not in keys.accepted
    assert old not in {key["kid"] for key in keys.jwks()["keys"]}


async def test_a_key_that_became_known_is_taken_away_at_once(
    worker: Open, fresh: LightPool, clock: SetClock
) -> None:
    first, second = await worker(), await worker()
    forgotten: list[str] = []
    second.forget_tokens = lambda: forgotten.append("yes")
    token = minted(first, clock)
    key = generate_key()
    at = datetime.fromtimestamp(clock.now, UTC)
    await KeyRegister(fresh).replace(key, KeySeal(SEAL).seal(key), at)
    for keys in (first, second):
        await keys.refresh()
        assert keys.signer().kid == key.kid
        assert not is_accepted(token, keys, clock)
        assert list(keys.accepted) == [key.kid]
    assert forgotten == ["yes"]


async def test_workers_that_rotate_together_make_one_key(
    worker: Open, fresh: LightPool, clock: SetClock
) -> None:
    opened = [await worker() for _ in range(4)]
    clock.now += DAY_S
    await asyncio.gather(*(keys.refresh() for keys in opened))
    assert [key.generation for key in await KeyRegister(fresh).read()] == [1, 2]
