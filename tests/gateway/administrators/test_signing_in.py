"""Key and one-time code prove who somebody is; failures are counted, and all of it is on record."""

import json
from collections.abc import Awaitable

import pytest

from gateway.administrators.admitting import Admitting
from gateway.administrators.codes import CodeSeal, new_code_secret, step_of
from gateway.administrators.signing_in import Proof
from gateway.administrators.statements import Statement, message_of
from gateway.administrators.types import Role
from gateway.errors import ClientError, InternalError
from gateway.store.pool import LightPool
from tests.support.administrators import Admin, Clock, signing_in

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


async def refused(work: Awaitable[object]) -> str:
    with pytest.raises(ClientError) as found:
        await work
    return found.value.code


async def outcomes(pool: LightPool) -> list[tuple[str, str, str]]:
    async with pool.connection() as connection:
        rows = await connection.fetch("SELECT entry FROM audit_entry ORDER BY entry_no")
    entries = [json.loads(row["entry"]) for row in rows]
    return [(each["event"], each["actor"], each["outcome"]) for each in entries]


@pytest.mark.parametrize(("now", "code"), [(59, "287082"), (1111111109, "081804")])
def test_codes_are_those_of_the_standard(now: int, code: str) -> None:
    """Source: RFC 6238, appendix B, cut to six digits."""
    assert step_of(RFC_SECRET, code, now, 0) == now // 30


def test_a_code_is_good_half_a_minute_around_and_once() -> None:
    step = step_of(RFC_SECRET, "287082", 59 + 30, 0)
    assert step == 1
    assert step_of(RFC_SECRET, "287082", 59, 1) is None
    assert step_of(RFC_SECRET, "287082", 59 + 61, 0) is None


def test_secret_of_codes_opens_for_its_account_and_key_only() -> None:
    secret, seal = new_code_secret(), CodeSeal(bytes(32))
    sealed = seal.seal("a-1", secret)
    assert secret.encode() not in sealed
    assert seal.open("a-1", sealed) == secret
    with pytest.raises(InternalError):
        seal.open("a-2", sealed)
    with pytest.raises(InternalError):
        CodeSeal(b"k" * 32).open("a-1", sealed)


async def test_sign_in_gives_a_session_of_the_person(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock
) -> None:
    session = await people[Role.AUDIT].sign_in(signing_in(store_pool, clock), clock)
    person = await Admitting(store_pool, clock).person(session)
    assert person is not None
    assert (person.name, person.role) == ("audit-1", Role.AUDIT)
    assert (await outcomes(store_pool))[-1] == ("SIGN_IN", "administrator:audit-1", "PROVEN")


async def test_no_secret_is_on_record(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock
) -> None:
    admin = people[Role.AUDIT]
    session = await admin.sign_in(signing_in(store_pool, clock), clock)
    async with store_pool.connection() as connection:
        rows = await connection.fetch("SELECT entry FROM audit_entry")
        kept = await connection.fetch("SELECT sealed_secret, name FROM administrator")
        sessions = await connection.fetch("SELECT digest FROM administrator_session")
    stored = b"".join(
        [*(row["entry"] for row in rows), *(row[0] for row in kept), *(row[0] for row in sessions)]
    )
    for secret in (session, admin.secret, admin.code(clock())):
        assert secret.encode() not in stored


async def test_a_code_that_was_used_is_refused(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock
) -> None:
    admin, signing = people[Role.SYSTEM], signing_in(store_pool, clock)
    await admin.sign_in(signing, clock)
    proof = await admin.proof(signing, Statement.SIGN_IN)
    assert await refused(signing.sign_in(proof, admin.code(clock()))) == "ADMINISTRATOR_NOT_PROVEN"


async def test_wrong_key_wrong_code_and_unknown_name_are_refused_alike(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock
) -> None:
    admin, other = people[Role.SYSTEM], people[Role.AUDIT]
    signing = signing_in(store_pool, clock)
    clock.later(30)

    async def texts(name: str, key: Admin, code: str) -> str:
        challenge = await signing.challenge()
        signature = key.key.sign(message_of(Statement.SIGN_IN, name, challenge))
        with pytest.raises(ClientError) as found:
            await signing.sign_in(Proof(name, challenge, signature), code)
        return str(found.value)

    assert (
        len(
            {
                await texts(admin.name, other, admin.code(clock())),
                await texts(admin.name, admin, "000000"),
                await texts("nobody", admin, admin.code(clock())),
            }
        )
        == 1
    )
    assert ("SIGN_IN", "administrator:unknown", "ADMINISTRATOR_NOT_PROVEN") in await outcomes(
        store_pool
    )


