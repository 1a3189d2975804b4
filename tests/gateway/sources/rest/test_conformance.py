"""The REST kit passes the conformance kit over a real service with awkward records."""

from collections import defaultdict
from collections.abc import Iterator

import pytest

from gateway.conformance import AdapterConformance, Department
from gateway.sources.rest import RestAdapter, RestSource
from tests.support.awkward_department import FIRM, PERSON, SHOP, UNKNOWN, awkward_records
from tests.support.http_service import served
from tests.support.native_records import KINDS, native_record, rows_only
from tests.support.native_service import api, service

# What the kit completes in memory has its own quick run; this one asks thousands of questions.
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def department() -> Iterator[Department]:
    records = defaultdict(list)
    for record in awkward_records(3):
        if record.kind in KINDS:
            records[record.kind].append(native_record(record))
    with served(service(records)) as port:
        source = RestSource(f"http://127.0.0.1:{port}", timeout_s=30)

        def make() -> RestAdapter:
            return RestAdapter(rows_only(), api(KINDS), source)

        yield Department(make, (FIRM, SHOP, PERSON), UNKNOWN)


class TestRest(AdapterConformance):
    pass
