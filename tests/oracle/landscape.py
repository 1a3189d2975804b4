"""What the generator knows of a world: who has records of what, and who may ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from policies.model import Caller, Use
from schema.codes import RecordKind
from schema.records import MODEL
from tests.oracle.records import PERSON, Record
from tests.oracle.scrub import finds
from tests.oracle.world import World


@dataclass(frozen=True)
class Landscape:
    """A world as the generator sees it.

    Attributes:
        callers: who may ask.
        having: codes of organisations that have records, by kind.
        codes: codes of all organisations with any record.
        persons: keys of all persons with any record.
        remembered: which caller may use which field how.
        leaking: kind and code of organisations whose free text holds something to scrub.
    """

    world: World
    callers: tuple[Caller, ...]
    having: Mapping[RecordKind, list[str]]
    codes: list[str]
    persons: list[str]
    leaking: list[tuple[RecordKind, str]]
    remembered: dict[tuple[Caller, str, Use], bool] = field(default_factory=dict, repr=False)


def landscape_of(world: World, callers: tuple[Caller, ...]) -> Landscape:
    """Look at a world."""
    found: dict[RecordKind, set[str]] = {}
    for department in world.departments:
        for kind, key in department.by_key:
            found.setdefault(kind, set()).add(key)
    every = set[str]().union(*found.values())
    having = {
        kind: sorted(key for key in keys if not key.startswith(PERSON))
        for kind, keys in found.items()
    }
    codes = sorted(key for key in every if not key.startswith(PERSON))
    persons = sorted(every - set(codes))
    return Landscape(world, callers, having, codes, persons, sorted(_leaking(world), key=repr))


def _leaking(world: World) -> Iterator[tuple[RecordKind, str]]:
    for department in world.departments:
        for records in department.records.values():
            for record in records:
                is_person = record.key is None or record.key.startswith(PERSON)
                if not is_person and any(map(_leaks, free_texts(record))):
                    assert record.key is not None
                    yield record.kind, record.key


def free_texts(record: Record) -> Iterator[str]:
    """Prose of a record."""
    for leaf in MODEL.kinds[record.kind].fields:
        value = record.values.get(leaf.name)
        if leaf.declaration.free_text and isinstance(value, str):
            yield value


def _leaks(text: str) -> bool:
    has_digits = sum(character.isdecimal() for character in text) >= 10
    return (has_digits or "@" in text) and bool(finds(text))
