"""The quality of an index: what was refused when it was made, and what its records lack."""

from __future__ import annotations

import duckdb

from gateway.contract import KindQuality, Lag, QualityRequest
from gateway.sources.files.engine import identifier, literal
from gateway.sources.files.judging import kind_table
from gateway.sources.files.state import Indexed, KindFacts, State
from gateway.sources.files.statement import Types
from gateway.sources.measuring import DECIDED, PUBLISHED, REPORTED, VERIFIED

_TO_LOCAL = "INTERVAL 8 HOURS"
"""Days are those of the country, which has one zone, +08:00."""


def kind_quality(
    connection: duckdb.DuckDBPyConnection,
    request: QualityRequest,
    types: Types,
    state: State,
    indexed: Indexed,
) -> KindQuality:
    """Measure one kind. Codes that are not valid were refused when the index was made."""
    facts = indexed.kinds.get(request.kind.value, KindFacts(0, 0, {}))
    supplied = [name for name in request.required if name in types]
    table = kind_table(request.kind)
    counts = ", ".join(f"count(*) FILTER ({identifier(name)} IS NULL)" for name in supplied)
    newest = f"max({identifier(DECIDED)})" if DECIDED in types else "NULL"
    row = connection.execute(
        f"SELECT count(*), {newest}{', ' if counts else ''}{counts} FROM {table}"
    ).fetchone()
    assert row is not None
    since = f"{identifier(DECIDED)} >= {literal(request.since)}"
    published = _lags(connection, request, types, (DECIDED, PUBLISHED), since)
    checked = _lags(connection, request, types, (REPORTED, VERIFIED), since)
    most = request.max_lags
    return KindQuality(
        kind=request.kind,
        records=row[0],
        refused=facts.refused,
        refused_rows=facts.read - facts.records,
        newest=row[1],
        synced_at=indexed.received_at,
        missing={name: n for name, n in zip(supplied, row[2:], strict=True) if n},
        not_supplied=tuple(name for name in request.required if name not in types),
        invalid_codes=0,
        published=tuple(published[:most]),
        checked=tuple(checked[:most]),
        is_complete=max(len(published), len(checked)) <= most,
        trouble=_trouble(state, indexed),
    )


def _lags(
    connection: duckdb.DuckDBPyConnection,
    request: QualityRequest,
    types: Types,
    names: tuple[str, str],
    since: str,
) -> list[Lag]:
    begun, done = names
    if begun not in types or done not in types or DECIDED not in types:
        return []
    rows = connection.execute(
        f"SELECT {_day(begun)}, {_day(done)}, count(*) FROM {kind_table(request.kind)} "
        f"WHERE {since} AND {identifier(begun)} IS NOT NULL GROUP BY 1, 2 ORDER BY 1 DESC, 2 "
        f"LIMIT {request.max_lags + 1:d}"
    ).fetchall()
    return [Lag(*row) for row in rows]


def _day(name: str) -> str:
    if name in (DECIDED, PUBLISHED):
        return identifier(name)
    moment = f"strptime({identifier(name)}, '%Y-%m-%dT%H:%M:%SZ')"
    return f"strftime({moment} + {_TO_LOCAL}, '%Y-%m-%d')"


def _trouble(state: State, indexed: Indexed) -> str:
    """Why a drop that is newer than the one that answers was refused."""
    newer = [refused for refused in state.refused if refused.at > indexed.checked_at]
    return newer[0].reason if newer else ""
