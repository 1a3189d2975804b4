"""One file to import: what it is, decided before anything is written, and its records."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path

from gateway.sources.files.csv_records import (
    BrokenQuoteError,
    OpenQuoteError,
    csv_records,
    physical_lines,
    split_record,
)
from gateway.sources.files.encoding import (
    EncodingDecision,
    decide_encoding,
    sha256_of,
    text_blocks,
)
from gateway.sources.files.errors import UnusableInputError
from plugins.market.registration_import.json_records import JsonRecords
from plugins.market.registration_import.records import CSV_COLUMNS, PublishedRow, SourceRecord
from schema.identifiers import UsccError, parse_uscc


class Layout(Enum):
    """The two published layouts."""

    CSV = "CSV"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class CsvColumns:
    """Where a CSV extract keeps the ten columns.

    `positions` holds one index per field of PublishedRow; `width` counts all columns of the file.
    """

    positions: tuple[int, ...]
    width: int
    has_header: bool
    ignored: tuple[str, ...]

    def pick(self, fields: list[str]) -> PublishedRow:
        """Take the fields of one record to the layout's order."""
        return PublishedRow._make(fields[position] for position in self.positions)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that can be imported. `columns` is None for JSON."""

    path: Path
    sha256: str
    size_bytes: int
    encoding: EncodingDecision
    layout: Layout
    columns: CsvColumns | None

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name


def inspect_file(path: Path, declared_encoding: str) -> SourceFile:
    """Find out how to read a file, without importing it.

    Raises:
        UnusableInputError: It cannot be read, its encoding cannot be decided, or it begins like
            neither layout.
    """
    try:
        encoding = decide_encoding(path, declared_encoding, [str(CSV_COLUMNS.code)])
        digest = sha256_of(path)
        beginning = _beginning(path, encoding)
        size_bytes = path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from error
    if not beginning.strip():
        raise UnusableInputError(f"`{path.name}` is empty, expected registrations")
    if beginning.lstrip()[0] in "{[":
        JsonRecords(iter([beginning]), path.name)
        return SourceFile(path, digest, size_bytes, encoding, Layout.JSON, None)
    columns = _find_columns(beginning, path.name)
    return SourceFile(path, digest, size_bytes, encoding, Layout.CSV, columns)


def _unreadable(path: Path, error: OSError) -> UnusableInputError:
    cause = (error.strerror or "input error").lower()
    return UnusableInputError(f"`{path.name}` cannot be read: {cause}")


def _beginning(path: Path, encoding: EncodingDecision) -> str:
    """Return the first text of a file that is not blank."""
    for block in text_blocks(path, encoding, sha256()):
        if block.strip():
            return block
    return ""


def _find_columns(beginning: str, name: str) -> CsvColumns:
    first_line = beginning.lstrip().partition("\n")[0].removesuffix("\r")
    try:
        fields = [field.strip() for field in split_record(first_line)]
    except (OpenQuoteError, BrokenQuoteError):
        fields = first_line.split(",")
    missing = [str(column) for column in CSV_COLUMNS if column not in fields]
    if not missing:
        if len(set(fields)) != len(fields):
            raise UnusableInputError(f"`{name}` names one column twice in its first line")
        positions = tuple(fields.index(str(column)) for column in CSV_COLUMNS)
        ignored = tuple(field for field in fields if field not in CSV_COLUMNS)
        return CsvColumns(positions, len(fields), has_header=True, ignored=ignored)
    if len(missing) == len(CSV_COLUMNS) and _begins_with_data(fields):
        width = len(CSV_COLUMNS)
        return CsvColumns(tuple(range(width)), width, has_header=False, ignored=())
    raise UnusableInputError(
        f"`{name}` lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)} in its"
        " first line"
    )


def _begins_with_data(fields: list[str]) -> bool:
    """Tell whether a valid code stands in the second place, where no header can have one."""
    try:
        parse_uscc(fields[1])
    except (IndexError, UsccError):
        return False
    return True


def records_of(source: SourceFile) -> Iterator[SourceRecord]:
    """Read the records of a file, in bounded memory and in the same order every time.

    Raises:
        UnusableInputError: The file cannot be read, or is not the one that was inspected.
    """
    digest = sha256()
    try:
        yield from _records(source, text_blocks(source.path, source.encoding, digest))
    except OSError as error:
        raise _unreadable(source.path, error) from error
    if digest.hexdigest() != source.sha256:
        raise UnusableInputError(f"`{source.name}` changed while it was being read")


def _records(source: SourceFile, blocks: Iterator[str]) -> Iterator[SourceRecord]:
    if source.columns is None:
        yield from JsonRecords(blocks, source.name)
        return
    lines = physical_lines(blocks)
    if source.columns.has_header:
        next(line for line in lines if line.text.strip())
    yield from csv_records(lines, source.columns.width, source.columns.pick)
