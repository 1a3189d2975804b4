"""The departments with PostgreSQL, on the embedded server: databases, logins, tables, the city.

Each database belongs to its own login and has one reader, which is the adapter's; nothing is
shared. A database that already holds the wanted city is used again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import asyncpg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.demo.city.definitions import definitions
from gateway.demo.city.generate import SLUGS
from gateway.demo.city.load import Report, load_city
from gateway.demo.city.marker import marker_of, read_marker
from gateway.demo.city.settings import CitySettings
from gateway.demo.postgres import PostgresAddress, RunningPostgres
from gateway.store.connect import postgres_url


@dataclass(frozen=True, slots=True)
class DepartmentAccess:
    """How to open one department's database; URLs hold passwords and never print.

    Attributes:
        slug: the department's short name, which is also its database's name.
        reader_url: for the adapter: reads, and only what the adapter maps.
        owner_url: for the department itself, such as its import of registrations.
    """

    slug: str
    reader_url: str = field(repr=False)
    owner_url: str = field(repr=False)

    @property
    def adapter_values(self) -> dict[str, str]:
        """Section `[adapters.<slug>]` of the gateway's settings."""
        return {"url": self.reader_url}


@dataclass(frozen=True, slots=True)
class Departments:
    """The departments, ready to be read.

    Attributes:
        access: by slug.
        rows: rows loaded now; None where the data were there already.
    """

    access: Mapping[str, DepartmentAccess]
    rows: int | None


async def prepare_departments(
    server: RunningPostgres, city: CitySettings, report: Report
) -> Departments:
    """Provide the departments' databases with a city in them.

    Databases that hold another city, or one that was not loaded to its end, are dropped first.
    """
    rows = None
    owners = {slug: await _provide(server, slug) for slug in SLUGS}
    if not all([await _holds(address, city) for address in owners.values()]):
        for slug in SLUGS:
            await server.administration.drop_database(slug)
        owners = {slug: await _provide(server, slug) for slug in SLUGS}
        urls = {slug: _url(address) for slug, address in owners.items()}
        rows = await load_city(urls, city, report)
    access = {}
    for slug, owner in owners.items():
        # Only the first schema: single complaints lie in another one.
        reader = await server.administration.create_reader(
            f"{slug}_reader", slug, f"{slug}_owner", definitions(slug).schemas[0]
        )
        access[slug] = DepartmentAccess(slug, _url(reader), _url(owner))
    return Departments(access, rows)


async def _provide(server: RunningPostgres, slug: str) -> PostgresAddress:
    return await server.administration.create_database(slug, f"{slug}_owner")


async def _holds(address: PostgresAddress, city: CitySettings) -> bool:
    connection = await asyncpg.connect(**address.connect_arguments())
    try:
        return await read_marker(connection) == marker_of(city)
    finally:
        await connection.close()


def _url(address: PostgresAddress) -> str:
    return postgres_url(**address.connect_arguments())


@contextmanager
def progress_report(console: Console) -> Iterator[Report]:
    """Yield a report that draws one progress bar per kind of work on the console."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        tasks = {}

        def report(work: str, done: int, total: int) -> None:
            if work not in tasks:
                tasks[work] = progress.add_task(work, total=total)
            progress.update(tasks[work], completed=done)

        yield report
