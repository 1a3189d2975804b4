"""DuckDB as this kit allows it: no extensions, no network, no files but its own."""

from __future__ import annotations

from pathlib import Path

import duckdb

_Config = dict[str, str | bool | int | float | list[str]]
_CLOSED: _Config = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
}


def open_index(path: Path, threads: int, memory_mb: int) -> duckdb.DuckDBPyConnection:
    """Open an index for queries; nothing but this file can be reached through it.

    Raises:
        duckdb.Error: it is no index, or was cut short.
    """
    config: _Config = {**_CLOSED, "threads": str(threads), "memory_limit": f"{memory_mb}MB"}
    connection = duckdb.connect(str(path), read_only=True, config=config)
    _close_off(connection)
    return connection


def open_draft(path: Path, staged: Path, threads: int, memory_mb: int) -> duckdb.DuckDBPyConnection:
    """Open a new index for writing; besides it only the folder of staged files can be read."""
    config: _Config = {
        **_CLOSED,
        "threads": str(threads),
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": str(staged),
    }
    connection = duckdb.connect(str(path), config=config)
    connection.execute("SET allowed_directories = [?]", [str(staged)])
    _close_off(connection)
    return connection


def _close_off(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def identifier(name: str) -> str:
    """Quoted SQL identifier, dots included."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """SQL string literal."""
    return "'" + value.replace("'", "''") + "'"
