"""What holds for every department's package: mapping, manifest, settings, hook."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib import import_module
from importlib.metadata import entry_points

import asyncpg
import pytest

import plugins.courts
import plugins.market
import plugins.tax
from gateway.contract import Adapter, AdapterSettings, Manifest
from gateway.demo.city.authorities import CITY_COURT, MARKET_BUREAU, TAX_BUREAU
from gateway.demo.city.definitions import definitions
from gateway.demo.postgres import PostgresAddress
from gateway.sources.mapping import (
    Code,
    CodeColumns,
    CodeList,
    Column,
    Constant,
    KindMapping,
    Part,
)
from plugins.courts.manifest import MANIFEST as COURTS
from plugins.courts.mapping import MAPPINGS as COURTS_MAPPINGS
from plugins.market.manifest import MANIFEST as MARKET
from plugins.market.mapping import MAPPINGS as MARKET_MAPPINGS
from plugins.tax.manifest import MANIFEST as TAX
from plugins.tax.mapping import MAPPINGS as TAX_MAPPINGS
from schema.classification import Origin
from schema.codes import RecordKind
from schema.identifiers import parse_uscc
from schema.model import ValueType
from schema.records import MODEL
from tests.support.postgres import DatabaseFactory

PACKAGES: dict[str, tuple[Manifest, tuple[KindMapping, ...]]] = {
    "market": (MARKET, MARKET_MAPPINGS),
    "tax": (TAX, TAX_MAPPINGS),
    "courts": (COURTS, COURTS_MAPPINGS),
}
EACH_MAPPING = [
    pytest.param(slug, mapping, id=f"{slug}-{mapping.kind.value}")
    for slug, (_, mappings) in PACKAGES.items()
    for mapping in mappings
]
FURTHER = ("associations", "creditcentre", "environment", "housing")
"""Packages whose data are not in PostgreSQL or are written by themselves; each has own tests."""
HOOKS = {"market": plugins.market, "tax": plugins.tax, "courts": plugins.courts}
URL = "postgresql://reader:secret@/somewhere?host=/nowhere"


@dataclass(frozen=True)
class Native:
    """Columns of a database: type by qualified table and column; leading columns of indexes."""

    columns: dict[tuple[str, str], str]
    indexed: frozenset[tuple[str, str]]


@pytest.fixture(scope="module")
def native(databases: DatabaseFactory) -> Iterator[dict[str, Native]]:
    """What the definitions make, read back from the server; applied twice on purpose."""
    addresses = {slug: databases.create() for slug in PACKAGES}
    yield {slug: asyncio.run(read_native(slug, address)) for slug, address in addresses.items()}
    for address in addresses.values():
        databases.drop(address.database)


async def read_native(slug: str, address: PostgresAddress) -> Native:
    connection = await asyncpg.connect(**address.connect_arguments())
    try:
        for _ in range(2):
            await connection.execute(definitions(slug).tables)
            await connection.execute(definitions(slug).indexes)
        columns = await connection.fetch(
            "SELECT table_schema || '.' || table_name, column_name, data_type"
            " FROM information_schema.columns WHERE table_schema = ANY($1)",
            list(definitions(slug).schemas),
        )
        indexed = await connection.fetch(
            "SELECT i.indrelid::regclass::text, a.attname FROM pg_index i"
            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        )
    finally:
        await connection.close()
    return Native(
        {(row[0], row[1]): row[2] for row in columns},
        frozenset((row[0], row[1]) for row in indexed),
    )


def native_names(column: Column) -> tuple[str, ...]:
    match column:
        case Constant():
            return ()
        case CodeColumns(columns, _):
            return columns
        case _:
            return (column.column,)


@pytest.mark.parametrize(("slug", "mapping"), EACH_MAPPING)
def test_every_mapped_column_is_in_its_table(
    native: dict[str, Native], slug: str, mapping: KindMapping
) -> None:
    there = {column for table, column in native[slug].columns if table == mapping.table}
    named = {name for column in mapping.columns.values() for name in native_names(column)}
    named |= {mapping.record_id, mapping.organisation}
    if mapping.person is not None:
        named.add(mapping.person)
    assert named <= there


@pytest.mark.parametrize(("slug", "mapping"), EACH_MAPPING)
def test_keys_of_every_table_lead_an_index(
    native: dict[str, Native], slug: str, mapping: KindMapping
) -> None:
    if mapping.kind is RecordKind.COMPLAINT_SUMMARY:
        # A view; the table behind it has the index, on its own name of the column.
        assert ("scjg_ts.tsjb", "btsr_dm") in native[slug].indexed
        return
    keys = {mapping.organisation, mapping.record_id, mapping.person} - {None}
    assert {(mapping.table, key) for key in keys} <= native[slug].indexed


@pytest.mark.parametrize(("slug", "mapping"), EACH_MAPPING)
def test_mapped_fields_are_source_fields_of_the_kind(slug: str, mapping: KindMapping) -> None:
    kind = MODEL.kinds[mapping.kind]
    assert set(mapping.columns) <= set(kind.by_name)
    assert all(kind.by_name[name].declaration.origin is Origin.SOURCE for name in mapping.columns)


@pytest.mark.parametrize(("slug", "mapping"), EACH_MAPPING)
def test_what_row_rules_read_is_mapped(slug: str, mapping: KindMapping) -> None:
    assert {
        "meta.recordId",
        "meta.decidedOn",
        "meta.disclosureState",
        "meta.publishUntil",
        "meta.discloseUntil",
        "meta.severity",
        "meta.objectionMark",
    } <= set(mapping.columns)


@pytest.mark.parametrize(("slug", "mapping"), EACH_MAPPING)
def test_code_lists_translate_to_members_of_the_schema(slug: str, mapping: KindMapping) -> None:
    for name, column in mapping.columns.items():
        field = MODEL.kinds[mapping.kind].by_name[name]
        if field.value_type is not ValueType.ENUM:
            continue
        assert isinstance(column, Code | CodeList | CodeColumns | Part | Constant), name
        if isinstance(column, Constant):
            assert column.value in field.enum_values
        else:
            assert column.translation is not None
            assert set(column.translation.values()) <= set(field.enum_values), name


@pytest.mark.parametrize("slug", PACKAGES)
def test_manifest_has_all_elements_for_each_mapped_kind(slug: str) -> None:
    manifest, mappings = PACKAGES[slug]
    assert [entry.kind for entry in manifest.entries] == [mapping.kind for mapping in mappings]
    for entry, mapping in zip(manifest.entries, mappings, strict=True):
        assert entry.items == tuple(mapping.columns)
        declared = MODEL.kinds[entry.kind].declaration
        assert entry.nature is declared.nature
        assert entry.catalogue_code.startswith(declared.catalogue_code)
        assert ("自然人" in entry.subject_types) is (mapping.person is not None)
        offered = {"changes"}
        elements = {element.name for element in fields(entry)} - offered
        assert all(getattr(entry, name) for name in elements)


def test_natural_persons_are_named_in_manifests_where_tables_have_them() -> None:
    with_persons = {m.kind for _, ms in PACKAGES.values() for m in ms if m.person is not None}
    assert RecordKind.JUDGMENT_DEFAULTER in with_persons
    assert RecordKind.REGISTRATION not in with_persons


def test_department_codes_are_valid_unassigned_and_those_of_the_city() -> None:
    bureaus = {"market": MARKET_BUREAU, "tax": TAX_BUREAU, "courts": CITY_COURT}
    for slug, (manifest, _) in PACKAGES.items():
        code = parse_uscc(manifest.department_code)
        assert manifest.slug == slug
        assert (code.authority, code.division) == ("1", "410199")
        assert (manifest.department_code, manifest.department_name_zh) == (
            bureaus[slug].code,
            bureaus[slug].name,
        )


def test_catalogue_codes_are_unique() -> None:
    codes = [
        entry.catalogue_code for manifest, _ in PACKAGES.values() for entry in manifest.entries
    ]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("slug", PACKAGES)
def test_hook_returns_an_adapter_without_a_connection(slug: str) -> None:
    adapter = HOOKS[slug].register_adapter(AdapterSettings({"url": URL, "pool_size": "3"}))
    assert isinstance(adapter, Adapter)
    assert adapter.manifest.slug == slug


@pytest.mark.parametrize("slug", PACKAGES)
@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, "url is missing"),
        ({"url": "mysql://secret@host/db"}, "url is missing or no PostgreSQL URL"),
        ({"url": URL, "pool_size": "0"}, "pool_size is no whole number between 1 and 100"),
        ({"url": URL, "pool_size": "x"}, "pool_size is no whole number"),
        ({"url": URL, "colour": "red"}, "unknown key `colour`"),
    ],
)
def test_wrong_settings_are_refused_without_repeating_the_address(
    slug: str, values: dict[str, str], reason: str
) -> None:
    parse = import_module(f"plugins.{slug}.settings").parse_settings
    with pytest.raises(ValueError, match=reason) as caught:
        parse(AdapterSettings(values))
    assert str(caught.value).startswith(f"adapters.{slug}")
    assert "secret" not in str(caught.value)


def test_entry_points_name_the_packages() -> None:
    found = {point.name: point.value for point in entry_points(group="credit_gateway.adapters")}
    assert found, "install the project first: make setup"
    assert found == {slug: f"plugins.{slug}" for slug in (*PACKAGES, *FURTHER)}
