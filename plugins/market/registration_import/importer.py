"""Imports files: judges every record, commits batch by batch, and balances the accounts."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.sources.files.encoding import original_bytes
from gateway.sources.files.errors import UnusableInputError
from gateway.sources.files.refusals import Refusal, Rule
from plugins.market.registration_import.errors import AccountsDoNotBalanceError
from plugins.market.registration_import.ledger import (
    Tally,
    close_run,
    count_batch,
    count_by_rule,
    open_run,
    prepare,
    release,
    write_quarantine,
)
from plugins.market.registration_import.records import SourceRecord
from plugins.market.registration_import.registration import judge_row
from plugins.market.registration_import.registration_rows import (
    Connection,
    Outcome,
    StagedRow,
    merge_registrations,
)
from plugins.market.registration_import.source_file import SourceFile, records_of

#: Rows per transaction, unless they are long.
BATCH_ROWS = 5_000
_BATCH_CHARACTERS = 8_000_000


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file. `read` counts its records, `resumed_after` those of a former try."""

    source: SourceFile
    run_id: int
    resumed_after: int
    read: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of all files; `read` equals `totals.accounted`."""

    files: tuple[FileResult, ...]
    read: int
    totals: Tally
    by_rule: dict[str, int]

    @property
    def run_ids(self) -> list[int]:
        """The ledger's runs, one per file."""
        return [file.run_id for file in self.files]


async def import_files(
    connection: Connection,
    sources: Sequence[SourceFile],
    *,
    batch_rows: int = BATCH_ROWS,
    on_batch: Callable[[SourceFile, int], None] = lambda _source, _read: None,
) -> ImportResult:
    """Import files one after the other.

    Args:
        connection: Outside a transaction, and allowed to create a schema.
        sources: Files that were inspected, each content once.
        batch_rows: Records per transaction.
        on_batch: Called after each commit with the file and its records so far.

    Raises:
        UnusableInputError: One content comes twice, another import is running, or a file changed
            meanwhile. Committed batches stay, and a second call continues behind them.
        AccountsDoNotBalanceError: A row was lost or counted twice.
    """
    _check_contents_differ(sources)
    if not await prepare(connection):
        raise UnusableInputError("another import is running on this database, wait for its end")
    try:
        results = [await _import_file(connection, s, batch_rows, on_batch) for s in sources]
    finally:
        if not connection.is_closed():
            await release(connection)
    totals = Tally()
    for result in results:
        totals.add(result.tally)
    by_rule = dict(await count_by_rule(connection, [r.run_id for r in results]))
    balance = ImportResult(tuple(results), sum(r.read for r in results), totals, by_rule)
    _check_balance(balance)
    return balance


def _check_contents_differ(sources: Sequence[SourceFile]) -> None:
    names: dict[str, str] = {}
    for source in sources:
        if source.sha256 in names:
            raise UnusableInputError(
                f"`{source.name}` has the same content as `{names[source.sha256]}`"
            )
        names[source.sha256] = source.name


def _check_balance(result: ImportResult) -> None:
    files_balance = all(file.read == file.tally.accounted for file in result.files)
    stored = sum(result.by_rule.values())
    if not files_balance or result.read != result.totals.accounted:
        raise AccountsDoNotBalanceError(
            f"read {result.read} rows, but accounted for {result.totals.accounted}"
        )
    if stored != result.totals.quarantined:
        raise AccountsDoNotBalanceError(
            f"quarantined {result.totals.quarantined} rows, but stored {stored}"
        )


async def _import_file(
    connection: Connection,
    source: SourceFile,
    batch_rows: int,
    on_batch: Callable[[SourceFile, int], None],
) -> FileResult:
    run = await open_run(connection, source)
    read = run.committed
    records = records_of(source)
    _skip(records, run.committed, source)
    for batch in _batches(records, batch_rows):
        async with connection.transaction():
            counts = await _import_batch(connection, source, run.run_id, batch)
            run.tally.add(counts)
            await count_batch(connection, run.run_id, counts, run.tally)
        read = batch[-1].number
        on_batch(source, read)
    await close_run(connection, run.run_id)
    return FileResult(source, run.run_id, run.committed, read, run.tally)


def _skip(records: Iterator[SourceRecord], count: int, source: SourceFile) -> None:
    for _ in range(count):
        if next(records, None) is None:
            raise UnusableInputError(f"`{source.name}` has fewer records than on its last reading")


def _batches(records: Iterable[SourceRecord], batch_rows: int) -> Iterator[list[SourceRecord]]:
    batch: list[SourceRecord] = []
    characters = 0
    for record in records:
        batch.append(record)
        characters += len(record.raw)
        if len(batch) >= batch_rows or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


async def _import_batch(
    connection: Connection, source: SourceFile, run_id: int, batch: Sequence[SourceRecord]
) -> Tally:
    """Write one batch inside the caller's transaction and return its counts."""
    staged: list[StagedRow] = []
    refused: list[tuple[SourceRecord, Refusal]] = []
    for record in batch:
        content = record.content
        judged = content if isinstance(content, Refusal) else judge_row(content)
        if isinstance(judged, Refusal):
            refused.append((record, judged))
        else:
            staged.append(StagedRow(judged, record.number, record.line))
    merged = await merge_registrations(connection, run_id, staged)
    conflicts = {r.record_number: r.first_line for r in merged if r.outcome is Outcome.CONFLICT}
    refused.extend((r, _duplicate(conflicts[r.number])) for r in batch if r.number in conflicts)
    codec = source.encoding.codec
    await write_quarantine(
        connection,
        run_id,
        [(record, why, original_bytes(record.raw, codec)) for record, why in refused],
    )
    outcomes = Counter(row.outcome for row in merged)
    kept = (row.registration for row in staged if row.record_number not in conflicts)
    return Tally(
        inserted=outcomes[Outcome.INSERTED],
        replaced=outcomes[Outcome.REPLACED],
        unchanged=outcomes[Outcome.UNCHANGED],
        quarantined=len(refused),
        flags=Counter(flag for registration in kept for flag in registration.flags),
    )


def _duplicate(first_line: int) -> Refusal:
    reason = f"code stands with other values in line {first_line} of the same file"
    return Refusal(Rule.DUPLICATE_CODE, reason)
