"""Entries that tell of no request: alarms, acts of administrators, restores.

They stand in the same log as requests, under numbers of the same sequence, and are proven alike.
Who writes one does it in the transaction of what it tells of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from gateway.errors import InternalError
from gateway.store.pool import Connection

EVENT_FORMAT_VERSION = 1
_OWN = frozenset({"actor", "at", "event", "format", "kind", "outcome", "requestId"})
_MOST_INTEGER = 2**53 - 1

_APPEND = """
INSERT INTO audit_entry (at, request_id, client_id, purpose, outcome, entry)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING entry_no
"""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """Something that is on record.

    Attributes:
        event: what happened, in capitals, such as ALARM; `docs/audit-events.md` lists them. It
            stands in the column `purpose` too, where requests have theirs.
        at: wire time.
        event_id: unique; it is found by it as a request is by its id.
        actor: who acted, or what found it.
        outcome: how it ended.
        members: whatever else is to be said; strings, integers, null, arrays and objects with
            ASCII names, and nothing that a record holds.
        kind: what sort of entry it is: nothing but REQUEST, which tells of a request.
    """

    event: str
    at: str
    event_id: str
    actor: str
    outcome: str
    members: Mapping[str, object] = field(default_factory=dict)
    kind: str = "EVENT"

    def encode(self) -> bytes:
        """Return the canonical bytes (RFC 8785).

        Raises:
            InternalError: the members hold something else than they may.
        """
        taken = _OWN & self.members.keys()
        if taken:
            raise InternalError(f"an event's member `{min(taken)}` is the event's own")
        members = {
            **self.members,
            "actor": self.actor,
            "at": self.at,
            "event": self.event,
            "format": EVENT_FORMAT_VERSION,
            "kind": self.kind,
            "outcome": self.outcome,
            "requestId": self.event_id,
        }
        _check(members)
        try:
            encoded = orjson.dumps(members, option=orjson.OPT_SORT_KEYS)
        except TypeError as error:
            raise InternalError("an event holds a text that is no valid Unicode") from error
        if b"\\u0000" in encoded:
            raise InternalError("an event holds a text with a NUL character")
        return encoded


async def append_event(connection: Connection, event: LogEvent) -> int:
    """Write an event; it is durable when the transaction is.

    Returns:
        The number of its entry.

    Raises:
        InternalError: the members hold something else than they may.
    """
    entry_no: int = await connection.fetchval(
        _APPEND,
        datetime.fromisoformat(event.at),
        event.event_id,
        event.actor,
        event.event,
        event.outcome,
        event.encode(),
    )
    return entry_no


def _check(value: object) -> None:
    """Let through what has one canonical form without a rule of its own."""
    match value:
        case None | str():
            return
        case bool() | float():
            raise InternalError("an event holds a number or truth value that entries do not have")
        case int() if abs(value) <= _MOST_INTEGER:
            return
        case list() | tuple():
            for each in value:
                _check(each)
        case dict():
            for name, each in value.items():
                if not isinstance(name, str) or not name.isascii():
                    raise InternalError("an event has a member whose name is not ASCII")
                _check(each)
        case _:
            raise InternalError(f"an event holds a `{type(value).__name__}`")
