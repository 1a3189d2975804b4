"""Other values for a native column: another row's, or nearly the same one."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random
from typing import Any

_DIGITS_OF_A_NUMBER = 10
_HAN = "甲乙丙丁戊己庚辛"


def is_parts(native: Any) -> bool:
    """Whether a native value is the JSON text of a list of parts."""
    return isinstance(native, str) and native.startswith("[{")


def nudged(random: Random, native: Any) -> Any:
    """A value that differs a little, and so may look the same behind a mask."""
    match native:
        case bool() | None:
            return native
        case str() if is_parts(native):
            return _nudged_parts(random, native)
        case str():
            return _nudged_text(random, native)
        case int():
            return native + random.choice([-1, 1, 7])
        case Decimal():
            return native + Decimal(random.choice([-100, -1, 1, 250])).scaleb(-2)
        case dt.datetime():
            return native + dt.timedelta(days=random.choice([-40, -3, 2, 35]))
        case dt.date():
            return native + dt.timedelta(days=random.choice([-40, -3, 2, 35]))
        case list():
            return [nudged(random, member) for member in native]
    return native


def _nudged_text(random: Random, text: str) -> str:
    """One to three characters replaced by others of their sort; in prose with numbers, digits."""
    if not text:
        return text
    characters = list(text)
    digits = [place for place, each in enumerate(text) if each.isdecimal()]
    places = digits if len(digits) >= _DIGITS_OF_A_NUMBER else range(len(text))
    for _ in range(random.choice([1, 1, 2, 3])):
        position = random.choice(places)
        characters[position] = _like(random, characters[position])
    return "".join(characters)


def _like(random: Random, character: str) -> str:
    if character.isdecimal() and character.isascii():
        return random.choice("0123456789")
    if "一" <= character <= "鿿":
        return random.choice(_HAN)
    if character.isalpha() and character.isascii():
        return random.choice("abcxyz" if character.islower() else "ABCXYZ")
    return character


def _nudged_parts(random: Random, text: str) -> str:
    """One key of the parts with other values: another part's, or nudged ones."""
    parts: list[dict[str, Any]] = json.loads(text)
    names = sorted({name for part in parts for name in part})
    name = random.choice(names)
    changes: Sequence[Callable[[Any], Any]] = (
        lambda value: nudged(random, value),
        lambda value: _rolled(random, value),
    )
    change = random.choice(changes)
    changed = [
        {**part, name: change(part[name])} if part.get(name) is not None else part for part in parts
    ]
    return json.dumps(changed, ensure_ascii=False)


def _rolled(random: Random, value: Any) -> Any:
    """Another text of the same characters; anything else as it is."""
    if not isinstance(value, str):
        return value
    return "".join(random.sample(value, len(value)))
