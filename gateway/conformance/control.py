"""A source under the kit's control: what it counts, and what it can do to an adapter."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from schema.codes import RecordKind


class SourceControl(Protocol):
    """A source between whose answers and the adapter the kit stands."""

    def round_trips(self) -> int:
        """Questions that the source was sent since the start."""
        ...

    def statements(self) -> Sequence[str]:
        """What it was sent in words, as far as the protocol is understood."""
        ...

    def connections(self) -> int:
        """Connections that are open now."""
        ...

    def restart(self) -> None:
        """End every connection, as a restart of the source does; it answers again at once."""
        ...

    def stalled(self) -> AbstractContextManager[None]:
        """While the block runs, the source takes questions and answers none."""
        ...

    def add_records(self, kind: RecordKind, count: int) -> bool:
        """Add records about the subjects that have some; False if it cannot."""
        ...
