"""Reads the file of controls. Strict: what is not understood exactly is refused."""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from pathlib import Path

from gateway.controls.checks import (
    ConsentAfterPurposeCheck,
    IsWorkingDay,
    MatterNumberCheck,
    OfficeHoursCheck,
    RepetitionCheck,
    VolumeCheck,
)
from gateway.controls.types import Check, ConsentTimes, Control, Controls
from gateway.errors import InternalError
from policies.model import CallerClass, Purpose

_COMMON = ("id", "kind", "basis", "intent")
_MOST = 1_000_000


class ControlsError(InternalError):
    """A file of controls that cannot be used; the text says what was found and expected."""


class _Members:
    """The members of one control, each read once."""

    def __init__(self, control: str, values: Mapping[str, object]) -> None:
        self._control = control
        self._values = dict(values)

    def text(self, key: str) -> str:
        found = self._values.pop(key, None)
        if not isinstance(found, str) or not found:
            raise self._wrong(key, found, "a text")
        return found

    def number(self, key: str) -> int:
        found = self._values.pop(key, None)
        if type(found) is not int or not 1 <= found <= _MOST:
            raise self._wrong(key, found, f"a whole number from 1 to {_MOST}")
        return found

    def time(self, key: str) -> dt.time:
        found = self._values.pop(key, None)
        if type(found) is not dt.time:
            raise self._wrong(key, found, "a time of day such as 08:00:00")
        return found

    def words(self, key: str, known: frozenset[str]) -> frozenset[str]:
        found = self._values.pop(key, None)
        if not isinstance(found, list) or not found or not known.issuperset(map(str, found)):
            raise self._wrong(key, found, f"a list of {', '.join(sorted(known))}")
        return frozenset(map(str, found))

    def finish(self) -> None:
        if self._values:
            key = min(self._values)
            raise self._wrong(key, self._values[key], "no such key")

    def _wrong(self, key: str, found: object, expected: str) -> ControlsError:
        return ControlsError(
            f"control `{self._control}`: key `{key}`: found `{found}`, expected {expected}"
        )


_CLASSES = frozenset(each.value for each in CallerClass)
_PURPOSES = frozenset(each.value for each in Purpose)
_Make = Callable[[_Members, dt.datetime, Mapping[str, ConsentTimes], IsWorkingDay], Check]


def _matter_number(
    said: _Members, begin: dt.datetime, _consents: object, _is_working_day: object
) -> Check:
    return MatterNumberCheck(begin, said.words("classes", _CLASSES), said.number("least_requests"))


def _volume(
    said: _Members, begin: dt.datetime, _consents: object, _is_working_day: object
) -> Check:
    return VolumeCheck(
        begin,
        said.number("times_usual"),
        said.number("usual_days"),
        said.number("least_days"),
        said.number("least_subjects"),
    )


def _repetition(
    said: _Members, begin: dt.datetime, _consents: object, _is_working_day: object
) -> Check:
    return RepetitionCheck(begin, said.number("least_requests"), said.number("within_days"))


def _consent_after_purpose(
    said: _Members,
    begin: dt.datetime,
    consents: Mapping[str, ConsentTimes],
    _is_working_day: object,
) -> Check:
    (purpose,) = _one_of(said, "purpose")
    ended_by = said.words("ended_by", _PURPOSES)
    longest = said.number("longest_days")
    return ConsentAfterPurposeCheck(begin, purpose, ended_by, longest, consents)


def _one_of(said: _Members, key: str) -> tuple[str]:
    found = said.text(key)
    if found not in _PURPOSES:
        raise ControlsError(f"key `{key}`: found `{found}`, expected a purpose")
    return (found,)


def _office_hours(
    said: _Members, begin: dt.datetime, _consents: object, is_working_day: IsWorkingDay
) -> Check:
    return OfficeHoursCheck(
        begin,
        said.words("classes", _CLASSES),
        said.time("opens"),
        said.time("closes"),
        said.number("least_requests"),
        is_working_day,
    )


KINDS: Mapping[str, _Make] = {
    "matter-number": _matter_number,
    "volume": _volume,
    "repetition": _repetition,
    "consent-after-purpose": _consent_after_purpose,
    "office-hours": _office_hours,
}
PACKAGED = resources.files("policies") / "controls" / "controls.toml"
"""The controls that come with the gateway."""


def make_check(
    control: Control,
    begin: dt.datetime,
    consents: Mapping[str, ConsentTimes],
    is_working_day: IsWorkingDay,
) -> Check:
    """Return the check that a control stands for.

    Args:
        begin: from when on it looks.
        consents: by number, those that may be used in the facts.

    Raises:
        ControlsError: a member is missing, unknown or wrong.
    """
    members = _Members(control.id, control.settings)
    check = KINDS[control.kind](members, begin, consents, is_working_day)
    members.finish()
    return check


def load_controls(path: Path | None = None) -> Controls:
    """Read a file of controls; None: the one that comes with the gateway.

    Raises:
        ControlsError: what is wrong with it.
    """
    try:
        content = PACKAGED.read_bytes() if path is None else path.read_bytes()
        document = tomllib.loads(content.decode())
    except OSError as error:
        raise ControlsError(f"controls `{path}` cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ControlsError(f"controls `{path}`: `{error}`, expected a TOML file") from error
    since, listed = document.pop("in_force_from", None), document.pop("control", None)
    if type(since) is not dt.date or not isinstance(listed, list) or document:
        raise ControlsError("expected `in_force_from`, a date, a list `control`, and nothing else")
    controls = tuple(_controls(listed))
    return Controls(hashlib.sha256(content).hexdigest()[:16], since, controls)


def _controls(listed: list[object]) -> Iterator[Control]:
    known: set[str] = set()
    for each in listed:
        values: Mapping[str, object] = each if isinstance(each, dict) else {}
        members = _Members(str(values.get("id", "-")), values)
        name, kind, basis, intent = (members.text(key) for key in _COMMON)
        if name in known or kind not in KINDS:
            raise ControlsError(
                f"control `{name}` of kind `{kind}`, expected an id of its own and one of "
                f"{', '.join(KINDS)}"
            )
        known.add(name)
        rest = {key: value for key, value in values.items() if key not in _COMMON}
        control = Control(name, kind, rest, basis, intent)
        # what is wrong is told when the file is read
        make_check(control, dt.datetime.now(dt.UTC), {}, lambda _day: True)
        yield control
