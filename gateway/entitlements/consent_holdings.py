"""The consents that a worker holds in memory, and what is left of one-off ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import asyncpg

from gateway.entitlements.coordinates import kind_coordinate
from gateway.entitlements.holdings import consented_to
from gateway.entitlements.types import ConsentTerms, OneOff
from policies.model import Caller, CallerClass
from schema.codes import RecordKind
from schema.records import MODEL

REPEATABLE_S = 15 * 60
"""How long an identical query may be repeated; `repeats_until` in the migrations says the same."""


@dataclass(frozen=True, slots=True)
class _Use:
    """A record kind of a one-off consent that was delivered.

    Attributes:
        until: when the repetition of the query that took it ends.
    """

    repeat_key: bytes | None
    until: float

    def may_repeat(self, repeat_key: bytes, now: float) -> bool:
        return self.repeat_key == repeat_key and now < self.until


@dataclass(frozen=True, slots=True)
class _HeldConsent:
    """A consent that gives something, to everybody who may ask or to a repetition only.

    Attributes:
        terms: for a query that is no repetition; None if nothing is left for one.
        uses: of a one-off consent, by kind; None for a consent that lasts.
    """

    terms: ConsentTerms | None
    all_terms: ConsentTerms
    valid_from: float
    valid_to: float
    uses: Mapping[RecordKind, _Use] | None = None

    @property
    def repeatable_until(self) -> float:
        return max((use.until for use in (self.uses or {}).values()), default=0.0)

    def is_repeated_by(self, repeat_key: bytes, now: float) -> bool:
        uses = self.uses or {}
        return any(use.may_repeat(repeat_key, now) for use in uses.values())

    def terms_of_repetition(self, repeat_key: bytes, now: float) -> ConsentTerms | None:
        """Terms of a query with an idempotency key: what is left, and what it took itself."""
        one_off = self.all_terms.one_off
        if one_off is None or self.uses is None:
            return self.terms
        taken = {kind for kind, use in self.uses.items() if not use.may_repeat(repeat_key, now)}
        return _without(self.all_terms, replace(one_off, repeat_key=repeat_key), taken)


class ConsentHoldings:
    """Active consents by institution, purpose and subject; and one-off consents that are used up,
    for as long as the query that used them may be repeated."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], dict[str, _HeldConsent]] = {}
        self._used_up: dict[tuple[str, str], dict[str, _HeldConsent]] = {}
        self._places: dict[str, tuple[tuple[str, str], str]] = {}
        # many consents list the same fields; one set serves all of them
        self._sets: dict[frozenset[str], frozenset[str]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def put(self, row: asyncpg.Record) -> None:
        """Take a consent as the store has it now."""
        number = row["consent_no"]
        self.remove(number)
        place = (row["institution"], row["purpose"])
        subject = row["subject_key"]
        held = _held_consent(row, self._shared(row["coordinates"]))
        if row["state"] == "ACTIVE":
            self._held.setdefault(place, {})[subject] = held
        else:
            self._used_up.setdefault(place, {})[subject] = held
        self._places[number] = (place, subject)

    def remove(self, consent_no: str) -> None:
        """Forget a consent that gives nothing any more, if it is held."""
        found = self._places.pop(consent_no, None)
        if found is None:
            return
        place, subject = found
        for holdings in (self._held, self._used_up):
            by_subject = holdings.get(place, {})
            held = by_subject.get(subject)
            # a consent that replaced this one may already stand in its place
            if held is not None and held.all_terms.consent_no == consent_no:
                del by_subject[subject]

    def forget_used_up(self, now: float) -> None:
        """Forget used-up consents whose queries may not be repeated any more."""
        over = [
            held.all_terms.consent_no
            for by_subject in self._used_up.values()
            for held in by_subject.values()
            if held.repeatable_until <= now
        ]
        for number in over:
            self.remove(number)

    def find(
        self,
        caller: Caller,
        subject_keys: Sequence[str],
        now: float,
        repeat_key: bytes | None = None,
    ) -> Mapping[str, ConsentTerms]:
        """Return the consents that this caller may rely on now.

        Args:
            repeat_key: of a query that may be the repetition of an earlier one.
        """
        institution = _institution(caller)
        if institution is None:
            return {}
        place = (institution, caller.purpose.value)
        held = self._held.get(place)
        if repeat_key is not None:
            return self._find_repeated(place, subject_keys, now, repeat_key)
        if not held:
            return {}
        found: dict[str, ConsentTerms] = {}
        for key in subject_keys:
            consent = held.get(key)
            if consent is not None and consent.valid_from <= now < consent.valid_to:
                terms = consent.terms
                if terms is not None:
                    found[key] = terms
        return found

    def _find_repeated(
        self, place: tuple[str, str], subject_keys: Sequence[str], now: float, repeat_key: bytes
    ) -> Mapping[str, ConsentTerms]:
        held, used_up = self._held.get(place, {}), self._used_up.get(place, {})
        found: dict[str, ConsentTerms] = {}
        for key in subject_keys:
            consent = used_up.get(key)
            if consent is None or not consent.is_repeated_by(repeat_key, now):
                consent = held.get(key)
            if consent is not None and consent.valid_from <= now < consent.valid_to:
                terms = consent.terms_of_repetition(repeat_key, now)
                if terms is not None:
                    found[key] = terms
        return found

    def _shared(self, coordinates: Iterable[str]) -> frozenset[str]:
        wanted = consented_to(coordinates)
        return self._sets.setdefault(wanted, wanted)


def _held_consent(row: asyncpg.Record, coordinates: frozenset[str]) -> _HeldConsent:
    valid_from, valid_to = row["valid_from"].timestamp(), row["valid_to"].timestamp()
    terms = ConsentTerms(row["consent_no"], row["version"], coordinates)
    if not row["is_one_off"]:
        return _HeldConsent(terms, terms, valid_from, valid_to)
    uses = {
        RecordKind(kind): _Use(repeat_key, used_at.timestamp() + REPEATABLE_S)
        for kind, repeat_key, used_at in zip(
            row["used_kinds"], row["used_repeats"], row["used_at"], strict=True
        )
    }
    kinds = frozenset(RecordKind(kind) for kind in row["record_kinds"])
    one_off = OneOff(row["subject_key"], kinds)
    terms = replace(terms, one_off=one_off)
    left = _without(terms, one_off, uses.keys()) if row["state"] == "ACTIVE" else None
    return _HeldConsent(left, terms, valid_from, valid_to, uses)


def _without(
    terms: ConsentTerms, one_off: OneOff, taken: Iterable[RecordKind]
) -> ConsentTerms | None:
    """Terms without the kinds that were taken; None if nothing is left."""
    left = one_off.kinds.difference(taken)
    if not left:
        return None
    types = {MODEL.kinds[kind].type_name for kind in left}
    coordinates = frozenset(item for item in terms.coordinates if kind_coordinate(item) in types)
    return replace(terms, coordinates=coordinates, one_off=replace(one_off, kinds=left))


def _institution(caller: Caller) -> str | None:
    """Return the institution whose consents count for this caller."""
    if caller.caller_class is CallerClass.INSTITUTION:
        return caller.organisation
    if caller.caller_class is CallerClass.PLATFORM:
        return caller.acting_for
    return None
