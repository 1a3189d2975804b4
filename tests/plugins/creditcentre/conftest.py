"""The credit centre's database and adapter, at a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from gateway.demo.postgres import PostgresAddress
from plugins.creditcentre.adapter import CreditCentre
from plugins.creditcentre.install import tables
from plugins.creditcentre.settings import CentreSettings
from tests.plugins.creditcentre.centre import Centre
from tests.support.lifecycle import Clockface, address_of, fill
from tests.support.postgres import DatabaseFactory


@pytest.fixture(scope="module")
def centre_database(databases: DatabaseFactory) -> Iterator[PostgresAddress]:
    """Return a database that the tests of a module share; each is about a firm of its own."""
    address = databases.create()
    fill(address, tables())
    yield address
    databases.drop(address.database)


@pytest_asyncio.fixture
async def centre(centre_database: PostgresAddress) -> AsyncIterator[Centre]:
    clock = Clockface()
    url = address_of(centre_database).url
    adapter = CreditCentre(CentreSettings(url, url), clock)
    yield Centre(adapter, clock, address_of(centre_database))
    await adapter.aclose()
