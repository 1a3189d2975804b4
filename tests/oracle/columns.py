"""What a native column shows, in plain Python: own reading of `gateway.sources.mapping`.

A native row is a mapping of column names to what the database driver gives. The wire form of a
value is described in `schema.scalars`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from gateway.sources import mapping as forms
from schema.predicate import WireScalar, WireValue

NativeRow = Mapping[str, Any]


def wire_value(column: forms.Column, row: NativeRow) -> WireValue:
    """The wire value that the column shows for this native row."""
    if isinstance(column, forms.Constant):
        return column.value
    if isinstance(column, forms.CodeColumns):
        return _code_columns(column, row)
    native = row[column.column]
    if native is None:
        return None
    return _shown(column, native)


def _shown(column: forms.Column, native: Any) -> WireValue:
    match column:
        case forms.Text():
            return str(native) or None
        case forms.DateColumn():
            return str(native.isoformat())
        case forms.TextDate():
            return _text_date(native)
        case forms.Timestamp():
            return _utc(native)
        case forms.LocalTimestamp():
            return _utc(native.replace(tzinfo=ZoneInfo(column.zone)))
        case forms.Amount():
            return fixed(Decimal(native) * column.yuan_per_unit, 2)
        case forms.DecimalColumn():
            return fixed(Decimal(native), column.decimals)
        case forms.Integer():
            return int(native)
        case forms.Flag():
            return _as_text(native) in column.true_values
        case forms.Code():
            return column.translation.get(_as_text(native))
        case forms.TextList():
            return list(native)
        case forms.CodeList():
            translated = [column.translation.get(code) for code in native]
            return [member for member in translated if member is not None]
        case forms.Part():
            return [_part(column, element) for element in _parsed(native)]
    raise AssertionError(f"column form {type(column).__name__} is not known to the oracle")


def fixed(number: Decimal, decimals: int) -> str:
    """Decimal text with a fixed number of decimals; halves are rounded away from zero."""
    rounded = number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return f"{abs(rounded) if rounded == 0 else rounded:f}"


def _as_text(native: Any) -> str:
    if isinstance(native, bool):
        return "true" if native else "false"
    return str(native)


def _text_date(native: str) -> str | None:
    if len(native) != 8 or not (native.isascii() and native.isdigit()):
        return None
    try:
        return dt.date(int(native[:4]), int(native[4:6]), int(native[6:])).isoformat()
    except ValueError:
        return None


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _code_columns(column: forms.CodeColumns, row: NativeRow) -> list[WireScalar | None]:
    shown: list[WireScalar | None] = []
    for name in column.columns:
        native = row[name]
        member = None if native is None else column.translation.get(_as_text(native))
        if member is not None:
            shown.append(member)
    return shown


def _parsed(native: Any) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = json.loads(native) if isinstance(native, str) else native
    return parts


def _part(column: forms.Part, element: Mapping[str, Any]) -> str | None:
    found = element.get(column.key)
    if found is None:
        return None
    if column.translation is not None:
        return column.translation.get(_as_text(found))
    if column.yuan_per_unit is not None:
        return fixed(Decimal(str(found)) * column.yuan_per_unit, 2)
    return _as_text(found)
