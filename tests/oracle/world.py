"""Everything that an answer depends on beside the operation and its caller, in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from policies.model import AccessRequest, Caller, CallerClass, Decision, Purpose
from schema.codes import RecordKind
from schema.model import KindModel
from schema.predicate import Predicate
from tests.oracle.conditions import row_holds
from tests.oracle.ids import Sealing
from tests.oracle.records import Department, Record


@dataclass(frozen=True, slots=True)
class Consent:
    """A subject lets an institution read fields for one purpose."""

    institution: str
    purpose: Purpose
    subject: str
    coordinates: frozenset[str]


@dataclass(frozen=True, slots=True)
class Grant:
    """A sharing grant of fields of one provider to an organisation for one purpose."""

    organisation: str
    provider: str
    purpose: Purpose
    coordinates: frozenset[str]


@dataclass(frozen=True, slots=True)
class Effect:
    """What was decided elsewhere about one record.

    Attributes:
        department: slug. hidden_from: caller classes that must not see the record at all.
        is_ended: only who is shown records whatever their disclosure state still sees it.
    """

    department: str
    kind: RecordKind
    record_id: str
    is_marked: bool = False
    hidden_from: frozenset[CallerClass] = frozenset()
    is_ended: bool = False


@dataclass
class RowRules:
    """Which records satisfy which row rules, found out once."""

    _found: dict[tuple[int, int], tuple[Predicate, Record, bool]] = field(default_factory=dict)

    def holds(self, row: Predicate | None, record: Record, kind: KindModel, today: str) -> bool:
        """Whether the record satisfies the rule; None is no rule."""
        if row is None:
            return True
        key = (id(row), id(record))  # both are kept below, so that no other gets their ids
        if key not in self._found:
            self._found[key] = (row, record, row_holds(row, record.values, kind, today))
        return self._found[key][2]


@dataclass(frozen=True)
class World:
    """One state of the network.

    Attributes:
        departments: in the order of their codes.
        decide: the rules.
        today: date of the rules' word `today`, wire form.
        fetched_at: wire time of the fetch.
        rows: memory of row rules.
        failures: per slug of a department that fails: DOWN, TIMED_OUT or MALFORMED.
    """

    departments: tuple[Department, ...]
    decide: Callable[[AccessRequest], Decision]
    today: str
    fetched_at: str
    sealing: Sealing
    consents: tuple[Consent, ...] = ()
    grants: tuple[Grant, ...] = ()
    effects: tuple[Effect, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    rows: RowRules = field(default_factory=RowRules, compare=False)

    @cached_property
    def effects_by_record(self) -> Mapping[tuple[str, RecordKind, str], list[Effect]]:
        """Effects by slug, kind and record id."""
        found: dict[tuple[str, RecordKind, str], list[Effect]] = {}
        for effect in self.effects:
            found.setdefault((effect.department, effect.kind, effect.record_id), []).append(effect)
        return found

    def providers(self, kind: RecordKind) -> tuple[Department, ...]:
        """Departments that supply a kind, ordered by department code."""
        found = (each for each in self.departments if each.manifest.entry(kind) is not None)
        return tuple(sorted(found, key=lambda each: each.code))

    def consented(self, caller: Caller, key: str) -> frozenset[str]:
        """Coordinates that the subject consented to for this caller and purpose."""
        institution = caller.acting_for or caller.organisation
        found = frozenset[str]()
        for consent in self.consents:
            if (consent.institution, consent.purpose, consent.subject) == (
                institution,
                caller.purpose,
                key,
            ):
                found |= consent.coordinates
        return found

    def granted(self, caller: Caller, provider: str) -> frozenset[str]:
        """Coordinates that grants of a provider give this caller for its purpose."""
        found = frozenset[str]()
        for grant in self.grants:
            given = (grant.organisation, grant.purpose, grant.provider)
            if given == (caller.organisation, caller.purpose, provider):
                found |= grant.coordinates
        return found
