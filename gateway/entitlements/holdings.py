"""What a worker holds in memory: look-ups without waiting, built from rows of the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from gateway.entitlements.contract import contract_of
from gateway.entitlements.coordinates import kind_coordinate
from gateway.entitlements.types import NOTHING_GRANTED, ClientTerms, Granted, RecordEffects
from policies.model import Caller, CallerClass
from schema.codes import RecordKind
from schema.records import MODEL

_NO_EFFECTS = RecordEffects()
_NOTHING: frozenset[str] = frozenset()

CONSUMERS = frozenset({CallerClass.DEPARTMENT, CallerClass.CREDIT_CENTRE})
"""Caller classes that grants are given to."""


class ClientHoldings:
    """Registered clients, and the epochs of those that are known to have changed."""

    def __init__(self) -> None:
        self._held: dict[str, ClientTerms] = {}

    def put(
        self,
        row: asyncpg.Record,
        epoch: int,
        operations: Iterable[asyncpg.Record],
        credentials: Iterable[asyncpg.Record],
        revoked: Iterable[asyncpg.Record],
    ) -> None:
        """Take a client with what belongs to it, as the store has it now."""
        number = row["client_id"]
        self._held[number] = ClientTerms(
            (client_area(number), epoch),
            row["is_suspended"],
            row["quota_per_day"],
            contract_of(row, operations, credentials, revoked),
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
        held: dict[str, dict[str, list[_Grant]]] = {}
        for row in rows:
            grant = _Grant(
                row["provider"], row["valid_until"].timestamp(), with_kinds(row["coordinates"])
            )
            by_purpose = held.setdefault(row["consumer"], {})
            for purpose in row["purposes"]:
                by_purpose.setdefault(purpose, []).append(grant)
        self._held = {
            consumer: {purpose: _Grants(grants) for purpose, grants in by_purpose.items()}
            for consumer, by_purpose in held.items()
        }

    def replace(self, consumers: Iterable[str], newer: GrantHoldings) -> None:
        """Take the grants of these consumers from newer holdings."""
        for consumer in consumers:
            self._held.pop(consumer, None)
            if consumer in newer._held:
                self._held[consumer] = newer._held[consumer]

    def find(self, caller: Caller, now: float) -> Granted:
        """Return what this caller's grants give it now."""
        if caller.organisation is None or caller.caller_class not in CONSUMERS:
            return NOTHING_GRANTED
        grants = self._held.get(caller.organisation, {}).get(caller.purpose.value)
        return NOTHING_GRANTED if grants is None else grants.at(now)


@dataclass(frozen=True, slots=True)
class _Grant:
    provider: str
    valid_until: float
    coordinates: frozenset[str]


class _Grants:
    """Grants of one consumer and purpose; what they give is made once until one of them ends."""

    def __init__(self, grants: Sequence[_Grant]) -> None:
        self._grants = grants
        self._made = NOTHING_GRANTED
        self._until = float("-inf")
        self._since = float("inf")

    def at(self, now: float) -> Granted:
        """Return what the grants give at this moment."""
        if not self._since <= now < self._until:
            valid = [grant for grant in self._grants if now < grant.valid_until]
            by_provider: dict[str, frozenset[str]] = {}
            for grant in sorted(valid, key=lambda each: each.provider):
                known = by_provider.get(grant.provider, _NOTHING)
                by_provider[grant.provider] = known | grant.coordinates
            self._made = Granted(tuple(by_provider.items()))
            self._since = now
            self._until = min((grant.valid_until for grant in valid), default=float("inf"))
        return self._made


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


def consented_to(coordinates: Iterable[str]) -> frozenset[str]:
    """Fields consented to, and the coordinates of the kinds whose records they let be shown.

    A kind whose records tell the value of a field by being shown needs consent to that field:
    who names the year of a rating and not its grade does not show that the grade is no A.
    """
    fields = frozenset(coordinates)
    kinds = {kind_coordinate(field) for field in fields}
    return fields | {kind for kind in kinds if _TOLD.get(kind) in {*fields, None}}


_TOLD = {
    kind.type_name: f"{kind.type_name}.{kind.declaration.told_by_being_shown}"
    for kind in MODEL.kinds.values()
    if kind.declaration.told_by_being_shown is not None
}


def _effects_for(caller: CallerClass, rows: Sequence[asyncpg.Record]) -> RecordEffects:
    hidden = {
        row["record_id"]
        for row in rows
        if row["effect"] == "HIDDEN" and caller.value in row["hidden_from"]
    }
    ended = {row["record_id"] for row in rows if row["effect"] == "ENDED"} - hidden
    marked = {row["record_id"] for row in rows if row["effect"] == "MARKED"} - hidden
    return RecordEffects(tuple(sorted(hidden)), tuple(sorted(marked)), tuple(sorted(ended)))
