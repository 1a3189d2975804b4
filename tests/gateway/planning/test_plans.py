"""Variables against a plan that is remembered already."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.conformance import ReferenceAdapter
from gateway.errors import BadRequest
from gateway.opaque import OpaqueCodec
from tests.support.awkward_department import CODE, FIRM, SHOP, awkward_records, manifest_for
from tests.support.small_gateway import SmallGateway, codes


@pytest.fixture
def gateway() -> SmallGateway:
    return SmallGateway({"reference": ReferenceAdapter(manifest_for(), awkward_records(1))})


NULLS: dict[str, tuple[str, Any]] = {
    "code": (f'query($v: USCC = "{FIRM}") {{ subject(uscc: $v) {{ id }} }}', None),
    "codes": (f'query($v: [USCC!] = ["{FIRM}"]) {{ subjects(usccs: $v) {{ id }} }}', None),
    "representations": (
        "query($v: [_Any!] = []) { _entities(representations: $v) { ... on Organisation { id } } }",
        None,
    ),
}


@pytest.mark.parametrize("name", list(NULLS))
@pytest.mark.parametrize("is_known", [False, True])
async def test_explicit_null_for_a_default_is_a_request_error_whether_or_not_the_plan_is_known(
    gateway: SmallGateway, name: str, is_known: bool
) -> None:
    document, value = NULLS[name]
    if is_known:
        assert codes(await gateway.ask(document)) == []
    answer = await gateway.ask(document, {"v": value})
    assert codes(answer) == ["ARGUMENT_INVALID"]
    assert "data" not in answer


BAD_CODES = ["", "x", FIRM[:-1], FIRM[:-1] + "0", 7, None, [], {}, FIRM + " x"]


@pytest.mark.parametrize("value", BAD_CODES, ids=repr)
@pytest.mark.parametrize("is_known", [False, True])
async def test_bad_code_is_refused_whether_or_not_the_plan_is_known(
    gateway: SmallGateway, value: Any, is_known: bool
) -> None:
    document = "query($v: USCC!) { subject(uscc: $v) { id } }"
    if is_known:
        assert codes(await gateway.ask(document, {"v": FIRM})) == []
    assert codes(await gateway.ask(document, {"v": value})) == ["VARIABLE_INVALID"]


@pytest.mark.parametrize("text", [FIRM.lower(), f" {FIRM} ", "９" + FIRM[1:]])
async def test_code_is_normalised_alike_by_every_way_in(gateway: SmallGateway, text: str) -> None:
    variable = "query($v: USCC!) { subject(uscc: $v) { uscc } }"
    listed = "query($v: [USCC!]!) { subjects(usccs: $v) { uscc } }"
    await gateway.ask(variable, {"v": FIRM})
    await gateway.ask(listed, {"v": [FIRM]})
    answers = [
        (await gateway.ask(variable, {"v": text}))["data"]["subject"],
        (await gateway.ask(listed, {"v": [text]}))["data"]["subjects"][0],
        (await gateway.ask(listed, {"v": text}))["data"]["subjects"][0],
        (await gateway.ask(f'{{ subject(uscc: "{text}") {{ uscc }} }}'))["data"]["subject"],
    ]
    assert answers == [{"uscc": FIRM}] * 4


@pytest.mark.parametrize("first", [-1, 101, 2**31 - 1])
async def test_page_size_out_of_range_is_refused(gateway: SmallGateway, first: int) -> None:
    literal = f'{{ subject(uscc: "{FIRM}") {{ penalties(first: {first}) {{ totalCount }} }} }}'
    variable = (
        f'query($n: Int!) {{ subject(uscc: "{FIRM}") {{ penalties(first: $n) {{ totalCount }} }} }}'
    )
    for answer in (await gateway.ask(literal), await gateway.ask(variable, {"n": first})):
        assert codes(answer) == ["ARGUMENT_OUT_OF_RANGE"]
        assert answer["errors"][0]["locations"]


@pytest.mark.parametrize("first", [0, 100])
async def test_page_size_at_its_bounds_is_taken(gateway: SmallGateway, first: int) -> None:
    document = f"""{{ subject(uscc: "{FIRM}") {{ penalties(first: {first}) {{
        totalCount nodes {{ id }} pageInfo {{ hasNextPage startCursor endCursor }} }} }} }}"""
    answer = await gateway.ask(document)
    connection = answer["data"]["subject"]["penalties"]
    assert codes(answer) == []
    assert len(connection["nodes"]) == min(first, connection["totalCount"])
    assert connection["pageInfo"]["hasNextPage"] == (first == 0)
    assert (connection["pageInfo"]["endCursor"] is None) == (first == 0)


async def test_member_of_another_kind_is_refused(gateway: SmallGateway) -> None:
    document = """{ records(kind: TAX_ARREARS, filter: {taxPayment: {item: {eq: "x"}}}) {
        totalCount } }"""
    assert codes(await gateway.ask(document)) == ["ARGUMENT_OF_ANOTHER_KIND"]


async def test_member_of_another_kind_that_is_null_counts_as_absent(gateway: SmallGateway) -> None:
    document = "{ records(kind: TAX_ARREARS, filter: {taxPayment: null}) { totalCount } }"
    assert codes(await gateway.ask(document)) == []


async def test_too_many_subjects_are_refused_and_the_most_are_taken(gateway: SmallGateway) -> None:
    document = "query($v: [USCC!]!) { subjects(usccs: $v) { id } }"
    answer = await gateway.ask(document, {"v": [FIRM, SHOP] * 100})
    assert len(answer["data"]["subjects"]) == 200
    with pytest.raises(BadRequest) as caught:
        await gateway.ask(document, {"v": [FIRM] * 201})
    assert caught.value.code == "TOO_MANY_SUBJECTS"


async def test_too_many_records_are_refused_and_the_most_are_taken(gateway: SmallGateway) -> None:
    def document(first: int) -> str:
        return f"""query($v: [USCC!]!) {{ subjects(usccs: $v) {{
            penalties(first: {first}) {{ nodes {{ id }} }} registration {{ id }} }} }}"""

    answer = await gateway.ask(document(49), {"v": [FIRM] * 200})
    assert codes(answer) == []
    with pytest.raises(BadRequest) as caught:
        await gateway.ask(document(50), {"v": [FIRM] * 200})
    assert caught.value.code == "TOO_MANY_RECORDS"


async def test_id_of_a_kind_that_is_no_more_is_found_nowhere(gateway: SmallGateway) -> None:
    made = OpaqueCodec([bytes(range(64))]).record_id("NO_SUCH_KIND", CODE, "r1")
    answer = await gateway.ask("query($i: ID!) { node(id: $i) { id } }", {"i": made})
    assert answer["data"] == {"node": None}
    assert codes(answer) == []


async def test_id_of_a_department_that_is_no_more_is_found_nowhere(gateway: SmallGateway) -> None:
    made = OpaqueCodec([bytes(range(64))]).record_id("TAX_ARREARS", "114", "r1")
    answer = await gateway.ask("query($i: ID!) { node(id: $i) { id } }", {"i": made})
    assert answer["data"] == {"node": None}
    assert codes(answer) == []
