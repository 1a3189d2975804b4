"""The MySQL kit passes the conformance kit over MariaDB with awkward records."""

import asyncio

import pytest

from gateway.conformance import AdapterConformance, Department, ReferenceAdapter
from gateway.conformance.department import read, whole
from gateway.contract import Adapter, RecordRequest
from gateway.sources.mysql import MySqlAdapter
from tests.support.awkward_department import FIRM, PERSON, SHOP, UNKNOWN, awkward_records
from tests.support.mariadb import RunningMariaDb, insert_statement, table_statements
from tests.support.native_records import KINDS, native_mapping, rows_only, shown_record

RECORDS = [record for record in awkward_records(3) if record.kind in KINDS]


@pytest.fixture(scope="module")
def department(mariadb: RunningMariaDb) -> Department:
    tables = {kind: kind.value.lower() for kind in KINDS}
    statements = [text for kind, table in tables.items() for text in table_statements(kind, table)]
    statements += [insert_statement(record, tables[record.kind]) for record in RECORDS]
    asyncio.run(mariadb.execute(*statements))
    mappings = [native_mapping(kind, table) for kind, table in tables.items()]

    def make() -> MySqlAdapter:
        return MySqlAdapter(rows_only(), mappings, mariadb.source())

    return Department(make, (FIRM, SHOP, PERSON), UNKNOWN)


@pytest.mark.long
class TestMySql(AdapterConformance):
    pass


def test_rows_are_those_of_the_reference_adapter(department: Department) -> None:
    reference = ReferenceAdapter(rows_only(), [shown_record(record) for record in RECORDS])

    async def check(adapter: Adapter) -> None:
        for kind in KINDS:
            for keys in ((FIRM, PERSON, SHOP, UNKNOWN), (PERSON,), None):
                request = RecordRequest("all", whole(kind), keys)
                assert await read(adapter, request) == await read(reference, request)

    department.run(check)
