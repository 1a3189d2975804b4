"""Two departments in memory that keep the same persons by network references."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from gateway.conformance import ReferenceAdapter, ReferenceRecord
from gateway.contract import Adapter
from gateway.persons.door import behind_doors
from gateway.persons.network import NetworkKeys
from schema.identifiers import make_uscc
from schema.identifiers.network_reference import NetworkKey, network_reference
from schema.model import ValueType
from schema.records import MODEL
from tests.support.awkward_department import PERSON, awkward_records, manifest_for

OLD = NetworkKey.from_bytes(bytes(range(96)))
NEW = NetworkKey(OLD.identity, bytes(range(150, 214)))
NUMBER, CLERK_NUMBER = "410102209901010014", "410181209912310026"
CODES = {
    "one": make_uscc("1", "1", "410199", "MB0R0001").code,
    "two": make_uscc("1", "1", "410199", "MB0R0002").code,
}
_RESIDENT = "RESIDENT_ID"

KeyOf = Callable[[int], NetworkKey]
"""The key under which a department holds the record with this number."""


def all_under(key: NetworkKey) -> KeyOf:
    """Every record under one key."""
    return lambda _: key


def half_under(first: NetworkKey, second: NetworkKey) -> KeyOf:
    """Every other record under the second key, as while a column is re-keyed row by row."""
    return lambda number: second if number % 2 else first


def outside(record: ReferenceRecord, key: NetworkKey) -> ReferenceRecord:
    """The record as its department holds it: persons by their references."""
    values = dict(record.values)
    for leaf in MODEL.kinds[record.kind].fields:
        named = values.get(leaf.name)
        if leaf.value_type is ValueType.PERSON and isinstance(named, list):
            clerk = network_reference(key, _RESIDENT, CLERK_NUMBER)
            values[leaf.name] = [None if each is None else clerk for each in named]
    subject = record.subject_key
    if subject == PERSON:
        subject = "P:" + network_reference(key, _RESIDENT, NUMBER)
    return replace(record, subject_key=subject, values=values)


def departments(keys: Mapping[str, KeyOf]) -> dict[str, Adapter]:
    """The departments without doors, with records of their own under the given keys."""
    return {
        slug: ReferenceAdapter(
            manifest_for(slug, CODES[slug]),
            [
                outside(replace(record, record_id=f"{slug}-{record.record_id}"), key_of(number))
                for number, record in enumerate(awkward_records(seed))
            ],
        )
        for seed, (slug, key_of) in enumerate(keys.items(), 1)
    }


def network_of(keys: Mapping[str, KeyOf], *in_force: NetworkKey) -> Mapping[str, Adapter]:
    """The departments as the gateway uses them while these keys are in force."""
    return behind_doors(departments(keys), NetworkKeys(in_force))
