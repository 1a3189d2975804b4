"""What is asked for decides how an answer is made, and never what is in it."""

from __future__ import annotations

import pytest

from gateway.conformance import ReferenceAdapter, ReferenceRecord
from schema.codes import RecordKind
from tests.support.awkward_department import FIRM, manifest_for
from tests.support.small_gateway import SmallGateway

RECORDS = [
    ReferenceRecord(RecordKind.REGISTRATION, "r", FIRM, {"meta.decidedOn": "2020-01-01"}),
    ReferenceRecord(RecordKind.ADMINISTRATIVE_PENALTY, "p", FIRM, {"meta.decidedOn": "2026-01-01"}),
]


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ("edges { node @skip(if: true) { facts } }", [{}]),
        ("edges { __typename }", [{"__typename": "AdministrativePenaltyEdge"}]),
    ],
)
async def test_edges_without_a_record_stand_beside_built_nodes(
    edges: str, expected: list[dict[str, str]]
) -> None:
    gateway = SmallGateway({"reference": ReferenceAdapter(manifest_for(), RECORDS)})
    document = f'{{ subject(uscc: "{FIRM}") {{ penalties {{ nodes {{ facts }} {edges} }} }} }}'
    answer = await gateway.ask(document)
    assert answer["data"]["subject"]["penalties"] == {"nodes": [{"facts": None}], "edges": expected}
