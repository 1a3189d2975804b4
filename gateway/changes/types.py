"""What listeners are told, and what following needs of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.contract import ChangesBatch, ChangesRequest, FetchContext, RecordChange
from gateway.fetching.types import SourceOutcome
from gateway.store.pool import Connection
from schema.codes import RecordKind


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes of one department's records of one kind, oldest first.

    Attributes:
        department: slug.
        changes: each with the subject key that the gateway uses inside.
    """

    department: str
    kind: RecordKind
    changes: Sequence[RecordChange]


class ChangeListener(Protocol):
    """Somebody who acts on changes.

    A change may be told again after a failure of the source, never out of order within a kind.
    What is written over the connection is committed together with the cursor: it is there once if
    the change was passed, and not at all if it was not.
    """

    async def apply(self, connection: Connection, changes: Changes) -> None:
        """Write what follows from the changes, over the connection whose transaction is open.

        An error undoes everything of the batch; it is told again later.
        """
        ...


class AsksForChanges(Protocol):
    """Departments, as far as their changes are concerned."""

    async def changes(
        self, slug: str, request: ChangesRequest, context: FetchContext
    ) -> ChangesBatch | SourceOutcome: ...


@dataclass(frozen=True, slots=True)
class CursorLine:
    """How far one department's records of one kind are followed, for people.

    Attributes:
        asked_at, moved_at: wire times; None before the first answer. `asked_at` is written once a
            minute where nothing changes.
        applied: number of changes.
        failing_since: wire time, while something keeps it from being followed.
        reason: what does.
    """

    department: str
    kind: str
    asked_at: str | None
    moved_at: str | None
    applied: int
    failing_since: str | None
    reason: str | None
