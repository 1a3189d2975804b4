"""A record as the oracle holds it, and a department as a list of records in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.contract import CatalogueEntry, Manifest
from schema.classification import SubjectKind
from schema.codes import RecordKind
from schema.predicate import WireValue

PERSON = "P:"


def subject_kind(key: str) -> SubjectKind:
    """Subject kind of a subject key, section 2."""
    if key.startswith(PERSON):
        return SubjectKind.NATURAL_PERSON
    if key.startswith("92"):
        return SubjectKind.INDIVIDUAL_BUSINESS
    return SubjectKind.ORGANISATION


@dataclass(frozen=True, slots=True)
class Record:
    """One record in wire form.

    Attributes:
        key: subject key; None if the row names no subject.
        values: wire value by field name; a field that the department does not supply is absent.
    """

    kind: RecordKind
    department: str
    key: str | None
    record_id: str
    values: Mapping[str, WireValue]


@dataclass(frozen=True)
class Department:
    """One department with all its records.

    Attributes:
        records: per kind all records; per kind and subject key those about one subject.
    """

    manifest: Manifest
    records: Mapping[RecordKind, tuple[Record, ...]]
    by_key: Mapping[tuple[RecordKind, str], tuple[Record, ...]] = field(init=False)

    def __post_init__(self) -> None:
        found: dict[tuple[RecordKind, str], list[Record]] = {}
        for kind, records in self.records.items():
            for record in records:
                if record.key is not None:
                    found.setdefault((kind, record.key), []).append(record)
        by_key = {where: tuple(records) for where, records in found.items()}
        object.__setattr__(self, "by_key", by_key)

    @property
    def code(self) -> str:
        return self.manifest.department_code

    @property
    def slug(self) -> str:
        return self.manifest.slug

    def entry(self, kind: RecordKind) -> CatalogueEntry:
        """Catalogue entry of a kind that the department supplies."""
        entry = self.manifest.entry(kind)
        assert entry is not None, f"{self.slug} does not supply {kind.value}"
        return entry
