"""A running embedded server: its address for each login, and its end."""

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.demo.postgres.account import ServerAccount
from gateway.demo.postgres.address import PostgresAddress
from gateway.demo.postgres.administration import Administration
from gateway.demo.postgres.cluster import SUPERUSER
from gateway.demo.postgres.errors import EmbeddedPostgresError
from gateway.demo.postgres.layout import PORT, Layout, remove_short_socket_folder
from gateway.demo.postgres.lock import forget_starter

_PATIENCE_FOR_STOP_S = 90.0


class RunningPostgres:
    """A server that accepts connections until `stop`; also a context manager.

    Attributes:
        administration: creates databases and logins.
        server_id: process id of the server.
    """

    def __init__(
        self,
        layout: Layout,
        account: ServerAccount,
        socket_folder: Path,
        superuser_password: Path,
        process: subprocess.Popen[bytes],
        server_id: int,
    ) -> None:
        """Describe a server that has just been started; only the launcher does this."""
        self._layout = layout
        self._account = account
        self._process = process
        self.server_id = server_id
        self.administration = Administration(
            layout,
            PostgresAddress(str(socket_folder), PORT, "postgres", SUPERUSER, superuser_password),
        )

    @property
    def superuser(self) -> PostgresAddress:
        """Database `postgres` as the superuser, for administration."""
        return self.administration.superuser

    @property
    def is_running(self) -> bool:
        """Whether the server still runs."""
        return self._process.poll() is None

    @property
    def log(self) -> Path:
        """The server's log."""
        return self._layout.log

    @property
    def placement(self) -> str:
        """One sentence that tells where the data lies and who serves it."""
        where = f"`{self._layout.root}`"
        if self._layout.is_moved:
            where += (
                f", since account `{self._account.name}` cannot enter `{self._layout.data_folder}`"
            )
        return f"PostgreSQL runs as `{self._account.name}` on {where}"

    def address(self, database: str, login: str) -> PostgresAddress:
        """Return the address of the database for a login that has been created before."""
        return self.administration.address(database, login)

    def stop(self) -> None:
        """Shut the server down in order and return when it is gone; a second call does nothing.

        Raises:
            EmbeddedPostgresError: when the server had crashed or had to be killed.
        """
        if self._process.stdin is None or self._process.stdin.closed:
            return
        forget_starter(self._layout)
        self._process.stdin.close()
        try:
            code = self._process.wait(_PATIENCE_FOR_STOP_S)
        except subprocess.TimeoutExpired:
            raise EmbeddedPostgresError(
                f"PostgreSQL did not stop within {_PATIENCE_FOR_STOP_S:.0f} s:"
                f" its words are in `{self._layout.log}`"
            ) from None
        remove_short_socket_folder(self._layout)
        if code != 0:
            raise EmbeddedPostgresError(
                f"PostgreSQL ended in disorder: its words are in `{self._layout.log}`"
            )

    def __enter__(self) -> Self:
        """Return the server itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()
