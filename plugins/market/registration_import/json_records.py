"""Records of a JSON extract, read one by one in bounded memory.

The layout is an object whose only member `erDataList` is the list of records; a bare list is read
too. A record that is no JSON costs the text up to the next record.
"""

import json
import re
from collections.abc import Iterator

from gateway.sources.files import refusals
from gateway.sources.files.encoding import has_marks
from gateway.sources.files.errors import UnusableInputError
from gateway.sources.files.refusals import MAX_RECORD_CHARACTERS, Refusal, Rule
from plugins.market.registration_import.records import JSON_KEYS, PublishedRow, SourceRecord

_SPACE = re.compile(r"[ \t\n\r]*")
_BEGINNING = re.compile(r'[ \t\n\r]*(\{[ \t\n\r]*"erDataList"[ \t\n\r]*:[ \t\n\r]*)?\[')
_NEXT_RECORD = re.compile(r",[ \t\n\r]*(?=\{)")


class _RepeatedKeyError(ValueError):
    """An object names one key twice."""


class _Number(str):
    """A number as it is written, so that no digit of a code is lost."""


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _RepeatedKeyError
    return members


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_members,
    parse_float=_Number,
    parse_int=_Number,
    parse_constant=_Number,
)


class JsonRecords:
    """Iterates over the records of one JSON extract.

    Args:
        blocks: The text of the file in blocks.
        name: The file's name, for messages.

    Raises:
        UnusableInputError: The text does not begin like the layout.
    """

    def __init__(self, blocks: Iterator[str], name: str) -> None:
        self._blocks = blocks
        self._text = ""
        self._at = 0
        self._is_complete = False
        self._line = 1
        self._number = 0
        self._fill(1)
        beginning = _BEGINNING.match(self._text)
        if beginning is None:
            raise UnusableInputError(
                f"`{name}` does not begin like a JSON extract, expected an object with the member"
                " `erDataList` or a list"
            )
        self._is_wrapped = beginning[1] is not None
        self._advance(beginning.end())

    def __iter__(self) -> Iterator[SourceRecord]:
        is_first = True
        while not self._take_character("]"):
            if self._at_end():
                yield self._refuse(0, "file ends before its list is closed")
                return
            if is_first or self._take_character(","):
                self._skip_space()
                yield self._next_record()
            else:
                yield self._refuse_to_next("text stands where a comma was expected")
            is_first = False
        if self._is_wrapped:
            self._take_character("}")
        while not self._at_end():
            self._fill(MAX_RECORD_CHARACTERS)
            length = min(len(self._text) - self._at, MAX_RECORD_CHARACTERS)
            yield self._refuse(length, "text stands behind the end of the list")

    def _next_record(self) -> SourceRecord:
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except _RepeatedKeyError:
                return self._refuse_to_next("record names one key twice")
            except (ValueError, RecursionError):
                have = len(self._text) - self._at
                if self._is_complete or have > MAX_RECORD_CHARACTERS:
                    return self._refuse_to_next("record is not JSON")
                self._fill(have + 1)
                continue
            return self._take(end - self._at, _row_of(value))

    def _take(self, length: int, content: PublishedRow | Refusal) -> SourceRecord:
        raw = self._text[self._at : self._at + length]
        if has_marks(raw):
            reason = "record has bytes that the encoding does not allow"
            content = Refusal(Rule.BAD_ENCODING, reason)
        self._number += 1
        record = refusals.SourceRecord(self._number, self._line, raw, content)
        self._advance(length)
        return record

    def _refuse(self, length: int, reason: str) -> SourceRecord:
        return self._take(length, Refusal(Rule.BROKEN_RECORD, reason))

    def _refuse_to_next(self, reason: str) -> SourceRecord:
        """Refuse the text up to the next comma that an opening brace follows."""
        self._fill(MAX_RECORD_CHARACTERS)
        limit = min(len(self._text), self._at + MAX_RECORD_CHARACTERS)
        following = _NEXT_RECORD.search(self._text, self._at + 1, limit)
        return self._refuse((following.start() if following else limit) - self._at, reason)

    def _take_character(self, character: str) -> bool:
        self._skip_space()
        if not self._text.startswith(character, self._at):
            return False
        self._advance(1)
        return True

    def _at_end(self) -> bool:
        self._skip_space()
        return self._at == len(self._text)

    def _skip_space(self) -> None:
        while True:
            space = _SPACE.match(self._text, self._at)
            self._advance(space.end() - self._at if space else 0)
            if self._at < len(self._text) or self._is_complete:
                return
            self._fill(1)

    def _fill(self, length: int) -> None:
        """Read until this many characters lie ahead or the file ends."""
        have = len(self._text) - self._at
        if have >= length or self._is_complete:
            return
        parts = [self._text[self._at :]]
        while have < length and not self._is_complete:
            block = next(self._blocks, None)
            if block is None:
                self._is_complete = True
            else:
                parts.append(block)
                have += len(block)
        self._text, self._at = "".join(parts), 0

    def _advance(self, length: int) -> None:
        self._line += self._text.count("\n", self._at, self._at + length)
        self._at += length


def _row_of(value: object) -> PublishedRow | Refusal:
    if not isinstance(value, dict):
        return Refusal(Rule.BROKEN_RECORD, "record is not an object")
    values = [value.get(key) for key in JSON_KEYS]
    for key, member in zip(JSON_KEYS, values, strict=True):
        if member is not None and not isinstance(member, str):
            return Refusal(Rule.BROKEN_RECORD, f"`{key}` is neither text nor number nor null")
    return PublishedRow._make(values)
