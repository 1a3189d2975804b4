"""The departments with a small city, and the subjects that the kit asks for."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest

from gateway.conformance import Department
from gateway.conformance.control import SourceControl
from gateway.conformance.department import read, whole
from gateway.conformance.promises import promise_of
from gateway.conformance.proxy import PostgresStatements, SourceProxy, StatementReader
from gateway.contract import SUBJECT_KEY, Adapter, AdapterSettings, RecordRequest
from gateway.demo.city.cases import CASES
from gateway.demo.city.settings import CitySettings
from gateway.demo.departments import Departments
from gateway.demo.postgres import RunningPostgres
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from tests.support.city import prepared_city

QUICKLY_WHOLE = {"TestCourts", "TestReference"}
"""Suites that run whole in the quick suite: the smallest department, and the example."""
QUICK = {
    "BATCHING", "FIELDS", "TYPES", "KEYS", "RECORD_IDS", "RECORDS", "TOTALS", "READ_ONLY",
    "ROUND_TRIPS",
}  # fmt: skip
"""Promises that the others are asked for there, beside what is drawn of the further ones."""
UNKNOWN = make_uscc("9", "1", "410199", "MA9XTRA1").code
KEYS = (
    CASES.penalised_firm.code,
    CASES.home_business.code,
    CASES.defaulter_firm.code,
    CASES.leaking_firm.code,
    CASES.clean_firm.code,
    CASES.village.code,
    CASES.foreign_firm.code,
    CASES.repaired_firm.code,
    CASES.defaulter_person.code,
    CASES.defaulter_person.head_key,
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what asks thousands of questions to the long suite."""
    for item in items:
        suite = item.getparent(pytest.Class)
        if suite is None or suite.name in QUICKLY_WHOLE:
            continue
        test = getattr(suite.obj, item.name, None)
        if promise_of(test) not in QUICK and "drawn" not in item.name:
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def departments(embedded_postgres: RunningPostgres) -> Departments:
    """The same small city as in the tests of the plugins."""
    return prepared_city(embedded_postgres, CitySettings(subjects=1_000))


@dataclass(frozen=True)
class ReadOnlyControl:
    """A department's database behind a proxy; nothing is added to it."""

    proxy: SourceProxy

    def round_trips(self) -> int:
        return self.proxy.round_trips()

    def statements(self) -> Sequence[str]:
        return self.proxy.statements()

    def connections(self) -> int:
        return self.proxy.connections()

    def restart(self) -> None:
        self.proxy.restart()

    def stalled(self) -> AbstractContextManager[None]:
        return self.proxy.stalled()

    def add_records(self, kind: RecordKind, count: int) -> bool:
        return False


@contextmanager
def behind_proxy(
    port: int, make_reader: Callable[[], StatementReader]
) -> Iterator[tuple[int, ReadOnlyControl]]:
    """A proxy of the kit before a server on loopback: its port, and the control."""
    proxy = SourceProxy(lambda: socket.create_connection(("127.0.0.1", port)), make_reader)
    try:
        yield proxy.port, ReadOnlyControl(proxy)
    finally:
        proxy.close()


@contextmanager
def controlled(
    departments: Departments,
    slug: str,
    server: RunningPostgres,
    register: Callable[[AdapterSettings], Adapter],
) -> Iterator[Department]:
    """A department of the city whose database stands behind a proxy of the kit."""
    place = server.superuser.connect_arguments()
    target = f"{place['host']}/.s.PGSQL.{place['port']}"

    def connect() -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        made.connect(target)
        return made

    proxy = SourceProxy(connect, PostgresStatements)
    try:
        url = departments.access[slug].adapter_values["url"]
        there = f"{url.partition('?')[0]}?host=127.0.0.1&port={proxy.port}"
        settings = AdapterSettings({"url": there})
        yield department_of(lambda: register(settings), ReadOnlyControl(proxy))
    finally:
        proxy.close()


def department_of(
    make_adapter: Callable[[], Adapter], control: SourceControl | None = None
) -> Department:
    """The department with the named cases, and one subject more for each kind it supplies."""

    async def others(adapter: Adapter) -> list[str]:
        keys = []
        for entry in adapter.manifest.entries:
            (rows,) = await read(adapter, RecordRequest("some", whole(entry.kind, first=1), None))
            keys += [str(row[SUBJECT_KEY]) for row in rows]
        return keys

    named = Department(make_adapter, KEYS, UNKNOWN)
    keys = (*KEYS, *named.run(others))
    return Department(make_adapter, tuple(dict.fromkeys(keys)), UNKNOWN, control)
