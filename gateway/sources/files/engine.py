"""DuckDB as this kit allows it: no extensions, no network, no files but its own."""

from __future__ import annotations

from pathlib import Path

import duckdb

_Config = dict[str, str | bool | int | float | list[str]]
_NO_EXTENSIONS: _Config = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
}
_CLOSED_OFF: _Config = {"enable_external_access": "false", "lock_configuration": "true"}


def open_index(path: Path, threads: int, memory_mb: int) -> duckdb.DuckDBPyConnection:
    """Open an index for queries; nothing but this file can be reached through it.

    Within one process an index is opened once, by whomever; others with the same limits share it.

    Raises:
        duckdb.Error: it is no index, was cut short, or is open with other limits.
    """
    limits = {"threads": str(threads), "memory_limit": f"{memory_mb}MB"}
    config: _Config = {**_NO_EXTENSIONS, **_CLOSED_OFF, **limits}
    return duckdb.connect(str(path), read_only=True, config=config)


def open_draft(path: Path, staged: Path, threads: int, memory_mb: int) -> duckdb.DuckDBPyConnection:
    """Open a new index for writing; besides it only the folder of staged files can be read."""
    config: _Config = {
        **_NO_EXTENSIONS,
        "threads": str(threads),
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": str(staged),
    }
    connection = duckdb.connect(str(path), config=config)
    connection.execute("SET allowed_directories = [?]", [str(staged)])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def identifier(name: str) -> str:
    """Quoted SQL identifier, dots included."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """SQL string literal."""
    return "'" + value.replace("'", "''") + "'"
