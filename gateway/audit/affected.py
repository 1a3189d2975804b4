"""Whom a leak is about: subjects of answers, by client, time and field, from the log alone.

Subjects stand there by their references; what was shown of each is told apart, since an entry says
which decisions hold for which of its subjects.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.audit.types import ANSWERED, EntryKind
from gateway.store.lending import Lending
from gateway.store.pool import Connection

_ENTRIES = """
SELECT e.entry_no, e.entry FROM audit_entry AS e
WHERE e.entry_no > $1 AND e.outcome = $2 AND e.at >= $3 AND e.at < $4
    AND ($5::text IS NULL OR e.client_id = $5)
ORDER BY e.entry_no LIMIT $6
"""
_DECISIONS = "SELECT json FROM audit_decisions WHERE sha256 = $1"
_NAMES = """
SELECT encode(reference, 'hex') AS reference, subject_key FROM subject_reference
WHERE reference = ANY ($1)
"""
_BATCH = 1_000
_SHOWN = ("CLEAR", "MASKED")


@dataclass(frozen=True, slots=True)
class Leak:
    """What is known of a leak.

    Attributes:
        client_id: who read; None: anybody.
        begin, end: times of arrival, `begin` included.
        coordinate: a field or record kind; None: any.
    """

    begin: datetime
    end: datetime
    client_id: str | None = None
    coordinate: str | None = None


@dataclass(slots=True)
class AffectedSubject:
    """A subject of answers.

    Attributes:
        key: code of a firm, or the person's; None if not asked for, or its link was destroyed.
    """

    reference: str
    first_at: str
    last_at: str
    requests: int = 0
    coordinates: set[str] = field(default_factory=set)
    clients: set[str] = field(default_factory=set)
    key: str | None = None


async def affected_subjects(
    lending: Lending, leak: Leak, *, names_subjects: bool = False
) -> Sequence[AffectedSubject]:
    """Return whom the leak is about, each once, the first that was read first.

    Args:
        names_subjects: tell their keys, so that they can be told.
    """
    found: dict[str, AffectedSubject] = {}
    async with lending.connection() as connection:
        shown = _Shown(connection)
        async for members in _entries(connection, leak):
            for digest, references in _by_decisions(members):
                coordinates = await shown.of(digest)
                if leak.coordinate is not None:
                    coordinates = {each for each in coordinates if _is_of(each, leak.coordinate)}
                if coordinates:
                    _note(found, members, references, coordinates)
        if names_subjects:
            rows = await connection.fetch(_NAMES, [bytes.fromhex(each) for each in found])
            for row in rows:
                found[row["reference"]].key = row["subject_key"]
    return list(found.values())


async def _entries(connection: Connection, leak: Leak) -> AsyncIterator[Mapping[str, Any]]:
    last = 0
    while rows := await connection.fetch(
        _ENTRIES, last, ANSWERED, leak.begin, leak.end, leak.client_id, _BATCH
    ):
        last = rows[-1]["entry_no"]
        for row in rows:
            members = json.loads(row["entry"])
            if members.get("kind", EntryKind.REQUEST.value) == EntryKind.REQUEST.value:
                yield members


def _by_decisions(members: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    """Digests of decisions with the subjects for which they hold."""
    subjects, shared = members["subjects"], set()
    for share in members.get("shares", ()):
        shared.update(share["subjects"])
        yield share["decisions"], [subjects[position] for position in share["subjects"]]
    rest = [each for position, each in enumerate(subjects) if position not in shared]
    if rest:
        yield members["decisions"], rest


class _Shown:
    """Coordinates that decisions let through, each digest read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, set[str]] = {}

    async def of(self, digest: str) -> set[str]:
        found = self._known.get(digest)
        if found is None:
            stored = await self._connection.fetchval(_DECISIONS, bytes.fromhex(digest))
            listed: Sequence[Mapping[str, Any]] = [] if stored is None else json.loads(stored)
            found = self._known[digest] = {
                str(each["coordinate"]) for each in listed if each.get("outcome") in _SHOWN
            }
        return found


def _is_of(coordinate: str, wanted: str) -> bool:
    """Whether a coordinate is the wanted field, or a field of the wanted kind."""
    return coordinate == wanted or coordinate.startswith(f"{wanted}.")


def _note(
    found: dict[str, AffectedSubject],
    members: Mapping[str, Any],
    references: Sequence[str],
    coordinates: set[str],
) -> None:
    for reference in references:
        subject = found.setdefault(
            reference, AffectedSubject(reference, members["at"], members["at"])
        )
        subject.last_at = members["at"]
        subject.requests += 1
        subject.coordinates |= coordinates
        subject.clients.add(members["clientId"])
