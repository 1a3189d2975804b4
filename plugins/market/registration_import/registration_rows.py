"""The one place that knows the columns of the department's registration table and writes to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from plugins.market.registration_import.registration import Registration

Connection = asyncpg.Connection | PoolConnectionProxy

_TARGET = "scjg.qy_djxx"
_KEY = "tyshxydm"
#: Columns of the table in the order of the fields of Registration.
_COLUMNS = (
    _KEY,
    "qymc",
    "clrq",
    "qylx",
    "fddbr",
    "zczb_wy",
    "zczb_bz",
    "zczb_yw",
    "jyfw",
    "zs",
    "szd",
    "bs",
)
_POSITION = ("record_number", "line")
_STAGE = "registration_import_stage"

# Made from the table itself, so that types and collations agree.
_CREATE_STAGE = f"""
CREATE TEMPORARY TABLE IF NOT EXISTS {_STAGE} ON COMMIT DELETE ROWS AS
SELECT {", ".join(_COLUMNS)}, NULL::bigint AS record_number, NULL::bigint AS line
FROM {_TARGET} WITH NO DATA
"""  # noqa: S608 - made of the constants above only


def _row(alias: str) -> str:
    return "ROW(" + ", ".join(f"{alias}.{name}" for name in _COLUMNS) + ")"


# An extract says nothing of the status, so a new row gets `K` (in operation) and an old one keeps
# its own. The first row of a code in a run stands, wherever the batches are cut; a later one of
# the same run repeats it or is a conflict. OFFSET 0 makes the look-ups index scans: as plain joins
# each batch would read the whole table once.
_MERGE = f"""
WITH ranked AS MATERIALIZED (
    SELECT s.*, row_number() OVER (PARTITION BY {_KEY} ORDER BY record_number) = 1 AS is_first
    FROM {_STAGE} s
), judged AS MATERIALIZED (
    SELECT s.*,
        CASE WHEN o.run_id IS NULL THEN f.line ELSE o.line END AS first_line,
        CASE
            WHEN o.run_id IS NOT NULL AND t.{_KEY} IS NOT NULL THEN
                CASE WHEN {_row("t")} IS NOT DISTINCT FROM {_row("s")}
                    THEN 'UNCHANGED' ELSE 'CONFLICT' END
            WHEN NOT s.is_first THEN
                CASE WHEN {_row("f")} IS NOT DISTINCT FROM {_row("s")}
                    THEN 'UNCHANGED' ELSE 'CONFLICT' END
            WHEN t.{_KEY} IS NULL THEN 'INSERTED'
            WHEN {_row("t")} IS NOT DISTINCT FROM {_row("s")} THEN 'UNCHANGED'
            ELSE 'REPLACED'
        END AS outcome
    FROM ranked s
    JOIN ranked f ON f.{_KEY} = s.{_KEY} AND f.is_first
    LEFT JOIN LATERAL (
        SELECT * FROM {_TARGET} t WHERE t.{_KEY} = s.{_KEY} OFFSET 0
    ) t ON true
    LEFT JOIN LATERAL (
        SELECT * FROM registration_import.row_origin o
        WHERE o.{_KEY} = s.{_KEY} AND o.run_id = $1 OFFSET 0
    ) o ON true
), written AS (
    INSERT INTO {_TARGET} AS t ({", ".join(_COLUMNS)}, djzt, sjly, gxsj, bbh)
    SELECT {", ".join(_COLUMNS)}, 'K', 'IMPORT', now(), 1
    FROM judged WHERE outcome IN ('INSERTED', 'REPLACED')
    ON CONFLICT ({_KEY}) DO UPDATE SET
        {", ".join(f"{name} = EXCLUDED.{name}" for name in _COLUMNS if name != _KEY)},
        sjly = EXCLUDED.sjly, gxsj = EXCLUDED.gxsj, bbh = coalesce(t.bbh, 0) + 1
), traced AS (
    INSERT INTO registration_import.row_origin ({_KEY}, run_id, record_number, line)
    SELECT {_KEY}, $1, record_number, line FROM judged WHERE is_first AND outcome <> 'CONFLICT'
    ON CONFLICT ({_KEY}) DO UPDATE SET
        run_id = EXCLUDED.run_id, record_number = EXCLUDED.record_number, line = EXCLUDED.line
    WHERE row_origin.run_id <> EXCLUDED.run_id
)
SELECT record_number, outcome, first_line FROM judged
"""  # noqa: S608 - made of the constants above only


class Outcome(Enum):
    """What became of one registration."""

    INSERTED = "INSERTED"
    REPLACED = "REPLACED"
    UNCHANGED = "UNCHANGED"
    CONFLICT = "CONFLICT"


@dataclass(frozen=True, slots=True)
class StagedRow:
    """A registration and where in its file it stands."""

    registration: Registration
    record_number: int
    line: int


@dataclass(frozen=True, slots=True)
class MergedRow:
    """The outcome of one staged row; `first_line` is where its code stood first in this run."""

    record_number: int
    outcome: Outcome
    first_line: int


async def merge_registrations(
    connection: Connection, run_id: int, rows: Sequence[StagedRow]
) -> list[MergedRow]:
    """Write registrations inside the caller's transaction.

    A new code is inserted with version 1; a known one with other values is replaced as a whole and
    its version counted up; equal values are left alone, version and time too. A row whose code
    came before in the same run with other values is a conflict and is not written.

    Args:
        connection: In a transaction.
        run_id: The run that the rows belong to.
        rows: In the order of their file; a code may come twice.

    Returns:
        One outcome per row, in any order.
    """
    if not rows:
        return []
    await connection.execute(_CREATE_STAGE)
    await connection.copy_records_to_table(
        _STAGE,
        records=[(*row.registration, row.record_number, row.line) for row in rows],
        columns=[*_COLUMNS, *_POSITION],
    )
    await connection.execute(f"ANALYZE {_STAGE}")
    # Compiling the statement takes five times as long as running it.
    await connection.execute("SET LOCAL jit = off")
    merged = await connection.fetch(_MERGE, run_id)
    return [
        MergedRow(row["record_number"], Outcome(row["outcome"]), row["first_line"])
        for row in merged
    ]
