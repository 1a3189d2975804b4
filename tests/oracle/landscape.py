"""What the generator knows of a world: who has records of what, and who may ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policies.model import Caller
from schema.codes import RecordKind
from tests.oracle.records import PERSON
from tests.oracle.world import World


@dataclass(frozen=True)
class Landscape:
    """A world as the generator sees it.

    Attributes:
        callers: who may ask.
        having: codes of organisations that have records, by kind.
        codes: codes of all organisations with any record.
        persons: keys of all persons with any record.
    """

    world: World
    callers: tuple[Caller, ...]
    having: Mapping[RecordKind, list[str]]
    codes: list[str]
    persons: list[str]


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
    return Landscape(world, callers, having, codes, sorted(every - set(codes)))
