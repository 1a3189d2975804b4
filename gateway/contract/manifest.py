"""What a department says about itself and its records: the catalogue entries it supplies."""

from __future__ import annotations

from dataclasses import dataclass, field

from schema.codes import DisclosureWay, Nature, RecordKind, SharingAttribute


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """The ten elements of a catalogue entry, and what the gateway needs beside them.

    Source: 河南省社会信用条例 (2019), article 11 (data code, name, format, providing unit,
    subject type, nature, sharing attribute, coverage, update cycle, information items).

    Attributes:
        kind: record kind of the unified schema.
        items: names of the schema fields that this department fills.
        legal_basis: law and article under which the department holds the records.
        retention: how long the department keeps them, in words.
        lists: can list over all subjects (`keys` None), filtered and ordered.
        statistics: can count and sum.
        json: can build JSON.
        changes: can tell which records changed.
    """

    kind: RecordKind
    catalogue_code: str
    name_zh: str
    data_format: str
    subject_types: tuple[str, ...]
    nature: Nature
    sharing_attribute: SharingAttribute
    disclosure_way: DisclosureWay
    coverage: str
    update_cycle: str
    items: tuple[str, ...]
    legal_basis: str
    retention: str
    lists: bool = False
    statistics: bool = False
    json: bool = False
    changes: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """A department and what it supplies.

    Attributes:
        slug: short name used for settings, metrics and files; lower case letters.
        department_code: unified social credit code of the department.
        max_keys: subject keys the adapter takes in one request; more come as several requests.
        rules: name of a file in the package of the hook, `NAME.toml`, with the department's own
            rules about its own records; empty if it has none. `policies/reading.md` says what
            such rules may say; others have the adapter quarantined.
    """

    slug: str
    department_code: str
    department_name_zh: str
    department_name_en: str
    adapter_version: str
    contact: str
    entries: tuple[CatalogueEntry, ...] = field(default=())
    max_keys: int = 200
    rules: str = ""

    def entry(self, kind: RecordKind) -> CatalogueEntry | None:
        return next((entry for entry in self.entries if entry.kind is kind), None)
