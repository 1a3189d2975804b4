"""The adapter of the credit centre: records, commands and deadlines over its own database."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from gateway.contract import (
    Command,
    CommandResult,
    DeadlineChange,
    DueWork,
    FetchContext,
    NotSupported,
    OpenDeadline,
    SourceUnavailable,
    UserError,
    YearSchedule,
)
from gateway.lifecycle.database import UNREACHABLE, CaseDatabase
from gateway.lifecycle.due import open_deadlines, sweep
from gateway.lifecycle.errors import LifecycleRefusedError
from gateway.lifecycle.numbers import RANDOM_BYTES
from gateway.lifecycle.schedules import take_schedule
from gateway.lifecycle.terms import load_terms
from gateway.lifecycle.types import Doer, Order
from gateway.sources.postgres import PostgresAdapter, PostgresSource
from plugins.creditcentre.listing.catalogue import PACKAGED, load_lists
from plugins.creditcentre.listing.desk import ListDesk
from plugins.creditcentre.manifest import MANIFEST
from plugins.creditcentre.mapping import MAPPINGS
from plugins.creditcentre.settings import CentreSettings

TERMS = Path(__file__).parent / "terms"
_NAME = "credit-centre"


def utc_now() -> datetime:
    return datetime.now(UTC)


class CreditCentre(PostgresAdapter):
    """Supplies records, carries out commands, tells deadlines, and does what is due.

    Args:
        clock: the time, with its zone.
    """

    def __init__(
        self,
        settings: CentreSettings,
        clock: Callable[[], datetime] = utc_now,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        source = PostgresSource(url=settings.url, pool_size=settings.pool_size)
        super().__init__(MANIFEST, MAPPINGS, source)
        self._lists = ListDesk(load_lists(settings.lists or PACKAGED), load_terms(TERMS))
        self._clock = clock
        self._entropy = entropy
        self._reading = CaseDatabase(settings.url, settings.pool_size, _NAME)
        self._acting = CaseDatabase(settings.command_url, settings.pool_size, _NAME)

    async def aclose(self) -> None:
        await super().aclose()
        await self._reading.aclose()
        await self._acting.aclose()

    async def submit(self, command: Command, context: FetchContext) -> CommandResult:
        """Carry out a command; a refusal is an error of the result, and left nothing."""
        if command.name not in self._lists.names:
            raise NotSupported(f"there is no command `{command.name}` here")
        try:
            with _reached():
                async with self._acting.connection() as connection:
                    step = await self._lists.carry_out(
                        connection, command, self._order(command), self._entropy(RANDOM_BYTES)
                    )
        except LifecycleRefusedError as error:
            return CommandResult((), (UserError(error.code, error.field, error.message),))
        return CommandResult((step.case_no,), ())

    async def deadlines(self, until: date, whose: str | None, most: int) -> Sequence[OpenDeadline]:
        with _reached():
            return await open_deadlines(self._reading, until, whose, most)

    async def take_schedule(self, schedule: YearSchedule) -> Sequence[DeadlineChange]:
        with _reached():
            async with self._acting.connection() as connection:
                return await take_schedule(connection, schedule, self._clock())

    async def do_due_work(self) -> DueWork:
        done = failed = 0
        with _reached():
            for engine in self._lists.engines.values():
                work = await sweep(engine, self._acting, self._clock)
                done, failed = done + work.done, failed + work.failed
        return DueWork(done, failed)

    def _order(self, command: Command) -> Order:
        actor = command.actor
        doer = Doer(actor.unit, actor.person, actor.caller_class, actor.request_id)
        arguments = json.dumps([command.name, dict(command.arguments)], sort_keys=True)
        digest = hashlib.sha256(arguments.encode()).digest()
        version = command.expected_version
        return Order("", doer, self._clock(), command.idempotency_key, digest, version)


@contextmanager
def _reached() -> Iterator[None]:
    """Tell of a database that does not answer in the contract's words."""
    try:
        yield
    except UNREACHABLE as error:
        raise SourceUnavailable("the credit centre's database does not answer") from error


def build_adapter(settings: CentreSettings) -> CreditCentre:
    """Return the adapter for these settings; opens no connection."""
    return CreditCentre(settings)
