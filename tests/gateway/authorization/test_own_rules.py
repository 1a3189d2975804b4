"""A department's own rules in every use of a list that another department supplies too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.conformance import ReferenceAdapter, ReferenceRecord
from policies.engine import PolicySet
from policies.model import Caller, CallerClass, Condition, Effect, Purpose, Rule, Use
from schema.classification import MaskKind
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from schema.predicate import Comparison, Operator
from schema.records import MODEL
from tests.support.awkward_department import CODE, FIRM, SHOP, entry_for, manifest_for
from tests.support.small_gateway import EVERYTHING, TODAY, SmallGateway, codes, rule

OTHER_CODE = make_uscc("1", "1", "410199", "MB0R0009").code
OFFICER = Caller(CallerClass.DEPARTMENT, OTHER_CODE, Purpose.INSPECTION)
KIND = RecordKind.ADMINISTRATIVE_PENALTY
TYPE = "AdministrativePenalty"
FINE = f"{TYPE}.fineAmount"
RECORDS = [
    ReferenceRecord(
        KIND,
        f"r{number}",
        FIRM if number % 2 else SHOP,
        {"meta.decidedOn": f"2026-01-{number:02}", "fineAmount": f"{number}000.00"},
    )
    for number in range(1, 13)
]
LIST = f"""{{ subject(uscc: "{FIRM}") {{ penalties(ARGUMENTS) {{
    totalCount nodes {{ fineAmount meta {{ sourceDepartmentCode }} }} }} }} }}"""


def own(name: str, effect: Effect, **more: Any) -> Rule:
    """A rule of the first department about its own records."""
    made = rule(name, effect, **more)
    return replace(made, id=f"own:{name}", provider=CODE)


@pytest.fixture
def gateway_of() -> Callable[..., SmallGateway]:
    entries = (entry_for(KIND),)
    adapters = {
        slug: ReferenceAdapter(replace(manifest_for(slug, code), entries=entries), RECORDS)
        for slug, code in (("own", CODE), ("other", OTHER_CODE))
    }

    def make(*rules: Rule, common: tuple[Rule, ...] = (EVERYTHING,)) -> SmallGateway:
        return SmallGateway(adapters, rules=PolicySet(common, MODEL, TODAY, {CODE: rules}))

    return make


async def penalties(gateway: SmallGateway, arguments: str = "first: 50") -> tuple[Any, Any]:
    answer = await gateway.ask(LIST.replace("ARGUMENTS", arguments), {}, OFFICER)
    return answer, answer["data"]["subject"]["penalties"]


def by_source(connection: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {CODE: [], OTHER_CODE: []}
    for node in connection["nodes"]:
        found[node["meta"]["sourceDepartmentCode"]].append(node["fineAmount"])
    return found


async def test_closed_kind_is_left_out_of_reading_and_counting(
    gateway_of: Callable[..., SmallGateway],
) -> None:
    answer, connection = await penalties(gateway_of(own("no", Effect.FORBID, coordinates=(TYPE,))))
    assert [len(found) for found in by_source(connection).values()] == [0, 6]
    assert connection["totalCount"] == 6
    (denied,) = answer["extensions"]["access"]["denied"]
    assert (denied["use"], denied["sources"], denied["rules"]) == ("READ", ["own"], ["own:no"])


async def test_count_closed_by_one_department_is_no_count_of_all(
    gateway_of: Callable[..., SmallGateway],
) -> None:
    closed = own("no-count", Effect.FORBID, coordinates=(TYPE,), uses=(Use.COUNT,))
    _, connection = await penalties(gateway_of(closed))
    assert connection["totalCount"] is None
    assert [len(found) for found in by_source(connection).values()] == [6, 6]


async def test_closed_field_is_null_for_its_records_only_and_orders_and_filters_the_others(
    gateway_of: Callable[..., SmallGateway],
) -> None:
    gateway = gateway_of(own("no-fine", Effect.FORBID, coordinates=(FINE,)))
    answer, connection = await penalties(gateway)
    assert by_source(connection)[CODE] == [None] * 6
    assert None not in by_source(connection)[OTHER_CODE]
    assert codes(answer) == ["FIELD_DENIED"]
    for arguments, code in (
        ("first: 50, orderBy: [{field: FINE_AMOUNT}]", "ORDER_DENIED"),
        ('first: 50, filter: {fineAmount: {ge: "1.00"}}', "FILTER_DENIED"),
    ):
        answer, connection = await penalties(gateway, arguments)
        assert code in codes(answer)
        assert [len(found) for found in by_source(connection).values()] == [0, 6]


async def test_masked_field_is_masked_in_its_records_and_orders_the_others_only(
    gateway_of: Callable[..., SmallGateway],
) -> None:
    mask = own("bands", Effect.MASK, coordinates=(FINE,), uses=(Use.READ,),
               mask=MaskKind.AMOUNT_BAND)  # fmt: skip
    gateway = gateway_of(mask)
    _, connection = await penalties(gateway)
    found = by_source(connection)
    assert set(found[CODE]).isdisjoint(found[OTHER_CODE])
    answer, connection = await penalties(gateway, "first: 50, orderBy: [{field: FINE_AMOUNT}]")
    assert "ORDER_DENIED" in codes(answer)
    assert by_source(connection)[CODE] == []


async def test_row_of_an_own_rule_limits_its_records_only_in_every_page(
    gateway_of: Callable[..., SmallGateway],
) -> None:
    early = Condition(row=Comparison("meta.decidedOn", Operator.LT, "2026-01-06"))
    gateway = gateway_of(own("early", Effect.FORBID, coordinates=(TYPE,), condition=early))
    _, connection = await penalties(gateway)
    assert connection["totalCount"] == 3 + 6
    document = f"""query($a: String) {{ subject(uscc: "{FIRM}") {{ penalties(first: 2, after: $a) {{
        nodes {{ meta {{ sourceDepartmentCode }} }} pageInfo {{ endCursor hasNextPage }} }} }} }}"""
    after, seen, more = None, 0, True
    while more:
        answer = await gateway.ask(document, {"a": after}, OFFICER)
        page = answer["data"]["subject"]["penalties"]
        seen += len(page["nodes"])
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert seen == 9


async def test_statistics_leave_out_what_one_department_closes(
    gateway_of: Callable[..., SmallGateway],
) -> None:
    document = """{ recordStatistics(kind: ADMINISTRATIVE_PENALTY,
        sum: {administrativePenalty: [FINE_AMOUNT]}) { groups { count } } }"""
    for closed, count in (
        (own("no", Effect.FORBID, coordinates=(TYPE,)), 12),
        (own("no-sum", Effect.FORBID, coordinates=(FINE,), uses=(Use.AGGREGATE,)), 12),
        (own("no-order", Effect.FORBID, coordinates=(FINE,), uses=(Use.ORDER,)), 24),
    ):
        answer = await gateway_of(closed).ask(document, {}, OFFICER)
        assert answer["data"]["recordStatistics"]["groups"] == [{"count": count}]


async def test_opened_kind_is_opened_at_its_department_only(
    gateway_of: Callable[..., SmallGateway],
) -> None:
    opened = own("open", Effect.PERMIT, coordinates=(TYPE, f"{TYPE}.*"))
    nothing = rule("registration", coordinates=("Registration",))
    _, connection = await penalties(gateway_of(opened, common=(nothing,)))
    assert [len(found) for found in by_source(connection).values()] == [6, 0]
    shut = rule("shut", Effect.FORBID, coordinates=(TYPE,))
    _, connection = await penalties(gateway_of(opened, common=(nothing, shut)))
    assert connection is None
