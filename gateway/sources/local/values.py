"""Native values as wire values: one definition per mapping form, for values of JSON and of text.

A value that is there and cannot be shown (30 February, an amount that is no number) is `ODD`.
What counts as missing and what as odd is the same as in the PostgreSQL kit.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.contract import PERSON_KEY_PREFIX
from gateway.sources.mapping import (
    Amount,
    Code,
    CodeColumns,
    CodeList,
    Column,
    Constant,
    DateColumn,
    DecimalColumn,
    Flag,
    Integer,
    KindMapping,
    LocalTimestamp,
    Part,
    Text,
    TextDate,
    TextList,
    Timestamp,
)
from schema.predicate import WireValue


class Odd:
    """Type of the one value that stands for a native value which cannot be shown."""

    def __repr__(self) -> str:
        return "ODD"


ODD: Final = Odd()

Getter = Callable[[str], Callable[[Any], object]]
"""Makes, from the name of a column or the path to it, what reads it out of a record."""

Read = Callable[[Any], WireValue | Odd]
"""Reads a wire value out of a record."""

_KEY = re.compile(r"[0-9A-Za-z]{1,64}").fullmatch
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_COMPACT_DAY = re.compile(r"[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])").fullmatch
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?"
    r"( ?(Z|[+-][0-9]{2}(:?[0-9]{2})?))?"
).fullmatch
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?").fullmatch
_PART_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]+)?").fullmatch
_DECODER = json.JSONDecoder(parse_float=Decimal)
_EXACT = Context(prec=120, rounding=ROUND_HALF_UP)
_LARGEST = Decimal("1e27")
_LARGEST_INTEGER = 2**63 - 1


def reader(column: Column | None, get: Getter) -> Read:
    """What reads the wire value of a mapped column; None is a field that is not supplied."""
    match column:
        case None:
            return _nothing
        case Constant(value):
            return lambda _record: value
        case CodeColumns(names, translation):
            return _code_columns([get(name) for name in names], translation)
        case Text(name):
            return _reading(get(name), text)
        case DateColumn(name):
            return _reading(get(name), day)
        case TextDate(name):
            return _reading(get(name), _compact_day)
        case Timestamp(name):
            return _reading(get(name), moment)
        case LocalTimestamp(name, zone):
            return _reading(get(name), _local_moment(ZoneInfo(zone)))
        case Amount(name, yuan_per_unit):
            return _reading(get(name), _number(2, yuan_per_unit))
        case DecimalColumn(name, decimals):
            return _reading(get(name), _number(decimals, 1))
        case Integer(name):
            return _reading(get(name), integer)
        case Flag(name, true_values):
            return _reading(get(name), _flag(frozenset(true_values)))
        case Code(name, translation):
            return _reading(get(name), _code(translation))
        case TextList(name):
            return _reading(get(name), _list_of(_member_text))
        case CodeList(name, translation):
            return _reading(get(name), _code_list(translation))
        case Part(name):
            return _reading(get(name), _list_of(_part(column)))


def _nothing(_record: Any) -> WireValue:
    return None


def _reading(get: Callable[[Any], object], convert: Callable[[Any], WireValue | Odd]) -> Read:
    def read(record: Any) -> WireValue | Odd:
        found = get(record)
        return None if found is None else convert(found)

    return read


def subject_reader(mapping: KindMapping, get: Getter) -> Read:
    """What reads the key of the subject; missing where the record names none.

    A code or reference that no key can be is odd.
    """
    get_code = get(mapping.organisation)
    get_person = None if mapping.person is None else get(mapping.person)

    def read(record: Any) -> WireValue | Odd:
        code = text(get_code(record))
        if code is not None:
            return code if isinstance(code, str) and _KEY(code) else ODD
        person = None if get_person is None else text(get_person(record))
        if person is None:
            return None
        is_key = isinstance(person, str) and _KEY(person)
        return f"{PERSON_KEY_PREFIX}{person}" if is_key else ODD

    return read


def native(value: object) -> str | None:
    """A scalar as PostgreSQL casts it to text; None for what is no scalar."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return str(value)
    return None


