"""What a drop changes: records that came, went or became others, kept in the index for followers.

Each index carries the log of the one before it on, as far as that was made with the same columns;
otherwise a new log begins, and who follows an old one is told every record there is.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import duckdb

from gateway.contract import RECORD_ID, ChangesBatch, ChangesRequest, RecordChange
from gateway.sources.changing import cursor_of, position_of
from gateway.sources.files.engine import identifier, literal
from gateway.sources.files.judging import SUBJECT, index_fields, kind_table
from gateway.sources.mapping import KindMapping

_LOG, _CHANGES = identifier("@log"), identifier("@changes")
_MOST_KEPT = 2_000_000
_CREATE = (
    f"CREATE TABLE {_LOG} (id VARCHAR, kept_from BIGINT, last BIGINT)",
    f"CREATE TABLE {_CHANGES} (seq BIGINT, kind VARCHAR, record VARCHAR, subject VARCHAR)",
)
_FORMER = "former"


def keep_changes(
    connection: duckdb.DuckDBPyConnection,
    mappings: Sequence[KindMapping],
    former: Path | None,
    staged: Path,
) -> None:
    """Write the log of a new index.

    Args:
        mappings: of the kinds whose changes are told.
        former: the index that answered until now.
        staged: the folder that the connection may read, on the same disk as `former`.
    """
    for statement in _CREATE:
        connection.execute(statement)
    if former is None or not _attached(connection, former, staged):
        connection.execute(f"INSERT INTO {_LOG} VALUES (?, 0, 0)", [uuid4().hex])
        return
    try:
        if not all(_has_same_columns(connection, mapping) for mapping in mappings):
            connection.execute(f"INSERT INTO {_LOG} VALUES (?, 0, 0)", [uuid4().hex])
            return
        for mapping in mappings:
            _compare(connection, mapping)
        _number(connection)
    finally:
        connection.execute(f"DETACH {_FORMER}")


def _attached(connection: duckdb.DuckDBPyConnection, former: Path, staged: Path) -> bool:
    """Open the former index beside the draft, under a name in the folder that may be read."""
    own = staged / f"{_FORMER}.duckdb"
    try:
        os.link(former, own)
    except OSError:
        try:
            shutil.copyfile(former, own)
        except OSError:
            return False
    try:
        connection.execute(f"ATTACH {literal(str(own))} AS {_FORMER} (READ_ONLY)")
    except duckdb.Error:
        return False
    return True


def _columns(mapping: KindMapping) -> list[str]:
    return [identifier(name) for name in (SUBJECT, *index_fields(mapping))]


def _has_same_columns(connection: duckdb.DuckDBPyConnection, mapping: KindMapping) -> bool:
    chosen = f"SELECT {', '.join(_columns(mapping))} FROM"
    table = kind_table(mapping.kind)
    try:
        described = [
            connection.execute(f"DESCRIBE {chosen} {place}{table}").fetchall()
            for place in ("", f"{_FORMER}.")
        ]
        connection.execute(f"SELECT id FROM {_FORMER}.{_LOG}")
    except duckdb.Error:
        return False
    return described[0] == described[1]


def _compare(connection: duckdb.DuckDBPyConnection, mapping: KindMapping) -> None:
    """Add the records of a kind that differ; one that changed its subject is told to both."""
    table, key, subject = kind_table(mapping.kind), identifier(RECORD_ID), identifier(SUBJECT)
    new, old = (", ".join(f"{alias}.{name}" for name in _columns(mapping)) for alias in ("n", "o"))
    connection.execute(
        f"CREATE TEMP TABLE differing AS SELECT coalesce(n.{key}, o.{key}) AS record, "
        f"n.{subject} AS now, o.{subject} AS was FROM {table} n "
        f"FULL JOIN {_FORMER}.{table} o ON n.{key} = o.{key} "
        f"WHERE row({new}) IS DISTINCT FROM row({old})"
    )
    kind = literal(mapping.kind.value)
    connection.execute(
        f"INSERT INTO {_CHANGES} SELECT NULL, {kind}, record, coalesce(now, was) FROM differing "
        f"UNION ALL SELECT NULL, {kind}, record, was FROM differing "
        "WHERE now IS NOT NULL AND was IS NOT NULL AND now <> was"
    )
    connection.execute("DROP TABLE differing")


def _number(connection: duckdb.DuckDBPyConnection) -> None:
    """Number the new changes behind the former ones, and carry those on."""
    log = connection.execute(f"SELECT id, kept_from, last FROM {_FORMER}.{_LOG}").fetchone()
    assert log is not None
    name, kept_from, last = log
    connection.execute(
        f"CREATE TEMP TABLE numbered AS SELECT {last:d} + row_number() OVER "
        f"(ORDER BY kind, record, subject) AS seq, kind, record, subject FROM {_CHANGES}"
    )
    connection.execute(f"DELETE FROM {_CHANGES}")
    found = connection.execute("SELECT count(*) FROM numbered").fetchone()
    newest = last + (found[0] if found else 0)
    kept_from = max(kept_from, newest - _MOST_KEPT)
    connection.execute(
        f"INSERT INTO {_CHANGES} SELECT * FROM {_FORMER}.{_CHANGES} WHERE seq > {kept_from:d} "
        f"UNION ALL SELECT * FROM numbered WHERE seq > {kept_from:d} ORDER BY seq"
    )
    connection.execute("DROP TABLE numbered")
    connection.execute(f"INSERT INTO {_LOG} VALUES (?, ?, ?)", [name, kept_from, newest])


def changes_batch(connection: duckdb.DuckDBPyConnection, request: ChangesRequest) -> ChangesBatch:
    """The next changes; every record there is, for who follows a log that has gone.

    Raises:
        MappingFailed: the cursor is none of ours.
    """
    found = connection.execute(f"SELECT id, kept_from, last FROM {_LOG}").fetchone()
    assert found is not None
    log, kept_from, last = found
    if request.since is None:
        return ChangesBatch((), cursor_of(log, str(last)), is_complete=True)
    known, seq, *behind = position_of(request.since, (2, 3))
    number = int(seq) if seq.isdecimal() else -1
    if known == log and not behind and number >= kept_from:
        return _logged(connection, request, log, number)
    if known != log or not behind:
        behind, number = [""], last
    return _all(connection, request, (log, str(number)), behind[0])


def _logged(
    connection: duckdb.DuckDBPyConnection, request: ChangesRequest, log: str, number: int
) -> ChangesBatch:
    rows = connection.execute(
        f"SELECT seq, record, subject FROM {_CHANGES} WHERE kind = ? AND seq > ? "
        f"ORDER BY seq LIMIT {request.most:d}",
        [request.kind.value, number],
    ).fetchall()
    changes = tuple(RecordChange(record, subject) for _, record, subject in rows)
    newest = rows[-1][0] if rows else number
    return ChangesBatch(changes, cursor_of(log, str(newest)), len(rows) < request.most)


def _all(
    connection: duckdb.DuckDBPyConnection,
    request: ChangesRequest,
    then: tuple[str, str],
    behind: str,
) -> ChangesBatch:
    """Records in the order of their ids; behind the last of them the log goes on."""
    key = identifier(RECORD_ID)
    rows = connection.execute(
        f"SELECT {key}, {identifier(SUBJECT)} FROM {kind_table(request.kind)} WHERE {key} > ? "
        f"ORDER BY {key} LIMIT {request.most:d}",
        [behind],
    ).fetchall()
    changes = tuple(RecordChange(*row) for row in rows)
    is_last = len(rows) < request.most
    cursor = cursor_of(*then) if is_last else cursor_of(*then, rows[-1][0])
    return ChangesBatch(changes, cursor, is_complete=is_last)
