"""Where a record stands in the life cycle of publication on the city's day.

Source: periods of publication by severity and the outer limit of disclosure follow the national
measures on credit repair and the Henan regulation, article 19; the real ones are configuration of
the gateway, these only shape sample data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from gateway.demo.city.calendar import MONTH, YEAR, Day, iso

# Severity: days of publication, days before which repair is impossible. None: without end.
_PERIODS = {
    "NONE": (None, None),
    "MINOR": (3 * MONTH, None),
    "GENERAL": (YEAR, 3 * MONTH),
    "SERIOUS": (3 * YEAR, YEAR),
}
_DISCLOSED_FOR = 5 * YEAR
_REPAIRED = 0.10
_WITHDRAWN = 0.02
_LATE_STATE = 0.03
_OBJECTED = 0.01
_CORRECTED = 0.02
# Of a hundred dishonest records, so many carry no dates of end, so many later ones than the law
# allows; their departments leave them in the state in which they were published.
_UNDATED = 3
_OVERDATED = 2


@dataclass(frozen=True, slots=True)
class Publication:
    """Life cycle of one record.

    Attributes:
        state: member name of the schema's disclosure states.
        reported_at, verified_at: local time `YYYY-MM-DD HH:MM:SS`, or None.
        until: last day of publication as the department states it; None if it states none.
        disclosed_until: last day of any disclosure, likewise.
        corrects: whether the record corrects an earlier one, which then is its version 1.
    """

    state: str
    severity: str
    reported_at: str | None
    verified_at: str | None
    published_on: Day | None
    floor_until: Day | None
    until: Day | None
    disclosed_until: Day | None
    is_objected: bool
    corrects: bool

    @property
    def version(self) -> str:
        return "2" if self.corrects else "1"

    def while_listed(self) -> Publication:
        """The same for a subject that is still on the list, and shown until it is removed."""
        state = "PUBLISHED" if self.state in {"SHARED", "ARCHIVED"} else self.state
        return replace(self, state=state, until=None, disclosed_until=None)


def publication(
    rng: Random, decided: Day, today: Day, severity: str = "NONE", state: str | None = None
) -> Publication:
    """Draw the life cycle of a record that was decided on a day.

    Args:
        state: given where a named case needs it; None draws one that fits the dates.
    """
    span, floor = _PERIODS[severity]
    published = decided + 2 + int(rng.random() * 8)
    until = None if span is None else decided + span
    end = None if span is None else decided + _DISCLOSED_FOR
    is_drawn = state is None
    if state is None:
        state = _draw_state(rng, decided, today, until, end, floor)
    is_open = state not in {"RECEIVED", "RETURNED", "VERIFIED"}
    minute = int(rng.random() * 600)
    if is_drawn and until is not None and end is not None:
        care = minute % 100
        if care < _UNDATED:
            until, end = None, None
        elif care < _UNDATED + _OVERDATED:
            until, end = until + 4 * YEAR, end + 4 * YEAR
        if care < _UNDATED + _OVERDATED and state in {"SHARED", "ARCHIVED"}:
            state = "PUBLISHED"
    time = f"{9 + minute // 60:02d}:{minute % 60:02d}:{(minute * 7) % 60:02d}"
    reported = min(decided + 1 + minute % 5, today)
    verified = min(reported + 1, today)
    return Publication(
        state=state,
        severity=severity,
        reported_at=f"{iso(reported)} {time}",
        verified_at=None if state in {"RECEIVED", "RETURNED"} else f"{iso(verified)} 17:{time[3:]}",
        published_on=min(published, today) if is_open else None,
        floor_until=None if floor is None else decided + floor,
        until=until,
        disclosed_until=end,
        is_objected=is_open and rng.random() < _OBJECTED,
        corrects=is_open and rng.random() < _CORRECTED,
    )


def _draw_state(
    rng: Random, decided: Day, today: Day, until: Day | None, end: Day | None, floor: Day | None
) -> str:
    chance = rng.random()
    if today - decided < 10:
        if chance < 0.10:
            return "RECEIVED"
        if chance < 0.13:
            return "RETURNED"
        if chance < 0.25:
            return "VERIFIED"
    if chance > 1 - _WITHDRAWN:
        return "WITHDRAWN"
    if until is None or end is None:
        return "PUBLISHED"
    if chance < _REPAIRED and today > decided + (floor or 0):
        return "ENDED"
    # Some sources are late: the date is over and the state says that the record is still shown.
    is_late = chance < _REPAIRED + _LATE_STATE
    if today > end and not is_late:
        return "ARCHIVED"
    if today > until and not is_late:
        return "SHARED"
    return "PUBLISHED"
