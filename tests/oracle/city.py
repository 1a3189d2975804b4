"""The generated city as the oracle's world, with invented consents, grants and effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import asyncpg

from gateway.demo.city.settings import NETWORK_KEY
from plugins.courts.manifest import MANIFEST as COURTS
from plugins.courts.mapping import MAPPINGS as COURTS_MAPPINGS
from plugins.market.manifest import MANIFEST as MARKET
from plugins.market.mapping import MAPPINGS as MARKET_MAPPINGS
from plugins.tax.manifest import MANIFEST as TAX
from plugins.tax.mapping import MAPPINGS as TAX_MAPPINGS
from policies.loader import load_rules
from policies.model import Caller, CallerClass, Purpose
from schema.codes import RecordKind
from schema.identifiers.network_reference import opened_reference
from schema.model import ValueType
from schema.records import MODEL
from tests.oracle.decide import Rules
from tests.oracle.ids import Sealing
from tests.oracle.records import PERSON, Department, Record
from tests.oracle.tables import read_department
from tests.oracle.world import Consent, Effect, Grant, World

BANK = "91410000MA9BANK103"
OTHER_BANK = "91410000MA9BANK20H"
ASSOCIATION = "51410100MA9ASSN103"
CENTRE = "12410100MA9CENT10K"
AUDITOR = "11410100MA9AUDT10C"
PLATFORM = "91410100MA9PLAT10R"
SEALING_KEY = bytes(range(64))
FETCHED_AT = "2026-11-02T08:00:00Z"
TODAY = "2026-11-02"
_SOURCES = ((MARKET, MARKET_MAPPINGS), (TAX, TAX_MAPPINGS), (COURTS, COURTS_MAPPINGS))
_SUPPLIED = [
    kind
    for kind in MODEL.kinds.values()
    if any(manifest.entry(kind.kind) is not None for manifest, _ in _SOURCES)
]
"""Kinds that these departments supply; others join with other departments."""


async def read_world(urls: Mapping[str, str], seed: int) -> World:
    """Read the three departments' databases whole.

    Args:
        urls: PostgreSQL URL of a login that may read every table, by slug.
    """
    departments = []
    for manifest, mappings in _SOURCES:
        connection = await asyncpg.connect(urls[manifest.slug])
        try:
            department = await read_department(connection, manifest, mappings)
            departments.append(with_person_ids(department))
        finally:
            await connection.close()
    return world_of(tuple(departments), seed)


def with_person_ids(department: Department) -> Department:
    """The department with person ids where its tables hold network references: section 2."""
    return replace(
        department,
        records={
            kind: tuple(_with_person_ids(record) for record in records)
            for kind, records in department.records.items()
        },
    )


def _with_person_ids(record: Record) -> Record:
    key, values = record.key, dict(record.values)
    if key is not None and key.startswith(PERSON):
        key = PERSON + _person_id(key.removeprefix(PERSON))
    for leaf in MODEL.kinds[record.kind].fields:
        named = values.get(leaf.name)
        if leaf.value_type is ValueType.PERSON and isinstance(named, list):
            values[leaf.name] = [_person_id(str(each)) for each in named]
    return replace(record, key=key, values=values)


def _person_id(reference: str) -> str:
    opened = opened_reference(NETWORK_KEY.seal, reference)
    assert opened is not None, "the city's references are under the city's key"
    return opened


def world_of(departments: tuple[Department, ...], seed: int) -> World:
    """A world of these departments; entitlements follow from the seed."""
    random = Random(seed)
    return World(
        departments,
        Rules(load_rules(MODEL), MODEL),
        TODAY,
        FETCHED_AT,
        Sealing(SEALING_KEY),
        consents=tuple(_consents(random, departments)),
        grants=tuple(_grants(random)),
        effects=tuple(_effects(random, departments)),
    )


def callers_of(world: World) -> tuple[Caller, ...]:
    """Callers of every class; officers with several purposes."""
    officers = [
        Caller(CallerClass.DEPARTMENT, department.code, purpose)
        for department in world.departments
        for purpose in (
            Purpose.INSPECTION,
            Purpose.TAX_ADMIN,
            Purpose.TENDER,
            Purpose.FUND_GRANT,
            Purpose.COURT_ENFORCEMENT,
        )
    ]
    keys = [_richest(world, is_person) for is_person in (False, True)]
    selves = [
        Caller(CallerClass.SUBJECT, key, Purpose.SELF_QUERY) for key in (*keys[0][:3], *keys[1][:1])
    ]
    public = Caller(CallerClass.PUBLIC, None, Purpose.PUBLIC_DISPLAY)
    return (
        public,
        public,
        *officers,
        *selves,
        Caller(CallerClass.INSTITUTION, BANK, Purpose.PRE_LOAN),
        Caller(CallerClass.INSTITUTION, BANK, Purpose.PRE_LOAN),
        Caller(CallerClass.INSTITUTION, BANK, Purpose.POST_LOAN),
        Caller(CallerClass.INSTITUTION, OTHER_BANK, Purpose.PRE_LOAN),
        Caller(CallerClass.PLATFORM, PLATFORM, Purpose.PRE_LOAN, acting_for=BANK),
        Caller(CallerClass.CREDIT_CENTRE, CENTRE, Purpose.OBJECTION_REVIEW),
        Caller(CallerClass.CREDIT_CENTRE, CENTRE, Purpose.EVALUATION),
        Caller(CallerClass.ASSOCIATION, ASSOCIATION, Purpose.EVALUATION),
        Caller(CallerClass.AUDITOR, AUDITOR, Purpose.AUDIT),
    )


def _richest(world: World, is_person: bool) -> list[str]:
    """Subject keys, those with records of most kinds first."""
    kinds: dict[str, set[RecordKind]] = {}
    for department in world.departments:
        for kind, key in department.by_key:
            if key.startswith(PERSON) == is_person:
                kinds.setdefault(key, set()).add(kind)
    return sorted(kinds, key=lambda key: (-len(kinds[key]), key))


def _consents(random: Random, departments: tuple[Department, ...]) -> list[Consent]:
    """Every tenth organisation consents to some kinds, whole or in part."""
    codes = sorted(
        {key for each in departments for _, key in each.by_key if not key.startswith(PERSON)}
    )
    consents = []
    for code in random.sample(codes, len(codes) // 10):
        kinds = random.sample(_SUPPLIED, random.randint(1, 5))
        coordinates: set[str] = set()
        for kind in kinds:
            fields = random.sample(kind.fields, random.randint(1, len(kind.fields)))
            coordinates |= {kind.type_name, *(field.coordinate for field in fields)}
        purpose = random.choice([Purpose.PRE_LOAN, Purpose.PRE_LOAN, Purpose.POST_LOAN])
        consents.append(Consent(BANK, purpose, code, frozenset(coordinates)))
    return consents


def _grants(random: Random) -> list[Grant]:
    """Grants of parts of some kinds to departments and the centre."""
    grants: list[Grant] = []
    for manifest, _ in _SOURCES:
        for purpose in (Purpose.INSPECTION, Purpose.TAX_ADMIN, Purpose.COURT_ENFORCEMENT):
            kind = random.choice(_SUPPLIED)
            fields = random.sample(kind.fields, len(kind.fields) // 2)
            coordinates = {kind.type_name, *(field.coordinate for field in fields)}
            providers = [
                each.department_code for each, _ in _SOURCES if each.entry(kind.kind) is not None
            ]
            grants.append(
                Grant(
                    manifest.department_code,
                    providers[len(grants) % len(providers)],
                    purpose,
                    frozenset(coordinates),
                )
            )
    return grants


def _effects(random: Random, departments: tuple[Department, ...]) -> list[Effect]:
    """Of every other kind one record in fifty is marked, one in fifty hidden from some callers
    or ended.

    The other kinds have none, because lists without hidden records take another path.
    """
    effects = []
    for department in departments:
        kinds = sorted(department.records, key=lambda kind: kind.value)
        for kind in kinds[::2]:
            if kind is RecordKind.REGISTRATION:
                continue
            records = department.records[kind]
            for record in random.sample(records, min(len(records) // 25, 60)):
                is_marked = random.random() < 0.5
                hidden = (
                    frozenset[CallerClass]()
                    if is_marked
                    else frozenset(random.sample(list(CallerClass), 4))
                )
                is_ended = not is_marked and random.random() < 0.5
                if is_ended:
                    hidden = frozenset()
                effects.append(
                    Effect(department.slug, kind, record.record_id, is_marked, hidden, is_ended)
                )
    return effects
