"""Roles do what the table gives them, two persons do what takes two, and all of it is on record."""

import json

import asyncpg
import pytest

from gateway.administrators import register
from gateway.administrators.adapters import not_registered, register_adapters
from gateway.administrators.admitting import Admitting, Asked
from gateway.administrators.powers import POWERS, Act
from gateway.administrators.proposals import open_proposals, reject
from gateway.administrators.types import Person, Role
from gateway.errors import ClientError
from gateway.store.pool import LightPool
from tests.gateway.administrators.test_signing_in import refused
from tests.support.administrators import Admin, Clock, signing_in, three

ALONE = [act for act in Act if not POWERS[act].takes_two]
BY_TWO = [act for act in Act if POWERS[act].takes_two]
POLICY = Asked(Act.ACTIVATE_POLICY, "version-1", "policy reload")


@pytest.fixture
def admitting(store_pool: LightPool, clock: Clock) -> Admitting:
    return Admitting(store_pool, clock)


async def sessions(pool: LightPool, people: dict[Role, Admin], clock: Clock) -> dict[Role, str]:
    signing = signing_in(pool, clock)
    return {role: await each.sign_in(signing, clock) for role, each in people.items()}


async def last_entry(pool: LightPool) -> dict[str, object]:
    async with pool.connection() as connection:
        entry = await connection.fetchval(
            "SELECT entry FROM audit_entry ORDER BY entry_no DESC LIMIT 1"
        )
    found: dict[str, object] = json.loads(entry)
    return found


def test_every_act_has_its_line() -> None:
    assert set(POWERS) == set(Act)
    assert all(power.roles for power in POWERS.values())


def test_policy_and_destruction_of_keys_take_two() -> None:
    assert {Act.ACTIVATE_POLICY, Act.DESTROY_KEY, Act.APPOINT} == set(BY_TWO)


async def test_each_role_is_admitted_to_its_acts_and_to_no_other(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock, admitting: Admitting
) -> None:
    for role, session in (await sessions(store_pool, people, clock)).items():
        for act in Act:
            asked = Asked(act, "x", "test")
            if role in POWERS[act].roles:
                admitted = await admitting.admit(session, asked)
                assert admitted.person == Person(people[role].name, role)
                assert (admitted.proposal_no is not None) is POWERS[act].takes_two
            else:
                assert await refused(admitting.admit(session, asked)) == "ADMINISTRATOR_ROLE_WRONG"


async def test_admitted_act_is_on_record_before_it_is_done_and_after(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock, admitting: Admitting
) -> None:
    session = (await sessions(store_pool, people, clock))[Role.SECURITY]
    asked = Asked(Act.CHANGE_CLIENT, "bank-1", "client suspend")
    person = (await admitting.admit(session, asked)).person
    assert person is not None
    entry = await last_entry(store_pool)
    expected = {
        "kind": "ADMINISTRATION",
        "event": "CHANGE_CLIENT",
        "actor": "administrator:security-1",
        "role": "SECURITY",
        "object": "bank-1",
        "via": "client suspend",
        "outcome": "ADMITTED",
    }
    assert entry.items() >= expected.items()
    await admitting.ended(person, asked)
    assert (await last_entry(store_pool))["outcome"] == "COMPLETED"
    await admitting.ended(person, asked, "TERMS_INVALID")
    failed = await last_entry(store_pool)
    assert (failed["outcome"], failed["failure"]) == ("FAILED", "TERMS_INVALID")


async def test_refusals_are_on_record(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock, admitting: Admitting
) -> None:
    asked = Asked(Act.READ_LOG, "", "audit tail")
    assert await refused(admitting.admit(None, asked)) == "ADMINISTRATOR_REQUIRED"
    assert (await last_entry(store_pool))["outcome"] == "ADMINISTRATOR_REQUIRED"
    assert await refused(admitting.admit("x" * 43, asked)) == "ADMINISTRATOR_SESSION_ENDED"
    assert (await last_entry(store_pool))["actor"] == "administrator:unknown"


