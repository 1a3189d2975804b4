"""The departments with a small city, and the subjects that the kit asks for."""

from collections.abc import Callable

import pytest

from gateway.conformance import Department
from gateway.conformance.department import read, whole
from gateway.contract import SUBJECT_KEY, Adapter, RecordRequest
from gateway.demo.city.cases import CASES
from gateway.demo.city.settings import CitySettings
from gateway.demo.departments import Departments
from gateway.demo.postgres import RunningPostgres
from schema.identifiers import make_uscc
from tests.support.city import prepared_city

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


@pytest.fixture(scope="session")
def departments(embedded_postgres: RunningPostgres) -> Departments:
    """The same small city as in the tests of the plugins."""
    return prepared_city(embedded_postgres, CitySettings(subjects=1_000))


def department_of(make_adapter: Callable[[], Adapter]) -> Department:
    """The department with the named cases, and one subject more for each kind it supplies."""

    async def others(adapter: Adapter) -> list[str]:
        keys = []
        for entry in adapter.manifest.entries:
            (rows,) = await read(adapter, RecordRequest("some", whole(entry.kind, first=1), None))
            keys += [str(row[SUBJECT_KEY]) for row in rows]
        return keys

    named = Department(make_adapter, KEYS, UNKNOWN)
    keys = (*KEYS, *named.run(others))
    return Department(make_adapter, tuple(dict.fromkeys(keys)), UNKNOWN)
