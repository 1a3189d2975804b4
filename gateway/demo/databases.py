"""Where the demonstration's four databases are: on the embedded server, or where URLs say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import asyncpg

from gateway.demo.city.generate import SLUGS
from gateway.demo.city.load import CityNotEmptyError, Report, load_city
from gateway.demo.city.marker import marker_of, read_marker
from gateway.demo.city.settings import CitySettings
from gateway.demo.departments import DepartmentAccess, prepare_departments
from gateway.demo.errors import DemoError
from gateway.demo.postgres import RunningPostgres
from gateway.store.connect import postgres_url

_STORE, _STORE_OWNER = "gateway", "gateway_owner"
_TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1"


class DepartmentSwitch(Protocol):
    """Takes a department's database away from the gateway, and gives it back."""

    async def off(self) -> None: ...

    async def on(self) -> None: ...


@dataclass(frozen=True, slots=True)
class DemoDatabases:
    """The databases, filled.

    Attributes:
        access: per department.
        store_url: the gateway's own database.
        rows: rows loaded now; None where the city was there already.
        courts_switch: None where the server is not ours, and so no login is locked there.
    """

    access: Mapping[str, DepartmentAccess]
    store_url: str = field(repr=False)
    rows: int | None
    courts_switch: DepartmentSwitch | None


class LoginSwitch:
    """Locks the login of a department's adapter, as a department would that wants no reader.

    A start of the demonstration lets every login in again, whatever happened before.
    """

    def __init__(self, server: RunningPostgres, login: str) -> None:
        """
        Args:
            login: name of the login, a plain identifier.
        """
        self._server = server
        self._login = login

    async def off(self) -> None:
        """Refuse new connections, then end those that are open."""
        async with self._superuser() as connection:
            await connection.execute(f"ALTER ROLE {self._login} NOLOGIN")
            await connection.execute(_TERMINATE, self._login)

    async def on(self) -> None:
        async with self._superuser() as connection:
            await connection.execute(f"ALTER ROLE {self._login} LOGIN")

    @asynccontextmanager
    async def _superuser(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(**self._server.superuser.connect_arguments())
        try:
            yield connection
        finally:
            await connection.close()


async def embedded_databases(
    server: RunningPostgres, city: CitySettings, report: Report
) -> DemoDatabases:
    """Provide the four databases on the embedded server."""
    departments = await prepare_departments(server, city, report)
    store = await server.administration.create_database(_STORE, _STORE_OWNER)
    return DemoDatabases(
        departments.access,
        postgres_url(**store.connect_arguments()),
        departments.rows,
        LoginSwitch(server, "courts_reader"),
    )


@dataclass(frozen=True, slots=True)
class ConfiguredUrls:
    """URLs of real servers; each database is empty, or holds the same city already.

    Attributes:
        departments: by slug.
    """

    departments: Mapping[str, str] = field(repr=False)
    store: str = field(repr=False)


async def configured_databases(
    urls: ConfiguredUrls, city: CitySettings, report: Report
) -> DemoDatabases:
    """Provide the four databases where the URLs say; the adapters use the same logins.

    Raises:
        DemoError: a database cannot be reached, or holds something else.
    """
    try:
        holding = {slug: await _holds(urls.departments[slug], city) for slug in SLUGS}
        rows = None
        if not any(holding.values()):
            rows = await load_city(urls.departments, city, report)
        elif not all(holding.values()):
            found = ", ".join(slug for slug, holds in holding.items() if holds)
            raise DemoError(
                f"only {found} of the departments' databases hold this city, expected all or none"
            )
    except CityNotEmptyError as error:
        raise DemoError(f"{error}, or this very city (same number of subjects)") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        # The text of the error can hold the address, and with it a password.
        raise DemoError(
            "a department's database cannot be reached or refuses the login"
            f" ({type(error).__name__}), expected PostgreSQL URLs whose logins may create tables"
        ) from error
    access = {slug: DepartmentAccess(slug, url, url) for slug, url in urls.departments.items()}
    return DemoDatabases(access, urls.store, rows, None)


async def _holds(url: str, city: CitySettings) -> bool:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return await read_marker(connection) == marker_of(city)
    finally:
        await connection.close()
