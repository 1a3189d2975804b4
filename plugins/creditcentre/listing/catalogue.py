"""Which lists there are: their legal basis, and the units that determine. Strict.

Source: 河南省社会信用条例 第二十七条、第二十八条 (basis of lists, who determines).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

PACKAGED = Path(__file__).parents[1] / "lists.toml"
_KEYS = frozenset({"code", "name", "kind", "basis", "units"})


class ListKind(Enum):
    """What a list is for."""

    PUNISH = "PUNISH"
    REWARD = "REWARD"


@dataclass(frozen=True, slots=True)
class CreditList:
    """A list.

    Attributes:
        basis: law and article that provide for it.
        units: codes of the units that determine who is on it.
    """

    code: str
    name: str
    kind: ListKind
    basis: str
    units: frozenset[str]


def load_lists(path: Path = PACKAGED) -> Mapping[str, CreditList]:
    """Read the lists, by code.

    Raises:
        ValueError: a list without basis or unit, or anything that is no list.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path.name}: found `{error}`, expected a TOML file of lists") from error
    entries = table.get("list")
    if set(table) != {"list"} or not isinstance(entries, list):
        raise ValueError(f"{path.name}: found other keys, expected `[[list]]` only")
    lists = [_read(path, entry) for entry in entries]
    found = {each.code: each for each in lists}
    if len(found) != len(lists):
        raise ValueError(f"{path.name}: two lists have one code")
    return found


def _read(path: Path, entry: Any) -> CreditList:
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        raise ValueError(f"{path.name}: a list has other keys than {', '.join(sorted(_KEYS))}")
    for key in ("code", "name", "basis"):
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise ValueError(
                f"{path.name}: a list has no `{key}`, expected one: a list exists only by law"
            )
    units = entry["units"]
    if not isinstance(units, list) or not units or not all(isinstance(u, str) for u in units):
        raise ValueError(f"{path.name}: `{entry['code']}` has no unit that determines")
    try:
        kind = ListKind(entry["kind"])
    except ValueError as error:
        raise ValueError(f"{path.name}: `kind` is none of PUNISH, REWARD") from error
    return CreditList(entry["code"], entry["name"], kind, entry["basis"], frozenset(units))
