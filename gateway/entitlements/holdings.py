"""What a worker holds in memory: look-ups without waiting, built from rows of the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import asyncpg

from gateway.entitlements.coordinates import kind_coordinate
from gateway.entitlements.types import ClientTerms, RecordEffects
from policies.model import Caller, CallerClass
from schema.codes import RecordKind

_NO_EFFECTS = RecordEffects()
_NOTHING: frozenset[str] = frozenset()


class ClientHoldings:
    """Registered clients, and the epochs of those that are known to have changed."""

    def __init__(self) -> None:
        self._held: dict[str, ClientTerms] = {}

    def put(self, row: asyncpg.Record, epoch: int) -> None:
        """Take a client as the store has it now."""
        number = row["client_id"]
        self._held[number] = ClientTerms(
            (client_area(number), epoch), row["is_suspended"], row["quota_per_day"]
        )

    def put_unknown(self, client_id: str, epoch: int) -> None:
        """Take note that a client is not registered any more."""
        self._held[client_id] = ClientTerms((client_area(client_id), epoch))

    def find(self, client_id: str) -> ClientTerms:
        """Return what is known of a client."""
        held = self._held.get(client_id)
        return ClientTerms((client_area(client_id), 0)) if held is None else held


class GrantHoldings:
    """Active sharing grants by consumer and purpose."""

    def __init__(self, rows: Iterable[asyncpg.Record] = ()) -> None:
        self._held: dict[str, dict[str, list[tuple[float, frozenset[str]]]]] = {}
        for row in rows:
            given = (row["valid_until"].timestamp(), with_kinds(row["coordinates"]))
            by_purpose = self._held.setdefault(row["consumer"], {})
            for purpose in row["purposes"]:
                by_purpose.setdefault(purpose, []).append(given)

    def replace(self, consumers: Iterable[str], newer: GrantHoldings) -> None:
        """Take the grants of these consumers from newer holdings."""
        for consumer in consumers:
            self._held.pop(consumer, None)
            if consumer in newer._held:
                self._held[consumer] = newer._held[consumer]

    def find(self, caller: Caller, now: float) -> frozenset[str]:
        """Return the coordinates that this caller's grants give it now."""
        if caller.organisation is None or caller.caller_class is not CallerClass.DEPARTMENT:
            return _NOTHING
        grants = self._held.get(caller.organisation, {}).get(caller.purpose.value)
        if grants is None:
            return _NOTHING
        valid = [coordinates for valid_until, coordinates in grants if now < valid_until]
        return valid[0] if len(valid) == 1 else _NOTHING.union(*valid)


class EffectHoldings:
    """Effects by kind and department, ready for each caller class."""

    def __init__(self, rows: Iterable[asyncpg.Record] = ()) -> None:
        grouped: dict[tuple[str, str], list[asyncpg.Record]] = {}
        for row in rows:
            grouped.setdefault((row["record_kind"], row["department"]), []).append(row)
        self._held: dict[str, dict[str, Mapping[CallerClass, RecordEffects]]] = {}
        for (kind, department), group in grouped.items():
            self._held.setdefault(kind, {})[department] = {
                caller: _effects_for(caller, group) for caller in CallerClass
            }

    def replace(self, kinds: Iterable[str], newer: EffectHoldings) -> None:
        """Take the effects on records of these kinds from newer holdings."""
        for kind in kinds:
            self._held.pop(kind, None)
            if kind in newer._held:
                self._held[kind] = newer._held[kind]

    def find(self, caller: Caller, department: str, kind: RecordKind) -> RecordEffects:
        """Return the effects on the records of this department and kind for this caller."""
        held = self._held.get(kind.value, {}).get(department)
        return _NO_EFFECTS if held is None else held[caller.caller_class]


def client_area(client_id: str) -> str:
    """Area of what is known of a client."""
    return f"client:{client_id}"


def grant_area(consumer: str) -> str:
    """Area of what grants give a department."""
    return f"grant:{consumer}"


def effect_area(kind: RecordKind) -> str:
    """Area of the effects on records of a kind."""
    return f"effect:{kind.value}"


def with_kinds(coordinates: Iterable[str]) -> frozenset[str]:
    """Fields, and the coordinates of their kinds."""
    fields = frozenset(coordinates)
    return fields | {kind_coordinate(field) for field in fields}


def _effects_for(caller: CallerClass, rows: Sequence[asyncpg.Record]) -> RecordEffects:
    hidden = {
        row["record_id"]
        for row in rows
        if row["effect"] == "HIDDEN" and caller.value in row["hidden_from"]
    }
    ended = {row["record_id"] for row in rows if row["effect"] == "ENDED"} - hidden
    marked = {row["record_id"] for row in rows if row["effect"] == "MARKED"} - hidden
    return RecordEffects(tuple(sorted(hidden)), tuple(sorted(marked)), tuple(sorted(ended)))
