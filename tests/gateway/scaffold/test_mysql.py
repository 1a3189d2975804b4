"""A package over MySQL keeps its promises, also with numbers as record ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.conformance import Department
from gateway.conformance.judge import Verdict, judge
from gateway.conformance.proxy import MySqlStatements
from gateway.demo.mariadb import find_programs
from gateway.scaffold import mysql
from gateway.scaffold.create import create_package
from gateway.scaffold.introspection import introspect
from gateway.scaffold.package import AuthorPackage
from gateway.scaffold.refresh import fixture_subjects, refresh
from gateway.scaffold.stands import Stand
from schema.codes import RecordKind
from tests.gateway.scaffold.test_lean_table import SHEET
from tests.support.author import TODAY, WATER

needs_mariadb = pytest.mark.skipif(
    find_programs() is None, reason="MariaDB (mariadbd, mariadb-install-db) is not installed"
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> AuthorPackage:
    folder = tmp_path_factory.mktemp("mysql") / "water"
    return create_package(replace(WATER, source="mysql"), folder, TODAY)


@pytest.fixture(scope="module")
def stand(package: AuthorPackage) -> Iterator[Stand]:
    with mysql.stand(package) as made:
        yield made


def test_statements_are_read_out_of_packets() -> None:
    reader = MySqlStatements()
    text = b"SELECT 1"
    query = (len(text) + 1).to_bytes(3, "little") + b"\0\x03" + text
    login = b"\x02\0\0\x01\x03x"
    assert reader.feed(login + query[:5]) == []
    assert reader.feed(query[5:] + query) == ["SELECT 1", "SELECT 1"]


def test_sample_table_has_no_schema_where_a_source_has_none(package: AuthorPackage) -> None:
    (sheet,) = package.declared().sheets
    assert sheet.mapping.table == "administrative_penalty"


@needs_mariadb
@pytest.mark.long
def test_tables_are_read_and_drafted(stand: Stand) -> None:
    tables = mysql.read_tables(stand.settings.values["url"])
    (covered,) = introspect(tables, (RecordKind.ADMINISTRATIVE_PENALTY,), None, "水法")
    assert covered.draft.source["table"] == "administrative_penalty"
    assert "CF_FRDB" in {match.item.declaration.national_code for match in covered.mapped}


@needs_mariadb
@pytest.mark.long
def test_stored_records_are_read_as_text(stand: Stand, package: AuthorPackage) -> None:
    (sheet,) = package.declared().sheets
    (key, *_), unknown = fixture_subjects(package)
    found = mysql.read_records(stand.settings, sheet.mapping, key)
    assert {record["cf_xdr_shxym"] for record in found} == {key}
    assert mysql.read_records(stand.settings, sheet.mapping, unknown) == []


@needs_mariadb
@pytest.mark.long
def test_lean_package_keeps_every_promise(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("lean") / "water"
    package = create_package(replace(WATER, source="mysql"), folder, TODAY)
    sheet = package.module / "mapping" / "administrative_penalty.toml"
    head, _, _ = sheet.read_text(encoding="utf-8").partition("[source]")
    sheet.write_text(head + SHEET.replace("sl.cf", "cf"), encoding="utf-8")
    refresh(package, TODAY)
    keys, unknown = fixture_subjects(package)
    with mysql.stand(package) as stand:
        department = Department(
            lambda: package.adapter(stand.settings), keys, unknown, stand.control
        )
        findings = list(judge(department))
    good = (Verdict.KEPT, Verdict.NOT_OFFERED)
    assert [(f.promise.id, f.reason) for f in findings if f.verdict not in good] == []
