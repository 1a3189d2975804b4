"""What changed at a source: asked for in portions, each with a cursor to continue behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schema.codes import RecordKind

MOST_CURSOR = 2_000
"""Longest cursor, in characters."""


@dataclass(frozen=True, slots=True)
class ChangesRequest:
    """The next changes of the records of one kind.

    Attributes:
        since: cursor of the last batch that was applied; None: from now on, with no changes yet.
        most: changes wanted at most.
    """

    kind: RecordKind
    since: str | None
    most: int


@dataclass(frozen=True, slots=True)
class RecordChange:
    """A record was entered or altered; what it says now is to be asked for.

    Attributes:
        record_id: as in `meta.recordId`.
        subject_key: whom the record is about, as in `SUBJECT_KEY`; None if it names nobody.
    """

    record_id: str
    subject_key: str | None


@dataclass(frozen=True, slots=True)
class ChangesBatch:
    """Changes behind a cursor, oldest first; a record changed twice may come once.

    Attributes:
        cursor: where to continue, known to the adapter alone; up to `MOST_CURSOR` characters.
        is_complete: nothing more is there for now.
    """

    changes: Sequence[RecordChange]
    cursor: str
    is_complete: bool
