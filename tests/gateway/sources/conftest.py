"""The odd table in a database of its own."""

from collections.abc import Iterator

import pytest

from tests.gateway.sources.odd_table import OddSource
from tests.support.postgres import DatabaseFactory


@pytest.fixture(scope="module")
def odd(databases: DatabaseFactory) -> Iterator[OddSource]:
    address = databases.create()
    source = OddSource(address)
    yield source
    source.close()
    databases.drop(address.database)
