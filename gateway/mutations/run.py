"""Runs mutations on the generic executor, and commits them together with their audit entry.

All acts of an operation and its entry are one transaction: neither can be there without the
other, and nobody sees an act before its entry. Root fields run one after another, each in a
savepoint: a refused one leaves nothing and does not undo the others.

A payload holds what the acts are about, and no record of a department. One that led to a subject
would be answered as a query of its own, by the stages, after the commit.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Mapping
from typing import Any

import asyncpg
import orjson
from graphql import GraphQLError, GraphQLSchema, execute

from gateway.audit.types import OutdatedDecisionError, RecordsWithin
from gateway.entitlements.acts import Actor
from gateway.entitlements.types import Standings
from gateway.errors import ClientError, Unavailable
from gateway.mutations.context import ActContext
from gateway.mutations.office import Office
from gateway.mutations.types import Acts, EntryOf
from gateway.operation.types import ValidatedOperation
from gateway.store.lending import OneConnection
from gateway.store.pool import CONNECTION_ERRORS, Connection, LightPool, NoConnectionError

_ATTEMPTS = 3
# Another worker was faster; whatever was done is undone, and the operation can be run again.
_RETRIED = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)


class Mutations:
    """Runs mutations.

    Args:
        pool: connections to the store, which lose no commit.
        recorder: writes an entry in the transaction that is open.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        pool: LightPool,
        recorder: RecordsWithin,
        office: Office,
        standings: Standings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._schema = schema
        self._pool = pool
        self._recorder = recorder
        self._office = office
        self._standings = standings
        self._clock = clock

    async def run(
        self,
        operation: ValidatedOperation,
        variables: Mapping[str, Any],
        actor: Actor,
        deadline: float,
        entry_of: EntryOf,
    ) -> bytes:
        """Run a mutation; it is committed with its entry when this returns.

        Args:
            variables: raw, as the client sent them; checked before.
            deadline: monotonic second.

        Returns:
            The body of the response.

        Raises:
            ClientError: nothing was done: the fence refused the entry, or AUDIT_UNAVAILABLE.
        """
        try:
            async with asyncio.timeout(deadline - self._clock()):
                return await self._run(operation, variables, actor, entry_of)
        except (NoConnectionError, TimeoutError, *CONNECTION_ERRORS) as error:
            raise _unavailable() from error

    async def _run(
        self,
        operation: ValidatedOperation,
        variables: Mapping[str, Any],
        actor: Actor,
        entry_of: EntryOf,
    ) -> bytes:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self._pool.connection() as connection, connection.transaction():
                    return await self._attempt(connection, operation, variables, actor, entry_of)
            except _RETRIED:
                if attempt == _ATTEMPTS:
                    raise
            except OutdatedDecisionError as outdated:
                if attempt == _ATTEMPTS:
                    raise _unavailable() from outdated
                await self._standings.refresh(outdated.areas)
        raise AssertionError("unreachable")  # pragma: no cover - the loop returns or raises

    async def _attempt(
        self,
        connection: Connection,
        operation: ValidatedOperation,
        variables: Mapping[str, Any],
        actor: Actor,
        entry_of: EntryOf,
    ) -> bytes:
        desks = self._office.desks(OneConnection(connection), actor)
        context = ActContext(connection, desks)
        result = execute(
            self._schema,
            operation.document,
            context_value=context,
            variable_values=dict(variables),
            operation_name=operation.operation.name.value if operation.operation.name else None,
        )
        if inspect.isawaitable(result):
            result = await result
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [_shown(error) for error in result.errors]
        acts = Acts(tuple(desks.acting.done), tuple(context.refused))
        await self._recorder.record(connection, entry_of(acts))
        return orjson.dumps(answer)


def _unavailable() -> Unavailable:
    return Unavailable(
        "AUDIT_UNAVAILABLE",
        "the request cannot be recorded now, and nothing is done unrecorded: see whether it was"
        " done, and try again later",
        headers=(("Retry-After", "1"),),
    )


def _shown(error: GraphQLError) -> dict[str, Any]:
    """The error as the caller sees it.

    Raises:
        Exception: the cause, if it is not meant for clients: then nothing at all is done.
    """
    cause = error.original_error
    if isinstance(cause, ClientError):
        return {
            **error.formatted,
            "message": cause.message,
            "extensions": {"code": cause.code},
        }
    raise cause or error
