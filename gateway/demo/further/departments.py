"""Starts the further departments as far as this machine lets them, and says what it left out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from gateway.demo.associations.drops import prepare_associations
from gateway.demo.associations.taking_up import SLUG, take_up_drop
from gateway.demo.city.settings import CitySettings
from gateway.demo.errors import DemoError
from gateway.demo.files import DemoFiles
from gateway.demo.further.environment_service import CLIENT, EnvironmentService
from gateway.demo.further.environment_store import prepare_environment
from gateway.demo.further.housing_store import prepare_housing
from gateway.demo.mariadb import MariaDb, MariaDbError, find_programs
from gateway.demo.serving import Service, reserve_port

_SECRET_BYTES = 24
_DATABASE = "housing"
_NOT_INSTALLED = "MariaDB is not installed and CREDIT_GATEWAY_DEMO_HOUSING_URL is not set"


@dataclass(frozen=True, slots=True)
class FurtherDepartment:
    """Section `[adapters.<slug>]` of one department.

    Attributes:
        source: what its data lie in, for people.
        values: settings in the clear.
        secrets: settings that are written to files of their own.
    """

    slug: str
    source: str
    values: Mapping[str, str] = field(repr=False)
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A department that does not run here, and why."""

    slug: str
    reason: str


@dataclass(frozen=True, slots=True)
class Further:
    """The further departments of one demonstration.

    Attributes:
        services: to be served while the demonstration runs.
    """

    departments: tuple[FurtherDepartment, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    services: tuple[Service, ...] = ()


@contextmanager
def further_departments(
    city: CitySettings, files: DemoFiles, housing_url: str | None
) -> Iterator[Further]:
    """Provide the departments, filled, for the length of a `with` block.

    Args:
        housing_url: MySQL or MariaDB database whose login may create tables; None: a server of
            our own, where MariaDB is installed.

    Raises:
        DemoError: a database that was named cannot be used.
    """
    with ExitStack() as stack:
        environment, service = stack.enter_context(_environment(city, files))
        departments, left_out = [environment, _associations(city, files)], []
        try:
            departments.append(stack.enter_context(_housing(city, files, housing_url)))
        except MariaDbError as error:
            left_out.append(LeftOut("housing", str(error)))
        yield Further(tuple(departments), tuple(left_out), (service,))


def _associations(city: CitySettings, files: DemoFiles) -> FurtherDepartment:
    values = prepare_associations(files.data / SLUG, city)
    take_up_drop(values, city)
    return FurtherDepartment(SLUG, "file drops (CSV, Excel)", values, {})


@contextmanager
def _environment(
    city: CitySettings, files: DemoFiles
) -> Iterator[tuple[FurtherDepartment, Service]]:
    database = files.data / "environment.sqlite3"
    prepare_environment(database, city)
    secret = files.secret_bytes("environment-client.key", _SECRET_BYTES).read_bytes().hex()
    service = EnvironmentService(database, secret)
    try:
        with reserve_port(0) as listening:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            values = {"url": url, "token_url": f"{url}/oauth/token", "client_id": CLIENT}
            department = FurtherDepartment(
                "environment", "HTTP service (REST)", values, {"client_secret": secret}
            )
            yield department, Service(service.app, listening)
    finally:
        service.close()


@contextmanager
def _housing(city: CitySettings, files: DemoFiles, url: str | None) -> Iterator[FurtherDepartment]:
    if url is not None:
        asyncio.run(prepare_housing(url, city))
        yield FurtherDepartment("housing", "MySQL or MariaDB", {}, {"url": url})
        return
    programs = find_programs()
    if programs is None:
        raise MariaDbError(_NOT_INSTALLED)
    owner, reader = (
        files.secret_bytes(f"housing-{name}.key", _SECRET_BYTES).read_bytes().hex()
        for name in ("owner", "reader")
    )
    with MariaDb(programs, files.data / "mariadb").start(_statements(owner, reader)) as port:
        place = f"127.0.0.1:{port}/{_DATABASE}"
        try:
            asyncio.run(prepare_housing(f"mysql://housing_owner:{owner}@{place}", city))
        except MariaDbError:
            raise
        except DemoError as error:
            raise MariaDbError(str(error)) from error
        secrets = {"url": f"mysql://housing_reader:{reader}@{place}"}
        yield FurtherDepartment("housing", "MariaDB", {}, secrets)


def _statements(owner: str, reader: str) -> tuple[str, ...]:
    """The database and its two logins; what the reader may is what its adapter maps."""
    return (
        f"CREATE DATABASE IF NOT EXISTS {_DATABASE} CHARACTER SET utf8mb4",
        f"CREATE OR REPLACE USER housing_owner@'127.0.0.1' IDENTIFIED BY '{owner}'",
        f"GRANT ALL ON {_DATABASE}.* TO housing_owner@'127.0.0.1'",
        f"CREATE OR REPLACE USER housing_reader@'127.0.0.1' IDENTIFIED BY '{reader}'",
        f"GRANT SELECT ON {_DATABASE}.* TO housing_reader@'127.0.0.1'",
    )
