"""Accounts of administrators in the store: appointed, listed, disabled."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from gateway.administrators.types import Account, AccountState, Appointment, Role
from gateway.errors import Refused
from gateway.store.pool import Connection

_DEMANDED = "SELECT demanded FROM administration"
_DEMAND = "INSERT INTO administration (demanded) VALUES ($1)"
_APPOINT = """
INSERT INTO administrator (name, staff_no, role, public_key, state)
VALUES ($1, $2, $3, $4, 'APPOINTED')
"""
_LIST = """
SELECT name, staff_no, role, state, locked_until FROM administrator ORDER BY role, name
"""
_OTHERS = """
SELECT count(*) FROM administrator AS o
WHERE o.state = 'ACTIVE' AND o.name <> $1
    AND o.role = (SELECT a.role FROM administrator AS a WHERE a.name = $1)
"""
_DISABLE = """
UPDATE administrator SET state = 'DISABLED' WHERE name = $1 AND state <> 'DISABLED'
"""
_END_SESSIONS = "DELETE FROM administrator_session WHERE name = $1"


async def is_demanded(connection: Connection) -> bool:
    """Whether acts need an administrator who is signed in; without the first three nothing does."""
    return await connection.fetchval(_DEMANDED) is True


async def begin(
    connection: Connection, first: Sequence[Appointment], *, is_demanded: bool = True
) -> None:
    """Appoint the first three, one of each role; the caller's transaction holds it together.

    Raises:
        Refused: ADMINISTRATORS_APPOINTED, there are some already; ADMINISTRATOR_NOT_APPOINTED.
    """
    if {each.role for each in first} != set(Role) or len(first) != len(Role):
        raise _not_appointed("the first three have one role each")
    try:
        async with connection.transaction():
            await connection.execute(_DEMAND, is_demanded)
    except asyncpg.UniqueViolationError as error:
        raise Refused(
            "ADMINISTRATORS_APPOINTED",
            "the first administrators were appointed before: two of them appoint further ones",
        ) from error
    for each in first:
        await appoint(connection, each)


async def appoint(connection: Connection, appointment: Appointment) -> None:
    """Enter an account; its person sets up one-time codes before the first sign-in.

    Raises:
        Refused: ADMINISTRATOR_NOT_APPOINTED, name, person or key has an account.
    """
    try:
        async with connection.transaction():
            await connection.execute(
                _APPOINT,
                appointment.name,
                appointment.staff_no,
                appointment.role.value,
                appointment.public_key,
            )
    except asyncpg.UniqueViolationError as error:
        raise _not_appointed(
            f"name, person or key of `{appointment.name[:64]}` has an account: a person has one, "
            "with one role and a key of its own"
        ) from error
    except asyncpg.CheckViolationError as error:
        raise _not_appointed(
            f"`{appointment.name[:64]}` is no name of an account (lower-case letters, digits, `.`, "
            "`_`, `-`, a letter first), or the staff number is missing or too long"
        ) from error


async def accounts(connection: Connection) -> Sequence[Account]:
    """Return all accounts by role and name."""
    return [
        Account(
            row["name"],
            row["staff_no"],
            Role(row["role"]),
            AccountState(row["state"]),
            row["locked_until"],
        )
        for row in await connection.fetch(_LIST)
    ]


async def disable(connection: Connection, name: str) -> None:
    """End an account and its sessions, for good.

    Raises:
        Refused: ADMINISTRATOR_UNKNOWN; ADMINISTRATOR_LAST, nobody of its role would be left.
    """
    async with connection.transaction():
        await connection.execute("LOCK TABLE administrator IN SHARE ROW EXCLUSIVE MODE")
        if name not in {each.name for each in await accounts(connection)}:
            raise Refused("ADMINISTRATOR_UNKNOWN", f"there is no administrator `{name[:64]}`")
        if await connection.fetchval(_OTHERS, name) == 0:
            raise Refused(
                "ADMINISTRATOR_LAST",
                f"`{name}` is the last of its role who can sign in: appoint another one first",
            )
        await connection.execute(_DISABLE, name)
        await connection.execute(_END_SESSIONS, name)


def _not_appointed(message: str) -> Refused:
    return Refused("ADMINISTRATOR_NOT_APPOINTED", message)
