"""Where a department's MySQL or MariaDB server is, and what the gateway takes from it at most."""

from __future__ import annotations

from dataclasses import dataclass, field

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class MySqlSource:
    """A database.

    Attributes:
        user: a login that may read the mapped tables and nothing else.
        has_tls: whether the way is encrypted; may be left out on this machine only.
        ca_file: certificates to trust instead of the system's.
        pool_size: most connections open at a time.
        statement_timeout_ms: the server ends a statement after this.
        most_bytes: longest answer to one statement that is taken.
        settle_s: how long ago a change must be to be told; longer than transactions take there.
    """

    host: str
    port: int
    database: str
    user: str
    password: str = field(default="", repr=False)
    has_tls: bool = True
    ca_file: str = ""
    pool_size: int = 8
    statement_timeout_ms: int = 2_000
    most_bytes: int = 16_000_000
    settle_s: float = 5.0

    def __post_init__(self) -> None:
        if not self.has_tls and self.host not in LOOPBACK:
            raise ValueError("records would travel in clear: only on this machine without TLS")