async def test_where_nobody_is_demanded_anybody_acts(
    store_pool: LightPool, admitting: Admitting
) -> None:
    asked = Asked(Act.CHANGE_CLIENT, "bank-1", "client suspend")
    assert (await admitting.admit(None, asked)).person is None


async def test_act_of_two_is_done_once_by_another_person(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock, admitting: Admitting
) -> None:
    held = await sessions(store_pool, people, clock)
    number = (await admitting.admit(held[Role.SYSTEM], POLICY)).proposal_no
    approving = Asked(POLICY.act, POLICY.object, POLICY.via, number)
    admitted = await admitting.admit(held[Role.SECURITY], approving)
    assert admitted.proposal_no is None
    entry = await last_entry(store_pool)
    assert (entry["outcome"], entry["proposal"]) == ("APPROVED", number)
    again = await refused(admitting.admit(held[Role.SECURITY], approving))
    assert again == "PROPOSAL_UNKNOWN"


async def test_nobody_approves_what_he_proposed(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock, admitting: Admitting
) -> None:
    held = await sessions(store_pool, people, clock)
    number = (await admitting.admit(held[Role.SECURITY], POLICY)).proposal_no
    approving = Asked(POLICY.act, POLICY.object, POLICY.via, number)
    own = await refused(admitting.admit(held[Role.SECURITY], approving))
    assert own == "SECOND_PERSON_REQUIRED"
    for role in (Role.SYSTEM, Role.AUDIT):
        wrong = await refused(admitting.admit(held[role], approving))
        assert wrong == "ADMINISTRATOR_ROLE_WRONG"


async def test_a_proposal_is_for_exactly_what_was_proposed_and_for_a_day(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock, admitting: Admitting
) -> None:
    held = await sessions(store_pool, people, clock)
    number = (await admitting.admit(held[Role.SYSTEM], POLICY)).proposal_no
    other = Asked(POLICY.act, "version-2", POLICY.via, number)
    assert await refused(admitting.admit(held[Role.SECURITY], other)) == "PROPOSAL_DIFFERS"
    key = Asked(Act.DESTROY_KEY, POLICY.object, POLICY.via, number)
    assert await refused(admitting.admit(held[Role.SECURITY], key)) == "PROPOSAL_DIFFERS"
    clock.later(24 * 3_600)
    session = await people[Role.SECURITY].sign_in(signing_in(store_pool, clock), clock)
    late = Asked(POLICY.act, POLICY.object, POLICY.via, number)
    assert await refused(admitting.admit(session, late)) == "PROPOSAL_UNKNOWN"


async def test_a_rejected_proposal_is_over(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock, admitting: Admitting
) -> None:
    held = await sessions(store_pool, people, clock)
    number = (await admitting.admit(held[Role.SYSTEM], POLICY)).proposal_no
    assert number is not None
    now = admitting._now()
    async with store_pool.connection() as connection:
        assert [each.proposal_no for each in await open_proposals(connection, now)] == [number]
        await reject(connection, Person("audit-1", Role.AUDIT), number, now)
        assert await open_proposals(connection, now) == []
    approving = Asked(POLICY.act, POLICY.object, POLICY.via, number)
    assert await refused(admitting.admit(held[Role.SECURITY], approving)) == "PROPOSAL_UNKNOWN"


async def test_appointment_takes_two_roles(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock, admitting: Admitting
) -> None:
    new = Admin("security-2", Role.SECURITY)
    async with store_pool.connection() as connection:
        await register.appoint(connection, new.appointment)
    signing = signing_in(store_pool, clock)
    await new.enrol(signing)
    held = await sessions(store_pool, people, clock)
    third = Admin("audit-2", Role.AUDIT).appointment
    asked = Asked(Act.APPOINT, third.object, "admin add")
    number = (await admitting.admit(held[Role.SECURITY], asked)).proposal_no
    approving = Asked(Act.APPOINT, third.object, "admin add", number)
    same_role = await new.sign_in(signing, clock)
    assert await refused(admitting.admit(same_role, approving)) == "SECOND_PERSON_REQUIRED"
    assert (await admitting.admit(held[Role.SYSTEM], approving)).proposal_no is None


