"""What kind of value texts are, in sources where everything is written: files, members of JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gateway.scaffold.native import NativeColumn

MOST_LOOKED_AT = 5_000
_MOST_CODES, _CODE_LENGTH = 40, 24
_DAY = (
    r"[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?( 0{1,2}:00(:00)?)?"
    r"|[12][0-9]{3}[01][0-9][0-3][0-9]"
)
_LOCAL = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
_FORMS = (
    ("written-day", re.compile(_DAY), "日期"),
    ("local-time", re.compile(_LOCAL), "时间"),
    ("timestamp", re.compile(rf"{_LOCAL} ?(Z|[+-][0-9]{{2}}:?[0-9]{{2}})"), "带时区时间"),
    ("digits", re.compile(r"[-+]?[0-9]{1,18}"), "整数"),
    ("written-number", re.compile(r"[-+]?[0-9][0-9,]*(\.[0-9]+)?"), "数字"),
)


def written_column(
    name: str, values: Iterable[str | None], comment: str = "", is_key: bool = False
) -> NativeColumn:
    """A column by the values that stand in it; of a file's rows the first some thousand.

    Codes that are few, short and repeat are told; nothing else of the values is kept.
    """
    present = [value for value in values if value]
    form, word = _form(present)
    return NativeColumn(name, word, form, comment, is_key, _samples(present), is_written=True)


def _form(values: Sequence[str]) -> tuple[str, str]:
    if not values:
        return "blank", "空"
    for form, pattern, word in _FORMS:
        if all(pattern.fullmatch(value) for value in values):
            return form, word
    return "text", "文本"


def _samples(values: Sequence[str]) -> tuple[str, ...]:
    distinct = set(values)
    is_list = len(distinct) <= _MOST_CODES and all(len(each) <= _CODE_LENGTH for each in distinct)
    return tuple(sorted(distinct)) if is_list and len(values) > len(distinct) else ()
