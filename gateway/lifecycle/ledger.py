"""The rows of cases, steps and commands; all inside the transaction that the engine opened."""

from __future__ import annotations

from typing import Any

from gateway.lifecycle.errors import (
    CASE_NOT_FOUND,
    COMMAND_GIVEN_UP,
    IDEMPOTENCY_KEY_REUSED,
    LifecycleRefusedError,
)
from gateway.lifecycle.types import Case, Order, Step
from gateway.store.pool import Connection

_CLAIM = """
INSERT INTO lifecycle_command (unit, idempotency_key, digest, at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING true
"""
_DONE = """
SELECT command.digest, step.case_no, step.version, step.act, step.source, step.target,
    step.party, step.at
FROM lifecycle_command AS command LEFT JOIN lifecycle_step AS step USING (case_no, version)
WHERE command.unit = $1 AND command.idempotency_key = $2
"""
_SETTLE = """
UPDATE lifecycle_command SET case_no = $3, version = $4 WHERE unit = $1 AND idempotency_key = $2
"""
_OPEN = """
INSERT INTO lifecycle_case (case_no, machine, state, version, opened_at) VALUES ($1, $2, $3, 1, $4)
"""
_LOCK = "SELECT state, version FROM lifecycle_case WHERE case_no = $1 AND machine = $2 FOR UPDATE"
_MOVE = "UPDATE lifecycle_case SET state = $2, version = $3 WHERE case_no = $1"
_STEP = """
INSERT INTO lifecycle_step (case_no, version, act, source, target, at, unit, person, party,
    request_id, reason, basis, evidence_sha256)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
_WHO_DID = """
SELECT unit, person FROM lifecycle_step WHERE case_no = $1 AND act = $2
ORDER BY version DESC LIMIT 1
"""


async def claim(connection: Connection, order: Order) -> Step | None:
    """Take the key of an order; return what was done under it before.

    A key that another transaction holds is waited for.

    Raises:
        LifecycleRefusedError: IDEMPOTENCY_KEY_REUSED or COMMAND_GIVEN_UP.
    """
    unit, key = order.doer.unit, order.idempotency_key
    if await connection.fetchval(_CLAIM, unit, key, order.digest, order.at):
        return None
    row = await connection.fetchrow(_DONE, unit, key)
    assert row is not None
    digest, case_no = row["digest"], row["case_no"]
    if case_no is None:
        raise LifecycleRefusedError(
            COMMAND_GIVEN_UP,
            "this command came too late and was given up; send it again under a new key",
            "idempotencyKey",
        )
    if digest != order.digest:
        raise LifecycleRefusedError(
            IDEMPOTENCY_KEY_REUSED,
            "another command was sent under this idempotency key, expected a key of its own",
            "idempotencyKey",
        )
    return _repeated(row)


async def give_up(connection: Connection, order: Order) -> Step | None:
    """Return what was done under the key of an order, or see to it that nothing ever will be."""
    unit, key = order.doer.unit, order.idempotency_key
    if await connection.fetchval(_CLAIM, unit, key, order.digest, order.at):
        return None
    row = await connection.fetchrow(_DONE, unit, key)
    assert row is not None
    if row["case_no"] is None:
        return None
    return _repeated(row)


def _repeated(row: Any) -> Step:
    return Step(
        row["case_no"],
        row["version"],
        row["act"],
        row["source"],
        row["target"],
        row["party"],
        row["at"],
        is_repeated=True,
    )


async def lock_case(connection: Connection, machine: str, case_no: str) -> Case:
    """Lock a case for the rest of the transaction.

    Raises:
        LifecycleRefusedError: CASE_NOT_FOUND.
    """
    row = await connection.fetchrow(_LOCK, case_no, machine)
    if row is None:
        raise no_such_case(case_no)
    return Case(case_no, row["state"], row["version"])


def no_such_case(case_no: str) -> LifecycleRefusedError:
    """The same for a case that is not there and for one that does not concern the actor."""
    return LifecycleRefusedError(
        CASE_NOT_FOUND, f"there is no case `{case_no[:100]}` that concerns you", "caseNo"
    )


async def open_case(connection: Connection, machine: str, step: Step) -> None:
    """Write the case that a step opens."""
    await connection.execute(_OPEN, step.case_no, machine, step.target, step.at)


async def write_step(connection: Connection, step: Step, order: Order) -> None:
    """Write a step, and the state of its case."""
    if step.source is not None:
        await connection.execute(_MOVE, step.case_no, step.target, step.version)
    doer = order.doer
    await connection.execute(
        _STEP,
        step.case_no,
        step.version,
        step.act,
        step.source,
        step.target,
        step.at,
        doer.unit,
        doer.person,
        step.party,
        doer.request_id,
        order.reason,
        order.basis,
        order.evidence_sha256,
    )
    await connection.execute(_SETTLE, doer.unit, order.idempotency_key, step.case_no, step.version)


async def who_did(connection: Connection, case_no: str, act: str) -> tuple[str, str | None] | None:
    """Return unit and person of the last step with that act."""
    row = await connection.fetchrow(_WHO_DID, case_no, act)
    return None if row is None else (row["unit"], row["person"])
