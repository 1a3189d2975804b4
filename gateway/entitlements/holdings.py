"""What a worker holds in memory: look-ups without waiting, built from rows of the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from gateway.entitlements.consent import kind_coordinate
from gateway.entitlements.types import ConsentTerms, RecordEffects
from policies.model import Caller, CallerClass
from schema.codes import RecordKind

_NO_EFFECTS = RecordEffects()
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _HeldConsent:
    terms: ConsentTerms
    valid_from: float
    valid_to: float


class ConsentHoldings:
    """Active consents by institution, purpose and subject."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], dict[str, _HeldConsent]] = {}
        self._places: dict[str, tuple[tuple[str, str], str]] = {}
        # many consents list the same fields; one set serves all of them
        self._sets: dict[frozenset[str], frozenset[str]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def put(self, row: asyncpg.Record) -> None:
        """Take an active consent as the store has it now."""
        number = row["consent_no"]
        self.remove(number)
        place = (row["institution"], row["purpose"])
        subject = row["subject_key"]
        terms = ConsentTerms(number, row["version"], self._shared(row["coordinates"]))
        held = _HeldConsent(terms, row["valid_from"].timestamp(), row["valid_to"].timestamp())
        self._held.setdefault(place, {})[subject] = held
        self._places[number] = (place, subject)

    def remove(self, consent_no: str) -> None:
        """Forget a consent that is not active any more, if it is held."""
        found = self._places.pop(consent_no, None)
        if found is None:
            return
        place, subject = found
        held = self._held[place].get(subject)
        # a consent that replaced this one may already stand in its place
        if held is not None and held.terms.consent_no == consent_no:
            del self._held[place][subject]

    def find(
        self, caller: Caller, subject_keys: Sequence[str], now: float
    ) -> Mapping[str, ConsentTerms]:
        """Return the terms of those subjects whose consent this caller may rely on now."""
        institution = _institution(caller)
        if institution is None:
            return {}
        held = self._held.get((institution, caller.purpose.value))
        if not held:
            return {}
        found: dict[str, ConsentTerms] = {}
        for key in subject_keys:
            consent = held.get(key)
            if consent is not None and consent.valid_from <= now < consent.valid_to:
                found[key] = consent.terms
        return found

    def _shared(self, coordinates: Iterable[str]) -> frozenset[str]:
        wanted = _with_kinds(coordinates)
        return self._sets.setdefault(wanted, wanted)


class GrantHoldings:
    """Active sharing grants by consumer and purpose."""

    def __init__(self, rows: Iterable[asyncpg.Record]) -> None:
        self._held: dict[tuple[str, str], list[tuple[float, frozenset[str]]]] = {}
        for row in rows:
            given = (row["valid_until"].timestamp(), _with_kinds(row["coordinates"]))
            for purpose in row["purposes"]:
                self._held.setdefault((row["consumer"], purpose), []).append(given)

    def find(self, caller: Caller, now: float) -> frozenset[str]:
        """Return the coordinates that this caller's grants give it now."""
        if caller.organisation is None or caller.caller_class is not CallerClass.DEPARTMENT:
            return _NOTHING
        grants = self._held.get((caller.organisation, caller.purpose.value))
        if grants is None:
            return _NOTHING
        valid = [coordinates for valid_until, coordinates in grants if now < valid_until]
        return valid[0] if len(valid) == 1 else _NOTHING.union(*valid)


class EffectHoldings:
    """Effects by department and kind, ready for each caller class."""

    def __init__(self, rows: Iterable[asyncpg.Record]) -> None:
        grouped: dict[tuple[str, str], list[asyncpg.Record]] = {}
        for row in rows:
            grouped.setdefault((row["department"], row["record_kind"]), []).append(row)
        self._held = {
            place: {caller: _effects_for(caller, group) for caller in CallerClass}
            for place, group in grouped.items()
        }

    def find(self, caller: Caller, department: str, kind: RecordKind) -> RecordEffects:
        """Return the effects on the records of this department and kind for this caller."""
        held = self._held.get((department, kind.value))
        return _NO_EFFECTS if held is None else held[caller.caller_class]


def _institution(caller: Caller) -> str | None:
    """Return the institution whose consents count for this caller."""
    if caller.caller_class is CallerClass.INSTITUTION:
        return caller.organisation
    if caller.caller_class is CallerClass.PLATFORM:
        return caller.acting_for
    return None


def _with_kinds(coordinates: Iterable[str]) -> frozenset[str]:
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
