"""PostgreSQL without an installed server: binaries from a wheel, started by our own launcher.

What lives here: preparing, starting, administering and stopping one server in a data folder.
What does not: what is stored in it (the generated city, the gateway's own store).
"""

from gateway.demo.postgres.address import ConnectArguments, PostgresAddress
from gateway.demo.postgres.administration import Administration
from gateway.demo.postgres.errors import DataFolderInUseError, EmbeddedPostgresError
from gateway.demo.postgres.launcher import EmbeddedPostgres
from gateway.demo.postgres.running import RunningPostgres

__all__ = [
    "Administration",
    "ConnectArguments",
    "DataFolderInUseError",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "PostgresAddress",
    "RunningPostgres",
]
