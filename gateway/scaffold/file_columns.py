"""Files for authors: which columns a CSV, Excel or Parquet file has, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path

import duckdb

from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.native import NativeTable
from gateway.scaffold.written import MOST_LOOKED_AT, written_column
from gateway.sources.files.csv_records import (
    BrokenQuoteError,
    OpenQuoteError,
    physical_lines,
    split_record,
)
from gateway.sources.files.encoding import decide_encoding, text_blocks
from gateway.sources.files.engine import literal
from gateway.sources.files.errors import UnusableInputError
from gateway.sources.files.header import MOST_ROWS_ABOVE, plain_name
from gateway.sources.files.sheet import sheet_rows

SUFFIXES = (".csv", ".xlsx", ".parquet")
_MOST_BYTES = 4 * 1024**3
_MOST_FILES = 64

Cells = list[str | None]


def read_tables(place: str) -> Sequence[NativeTable]:
    """The tables of a file, or of all files in a folder; each is called like its file.

    Raises:
        ScaffoldError: there is none, or one cannot be read.
    """
    path = Path(place)
    if path.is_dir():
        paths = [each for each in sorted(path.iterdir()) if each.suffix.lower() in SUFFIXES]
    else:
        paths = [path] if path.is_file() and path.suffix.lower() in SUFFIXES else []
    if not paths or len(paths) > _MOST_FILES:
        raise ScaffoldError(
            f"`{place}` is no file in CSV, Excel or Parquet, and no folder with 1 to {_MOST_FILES}"
        )
    try:
        return [_table(each) for each in paths]
    except (UnusableInputError, duckdb.Error, OSError) as error:
        raise ScaffoldError(f"a file cannot be read: {error}") from error


def _table(path: Path) -> NativeTable:
    rows, told = _rows(path)
    first = list(islice(rows, MOST_LOOKED_AT + MOST_ROWS_ABOVE))
    at = _header_at(first)
    names = [plain_name(cell or "") for cell in first[at]] if first else []
    columns = [
        written_column(name, (row[place] if place < len(row) else None for row in first[at + 1 :]))
        for place, name in enumerate(names)
        if name
    ]
    if not columns:
        raise ScaffoldError(f"`{path.name}` names no columns in its first {MOST_ROWS_ABOVE} rows")
    return NativeTable(path.stem, columns, told)


def _rows(path: Path) -> tuple[Iterator[Cells], str]:
    """Rows as they stand in the file, and how it is read."""
    match path.suffix.lower():
        case ".csv":
            decision = decide_encoding(path, "auto", ())
            return _csv_rows(path), f"CSV，编码 {decision.codec}（{decision.decided_by}）"
        case ".xlsx":
            return (cells for _, cells in sheet_rows(path, "", _MOST_BYTES)), "Excel，第一个工作表"
        case _:
            return _parquet_rows(path), "Parquet"


def _csv_rows(path: Path) -> Iterator[Cells]:
    decision = decide_encoding(path, "auto", ())
    for line in physical_lines(text_blocks(path, decision, sha256())):
        if line.text.strip():
            try:
                yield [cell.strip() or None for cell in split_record(line.text.rstrip("\r"))]
            except (OpenQuoteError, BrokenQuoteError):
                continue


def _parquet_rows(path: Path) -> Iterator[Cells]:
    with duckdb.connect() as connection:
        source = f"read_parquet({literal(str(path.resolve()))})"
        described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608 - quoted
        yield [str(row[0]) for row in described]
        found = connection.execute(
            f"SELECT COLUMNS(*)::VARCHAR FROM {source} LIMIT {MOST_LOOKED_AT}"  # noqa: S608
        )
        yield from map(list, found.fetchall())


def _header_at(rows: Sequence[Cells]) -> int:
    """The row that names the columns: the first of those with the most different cells."""
    counts = [len({cell for cell in row if cell}) for row in rows[:MOST_ROWS_ABOVE]]
    return counts.index(max(counts)) if counts else 0
