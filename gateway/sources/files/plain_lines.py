"""The short way for a CSV file without quotes, as most exports are: its lines go on as they are.

What a file holds is looked at in blocks, in C; only lines that are no rows are looked at alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gateway.sources.files.csv_records import PhysicalLine
from gateway.sources.files.encoding import blocks_of, has_marks

_CONTROL = bytes({*range(0x09), 0x09, 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F})
# Looked for in texts: a character is found there with one comparison, in bytes with several.
_SPECIAL = tuple("\u00a0\u200b\u3000\ufeff\ufffd")
_EDGES = (" ,", ", ", " \n")
_QUOTE = 0x22
"""In UTF-8 and GB18030 this byte stands for nothing but a quotation mark."""


def has_quotes(path: Path) -> bool:
    """Whether a file in UTF-8 or GB18030 has a quotation mark anywhere."""
    return any(_QUOTE in block for block in blocks_of(path))


@dataclass
class PlainLines:
    """Copies lines with their number in front.

    Attributes:
        commas: that every row has.
        rows: copied so far.
        broken: numbers of lines that have another number of columns, or are too long.
        undecodable: numbers of lines with bytes that the encoding does not allow.
        is_simple: no cell has a character that needs care: control characters, wide blanks.
        is_trim: no cell has a blank at an edge.
    """

    commas: int
    rows: int = 0
    is_simple: bool = True
    is_trim: bool = True

    def __post_init__(self) -> None:
        self.broken: list[int] = []
        self.undecodable: list[int] = []

    def copy(self, lines: Iterable[PhysicalLine], target: BinaryIO) -> None:
        """Copy the rows; blank lines are none."""
        for batch in _batches(lines):
            text = "".join(self._numbered(batch))
            try:
                content = text.encode()
            except UnicodeEncodeError:
                text = self._without_marks(text)
                content = text.encode()
            self.is_simple = self.is_simple and _is_simple(text, content)
            self.is_trim = self.is_trim and not any(edge in text for edge in _EDGES)
            target.write(content)

    def _numbered(self, batch: list[PhysicalLine]) -> list[str]:
        """The rows with their number in front; what is not plainly one is looked at alone."""
        commas, rows, odd = self.commas, [], 0
        for line in batch:
            number, text, is_piece = line
            if text.count(",") == commas and "\r" not in text and not is_piece:
                rows.append(f"{number},{text}\n")
            else:
                rows.append(self._row(line))
                odd += 1
        self.rows += len(batch) - odd
        return rows

    def _row(self, line: PhysicalLine) -> str:
        text = line.text
        if text.endswith("\r"):
            text = text[:-1]
        if text.count(",") == self.commas and not line.is_piece:
            self.rows += 1
            return f"{line.number},{_one_line_end(text)}\n"
        if text.strip() or line.is_piece:
            self.broken.append(line.number)
        return ""

    def _without_marks(self, text: str) -> str:
        """The rows of a batch without those that have bytes that mean nothing."""
        kept = []
        for row in _rows(text):
            if has_marks(row):
                self.undecodable.append(int(row.partition(",")[0]))
                self.rows -= 1
            else:
                kept.append(row)
        return "".join(kept)


def _rows(text: str) -> list[str]:
    return [f"{row}\n" for row in text.split("\n")[:-1]]


def _is_simple(text: str, content: bytes) -> bool:
    has_control = len(content.translate(None, _CONTROL)) != len(content)
    return not has_control and not any(special in text for special in _SPECIAL)


def _one_line_end(text: str) -> str:
    return text.replace("\r", " ") if "\r" in text else text


def _batches(lines: Iterable[PhysicalLine]) -> Iterator[list[PhysicalLine]]:
    batch: list[PhysicalLine] = []
    for line in lines:
        batch.append(line)
        if len(batch) == 4_096:
            yield batch
            batch = []
    yield batch
