"""What a caller may see of a record, worked out record by record from the rules.

Slow and plain, with the oracle's reading of the rules and masks and none of the product's code.
A record that looks the same here before and after a change must never be told apart by any answer.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from policies.model import Caller, Decision, Outcome, SubjectProfile, Use
from schema.classification import MaskKind, Origin, SubjectKind
from schema.model import FieldModel
from schema.predicate import WireValue, fields_of
from schema.records import MODEL
from tests.oracle.access import Access
from tests.oracle.conditions import row_holds
from tests.oracle.masks import masked
from tests.oracle.records import Department, Record, subject_kind
from tests.oracle.scrub import scrubbed
from tests.oracle.world import Effect, World

STATE = "meta.disclosureState"
"""Whom a rule shows records in some states only does not see one that was ended."""
_MARK = "meta.objectionMark"
Glimpse = tuple[Hashable, ...]
"""What is seen under each profile; None where the record is not."""


@dataclass(frozen=True)
class Look:
    """How one field is looked at: in clear, masked, or added up only."""

    field: FieldModel
    mask: MaskKind
    is_read: bool

    def shown(self, value: WireValue) -> Hashable:
        """What is seen of a value."""
        if self.is_read and self.mask is not MaskKind.NONE:
            value = masked(self.mask, value)
        if self.is_read and self.field.declaration.free_text:
            value = scrubbed(value)
        return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True)
class View:
    """What the rules say of one kind to one caller, for one provider and profile.

    Attributes:
        decision: READ of the kind.
        looks: by field name; a field that is not there is not seen.
    """

    decision: Decision
    looks: Mapping[str, Look]

    @property
    def is_open(self) -> bool:
        return self.decision.outcome is Outcome.CLEAR

    @cached_property
    def row_fields(self) -> frozenset[str]:
        """Fields that decide whether a record is seen."""
        return fields_of(self.decision.row) if self.decision.row else frozenset()

    @cached_property
    def clear(self) -> frozenset[str]:
        """Fields of which every value is told from every other."""
        return frozenset(
            name
            for name, look in self.looks.items()
            if not look.is_read
            or (look.mask is MaskKind.NONE and not look.field.declaration.free_text)
        )


@dataclass
class Eyes:
    """One caller's sight of one world."""

    world: World
    caller: Caller
    _access: Access = field(init=False)
    _views: dict[tuple[str, str, SubjectProfile], View] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._access = Access(self.world, self.caller)

    def views(self, record: Record, department: Department) -> tuple[View, ...]:
        """By which profiles a record can be met: its subject's own, and that of its kind alone."""
        profiles: list[SubjectProfile]
        if record.key is None:
            profiles = [self._access.kind_profile(kind) for kind in SubjectKind]
        else:
            general = self._access.kind_profile(subject_kind(record.key))
            profiles = [self._access.profile(record.key), general]
        return tuple(self._view(record, department, each) for each in dict.fromkeys(profiles))

    def glimpse(
        self, record: Record, department: Department, names: Collection[str] | None = None
    ) -> Glimpse:
        """What is seen of a record, or of some of its fields."""
        return tuple(
            self._shown(record, department, view, names)
            if self._is_seen(record, department, view)
            else None
            for view in self.views(record, department)
        )

    def is_hidden(self, record: Record, department: Department) -> bool:
        """Whether nothing is seen of a record, not even that there is one."""
        return not any(
            self._is_seen(record, department, view) for view in self.views(record, department)
        )

    def everything(self) -> dict[tuple[str, str, str], Glimpse]:
        """Every record that is seen, by slug, kind and record id."""
        return {
            (department.slug, record.kind.value, record.record_id): self.glimpse(record, department)
            for department, record in records_of(self.world)
            if not self.is_hidden(record, department)
        }

    def _is_seen(self, record: Record, department: Department, view: View) -> bool:
        effects = self._effects(record, department)
        own = self.caller.caller_class
        if not view.is_open or any(own in each.hidden_from for each in effects):
            return False
        if STATE in view.row_fields and any(each.is_ended for each in effects):
            return False
        row = view.decision.row
        kind = MODEL.kinds[record.kind]
        return row is None or row_holds(row, record.values, kind, self.world.today)

    def _shown(
        self, record: Record, department: Department, view: View, names: Collection[str] | None
    ) -> Hashable:
        looks = view.looks
        values = record.values
        if any(each.is_marked for each in self._effects(record, department)):
            values = {**values, _MARK: True}
        wanted = looks if names is None else [name for name in names if name in looks]
        shown = tuple(looks[name].shown(values.get(name)) for name in wanted)
        return (record.key, record.record_id, *shown)

    def _effects(self, record: Record, department: Department) -> Sequence[Effect]:
        where = (department.slug, record.kind, record.record_id)
        return self.world.effects_by_record.get(where, ())

    def _view(self, record: Record, department: Department, profile: SubjectProfile) -> View:
        key = (department.slug, record.kind.value, profile)
        found = self._views.get(key)
        if found is None:
            found = self._views[key] = self._look(record, department, profile)
        return found

    def _look(self, record: Record, department: Department, profile: SubjectProfile) -> View:
        kind = MODEL.kinds[record.kind]
        decision = self._access.decide(kind.type_name, Use.READ, profile, department)
        looks: dict[str, Look] = {}
        for leaf in kind.fields:
            if leaf.declaration.origin is not Origin.SOURCE:
                continue
            read = self._access.decide(leaf.coordinate, Use.READ, profile, department)
            added = self._access.decide(leaf.coordinate, Use.AGGREGATE, profile, department)
            if read.outcome is not Outcome.DENIED:
                looks[leaf.name] = Look(leaf, read.mask, is_read=True)
            elif added.outcome is not Outcome.DENIED:
                looks[leaf.name] = Look(leaf, MaskKind.NONE, is_read=False)
        return View(decision, looks)


def records_of(world: World) -> Iterable[tuple[Department, Record]]:
    """Every record with its department."""
    return (
        (department, record)
        for department in world.departments
        for records in department.records.values()
        for record in records
    )