async def test_a_person_a_name_and_a_key_have_one_account(
    store_pool: LightPool, people: dict[Role, Admin]
) -> None:
    taken = people[Role.AUDIT].appointment
    fresh = Admin("someone", Role.SYSTEM).appointment
    async with store_pool.connection() as connection:
        for name, number, key in (
            (taken.name, fresh.staff_no, fresh.public_key),
            (fresh.name, taken.staff_no, fresh.public_key),
            (fresh.name, fresh.staff_no, taken.public_key),
        ):
            with pytest.raises(ClientError) as found:
                await register.appoint(connection, type(fresh)(name, number, Role.SYSTEM, key))
            assert found.value.code == "ADMINISTRATOR_NOT_APPOINTED"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE administrator SET role = 'SYSTEM' WHERE name = 'audit-1'",
        "UPDATE administrator SET public_key = sha256('x') WHERE name = 'audit-1'",
        "DELETE FROM administrator",
        "UPDATE administration SET demanded = false",
        "DELETE FROM administration",
        "INSERT INTO administrator_proposal (proposal_no, act, object, proposed_by, proposed_at, "
        "expires_at, state, decided_by, decided_at) VALUES ('p', 'a', 'o', 'audit-1', now(), "
        "now() + interval '1 day', 'APPROVED', 'audit-1', now())",
    ],
    ids=["role", "key", "delete", "demanded", "undemanded", "own-proposal"],
)
async def test_the_store_itself_keeps_roles_apart(
    store_pool: LightPool, people: dict[Role, Admin], statement: str
) -> None:
    async with store_pool.connection() as connection:
        with pytest.raises(asyncpg.PostgresError):
            await connection.execute(statement)


async def test_the_last_of_a_role_is_not_disabled(
    store_pool: LightPool, people: dict[Role, Admin], clock: Clock, admitting: Admitting
) -> None:
    new, signing = Admin("audit-2", Role.AUDIT), signing_in(store_pool, clock)
    async with store_pool.connection() as connection:
        assert await refused(register.disable(connection, "nobody")) == "ADMINISTRATOR_UNKNOWN"
    held = await sessions(store_pool, people, clock)
    async with store_pool.connection() as connection, connection.transaction():
        with pytest.raises(ClientError) as found:
            await register.disable(connection, "audit-1")
        assert found.value.code == "ADMINISTRATOR_LAST"
        await register.appoint(connection, new.appointment)
    await new.enrol(signing)
    async with store_pool.connection() as connection, connection.transaction():
        await register.disable(connection, "audit-1")
    ended = await refused(admitting.person(held[Role.AUDIT]))
    assert ended == "ADMINISTRATOR_SESSION_ENDED"
    assert await refused(people[Role.AUDIT].sign_in(signing, clock)) == "ADMINISTRATOR_NOT_PROVEN"


async def test_the_first_three_have_one_role_each_and_are_appointed_once(
    store_pool: LightPool,
) -> None:
    people = three()
    first = [each.appointment for each in people.values()]
    async with store_pool.connection() as connection, connection.transaction():
        assert await refused(register.begin(connection, first[:2])) == "ADMINISTRATOR_NOT_APPOINTED"
        doubled = [first[0], first[0], first[1]]
        assert await refused(register.begin(connection, doubled)) == "ADMINISTRATOR_NOT_APPOINTED"
        await register.begin(connection, first)
        assert await refused(register.begin(connection, first)) == "ADMINISTRATORS_APPOINTED"


async def test_adapters_that_nobody_registered_are_named_where_administrators_are_demanded(
    store_pool: LightPool,
) -> None:
    digests = {"tax": "a" * 64, "market": "b" * 64, "courts": "c" * 64}
    async with store_pool.connection() as connection:
        assert await not_registered(connection, digests) == {}
        await register.begin(connection, [each.appointment for each in three().values()])
        await register_adapters(connection, {"tax": "a" * 64, "market": "d" * 64})
        found = await not_registered(connection, digests)
    assert sorted(found) == ["courts", "market"]
    assert "manifest" in found["market"]
