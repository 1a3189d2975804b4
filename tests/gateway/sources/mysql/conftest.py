"""One MariaDB server for the tests of this kit."""

from collections.abc import Iterator

import pytest

from tests.support.mariadb import RunningMariaDb, running_mariadb


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMariaDb]:
    with running_mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield server
