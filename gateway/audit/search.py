"""Searching the log by who asked, for what and when; entries hold no contents of records.

The log is read from its newest entry down, so that a search costs what it has to look through: by
clients it uses their index, otherwise it is the times that bound it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from gateway.audit.log import StoredEntry
from gateway.errors import BadRequest
from gateway.store.lending import Lending

MAX_FOUND = 1_000
_PATIENCE_MS = 2_000

_NAMES = """
(entry_member(e.entry, 'organisation') = ${0} OR entry_member(e.entry, 'actingFor') = ${0})
"""
_DECIDED = """
decode(entry_member(e.entry, 'decisions'), 'hex') IN (
    SELECT d.sha256 FROM audit_decisions AS d
    WHERE position(convert_to('"coordinate":' || to_json(${0}::text), 'UTF8') IN d.json) > 0)
"""
_HAS_NO_EVENT = "(entry_member(e.entry, 'event') IS NULL) = ${0}"
_CLIENTS_OF = """
e.client_id IN (SELECT c.client_id FROM client AS c
    WHERE c.organisation = ${0} OR c.caller_class = 'platform')
"""


@dataclass(frozen=True, slots=True)
class EntrySearch:
    """What is wanted; None: whatever.

    Attributes:
        organisation: who asked, or for whom a platform asked. acting_for: for whom a platform did.
        clients_of: only registered clients of this organisation, and platforms, which may act for
            it.
        coordinate: a field or record kind of the schema that was decided about.
        begin, end: times of arrival, `begin` included.
        before: number of an entry; older ones are wanted.
        is_request: only what has the members of a request, no erasure or restore.
    """

    client_id: str | None = None
    organisation: str | None = None
    acting_for: str | None = None
    clients_of: str | None = None
    purpose: str | None = None
    coordinate: str | None = None
    begin: datetime | None = None
    end: datetime | None = None
    before: int | None = None
    is_request: bool | None = None
    most: int = 20


async def search_entries(lending: Lending, wanted: EntrySearch) -> Sequence[StoredEntry]:
    """Return the newest entries that fit, the newest first.

    Raises:
        BadRequest: SEARCH_TOO_WIDE, it would look through too much.
    """
    conditions, arguments = _conditions(wanted)
    text = (
        f"SELECT e.entry_no, e.entry FROM audit_entry AS e WHERE {conditions} "  # noqa: S608
        f"ORDER BY e.entry_no DESC LIMIT {min(wanted.most, MAX_FOUND):d}"
    )
    async with lending.connection() as connection, connection.transaction():
        await connection.execute(f"SET LOCAL statement_timeout = {_PATIENCE_MS:d}")
        try:
            rows = await connection.fetch(text, *arguments)
        except asyncpg.QueryCanceledError as error:
            raise BadRequest(
                "SEARCH_TOO_WIDE",
                "the search would look through too many entries; name a client or a shorter time",
            ) from error
    return [StoredEntry(row["entry_no"], bytes(row["entry"])) for row in rows]


def _conditions(wanted: EntrySearch) -> tuple[str, list[object]]:
    templates: tuple[tuple[str, object | None], ...] = (
        ("e.client_id = ${0}", wanted.client_id),
        (_CLIENTS_OF, wanted.clients_of),
        ("e.purpose = ${0}", wanted.purpose),
        ("e.at >= ${0}", wanted.begin),
        ("e.at < ${0}", wanted.end),
        ("e.entry_no < ${0}", wanted.before),
        (_NAMES, wanted.organisation),
        ("entry_member(e.entry, 'actingFor') = ${0}", wanted.acting_for),
        (_DECIDED, wanted.coordinate),
        (_HAS_NO_EVENT, wanted.is_request),
    )
    conditions: list[str] = ["true"]
    arguments: list[object] = []
    for template, argument in templates:
        if argument is not None:
            arguments.append(argument)
            conditions.append(template.format(len(arguments)))
    return " AND ".join(conditions), arguments
