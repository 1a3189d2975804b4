"""Due work: what clocks do by themselves on the day after a deadline, over any number of workers.

The open deadlines are the queue: there is no second list of jobs that could disagree with them.
A worker takes cases with `SKIP LOCKED`, so that no two work on one; the clock's act, its effects
and the end of the deadline are one transaction, so that a worker that dies has done nothing, and
one that comes later finds nothing left to do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

import structlog

from gateway.contract import DueWork, OpenDeadline
from gateway.lifecycle.engine import Engine
from gateway.lifecycle.errors import LifecycleRefusedError
from gateway.lifecycle.machine import CLOCK
from gateway.lifecycle.reckoning import china_day
from gateway.lifecycle.types import Doer, Order
from gateway.store.lending import Lending
from gateway.store.pool import Connection

F = TypeVar("F")

_log = structlog.get_logger(__name__)
_BATCH = 50
_RETRY = timedelta(hours=1)
_TAKE = """
SELECT deadline.deadline_no, deadline.case_no, deadline.clock
FROM lifecycle_deadline AS deadline JOIN lifecycle_case USING (case_no)
WHERE deadline.machine = $1 AND deadline.ended_at IS NULL AND deadline.acts
    AND deadline.due_on < $2 AND (deadline.retry_at IS NULL OR deadline.retry_at <= $3)
ORDER BY deadline.due_on, deadline.deadline_no LIMIT $4
FOR UPDATE OF lifecycle_case SKIP LOCKED
"""
_STILL_DUE = """
SELECT true FROM lifecycle_deadline
WHERE deadline_no = $1 AND ended_at IS NULL AND due_on < $2
"""
_FAIL = "UPDATE lifecycle_deadline SET failure = $2, retry_at = $3 WHERE deadline_no = $1"
_OPEN = """
SELECT case_no, machine, clock, whose, due_on, provisional, failure FROM lifecycle_deadline
WHERE ended_at IS NULL AND (due_on <= $1 OR due_on IS NULL)
    AND ($2::text IS NULL OR whose = $2)
ORDER BY due_on NULLS LAST, deadline_no LIMIT $3
"""


async def sweep(
    engine: Engine[F], lending: Lending, clock: Callable[[], datetime], batch: int = _BATCH
) -> DueWork:
    """Do what is due of one machine, until nothing is left that can be done now."""
    done = failed = 0
    while True:
        at = clock()
        async with lending.connection() as connection, connection.transaction():
            rows = await connection.fetch(_TAKE, engine.machine.name, china_day(at), at, batch)
            for deadline_no, case_no, name in rows:
                if not await connection.fetchval(_STILL_DUE, deadline_no, china_day(at)):
                    continue  # an earlier deadline of the same case ended it
                if await _act(engine, connection, (deadline_no, case_no, name), at):
                    done += 1
                else:
                    failed += 1
        if not rows:
            return DueWork(done, failed)


async def _act(
    engine: Engine[F], connection: Connection, due: tuple[int, str, str], at: datetime
) -> bool:
    """Do a clock's act; one that cannot be done is put off and stands on the deadline's list."""
    deadline_no, case_no, name = due
    act = engine.machine.clock(name).act
    assert act is not None
    key = f"{engine.machine.name}:{deadline_no}"
    doer = Doer(CLOCK, None, "", key)
    order = Order(act, doer, at, key, hashlib.sha256(key.encode()).digest())
    try:
        async with connection.transaction():
            await engine.act(connection, case_no, order)
    except LifecycleRefusedError as error:
        failure = error.code
    except Exception as error:
        if connection.is_closed():
            raise
        failure = type(error).__name__
    else:
        return True
    _log.error("due_work_failed", machine=engine.machine.name, clock=name, error=failure)
    await connection.execute(_FAIL, deadline_no, failure, at + _RETRY)
    return False


async def open_deadlines(
    lending: Lending, until: date, whose: str | None = None, most: int = 1_000
) -> Sequence[OpenDeadline]:
    """Return deadlines up to a last day, the most urgent first, and those that stand still."""
    async with lending.connection() as connection:
        rows = await connection.fetch(_OPEN, until, whose, most)
    return [OpenDeadline(*row.values()) for row in rows]
