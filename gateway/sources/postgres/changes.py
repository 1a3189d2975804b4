"""What changed in a table whose mapping names the column that says when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from gateway.contract import ChangesBatch, ChangesRequest, MappingFailed, NotSupported, RecordChange
from gateway.sources.changing import cursor_of, position_of
from gateway.sources.mapping import KindMapping
from gateway.sources.postgres.columns import identifier
from gateway.sources.postgres.statement import subject_key_sql


def changes_statement(
    request: ChangesRequest, mapping: KindMapping, settle_s: float
) -> tuple[str, list[object]]:
    """Statement and arguments: a row per change (when, record id, subject key), oldest first.

    A record is told once its time is `settle_s` ago by the source's own clock. Who writes stamps a
    record at the start of a transaction and shows it at the end, so that a later time can be
    visible before an earlier one; a cursor that had passed the earlier one would lose it.
    Without a cursor there is one row, which says from when on changes will be told.

    Raises:
        NotSupported: the mapping names no such column.
        MappingFailed: the cursor is none of ours.
    """
    if mapping.changed_at is None:
        raise NotSupported(f"no column says when records of `{request.kind.value}` change")
    horizon = f"statement_timestamp() - make_interval(secs => {settle_s:g})"
    if request.since is None:
        return f"SELECT {horizon}, ''::text, NULL::text", []
    at, own = f"r.{identifier(mapping.changed_at)}", f"r.{identifier(mapping.record_id)}"
    if not mapping.has_text_id:
        own = f"({own})::text"
    text = (
        f"SELECT {at}, {own}::text, {subject_key_sql(mapping)} FROM {identifier(mapping.table)} r "
        f"WHERE ({at}, {own}) > ($1::timestamptz, $2) AND {at} < {horizon} "
        f"ORDER BY {at}, {own} LIMIT {request.most:d}"
    )
    return text, list(_position(request.since))


def changes_batch(request: ChangesRequest, rows: Sequence[Any]) -> ChangesBatch:
    """The batch that the rows of the statement are."""
    if not rows:
        return ChangesBatch((), request.since or "", is_complete=True)
    at, record_id, _ = rows[-1]
    cursor = cursor_of(at.astimezone(dt.UTC).isoformat(), record_id)
    if request.since is None:
        return ChangesBatch((), cursor, is_complete=False)
    changes = tuple(RecordChange(record_id, subject) for _, record_id, subject in rows)
    return ChangesBatch(changes, cursor, is_complete=len(rows) < request.most)


def _position(cursor: str) -> tuple[dt.datetime, str]:
    at, record_id = position_of(cursor)
    try:
        return dt.datetime.fromisoformat(at), record_id
    except ValueError as error:
        raise MappingFailed("the cursor was not made by this adapter") from error
