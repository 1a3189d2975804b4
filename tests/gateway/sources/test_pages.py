"""Orders and pages over two departments' databases equal sorting in Python, without a gap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.conformance.department import read, whole
from gateway.conformance.ordering import in_order, position_of
from gateway.contract import RECORD_ID, SUBJECT_KEY, OrderKey, RecordRequest
from gateway.fetching.calls import CallLimits
from schema.filters import enum_name
from schema.records import MODEL
from tests.gateway.sources.odd_table import FIRM, PENALTY, PENALTY_COLUMNS, OddSource, rows
from tests.support.small_gateway import SmallGateway, codes

KIND = MODEL.kinds[PENALTY]
NAMES = [field.name for field in KIND.comparable if field.name in PENALTY_COLUMNS]
ORDERS = st.lists(
    st.builds(OrderKey, st.sampled_from([*NAMES, "basis"]), st.booleans()),
    max_size=3,
    unique_by=lambda key: key.field,
).filter(lambda order: all(KIND.by_name[key.field].is_comparable for key in order))
QUIET = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NODES = """totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
    edges { cursor node { ... on CreditRecord { meta { recordId sourceDepartmentCode } } } }"""
BY_SUBJECT = f"""query($a: String, $o: [AdministrativePenaltyOrder!], $n: Int!) {{
    subject(uscc: "{FIRM}") {{ penalties(first: $n, after: $a, orderBy: $o) {{ {NODES} }} }} }}"""
OVER_ALL = f"""query($a: String, $o: [AdministrativePenaltyOrder!], $n: Int!) {{
    records(kind: ADMINISTRATIVE_PENALTY, first: $n, after: $a,
        orderBy: {{administrativePenalty: $o}}) {{ {NODES} }} }}"""
DEFAULT = (OrderKey("meta.decidedOn", True),)


def wire_order(order: Sequence[OrderKey]) -> list[dict[str, str]]:
    return [
        {"field": enum_name(key.field), "direction": "DESC" if key.descending else "ASC"}
        for key in order
    ]


async def expected(
    odd: OddSource, order: Sequence[OrderKey], keys: tuple[str, ...] | None
) -> list[tuple[str, str]]:
    """Record id and department of all records that have a subject, sorted in Python."""
    positions = []
    for adapter in (odd.own, odd.other):
        (found,) = await read(adapter, RecordRequest("all", whole(PENALTY), keys))
        code = adapter.manifest.department_code
        positions += [
            position_of(row, str(row[RECORD_ID]), code, order)
            for row in found
            if row[SUBJECT_KEY] is not None
        ]
    return [(p.record_id, p.department) for p in in_order(positions, order, KIND)]


async def walk(
    gateway: SmallGateway, document: str, order: Sequence[OrderKey], size: int
) -> tuple[list[tuple[str, str]], int]:
    """All pages, one after the other, and the total that each names."""
    found: list[tuple[str, str]] = []
    cursor, total = None, None
    while True:
        variables: dict[str, Any] = {"a": cursor, "o": wire_order(order), "n": size}
        answer = await gateway.ask(document, variables)
        assert codes(answer) == []
        data = answer["data"]
        connection = data["records"] if "records" in data else data["subject"]["penalties"]
        edges = connection["edges"]
        metas = [edge["node"]["meta"] for edge in edges]
        found += [(meta["recordId"], meta["sourceDepartmentCode"]) for meta in metas]
        page = connection["pageInfo"]
        assert total in (None, connection["totalCount"])
        assert page["hasPreviousPage"] == (cursor is not None)
        total = connection["totalCount"]
        if not page["hasNextPage"]:
            return found, total
        assert len(edges) == size
        assert page["endCursor"] == edges[-1]["cursor"]
        cursor = page["endCursor"]


@QUIET
@given(rows("a"), rows("b"), ORDERS, st.integers(1, 4))
def test_pages_over_two_departments_are_the_sorted_whole(
    odd: OddSource,
    own: list[tuple[object, ...]],
    other: list[tuple[object, ...]],
    order: list[OrderKey],
    size: int,
) -> None:
    odd.fill("own", own)
    odd.fill("other", other)

    async def check() -> None:
        gateway = SmallGateway(
            {"own": odd.own, "other": odd.other}, limits=CallLimits(adapter_timeout_s=30.0)
        )
        for document, keys in ((BY_SUBJECT, (FIRM,)), (OVER_ALL, None)):
            wanted = await expected(odd, order or DEFAULT, keys)
            assert await walk(gateway, document, order, size) == (wanted, len(wanted))

    odd.runner.run(check())


@QUIET
@given(rows("a"), rows("b"), ORDERS)
def test_page_goes_on_though_its_last_record_is_gone(
    odd: OddSource,
    own: list[tuple[object, ...]],
    other: list[tuple[object, ...]],
    order: list[OrderKey],
) -> None:
    odd.fill("own", own)
    odd.fill("other", other)
    gateway = SmallGateway(
        {"own": odd.own, "other": odd.other}, limits=CallLimits(adapter_timeout_s=30.0)
    )
    wanted = odd.runner.run(expected(odd, order or DEFAULT, (FIRM,)))
    variables = {"o": wire_order(order), "n": 2}
    first = odd.runner.run(gateway.ask(BY_SUBJECT, variables))
    cursor = first["data"]["subject"]["penalties"]["pageInfo"]["endCursor"]
    if cursor is None:
        return
    gone = wanted[:2]
    odd.fill("own", [row for row in own if all(row[0] != record for record, _ in gone)])
    odd.fill("other", [row for row in other if all(row[0] != record for record, _ in gone)])
    rest = odd.runner.run(gateway.ask(BY_SUBJECT, {**variables, "a": cursor, "n": 100}))
    metas = [e["node"]["meta"] for e in rest["data"]["subject"]["penalties"]["edges"]]
    assert [(meta["recordId"], meta["sourceDepartmentCode"]) for meta in metas] == wanted[2:]
