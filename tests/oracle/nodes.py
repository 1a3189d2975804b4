"""What stands at the places of an answer: subjects and records with what decides over them."""

from __future__ import annotations

from dataclasses import dataclass

from policies.model import Decision, Outcome, SubjectProfile, Use
from schema.model import FieldModel, KindModel
from schema.predicate import WireValue
from schema.records import MODEL
from tests.oracle.access import Access
from tests.oracle.ids import person_reference
from tests.oracle.masks import masked
from tests.oracle.records import PERSON, Department, Record
from tests.oracle.scrub import scrubbed

SUBJECT_ID = "meta.subjectId"


def shown_id(access: Access, key: str) -> str:
    """Id of a subject: of a person the reference that the caller may use."""
    if key.startswith(PERSON):
        return person_reference(access.world.sealing, access.caller, key)
    return access.world.sealing.seal(["S", key], ["id"])


@dataclass(frozen=True)
class SubjectNode:
    """A subject."""

    access: Access
    key: str

    @property
    def type_name(self) -> str:
        return "Person" if self.key.startswith(PERSON) else "Organisation"

    @property
    def id(self) -> str:
        return shown_id(self.access, self.key)


@dataclass(frozen=True)
class RecordNode:
    """A record as one caller may see it."""

    access: Access
    record: Record
    provider: Department
    profile: SubjectProfile

    @property
    def model(self) -> KindModel:
        return MODEL.kinds[self.record.kind]

    @property
    def type_name(self) -> str:
        return self.model.type_name

    @property
    def id(self) -> str:
        record = self.record
        plain = ["R", record.kind.value, record.department, record.record_id]
        return self.access.world.sealing.seal(plain, ["id"])

    @property
    def subject(self) -> SubjectNode | None:
        """The subject, if the caller may follow the record to it."""
        decision = self.decision(SUBJECT_ID)
        if self.record.key is None or decision.outcome is not Outcome.CLEAR:
            return None
        return SubjectNode(self.access, self.record.key)

    def decision(self, name: str) -> Decision:
        """Whether a leaf may be read."""
        coordinate = f"{self.type_name}.{name}"
        return self.access.decide(coordinate, Use.READ, self.profile, self.provider)

    def leaf(self, name: str) -> WireValue:
        """The value of a leaf as it is shown: section 6."""
        decision = self.decision(name)
        if decision.outcome is Outcome.DENIED:
            return None
        value = self._value(name)
        if decision.outcome is Outcome.MASKED:
            value = masked(decision.mask, value)
        return scrubbed(value) if self.model.by_name[name].declaration.free_text else value

    def parts(self, list_name: str, selected: list[str]) -> list[int] | None:
        """Numbers of the parts of a nested list, None if the list is not shown.

        Args:
            selected: field names of the leaves selected of each part.
        """
        leaves = self.part_leaves(list_name)
        asked = selected or [leaves[0].name]
        if all(self.decision(name).outcome is Outcome.DENIED for name in asked):
            return None
        for leaf in leaves:
            members = self.record.values.get(leaf.name)
            if isinstance(members, list):
                return list(range(len(members)))
        return None

    def part_leaves(self, list_name: str) -> list[FieldModel]:
        """Leaves of a nested list in the order of their declaration."""
        return [leaf for leaf in self.model.fields if leaf.nested_list == list_name]

    def _value(self, name: str) -> WireValue:
        entry = self.provider.entry(self.record.kind)
        manifest = self.provider.manifest
        world = self.access.world
        made: dict[str, WireValue] = {
            "meta.subjectId": self._subject_id(),
            "meta.recordKind": self.record.kind.value,
            "meta.nature": self.model.declaration.nature.value,
            "meta.sourceDepartmentCode": manifest.department_code,
            "meta.sourceDepartmentName": manifest.department_name_zh,
            "meta.sharingAttribute": entry.sharing_attribute.value,
            "meta.disclosureWay": entry.disclosure_way.value,
            "meta.catalogueCode": entry.catalogue_code,
            "meta.legalBasis": entry.legal_basis,
            "meta.adapter": manifest.slug,
            "meta.fetchedAt": world.fetched_at,
            "meta.stale": False,
        }
        if name in made:
            return made[name]
        value = self.record.values.get(name)
        return self._references(value) if name.endswith("personRef") else value

    def _subject_id(self) -> str | None:
        key = self.record.key
        if key is None or not key.startswith(PERSON):
            return key
        return shown_id(self.access, key)

    def _references(self, identities: WireValue) -> WireValue:
        """References of the persons of a list of parts."""
        assert identities is None or isinstance(identities, list)
        if identities is None:
            return None
        return [None if each is None else shown_id(self.access, f"P:{each}") for each in identities]