async def test_a_challenge_is_good_once_for_two_minutes_and_for_one_statement(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock
) -> None:
    admin, signing = people[Role.SYSTEM], signing_in(store_pool, clock, failures=9)
    clock.later(30)
    for_enrolment = await admin.proof(signing, Statement.ENROL)
    code = "ADMINISTRATOR_NOT_PROVEN"
    assert await refused(signing.sign_in(for_enrolment, admin.code(clock()))) == code
    used = await admin.proof(signing, Statement.SIGN_IN)
    await signing.sign_in(used, admin.code(clock()))
    clock.later(30)
    assert await refused(signing.sign_in(used, admin.code(clock()))) == code
    late = await admin.proof(signing, Statement.SIGN_IN)
    clock.later(121)
    assert await refused(signing.sign_in(late, admin.code(clock()))) == code


async def test_too_many_failures_lock_the_account_for_a_while(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock
) -> None:
    admin, signing = people[Role.SECURITY], signing_in(store_pool, clock, failures=3, lock_s=600)
    codes = []
    for _ in range(3):
        proof = await admin.proof(signing, Statement.SIGN_IN)
        codes.append(await refused(signing.sign_in(proof, "000000")))
    assert codes == ["ADMINISTRATOR_NOT_PROVEN"] * 2 + ["ADMINISTRATOR_LOCKED"]
    assert await refused(admin.sign_in(signing, clock)) == "ADMINISTRATOR_LOCKED"
    clock.later(600)
    assert await admin.sign_in(signing, clock)


async def test_a_success_forgets_failures(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock
) -> None:
    admin, signing = people[Role.SECURITY], signing_in(store_pool, clock, failures=2)
    for _ in range(2):
        proof = await admin.proof(signing, Statement.SIGN_IN)
        assert await refused(signing.sign_in(proof, "0")) == "ADMINISTRATOR_NOT_PROVEN"
        await admin.sign_in(signing, clock)


async def test_session_ends_when_idle_and_in_any_case(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock
) -> None:
    admin, admitting = people[Role.AUDIT], Admitting(store_pool, clock)
    signing = signing_in(store_pool, clock, idle_s=100, whole_s=250)
    session = await admin.sign_in(signing, clock)
    for _ in range(2):
        clock.later(99)
        assert await admitting.person(session)
    clock.later(60)
    assert await refused(admitting.person(session)) == "ADMINISTRATOR_SESSION_ENDED"
    session = await admin.sign_in(signing, clock)
    clock.later(100)
    assert await refused(admitting.person(session)) == "ADMINISTRATOR_SESSION_ENDED"


async def test_a_further_session_ends_the_oldest(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock
) -> None:
    admin, admitting = people[Role.AUDIT], Admitting(store_pool, clock)
    signing = signing_in(store_pool, clock, sessions=2)
    first, second, third = [await admin.sign_in(signing, clock) for _ in range(3)]
    assert await refused(admitting.person(first)) == "ADMINISTRATOR_SESSION_ENDED"
    assert await admitting.person(second)
    assert await admitting.person(third)


async def test_sign_out_ends_the_session(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock
) -> None:
    signing = signing_in(store_pool, clock)
    session = await people[Role.AUDIT].sign_in(signing, clock)
    assert await signing.sign_out(session) == "audit-1"
    assert await signing.sign_out(session) is None
    ended = await refused(Admitting(store_pool, clock).person(session))
    assert ended == "ADMINISTRATOR_SESSION_ENDED"


async def test_codes_are_given_again_until_the_first_sign_in_only(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock
) -> None:
    admin, signing = people[Role.AUDIT], signing_in(store_pool, clock)
    await admin.enrol(signing)
    await admin.sign_in(signing, clock)
    assert await refused(admin.enrol(signing)) == "ADMINISTRATOR_NOT_PROVEN"
