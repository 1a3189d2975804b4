"""JSON that PostgreSQL builds is byte for byte what the row path writes, whatever the text."""

from __future__ import annotations

import orjson
from hypothesis import HealthCheck, given, settings

from gateway.fetching.calls import CallLimits
from tests.gateway.sources.odd_table import FIRM, SHOP, OddSource, rows
from tests.support.small_gateway import SmallGateway, codes

FIELDS = """a: documentNo counterpartName violationType legalStatus categories fineAmount
    confiscatedAmount decidedOn simpleProcedure performed authorityName basis __typename
    meta { decidedOn reportedAt verifiedAt version objectionMark fetchedAt adapter stale
        legalBasis recordId severity __typename }"""
LEAF = "nodes { %s }"
BUILT = (
    f'{{ subjects(usccs: ["{FIRM}", "{SHOP}"]) {{ penalties(first: 100) {{ {LEAF % FIELDS} }} }} }}'
)
# The same list twice takes the row path, which writes each node itself.
WRITTEN = BUILT.replace("nodes {", f"again: edges {{ node {{ {FIELDS} }} }} nodes {{")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows("j"))
def test_built_and_written_json_are_the_same(
    odd: OddSource, native: list[tuple[object, ...]]
) -> None:
    odd.fill("own", native)
    gateway = SmallGateway({"own": odd.own}, limits=CallLimits(adapter_timeout_s=30.0))
    built = odd.runner.run(gateway.body(BUILT))
    written = odd.runner.run(gateway.ask(WRITTEN))
    assert codes(written) == []
    for subject in written["data"]["subjects"]:
        subject["penalties"].pop("again")
    data = built[built.index(b'"data":') : built.index(b',"extensions"')]
    assert data == b'"data":' + orjson.dumps(written["data"])
