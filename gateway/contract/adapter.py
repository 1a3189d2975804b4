"""The adapter: the one thing a department implements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gateway.contract.batches import Batch, StatisticsBatch
from gateway.contract.changes import ChangesBatch, ChangesRequest
from gateway.contract.commands import Command, CommandResult
from gateway.contract.manifest import Manifest
from gateway.contract.requests import FetchContext, RecordRequest, StatisticsRequest


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the source answers, and how fresh its data are.

    Attributes:
        as_of: wire time of the newest data, None if the source is live or does not say.
    """

    is_up: bool
    as_of: str | None


@runtime_checkable
class Adapter(Protocol):
    """Answers requests from one department's source system.

    Methods raise `AdapterError` for anything that goes wrong with the source. They are called
    concurrently. `open` comes first, `aclose` last.
    """

    @property
    def manifest(self) -> Manifest: ...

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def health(self) -> Health:
        """Ask the source once, cheaply; never reads records."""
        ...

    async def fetch(
        self, requests: Sequence[RecordRequest], context: FetchContext
    ) -> Sequence[Batch]:
        """Answer each request; one batch per request in the same order."""
        ...


@runtime_checkable
class StatisticsAdapter(Protocol):
    """Adapter whose manifest offers statistics."""

    async def statistics(
        self, requests: Sequence[StatisticsRequest], context: FetchContext
    ) -> Sequence[StatisticsBatch]: ...


@runtime_checkable
class ChangesAdapter(Protocol):
    """Adapter whose manifest says that it can tell which records changed."""

    async def changes(self, request: ChangesRequest, context: FetchContext) -> ChangesBatch:
        """Tell the next changes behind a cursor, oldest first.

        INVARIANT: a change may be told again, and none may be left out for good: a cursor must
        not pass a change that is not visible yet.
        """
        ...


@runtime_checkable
class CommandAdapter(Protocol):
    """Adapter that carries out commands of the unified schema for its department."""

    async def submit(self, command: Command, context: FetchContext) -> CommandResult: ...


@runtime_checkable
class ExplainingAdapter(Protocol):
    """Adapter that can say how it would answer, for `credit-gateway explain`."""

    def explain(self, requests: Sequence[RecordRequest]) -> str:
        """Return the statement that would be sent, without values of records or callers."""
        ...
