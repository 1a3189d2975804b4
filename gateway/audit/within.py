"""Writes an entry in a transaction that its owner holds open, so that act and entry are one."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg

from gateway.audit.batch import Batch, Submission, subjects_of
from gateway.audit.entry import RecordHasher
from gateway.audit.references import ERASED, SubjectReferences
from gateway.audit.refusals import refusal_error
from gateway.audit.types import AuditEntry, OutdatedDecisionError
from gateway.entitlements.errors import client_suspended, token_revoked
from gateway.entitlements.types import ClientTerms
from gateway.store.pool import Connection


class TransactionRecorder:
    """Records single entries; see `gateway.audit.types.RecordsWithin`.

    It remembers no reference that it draws: the transaction may still be undone.

    Args:
        client: what this worker knows of a client, whose suspension is then compared; None where
            entries have no registered client.
    """

    def __init__(
        self,
        references: SubjectReferences,
        hasher: RecordHasher,
        client: Callable[[str], ClientTerms] | None = None,
    ) -> None:
        self._references = references
        self._hasher = hasher
        self._client = client

    async def record(self, connection: Connection, entry: AuditEntry) -> None:
        """Write the entry; it is durable when the transaction is."""
        client = None if self._client is None else self._client(entry.principal.client_id)
        if client is not None and client.is_suspended:
            raise client_suspended()
        if client is not None and client.has_revoked(entry.principal):
            raise token_revoked()
        submission = Submission(entry, client)
        references = await self._references.resolve(connection, subjects_of([submission]))
        batch = Batch()
        batch.add(submission, references.known, self._hasher)
        decisions = {named.sha256: named.json for named in entry.named_decisions()}
        try:
            verdict = await batch.write(connection, references, decisions)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == ERASED:
                self._references.forget()
            raise
        if verdict.outdated:
            raise OutdatedDecisionError(frozenset(area for area, _ in verdict.outdated))
        for reason in verdict.lost.values():
            raise refusal_error(reason, entry)
