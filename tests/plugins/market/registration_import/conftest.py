"""A market department's database with its registration table, and how to import into it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from gateway.demo.postgres import PostgresAddress
from plugins.market.registration_import.importer import ImportResult, import_files
from plugins.market.registration_import.source_file import SourceFile, inspect_file

_DDL = files("plugins.market")


@dataclass
class Market:
    """One open connection to the department's database, and where it leads."""

    url: str
    connection: asyncpg.Connection
    folder: Path
    batch_rows: int = 5_000
    on_batch: Callable[[SourceFile, int], None] = field(default=lambda _source, _read: None)

    def file(self, name: str, content: str | bytes, encoding: str = "auto") -> SourceFile:
        """Write a file and inspect it."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return inspect_file(path, encoding)

    async def load(self, *sources: SourceFile) -> ImportResult:
        """Import files."""
        return await import_files(
            self.connection, sources, batch_rows=self.batch_rows, on_batch=self.on_batch
        )

    async def rows(self) -> list[tuple[object, ...]]:
        """Return all registrations without the time of their last change."""
        found = await self.connection.fetch("SELECT * FROM scjg.qy_djxx ORDER BY tyshxydm")
        return [tuple(value for key, value in row.items() if key != "gxsj") for row in found]

    async def quarantine(self) -> list[tuple[int, str, bytes]]:
        """Return line, rule and bytes of all quarantined rows."""
        found = await self.connection.fetch(
            "SELECT line, rule, raw FROM registration_import.quarantine"
            " ORDER BY run_id, record_number"
        )
        return [tuple(row) for row in found]


@pytest.fixture
def market_url(fresh_database: PostgresAddress) -> str:
    """Return the URL of a fresh department's database."""
    address = fresh_database
    return (
        f"postgresql://{quote(address.user)}:{quote(address.read_password())}@/"
        f"{address.database}?host={quote(address.host)}&port={address.port}"
    )


@pytest.fixture
async def market(market_url: str, tmp_path: Path) -> AsyncIterator[Market]:
    """Return a department whose table is empty."""
    connection = await asyncpg.connect(market_url)
    for script in ("ddl.sql", "indexes.sql"):
        await connection.execute(_DDL.joinpath(script).read_text("utf-8"))
    yield Market(market_url, connection, tmp_path)
    await connection.close()
