"""Administrative divisions (行政区划), six digits, as they stand in codes and records.

Names and years of validity come from the table inside python-stdnum. A division that was merged or
renamed keeps its code in old records, so a retired code is a status and never an error.
"""

from enum import Enum
from functools import cache

from stdnum import numdb

#: Registrations by national authorities carry this division instead of a place.
NATIONAL_DIVISION = "100000"

#: Divisions of Zhengzhou in force, the city itself first. Source: GB/T 2260.
ZHENGZHOU_DIVISIONS = {
    "410100": "郑州市",
    "410102": "中原区",
    "410103": "二七区",
    "410104": "管城回族区",
    "410105": "金水区",
    "410106": "上街区",
    "410108": "惠济区",
    "410122": "中牟县",
    "410181": "巩义市",
    "410182": "荥阳市",
    "410183": "新密市",
    "410184": "新郑市",
    "410185": "登封市",
}

# The municipal area 市辖区 is still listed as in force, but no authority registers under it.
_RETIRED_ALTHOUGH_LISTED = frozenset({"410101"})


class DivisionStatus(Enum):
    """Whether a division code is in force, was once, or was never listed."""

    CURRENT = "CURRENT"
    RETIRED = "RETIRED"
    UNKNOWN = "UNKNOWN"


@cache
def _entries(code: str) -> tuple[str, ...]:
    """Return the listed uses of a code, such as `[1987-2002]邙山区`, oldest first."""
    if code == NATIONAL_DIVISION:
        return ("全国",)
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return ()
    for _part, properties in numdb.get("cn/loc").info(code):
        if "county" in properties:
            return tuple(properties["county"].split(","))
    return ()


def _is_in_force(entry: str) -> bool:
    return not entry.startswith("[") or entry[1:].split("]", 1)[0].endswith("-")


def division_status(code: str) -> DivisionStatus:
    """Tell whether the six digits name a division in force, a retired one, or none."""
    entries = _entries(code)
    if not entries:
        return DivisionStatus.UNKNOWN
    if code in _RETIRED_ALTHOUGH_LISTED or not any(map(_is_in_force, entries)):
        return DivisionStatus.RETIRED
    return DivisionStatus.CURRENT


def division_name(code: str) -> str | None:
    """Return the Chinese name of a division, the newest one where it had several.

    Returns:
        The name without its province, or None for a code that was never listed.
    """
    entries = _entries(code)
    return entries[-1].rsplit("]", 1)[-1] if entries else None
