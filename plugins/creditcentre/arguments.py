"""Arguments of commands, read strictly: a command's own, each of its type, and no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.lifecycle.errors import LifecycleRefusedError
from schema.identifiers.uscc import is_uscc
from schema.predicate import WireValue

ARGUMENT_INVALID = "ARGUMENT_INVALID"
_MOST_TEXT = 4_000
_MOST_ITEMS = 50
_DIGEST_CHARACTERS = 64


class ArgumentError(LifecycleRefusedError):
    """An argument that is missing or no proper value."""

    def __init__(self, name: str, expected: str) -> None:
        super().__init__(ARGUMENT_INVALID, f"`{name}` is not right, expected {expected}", name)


@dataclass(frozen=True, slots=True)
class Argument:
    """What an argument has to be.

    Attributes:
        expected: in words.
        read: returns the value, or raises ValueError.
    """

    expected: str
    read: Callable[[WireValue], Any]
    is_required: bool = True


def read_arguments(
    declared: Mapping[str, Argument], given: Mapping[str, WireValue]
) -> Mapping[str, Any]:
    """Return the values of all declared arguments; None where an optional one is not given.

    Raises:
        ArgumentError: one that is missing, unknown or not right.
    """
    for name in given:
        if name not in declared:
            raise ArgumentError(name[:100], "no such argument")
    found: dict[str, Any] = {}
    for name, argument in declared.items():
        value = given.get(name)
        if value is None:
            if argument.is_required:
                raise ArgumentError(name, argument.expected)
            found[name] = None
            continue
        try:
            found[name] = argument.read(value)
        except ValueError as error:
            raise ArgumentError(name, argument.expected) from error
    return found


def _text(value: WireValue) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value or len(value) > _MOST_TEXT:
        raise ValueError
    return value


def _day(value: WireValue) -> date:
    return date.fromisoformat(_text(value))


def _flag(value: WireValue) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _digest(value: WireValue) -> bytes:
    text = _text(value)
    if len(text) != _DIGEST_CHARACTERS:
        raise ValueError
    return bytes.fromhex(text)


def _code(value: WireValue) -> str:
    text = _text(value)
    if not is_uscc(text):
        raise ValueError
    return text


def _texts(value: WireValue) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) > _MOST_ITEMS:
        raise ValueError
    return [_text(each) for each in value]


def _texts_or_gaps(value: WireValue) -> list[str | None]:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) > _MOST_ITEMS:
        raise ValueError
    return [None if each is None else _text(each) for each in value]


TEXT = Argument(f"a text of at most {_MOST_TEXT} characters", _text)
TEXT_IF_ANY = Argument(TEXT.expected, _text, is_required=False)
DAY = Argument("a day such as 2026-09-22", _day)
DAY_IF_ANY = Argument(DAY.expected, _day, is_required=False)
FLAG = Argument("true or false", _flag)
DIGEST_IF_ANY = Argument("a SHA-256 of 64 hexadecimal digits", _digest, is_required=False)
CODE = Argument("a unified social credit code", _code)
TEXTS = Argument(f"at most {_MOST_ITEMS} texts", _texts)
TEXTS_OR_GAPS = Argument(f"at most {_MOST_ITEMS} texts or nulls", _texts_or_gaps)


def one_of(*codes: str) -> Argument:
    """One of some codes."""

    def read(value: WireValue) -> str:
        if value not in codes:
            raise ValueError
        return str(value)

    return Argument(f"one of {', '.join(codes)}", read)
