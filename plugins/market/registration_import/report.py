"""What an import did, for programs (JSON with stable keys) and for people (tables).

Neither shows a value of a row: the rows themselves stand in the quarantine table.
"""

import json
import os
from collections.abc import AsyncIterable
from pathlib import Path

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from gateway.sources.files.errors import UnusableInputError
from plugins.market.registration_import.importer import FileResult, ImportResult
from plugins.market.registration_import.ledger import QuarantinedRow, Tally

#: Counted up when a key of the report changes its meaning.
REPORT_VERSION = 1

_SHOWN = ("read", "inserted", "replaced", "unchanged", "quarantined")


def _counts(read: int, tally: Tally) -> dict[str, int]:
    return {
        "read": read,
        "loaded": tally.loaded,
        "inserted": tally.inserted,
        "replaced": tally.replaced,
        "unchanged": tally.unchanged,
        "quarantined": tally.quarantined,
    }


def _file(result: FileResult) -> dict[str, object]:
    source = result.source
    columns = source.columns
    return {
        "name": source.name,
        "sha256": source.sha256,
        "size_bytes": source.size_bytes,
        "layout": source.layout.value,
        "has_header": columns.has_header if columns else None,
        "ignored_columns": list(columns.ignored) if columns else [],
        "encoding": source.encoding.codec,
        "encoding_decided_by": source.encoding.decided_by,
        "resumed_after": result.resumed_after,
        "rows": _counts(result.read, result.tally),
    }


def _unwritable(path: Path, error: OSError) -> UnusableInputError:
    cause = (error.strerror or "output error").lower()
    return UnusableInputError(f"report `{path}` cannot be written: {cause}")


class ReportFile:
    """The JSON report of one import, written beside its place and moved there when complete.

    Args:
        path: Where the report goes; its folder must exist.

    Raises:
        UnusableInputError: The place cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
        try:
            if path.is_dir():
                raise IsADirectoryError(21, "is a directory")
            self._file = self._draft.open("w", encoding="utf-8")
        except OSError as error:
            raise _unwritable(path, error) from error

    async def write(self, result: ImportResult, quarantine: AsyncIterable[QuarantinedRow]) -> None:
        """Write the report; the quarantined rows pass through in bounded memory.

        Raises:
            UnusableInputError: The disk refuses it; the import itself is committed.
        """
        try:
            await self._write(result, quarantine)
            self._file.close()
            self._draft.replace(self._path)
        except OSError as error:
            raise _unwritable(self._path, error) from error

    async def _write(self, result: ImportResult, quarantine: AsyncIterable[QuarantinedRow]) -> None:
        head = {
            "report_version": REPORT_VERSION,
            "files": [_file(file) for file in result.files],
            "totals": _counts(result.read, result.totals),
            "by_rule": result.by_rule,
            "flags": dict(sorted(result.totals.flags.items())),
        }
        text = json.dumps(head, ensure_ascii=False, indent=2)
        self._file.write(text.removesuffix("\n}") + ',\n  "quarantine": [')
        separator = "\n"
        async for row in quarantine:
            entry = {
                "file": row.file_name,
                "line": row.line,
                "record": row.record_number,
                "rule": row.rule,
                "reason": row.reason,
            }
            self._file.write(f"{separator}    {json.dumps(entry, ensure_ascii=False)}")
            separator = ",\n"
        self._file.write("\n  ]\n}\n" if separator != "\n" else "]\n}\n")

    def discard(self) -> None:
        """Remove what was not finished; does nothing after a complete write."""
        self._file.close()
        self._draft.unlink(missing_ok=True)


def tables(result: ImportResult) -> RenderableType:
    """Lay the result out for a terminal."""
    return Group(_rows_table(result), _encodings_table(result), *_count_tables(result))


def _rows_table(result: ImportResult) -> Table:
    table = Table(title="registrations imported", title_justify="left", show_footer=True)
    totals = _counts(result.read, result.totals)
    table.add_column("file", footer="all files", overflow="fold")
    for name in _SHOWN:
        table.add_column(name, footer=f"{totals[name]:,}", justify="right", no_wrap=True)
    for file in result.files:
        counts = _counts(file.read, file.tally)
        table.add_row(escape(file.source.name), *(f"{counts[name]:,}" for name in _SHOWN))
    return table


def _encodings_table(result: ImportResult) -> Table:
    table = Table(title="how the files were read", title_justify="left")
    table.add_column("file", overflow="fold")
    table.add_column("encoding", no_wrap=True)
    table.add_column("decided by")
    for file in result.files:
        encoding = file.source.encoding
        table.add_row(escape(file.source.name), encoding.codec, encoding.decided_by)
    return table


def _count_tables(result: ImportResult) -> list[Table]:
    titled = (
        ("quarantined by rule", "rule", result.by_rule),
        ("flags of loaded and unchanged rows", "flag", dict(sorted(result.totals.flags.items()))),
    )
    found = []
    for title, noun, counts in titled:
        if counts:
            table = Table(title=title, title_justify="left")
            table.add_column(noun)
            table.add_column("rows", justify="right")
            for name, count in counts.items():
                table.add_row(name, f"{count:,}")
            found.append(table)
    return found
