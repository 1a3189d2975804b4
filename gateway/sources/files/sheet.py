"""Rows of an Excel sheet as text, in bounded memory.

Cells that a spreadsheet turned into something else stay recognisable: a number that lost digits
comes in scientific notation, a formula as its text beginning with `=`.
"""

from __future__ import annotations

import datetime as dt
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from gateway.sources.files.errors import UnusableInputError

MOST_COLUMNS = 500
_EXACT = 10**15
"""A spreadsheet keeps fifteen significant digits of a number."""

Row = tuple[int, list[str | None]]


def sheet_rows(path: Path, sheet: str, max_bytes: int) -> Iterator[Row]:
    """Yield the number of each row, from 1, and its cells; blank rows are left out.

    Raises:
        UnusableInputError: the file is no Excel file, has no such sheet, or is too large unpacked.
    """
    try:
        _refuse_bomb(path, max_bytes)
        with warnings.catch_warnings():
            # Styles and extensions that openpyxl does not keep are nothing to a reader.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
            try:
                yield from _rows(book, sheet, path.name)
            finally:
                book.close()
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        ParseError,
        KeyError,
        ValueError,
        EOFError,
    ) as error:
        raise UnusableInputError(f"`{path.name}` is no Excel file that can be read") from error


def _refuse_bomb(path: Path, max_bytes: int) -> None:
    with zipfile.ZipFile(path) as archive:
        if sum(item.file_size for item in archive.infolist()) > max_bytes:
            raise UnusableInputError(
                f"`{path.name}` holds more than {max_bytes // (1024 * 1024):,} MB unpacked"
            )


def _rows(book: openpyxl.Workbook, sheet: str, name: str) -> Iterator[Row]:
    if sheet and sheet not in book.sheetnames:
        raise UnusableInputError(f"`{name}` has no sheet `{sheet}`")
    found = book[sheet] if sheet else book.worksheets[0]
    rows = found.iter_rows(max_col=MOST_COLUMNS, values_only=True)
    for number, values in enumerate(rows, 1):
        cells = [_text(value) for value in values]
        if any(cells):
            yield number, cells


def _text(value: object) -> str | None:
    """A cell as text, as a department would have written it."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < _EXACT else f"{value:.14E}"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def _number(value: float) -> str:
    if abs(value) >= _EXACT:
        return f"{value:.14E}"
    # Fifteen digits are what the cell showed; the binary rest behind them is noise.
    text = format(value, ".15g")
    return format(value, ".10f").rstrip("0").rstrip(".") if "e" in text else text
