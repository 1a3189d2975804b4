"""Where a database is and as whom to open it; passwords stay in their files until needed."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict


class ConnectArguments(TypedDict):
    """Keyword arguments of `asyncpg.connect` and `asyncpg.create_pool`."""

    host: str
    port: int
    database: str
    user: str
    password: str


@dataclass(frozen=True)
class PostgresAddress:
    """One database opened by one login.

    Attributes:
        host: absolute path of the folder that holds the server's unix socket.
        port: number in the socket's file name.
        database: name of the database.
        user: name of the login.
        password_file: file of mode 0600 whose whole content is the password.
    """

    host: str
    port: int
    database: str
    user: str
    password_file: Path

    def connect_arguments(self) -> ConnectArguments:
        """Read the password and return the keyword arguments for asyncpg."""
        return ConnectArguments(
            host=self.host,
            port=self.port,
            database=self.database,
            user=self.user,
            password=self.read_password(),
        )

    def read_password(self) -> str:
        """Return the password as it stands in its file now."""
        return self.password_file.read_text(encoding="ascii").strip()
