"""Records of a CSV extract, with physical line numbers and one line lost at most per defect.

The csv module of the standard library would let one stray quote swallow the rows behind it. Here a
record that does not come out right costs its first line only, and reading goes on with the next.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from gateway.sources.files.encoding import has_marks
from gateway.sources.files.refusals import MAX_RECORD_CHARACTERS, Refusal, RowT, Rule, SourceRecord

#: Most physical lines that one record may span through quoted line breaks.
_MAX_LINES_PER_RECORD = 100

_QUOTED_FIELD = re.compile(r'"([^"]*(?:""[^"]*)*)"(?:,|\Z)')
_OPEN_QUOTE = re.compile(r'"[^"]*(?:""[^"]*)*\Z')


class OpenQuoteError(Exception):
    """The text ends inside a quoted field."""


class BrokenQuoteError(Exception):
    """Text follows a closing quote where a comma was expected."""


class PhysicalLine(NamedTuple):
    """One line without its line feed, or a piece of an over-long one."""

    number: int
    text: str
    is_piece: bool


def physical_lines(blocks: Iterator[str]) -> Iterator[PhysicalLine]:
    """Cut text into lines at line feeds only, in bounded memory.

    A line longer than MAX_RECORD_CHARACTERS comes in pieces that carry its number.
    """
    number, rest, in_pieces = 1, "", False
    for block in blocks:
        *lines, rest = (rest + block).split("\n")
        for text in lines:
            if in_pieces or len(text) > MAX_RECORD_CHARACTERS:
                yield from _pieces(number, text, in_pieces)
            else:
                yield PhysicalLine(number, text, False)
            number, in_pieces = number + 1, False
        while len(rest) > MAX_RECORD_CHARACTERS:
            yield PhysicalLine(number, rest[:MAX_RECORD_CHARACTERS], is_piece=True)
            rest, in_pieces = rest[MAX_RECORD_CHARACTERS:], True
    if rest:
        yield from _pieces(number, rest, in_pieces)


def _pieces(number: int, text: str, in_pieces: bool) -> Iterator[PhysicalLine]:
    is_piece = in_pieces or len(text) > MAX_RECORD_CHARACTERS
    for start in range(0, max(len(text), 1), MAX_RECORD_CHARACTERS):
        yield PhysicalLine(number, text[start : start + MAX_RECORD_CHARACTERS], is_piece)


def split_record(text: str) -> list[str]:
    """Split one record into its fields.

    A field is quoted when it begins with a quote; a quote further in is an ordinary character.

    Raises:
        OpenQuoteError: More text may complete the record.
        BrokenQuoteError: No text can.
    """
    if '"' not in text:
        return text.split(",")
    fields: list[str] = []
    position = 0
    while True:
        if text.startswith('"', position):
            match = _QUOTED_FIELD.match(text, position)
            if match is None:
                raise OpenQuoteError if _OPEN_QUOTE.match(text, position) else BrokenQuoteError
            fields.append(match[1].replace('""', '"'))
            if not match[0].endswith(","):
                return fields
            position = match.end()
        else:
            comma = text.find(",", position)
            if comma < 0:
                return [*fields, text[position:]]
            fields.append(text[position:comma])
            position = comma + 1


def csv_records(
    lines: Iterator[PhysicalLine], width: int, pick: Callable[[list[str]], RowT]
) -> Iterator[SourceRecord[RowT]]:
    """Read the records of a CSV extract after its header.

    Args:
        lines: The lines behind the header, if there is one. Blank lines are no records.
        width: Columns that every record must have.
        pick: Takes the fields of a record to the layout's order.

    Yields:
        One record per row, and one per line that belongs to no row.
    """
    waiting = _Lookahead(lines)
    number = 0
    while (first := waiting.take()) is not None:
        if not first.text.strip() and not first.is_piece:
            continue
        number += 1
        fields, extra_lines = _assemble(first, waiting, width)
        raw = "\n".join((first.text, *(waiting.take_text() for _ in range(extra_lines))))
        content = fields if isinstance(fields, Refusal) else pick(fields)
        if has_marks(raw):
            content = Refusal(Rule.BAD_ENCODING, "line has bytes that the encoding does not allow")
        yield SourceRecord(number, first.number, raw, content)


def _assemble(
    first: PhysicalLine, waiting: "_Lookahead", width: int
) -> tuple[list[str] | Refusal, int]:
    """Return the fields that begin on this line and how many further lines they take."""
    if first.is_piece:
        reason = f"line is longer than {MAX_RECORD_CHARACTERS} characters"
        return Refusal(Rule.BROKEN_LINE, reason), 0
    parts, length = [first.text], len(first.text)
    while True:
        try:
            fields = split_record("\n".join(parts).removesuffix("\r"))
        except BrokenQuoteError:
            return Refusal(Rule.BROKEN_LINE, "text follows a closing quote, expected a comma"), 0
        except OpenQuoteError:
            grown = _grow(parts, length, waiting)
            if grown is None:
                return Refusal(Rule.BROKEN_LINE, "quote is opened and not closed"), 0
            length = grown
            continue
        if len(fields) != width:
            reason = f"line has {len(fields)} columns, expected {width}"
            return Refusal(Rule.BROKEN_LINE, reason), 0
        return fields, len(parts) - 1


def _grow(parts: list[str], length: int, waiting: "_Lookahead") -> int | None:
    """Append lines up to the next one with a quote; None where the record cannot go on."""
    while len(parts) < _MAX_LINES_PER_RECORD:
        line = waiting.peek(len(parts) - 1)
        if line is None or line.is_piece:
            return None
        parts.append(line.text)
        length += len(line.text) + 1
        if length > MAX_RECORD_CHARACTERS:
            return None
        if '"' in line.text:
            return length
    return None


class _Lookahead:
    """Lines that can be looked at before they are taken."""

    def __init__(self, lines: Iterator[PhysicalLine]) -> None:
        self._lines = lines
        self._seen: deque[PhysicalLine] = deque()

    def take(self) -> PhysicalLine | None:
        return self._seen.popleft() if self._seen else next(self._lines, None)

    def take_text(self) -> str:
        return self._seen.popleft().text

    def peek(self, distance: int) -> PhysicalLine | None:
        while len(self._seen) <= distance:
            line = next(self._lines, None)
            if line is None:
                return None
            self._seen.append(line)
        return self._seen[distance]
