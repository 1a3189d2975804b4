"""What changed in a table whose mapping names the column that says when."""

from __future__ import annotations

import datetime as dt

from gateway.contract import ChangesBatch, ChangesRequest, MappingFailed, NotSupported, RecordChange
from gateway.sources.changing import cursor_of, position_of
from gateway.sources.mapping import KindMapping
from gateway.sources.mysql.columns import column_name, identifier, sure_hexadecimal
from gateway.sources.mysql.conditions import TableSql
from gateway.sources.mysql.connection import Rows
from gateway.sources.mysql.quality import text_of


def changes_statement(request: ChangesRequest, mapping: KindMapping, settle_s: float) -> str:
    """Statement: a row per change (when, record id, subject key), oldest first.

    As in the PostgreSQL kit, a record is told once its time is `settle_s` ago by the server's
    clock: what is stamped when a statement begins can be seen when its transaction ends.

    Raises:
        NotSupported: the mapping names no such column.
        MappingFailed: the cursor is none of ours.
    """
    if mapping.changed_at is None:
        raise NotSupported(f"no column says when records of `{request.kind.value}` change")
    horizon = f"(NOW(6) - INTERVAL {round(settle_s * 1_000_000):d} MICROSECOND)"
    if request.since is None:
        return f"SELECT CAST({horizon} AS CHAR), '', NULL"
    table = TableSql(mapping)
    at, own = column_name(mapping.changed_at), table.record_id
    time, record_id = _position(request.since)
    since = f"CAST(CONVERT({sure_hexadecimal(time)} USING utf8mb4) AS DATETIME(6))"
    behind = f"({at} > {since} OR {own} > {sure_hexadecimal(record_id)})"
    return (
        f"SELECT CAST({at} AS CHAR), {own}, {table.subject} FROM {identifier(mapping.table)} r "
        f"WHERE {at} >= {since} AND {behind} AND {at} < {horizon} "
        f"ORDER BY {at}, {own} LIMIT {request.most:d}"
    )


def changes_batch(request: ChangesRequest, rows: Rows) -> ChangesBatch:
    """The batch that the rows of the statement are."""
    if not rows:
        return ChangesBatch((), request.since or "", is_complete=True)
    at, record_id, _ = rows[-1]
    cursor = cursor_of(text_of(at), text_of(record_id))
    if request.since is None:
        return ChangesBatch((), cursor, is_complete=False)
    changes = tuple(
        RecordChange(text_of(own), None if subject is None else text_of(subject))
        for _, own, subject in rows
    )
    return ChangesBatch(changes, cursor, is_complete=len(rows) < request.most)


def _position(cursor: str) -> tuple[str, str]:
    at, record_id = position_of(cursor)
    try:
        dt.datetime.fromisoformat(at)
    except ValueError as error:
        raise MappingFailed("the cursor was not made by this adapter") from error
    return at, record_id
