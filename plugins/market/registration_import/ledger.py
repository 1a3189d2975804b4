"""The import's memory: which records of which file are accounted for, and which were kept out.

A batch of registrations, its quarantined rows and its line in the ledger commit together, so a run
that was killed continues behind its last batch.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from gateway.sources.files.refusals import Refusal
from plugins.market.registration_import.records import SourceRecord
from plugins.market.registration_import.registration_rows import Connection
from plugins.market.registration_import.source_file import SourceFile

#: Counted up when the rules judge a row differently, so that no run mixes two versions.
RULES_VERSION = 1

# One import at a time and database: two could bring one code in different order.
_LOCK_KEY = 0x71795F646A7878


@dataclass(slots=True)
class Tally:
    """Counts of one run, or of several. `flags` counts rows loaded or unchanged."""

    inserted: int = 0
    replaced: int = 0
    unchanged: int = 0
    quarantined: int = 0
    flags: Counter[str] = field(default_factory=Counter)

    @property
    def loaded(self) -> int:
        """Rows written: inserted or replaced."""
        return self.inserted + self.replaced

    @property
    def accounted(self) -> int:
        """Rows of which it is known what became of them."""
        return self.loaded + self.unchanged + self.quarantined

    def add(self, other: "Tally") -> None:
        """Add the counts of another tally to this one."""
        self.inserted += other.inserted
        self.replaced += other.replaced
        self.unchanged += other.unchanged
        self.quarantined += other.quarantined
        self.flags.update(other.flags)


@dataclass(frozen=True, slots=True)
class Run:
    """One reading of one file; `committed` counts the records of its committed batches."""

    run_id: int
    committed: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that was kept out, as the report shows it: without its content."""

    file_name: str
    record_number: int
    line: int
    rule: str
    reason: str


async def prepare(connection: Connection) -> bool:
    """Create the import's own tables where they are missing and take the import lock.

    Returns:
        False where another import holds the lock.
    """
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK_KEY):
        return False
    ddl = files("plugins.market.registration_import").joinpath("ddl.sql").read_text("utf-8")
    await connection.execute(ddl)
    return True


async def release(connection: Connection) -> None:
    """Give the import lock back."""
    await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK_KEY)


async def open_run(connection: Connection, source: SourceFile) -> Run:
    """Continue the unfinished run of this content, or begin a new one.

    A new run forgets the quarantined rows of earlier runs of the same content.
    """
    async with connection.transaction():
        row = await connection.fetchrow(
            "SELECT * FROM registration_import.file_run"
            " WHERE file_sha256 = $1 AND ended_at IS NULL AND codec = $2 AND rules_version = $3",
            source.sha256,
            source.encoding.codec,
            RULES_VERSION,
        )
        if row is not None:
            counts = {
                name: row[name] for name in ("inserted", "replaced", "unchanged", "quarantined")
            }
            tally = Tally(**counts, flags=Counter(json.loads(row["flags"])))
            return Run(row["run_id"], row["records_committed"], tally)
        await connection.execute(
            "DELETE FROM registration_import.quarantine q USING registration_import.file_run r"
            " WHERE r.run_id = q.run_id AND r.file_sha256 = $1",
            source.sha256,
        )
        await connection.execute(
            "UPDATE registration_import.file_run SET ended_at = now()"
            " WHERE file_sha256 = $1 AND ended_at IS NULL",
            source.sha256,
        )
        run_id = await connection.fetchval(
            "INSERT INTO registration_import.file_run"
            " (file_name, file_sha256, codec, rules_version) VALUES ($1, $2, $3, $4)"
            " RETURNING run_id",
            source.name,
            source.sha256,
            source.encoding.codec,
            RULES_VERSION,
        )
    return Run(run_id, 0, Tally())


async def write_quarantine(
    connection: Connection,
    run_id: int,
    refused: Sequence[tuple[SourceRecord, Refusal, bytes]],
) -> None:
    """Keep refused rows with their bytes, inside the caller's transaction."""
    if refused:
        await connection.copy_records_to_table(
            "quarantine",
            schema_name="registration_import",
            columns=["run_id", "record_number", "line", "rule", "reason", "raw"],
            records=[
                (run_id, record.number, record.line, refusal.rule.value, refusal.reason, raw)
                for record, refusal, raw in refused
            ],
        )


async def count_batch(connection: Connection, run_id: int, batch: Tally, whole: Tally) -> None:
    """Account for one batch, inside the caller's transaction.

    Args:
        connection: In the transaction that writes the batch.
        run_id: The run.
        batch: Counts of this batch.
        whole: Counts of the run, this batch included; its flags replace the stored ones.
    """
    await connection.execute(
        "UPDATE registration_import.file_run SET records_committed = records_committed + $2,"
        " inserted = inserted + $3, replaced = replaced + $4, unchanged = unchanged + $5,"
        " quarantined = quarantined + $6, flags = $7 WHERE run_id = $1",
        run_id,
        batch.accounted,
        batch.inserted,
        batch.replaced,
        batch.unchanged,
        batch.quarantined,
        json.dumps(whole.flags, sort_keys=True),
    )


async def close_run(connection: Connection, run_id: int) -> None:
    """Mark a run as finished; the next import of the same content begins a new one."""
    await connection.execute(
        "UPDATE registration_import.file_run SET ended_at = now() WHERE run_id = $1", run_id
    )


async def count_by_rule(connection: Connection, run_ids: Sequence[int]) -> Mapping[str, int]:
    """Count the quarantined rows of some runs by rule id, most frequent first."""
    rows = await connection.fetch(
        "SELECT rule, count(*) AS rows FROM registration_import.quarantine"
        " WHERE run_id = ANY($1::bigint[]) GROUP BY rule ORDER BY 2 DESC, rule",
        list(run_ids),
    )
    return {row["rule"]: row["rows"] for row in rows}


async def quarantined_rows(
    connection: Connection, run_ids: Sequence[int]
) -> AsyncIterator[QuarantinedRow]:
    """Yield the quarantined rows of some runs, by run and record, in bounded memory."""
    async with connection.transaction(readonly=True):
        async for row in connection.cursor(
            "SELECT r.file_name, q.record_number, q.line, q.rule, q.reason"
            " FROM registration_import.quarantine q"
            " JOIN registration_import.file_run r USING (run_id)"
            " WHERE run_id = ANY($1::bigint[]) ORDER BY run_id, record_number",
            list(run_ids),
            prefetch=1000,
        ):
            yield QuarantinedRow(*row)