def text(value: object) -> str | Odd | None:
    """Text; the empty one is missing. A lone surrogate cannot be written as UTF-8."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return ODD
    found = native(value)
    if found is None or not _is_writable(found):
        return ODD
    return found


def _is_writable(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def day(value: object) -> str | Odd | None:
    """A day, given in its ISO form."""
    if value == "":
        return None
    if not isinstance(value, str) or not _DAY(value):
        return ODD
    return value if _exists(value) else ODD


def _exists(iso: str) -> bool:
    try:
        dt.date.fromisoformat(iso)
    except ValueError:
        return False
    return True


def _compact_day(value: object) -> str | Odd | None:
    found = native(value)
    if found is None or not _COMPACT_DAY(found):
        return None
    iso = f"{found[:4]}-{found[4:6]}-{found[6:]}"
    return iso if _exists(iso) else ODD


def moment(value: object) -> str | Odd | None:
    """A time with its offset, in UTC and cut to the second."""
    if value == "":
        return None
    found = _moment(value)
    return ODD if found is None or found.tzinfo is None else _in_utc(found)


def _moment(value: object) -> dt.datetime | None:
    if not isinstance(value, str) or not _MOMENT(value):
        return None
    try:
        return dt.datetime.fromisoformat(value)
    except ValueError:
        return None


def _in_utc(found: dt.datetime) -> str | Odd:
    try:
        return found.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)
    except OverflowError:
        return ODD


def _local_moment(zone: ZoneInfo) -> Callable[[object], str | Odd | None]:
    def read(value: object) -> str | Odd | None:
        if value == "":
            return None
        found = _moment(value)
        if found is None:
            return ODD
        if found.tzinfo is not None:
            return _in_utc(found)
        try:
            return _in_utc(found.replace(tzinfo=dt.timezone(offset_of(found, zone))))
        except OverflowError:
            return ODD

    return read


def offset_of(local: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    """Offset of a local time; where there are two, or none, that of standard time."""
    offsets = [local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)]
    return min(offset for offset in offsets if offset is not None)


def decimal_of(value: object) -> Decimal | None:
    """A number, exactly; None for what is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return Decimal(value) if _NUMBER(value) else None
    if isinstance(value, int | float | Decimal):
        found = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        return found if found.is_finite() else None
    return None


def _number(decimals: int, factor: int) -> Callable[[object], str | Odd | None]:
    step, times = Decimal(1).scaleb(-decimals), Decimal(factor)

    def read(value: object) -> str | Odd | None:
        if value == "":
            return None
        found = decimal_of(value)
        return ODD if found is None else fixed(found, times, step)

    return read


def fixed(value: Decimal, factor: Decimal, step: Decimal) -> str | Odd:
    """A number with as many decimals as the step has, halves rounded away from zero."""
    try:
        product = _EXACT.multiply(value, factor)
        if abs(product) >= _LARGEST:
            return ODD
        rounded = product.quantize(step, context=_EXACT)
    except (InvalidOperation, OverflowError):
        return ODD
    return format(rounded if rounded else abs(rounded), "f")


def integer(value: object) -> int | Odd | None:
    """A whole number of 64 bits; halves are rounded away from zero."""
    if value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) <= _LARGEST_INTEGER else ODD
    found = decimal_of(value)
    if found is None or abs(found) > _LARGEST_INTEGER:
        return ODD
    return int(found.quantize(Decimal(1), context=_EXACT))


def _flag(true_values: frozenset[str]) -> Callable[[object], bool]:
    return lambda value: native(value) in true_values


def _code(translation: Mapping[str, str]) -> Callable[[object], str | None]:
    return lambda value: translation.get(native(value) or "")


def _code_columns(gets: Sequence[Callable[[Any], object]], translation: Mapping[str, str]) -> Read:
    translate = _code(translation)

    def read(record: Any) -> WireValue:
        members = [translate(get(record)) for get in gets]
        return [member for member in members if member is not None]

    return read


def _as_list(value: object) -> list[object] | Odd | None:
    """A JSON array, given as such or as its text."""
    if value == "":
        return None
    if isinstance(value, str):
        try:
            value = _DECODER.decode(value)
        except (ValueError, RecursionError):
            return ODD
    return value if isinstance(value, list) or value is None else ODD


def _list_of(read_member: Callable[[object], str | Odd | None]) -> Callable[[object], Any]:
    def read(value: object) -> list[str | None] | Odd | None:
        found = _as_list(value)
        if found is None or isinstance(found, Odd):
            return found
        members: list[str | None] = []
        for item in found:
            member = read_member(item)
            if isinstance(member, Odd):
                return ODD
            members.append(member)
        return members

    return read


def _member_text(value: object) -> str | Odd | None:
    if value is None:
        return None
    found = native(value)
    return ODD if found is None or not _is_writable(found) else found


def _code_list(translation: Mapping[str, str]) -> Callable[[object], Any]:
    translate = _list_of(_code(translation))

    def read(value: object) -> list[str] | Odd | None:
        found = translate(value)
        if found is None or isinstance(found, Odd):
            return found
        return [member for member in found if member is not None]

    return read


def _part(part: Part) -> Callable[[object], str | Odd | None]:
    def read(element: object) -> str | Odd | None:
        value = element.get(part.key) if isinstance(element, dict) else None
        if value is None:
            return None
        if part.translation is not None:
            return part.translation.get(native(value) or "")
        if part.yuan_per_unit is None:
            return _member_text(value)
        found = native(value)
        if found is None or isinstance(value, bool) or not _PART_NUMBER(found):
            return ODD
        return fixed(Decimal(found), Decimal(part.yuan_per_unit), Decimal("0.01"))

    return read
