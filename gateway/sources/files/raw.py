"""Files of a drop as tables of text: one table per name in the mapping, a line number per row.

Here rows are read, not judged: a row that is none (a stray quote, bytes without meaning) is refused
with its line, and everything else goes on as text.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path

import duckdb

from gateway.sources.files.csv_records import (
    BrokenQuoteError,
    OpenQuoteError,
    PhysicalLine,
    csv_records,
    physical_lines,
    split_record,
)
from gateway.sources.files.drop import DropFile
from gateway.sources.files.encoding import EncodingDecision, decide_encoding, text_blocks
from gateway.sources.files.engine import identifier, literal
from gateway.sources.files.errors import UnusableInputError
from gateway.sources.files.header import MOST_ROWS_ABOVE, Header, find_header, plain_name
from gateway.sources.files.plain_lines import PlainLines, has_quotes
from gateway.sources.files.refusals import Refusal, Rule
from gateway.sources.files.sheet import sheet_rows

_EDGE = literal(" \t\r\n\u00a0\u3000\ufeff\u200b")


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is no row.

    Attributes:
        file: number of the file in the manifest, from 0.
        line: line or row in it, from 1.
    """

    file: int
    line: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table of text in the draft of an index.

    Attributes:
        name: in the draft; its columns are `file`, `line` and `c0`, `c1` … in the order of
            `columns`.
        columns: column names as the mapping has them.
        read: records in the files, refused ones included.
    """

    name: str
    columns: tuple[str, ...]
    read: int
    refused: tuple[RefusedRow, ...]

    def sql(self, column: str) -> str:
        """SQL of a column, without blanks at its edges; null where nothing is left."""
        return f"r.c{self.columns.index(column)}"


def load_table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    files: Sequence[tuple[int, DropFile]],
    columns: Sequence[str],
    staged: Path,
    max_bytes: int,
) -> RawTable:
    """Load all files of one table.

    Args:
        files: with their number in the manifest.
        staged: folder of the checked files.

    Raises:
        UnusableInputError: a file cannot be read as what its name says, lacks a column, or has
            another number of records than the manifest says.
    """
    texts = ", ".join(f"c{position} VARCHAR" for position in range(len(columns)))
    connection.execute(f"CREATE TEMP TABLE {identifier(name)} (file INTEGER, line BIGINT, {texts})")
    read, refused = 0, []
    for number, file in files:
        loaded = _Loaded(number, file, staged / file.name, tuple(columns), max_bytes)
        found = loaded.into(connection, name)
        _compare_count(file, found, loaded.refused)
        read += found
        refused += loaded.refused
    return RawTable(name, tuple(columns), read, tuple(refused))


def _compare_count(file: DropFile, found: int, refused: Sequence[RefusedRow]) -> None:
    """A broken line can be one record or two, so that only whole files can be counted."""
    if found != file.rows and not refused:
        raise UnusableInputError(
            f"file `{file.name}` has {found:,} records, its manifest says {file.rows:,}"
        )


@dataclass
class _Loaded:
    """One file on its way into its table."""

    number: int
    file: DropFile
    path: Path
    columns: tuple[str, ...]
    max_bytes: int

    def __post_init__(self) -> None:
        self.refused: list[RefusedRow] = []

    def into(self, connection: duckdb.DuckDBPyConnection, table: str) -> int:
        """Load the file and return the number of its records."""
        if self.file.format == "parquet":
            return self._parquet(connection, table)
        if self.file.format == "csv" and self._is_plain():
            return self._plain_csv(connection, table)
        rows = self._csv() if self.file.format == "csv" else self._xlsx()
        plain = self.path.with_name(f"{self.path.name}.plain")
        found = 0
        with plain.open("w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target, lineterminator="\n")
            for row in rows:
                writer.writerow(map(_one_line_end, row))
                found += 1
        source = _plain_source(plain, len(self.columns), '"')
        cleaned = [_cleaned(f"c{n}") for n in range(len(self.columns))]
        self._insert(connection, table, source, cleaned)
        plain.unlink()
        return found + len({row.line for row in self.refused})

    def _is_plain(self) -> bool:
        """Whether the file has no quotation mark, in an encoding in which that is quickly seen."""
        decision = self._decided()
        return not decision.codec.startswith("utf-16") and not has_quotes(self.path)

    def _decided(self) -> EncodingDecision:
        known = [name for name in self.columns if not name.isascii()]
        return decide_encoding(self.path, self.file.encoding, known)

    def _plain_csv(self, connection: duckdb.DuckDBPyConnection, table: str) -> int:
        header, lines = self._opened()
        copied = PlainLines(len(header.names) - 1)
        plain = self.path.with_name(f"{self.path.name}.plain")
        with plain.open("wb") as target:
            copied.copy(lines, target)
        source = _plain_source(plain, len(header.names), "")
        columns = [f"c{position}" for position in header.positions(self.columns)]
        if not copied.is_simple:
            columns = [_cleaned(column) for column in columns]
        elif not copied.is_trim:
            columns = [f"nullif(trim({column}), '')" for column in columns]
        self._insert(connection, table, source, columns)
        plain.unlink()
        for rule, numbers in (
            (Rule.BROKEN_LINE, copied.broken),
            (Rule.BAD_ENCODING, copied.undecodable),
        ):
            self.refused += [RefusedRow(self.number, line, rule) for line in dict.fromkeys(numbers)]
        return copied.rows + len(self.refused)

    def _insert(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: str,
        source: str,
        columns: Sequence[str],
        line: str = "line",
    ) -> None:
        connection.execute(
            f"INSERT INTO {identifier(table)} SELECT {self.number:d}, {line}, {', '.join(columns)} "
            f"FROM {source}"
        )

    def _opened(self) -> tuple[Header, Iterator[PhysicalLine]]:
        """The header of a CSV file, and the lines behind it."""
        lines = physical_lines(text_blocks(self.path, self._decided(), sha256()))
        first = list(islice(lines, MOST_ROWS_ABOVE))
        filled = [number for number, line in enumerate(first) if line.text.strip()]
        header = find_header([_fields(first[n]) for n in filled], self.columns, self.file.name)
        behind = filled[header.rows - 1] + 1
        return header, chain(first[behind:], lines)

    def _csv(self) -> Iterator[Sequence[object]]:
        header, lines = self._opened()
        positions = header.positions(self.columns)
        for record in csv_records(lines, len(header.names), list):
            content = record.content
            if isinstance(content, Refusal):
                self.refused.append(RefusedRow(self.number, record.line, content.rule))
            else:
                yield (record.line, *[content[position] for position in positions])

    def _xlsx(self) -> Iterator[Sequence[object]]:
        rows = sheet_rows(self.path, self.file.sheet, self.max_bytes)
        first = list(islice(rows, MOST_ROWS_ABOVE))
        header = find_header([cells for _, cells in first], self.columns, self.file.name)
        positions = header.positions(self.columns)
        for line, cells in chain(first[header.rows :], rows):
            yield (line, *[cells[p] if p < len(cells) else None for p in positions])

    def _parquet(self, connection: duckdb.DuckDBPyConnection, table: str) -> int:
        source = f"read_parquet({literal(str(self.path))}, file_row_number = true)"
        try:
            described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
            types = {plain_name(row[0]): (row[0], str(row[1])) for row in described}
            header = Header(tuple(types), 0)
            missing = [name for name in self.columns if plain_name(name) not in types]
            if missing:
                raise UnusableInputError(f"`{self.file.name}` lacks the column {missing[0]}")
            names = [header.names[position] for position in header.positions(self.columns)]
            texts = [_cleaned(_as_text(*types[name])) for name in names]
            self._insert(connection, table, source, texts, "file_row_number + 1")
            counted = connection.execute(f"SELECT count(*) FROM {source}").fetchone()
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            raise UnusableInputError(
                f"`{self.file.name}` is no Parquet file that can be read"
            ) from error
        return int(counted[0]) if counted else 0


def _one_line_end(cell: object) -> object:
    """The cell with line feeds for line ends; a lone carriage return would end a row for DuckDB."""
    if isinstance(cell, str) and "\r" in cell:
        return cell.replace("\r\n", "\n").replace("\r", "\n")
    return cell


def _fields(line: PhysicalLine) -> list[str]:
    text = line.text.removesuffix("\r")
    with suppress(OpenQuoteError, BrokenQuoteError):
        return split_record(text)
    return text.split(",")


def _as_text(name: str, kind: str) -> str:
    column = identifier(name)
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
        return f"to_json({column})::VARCHAR"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ')"
    return f"{column}::VARCHAR"


def _plain_source(path: Path, columns: int, quote: str) -> str:
    """SQL of a file that we wrote: line number and columns of text, rows ended by line feeds."""
    types = {"line": "BIGINT", **{f"c{n}": "VARCHAR" for n in range(columns)}}
    listed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
    return (
        f"read_csv({literal(str(path))}, header = false, delim = ',', quote = {literal(quote)}, "
        f"escape = {literal(quote)}, columns = {{{listed}}}, auto_detect = false, "
        "null_padding = false, max_line_size = 4500000, buffer_size = 9000000, "
        "strict_mode = true, new_line = '\\n')"
    )


def _cleaned(column: str) -> str:
    """SQL of a cell: no blanks around it, and not the `="…"` by which a table keeps zeros."""
    text = f"trim({column}, {_EDGE})"
    bare = f"trim({text}[3:-2], {_EDGE})"
    is_kept = f"starts_with({text}, '=\"') AND ends_with({text}, '\"') AND length({text}) > 2"
    return f"nullif(CASE WHEN {is_kept} THEN {bare} ELSE {text} END, '')"


def tables_of(files: Iterable[DropFile]) -> dict[str, list[tuple[int, DropFile]]]:
    """Files by the table that they belong to, with their number in the manifest."""
    found: dict[str, list[tuple[int, DropFile]]] = {}
    for number, file in enumerate(files):
        found.setdefault(file.table, []).append((number, file))
    return found
