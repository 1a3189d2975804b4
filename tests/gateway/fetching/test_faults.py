"""Whatever a department does, its part is an outcome with a code, and the others answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.conformance import ReferenceAdapter, ReferenceRecord
from gateway.contract import (
    JsonBatch,
    MappingFailed,
    RecordRequest,
    RowBatch,
    SourceRejected,
    SourceTimedOut,
    SourceUnavailable,
    StatisticsGroup,
)
from gateway.fetching.calls import CallLimits
from policies.model import Condition
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from schema.predicate import Comparison, OneOf, Operator
from tests.gateway.fetching.faulty import FaultyAdapter, Spoil, hanging, raising
from tests.support.awkward_department import CODE, FIRM, manifest_for
from tests.support.small_gateway import EVERYTHING, SmallGateway, codes, policies, rule

OTHER_CODE = make_uscc("1", "1", "410199", "MB0R0009").code
KIND = RecordKind.ADMINISTRATIVE_PENALTY
LIST = (
    f'{{subject(uscc:"{FIRM}"){{penalties(first:3){{totalCount nodes{{documentNo fineAmount}}}}}}}}'
)
JSON_LIST = f'{{subject(uscc:"{FIRM}"){{taxPayments(first:3){{nodes{{item paidAmount}}}}}}}}'
SEARCH = "{searchSubjects(first:3){nodes{uscc registration{name}}}}"


def record(number: int, kind: RecordKind = KIND, **values: Any) -> ReferenceRecord:
    day = f"2026-01-{number:02}"
    named = {key.replace("_", "."): value for key, value in values.items()}
    return ReferenceRecord(kind, f"r{number}", FIRM, {"meta.decidedOn": day, **named})


PENALTIES = [record(n, documentNo=f"第{n}号", fineAmount=f"{n}.00") for n in range(1, 6)]
REGISTRATION = record(9, RecordKind.REGISTRATION, name="样例商行")
PAYMENTS = [record(n, RecordKind.TAX_PAYMENT, item=f"项{n}", paidAmount="1.00") for n in (1, 2)]
RECORDS = [*PENALTIES, REGISTRATION, *PAYMENTS]


def only(manifest: Any, *kinds: RecordKind) -> Any:
    entries = tuple(entry for entry in manifest.entries if entry.kind in kinds)
    return replace(manifest, entries=entries)


def gateway_with(spoil: Spoil, limits: CallLimits | None = None, **more: Any) -> SmallGateway:
    """`bad` supplies penalties and payments; `good` penalties and registrations."""
    bad = only(manifest_for("bad", CODE), KIND, RecordKind.TAX_PAYMENT)
    good = only(manifest_for("good", OTHER_CODE), KIND, RecordKind.REGISTRATION)
    adapters = {
        "bad": FaultyAdapter(bad, RECORDS, spoil),
        "good": ReferenceAdapter(good, [*PENALTIES[:1], REGISTRATION]),
    }
    return SmallGateway(adapters, limits=limits, **more)


def sources(answer: Any) -> dict[str, str]:
    return {item["source"]: item["outcome"] for item in answer["extensions"]["sources"]}


def per_batch(change: Callable[[Any], Any]) -> Spoil:
    return lambda batches, _: [change(batch) for batch in batches]


def rows(change: Callable[[list[Any]], Any]) -> Spoil:
    """Change the rows of each group of row batches."""

    def spoil(batch: Any) -> Any:
        if not isinstance(batch, RowBatch):
            return batch
        return RowBatch(
            [change([list(row) for row in group]) for group in batch.groups], batch.totals
        )

    return per_batch(spoil)


def each_row(change: Callable[[list[Any]], Any]) -> Spoil:
    return rows(lambda found: [change(row) for row in found])


class OddError(Exception):
    """Not an error of the contract."""


RAISED: dict[str, tuple[BaseException, str]] = {
    "unavailable": (SourceUnavailable("gone"), "DOWN"),
    "timed out": (SourceTimedOut("too slow"), "TIMED_OUT"),
    "rejected": (SourceRejected("no"), "DOWN"),
    "mapping": (MappingFailed("bad row"), "MALFORMED"),
    "foreign": (OddError("secret of the source"), "DOWN"),
    "recursion": (RecursionError(), "DOWN"),
    "timeout": (TimeoutError(), "DOWN"),
    "cancelled": (asyncio.CancelledError(), "DOWN"),
    "stop": (StopAsyncIteration(), "DOWN"),
}


@pytest.mark.parametrize("name", list(RAISED))
async def test_department_that_raises_is_an_outcome(name: str) -> None:
    error, outcome = RAISED[name]
    answer = await gateway_with(raising(error)).ask(LIST)
    assert sources(answer) == {"bad": outcome, "good": "ANSWERED"}
    assert codes(answer) == [f"SOURCE_{outcome}"]
    connection = answer["data"]["subject"]["penalties"]
    assert [node["documentNo"] for node in connection["nodes"]] == ["第1号"]
    assert connection["totalCount"] is None
    assert "secret" not in str(answer)


MALFORMED: dict[str, Spoil] = {
    "no batch": lambda _b, _r: [],
    "one batch too many": lambda b, _r: [*b, *b],
    "nothing": lambda _b, _r: None,
    "a number": lambda _b, _r: 7,
    "batches that are none": per_batch(lambda _: None),
    "rows instead of batches": per_batch(lambda batch: getattr(batch, "groups", None)),
    "groups that are none": per_batch(lambda _: RowBatch(None, None)),  # type: ignore[arg-type]
    "a group too few": per_batch(lambda b: RowBatch(b.groups[:-1], b.totals)),
    "a group too many": per_batch(lambda b: RowBatch([*b.groups, []], b.totals)),
    "a group that is none": per_batch(lambda b: RowBatch([None], [1])),  # type: ignore[list-item]
    "rows that are none": rows(lambda found: [None for _ in found]),
    "rows that are numbers": rows(lambda found: [7 for _ in found]),
    "rows that are text": each_row(lambda row: "x" * len(row)),
    "a column too many": each_row(lambda row: [*row, None]),
    "a column too few": each_row(lambda row: row[:-1]),
    "too many rows": rows(lambda found: found * 9),
    "a number for text": each_row(lambda row: [1 if v == "第5号" else v for v in row]),
    "text for money": each_row(lambda row: ["ab.cd" if v == "5.00" else v for v in row]),
    "a float for money": each_row(lambda row: [5.0 if v == "5.00" else v for v in row]),
    "text for a date": each_row(
        lambda row: ["2026/01/05" if v == "2026-01-05" else v for v in row]
    ),
    "an object for text": each_row(lambda row: [{} if v == "第5号" else v for v in row]),
    "half of a surrogate pair": each_row(
        lambda row: ["\ud800" if v == "第5号" else v for v in row]
    ),
    "half of a surrogate pair in a date": each_row(
        lambda row: ["2026-01-\ud8005" if v == "2026-01-05" else v for v in row]
    ),
    "half of a surrogate pair in the record id": each_row(
        lambda row: [f"{row[0]}\udfff", *row[1:]]
    ),
    "no record id": each_row(lambda row: [None, *row[1:]]),
    "no totals": per_batch(lambda b: replace(b, totals=None)),
    "a negative total": per_batch(lambda b: replace(b, totals=[-1])),
    "a total that is text": per_batch(lambda b: replace(b, totals=["1"])),
    "a total below the rows": per_batch(lambda b: replace(b, totals=[0])),
    "totals that are a number": per_batch(lambda b: replace(b, totals=7)),
    "JSON where rows were asked for": per_batch(lambda _: JsonBatch([b""], [0], [0], {})),
    "unsorted rows": rows(lambda found: found[::-1]),
    "the same record twice": rows(lambda found: [*found[:-1], found[0]]),
}


@pytest.mark.parametrize("name", list(MALFORMED))
async def test_department_that_answers_garbage_is_malformed(name: str) -> None:
    answer = await gateway_with(MALFORMED[name]).ask(LIST)
    assert sources(answer) == {"bad": "MALFORMED", "good": "ANSWERED"}
    assert codes(answer) == ["SOURCE_MALFORMED"]
    nodes = answer["data"]["subject"]["penalties"]["nodes"]
    assert [node["documentNo"] for node in nodes] == ["第1号"]


BAD_JSON: dict[str, Callable[[Any], Any]] = {
    "text instead of bytes": lambda b: replace(b, groups=[b.groups[0].decode()]),
    "no bytes": lambda b: replace(b, groups=[None]),
    "a group too few": lambda b: replace(b, groups=[]),
    "counts that are text": lambda b: replace(b, counts=["2"]),
    "counts that are none": lambda b: replace(b, counts=None),
    "a negative count": lambda b: replace(b, counts=[-1]),
    "more than asked for": lambda b: replace(b, counts=[9]),
    "rows instead": lambda b: RowBatch([[]], None),
}


@pytest.mark.parametrize("name", list(BAD_JSON))
async def test_department_that_builds_garbage_is_malformed(name: str) -> None:
    answer = await gateway_with(per_batch(BAD_JSON[name])).ask(JSON_LIST)
    assert codes(answer) == ["SOURCE_MALFORMED"]
    assert answer["data"]["subject"]["taxPayments"] is None


BAD_ROWS: dict[str, Callable[[Any], Any]] = {
    "none": lambda b: replace(b, beside=None),
    "of no key": lambda b: replace(b, beside=[]),
    "too few": lambda b: replace(b, beside=[b.beside[0][1:]]),
    "too many": lambda b: replace(b, beside=[[*b.beside[0], ["x"]]]),
    "too wide": lambda b: replace(b, beside=[[[*row, "x"] for row in b.beside[0]]]),
    "with ids that are numbers": lambda b: replace(b, beside=[[[7] for _ in b.beside[0]]]),
    "that are numbers": lambda b: replace(b, beside=[[7 for _ in b.beside[0]]]),
}
BUILT_PENALTIES = f'''{{ subject(uscc: "{FIRM}") {{
    penalties(first: 2) {{ nodes {{ documentNo }} pageInfo {{ hasNextPage }} }} }} }}'''


def penalties_alone(spoil: Spoil) -> SmallGateway:
    bad = FaultyAdapter(only(manifest_for("bad", CODE), KIND), RECORDS, spoil)
    return SmallGateway({"bad": bad})


@pytest.mark.parametrize("name", list(BAD_ROWS))
async def test_built_dishonest_records_without_sound_rows_beside_are_malformed(name: str) -> None:
    answer = await penalties_alone(per_batch(BAD_ROWS[name])).ask(BUILT_PENALTIES)
    assert codes(answer) == ["SOURCE_MALFORMED"]
    assert answer["data"]["subject"]["penalties"] is None


async def test_built_dishonest_records_with_rows_beside_are_answered() -> None:
    answer = await penalties_alone(per_batch(lambda batch: batch)).ask(BUILT_PENALTIES)
    assert codes(answer) == []
    assert answer["data"]["subject"]["penalties"]["nodes"]


ROW_RULE = rule(
    "paid",
    coordinates=("TaxPayment",),
    condition=Condition(row=Comparison("paidAmount", Operator.LE, "5.00")),
)
FIELDS = rule("fields", coordinates=("TaxPayment.*",))
BAD_SUMMARIES: dict[str, Callable[[Any], Any]] = {
    "none": lambda b: replace(b, summary=None),
    "empty": lambda b: replace(b, summary={}),
    "of text": lambda b: replace(b, summary={"paidAmount": "x"}),
    "with a missing value": lambda b: replace(
        b, summary={"paidAmount": b.summary["paidAmount"]._replace(missing=1)}
    ),
    "out of bounds": lambda b: replace(
        b, summary={"paidAmount": b.summary["paidAmount"]._replace(greatest="5.01")}
    ),
    "with a bound that is no number": lambda b: replace(
        b, summary={"paidAmount": b.summary["paidAmount"]._replace(greatest="x")}
    ),
    "with a bound of another type": lambda b: replace(
        b, summary={"paidAmount": b.summary["paidAmount"]._replace(greatest=[])}
    ),
}


@pytest.mark.parametrize("name", list(BAD_SUMMARIES))
async def test_summary_that_does_not_prove_the_row_rule_withholds_the_list(name: str) -> None:
    gateway = gateway_with(per_batch(BAD_SUMMARIES[name]), rules=policies(ROW_RULE, FIELDS))
    answer = await gateway.ask(JSON_LIST)
    assert codes(answer) == ["SOURCE_MALFORMED"]
    assert answer["data"]["subject"]["taxPayments"] is None


async def test_summary_that_proves_the_row_rule_lets_the_list_pass() -> None:
    gateway = gateway_with(per_batch(lambda b: b), rules=policies(ROW_RULE, FIELDS))
    answer = await gateway.ask(JSON_LIST)
    assert codes(answer) == []
    assert len(answer["data"]["subject"]["taxPayments"]["nodes"]) == 2


async def test_row_that_breaks_the_row_rule_withholds_the_department() -> None:
    condition = Condition(row=OneOf("documentNo", ("第1号", "第2号")))
    rules = policies(
        rule("some", coordinates=("AdministrativePenalty",), condition=condition),
        rule("fields", coordinates=("AdministrativePenalty.*",)),
    )

    def lying(row: list[Any]) -> list[Any]:
        return ["第5号" if value == "第2号" else value for value in row]

    answer = await gateway_with(each_row(lying), rules=rules).ask(LIST)
    assert codes(answer) == ["SOURCE_MALFORMED"]
    assert "第5号" not in str(answer)


BAD_STATISTICS: dict[str, Callable[[Any], Any]] = {
    "none": lambda _: None,
    "groups that are none": lambda b: replace(b, groups=None),
    "groups of another type": lambda b: replace(b, groups=[7]),
    "values missing": lambda b: replace(b, groups=[StatisticsGroup((), 7, ("1.00",))]),
    "sums missing": lambda b: replace(b, groups=[StatisticsGroup(("x",), 7, ())]),
    "a count that is text": lambda b: replace(b, groups=[StatisticsGroup(("x",), "7", ("1",))]),  # type: ignore[arg-type]
    "a sum that is no number": lambda b: replace(b, groups=[StatisticsGroup(("x",), 7, ("y",))]),
    "a sum that is a number": lambda b: replace(b, groups=[StatisticsGroup(("x",), 7, (1.5,))]),  # type: ignore[arg-type]
    "a value that is a list": lambda b: replace(b, groups=[StatisticsGroup(([],), 7, ("1",))]),  # type: ignore[arg-type]
    "half of a surrogate pair": lambda b: replace(
        b, groups=[StatisticsGroup(("\ud800",), 7, ("1",))]
    ),
    "a value of another type": lambda b: replace(b, groups=[StatisticsGroup((7,), 7, ("1",))]),
    "the same group twice": lambda b: replace(b, groups=[*b.groups, *b.groups]),
}
STATISTICS = """{recordStatistics(kind:ADMINISTRATIVE_PENALTY,
    groupBy:{administrativePenalty:[DOCUMENT_NO]}, sum:{administrativePenalty:[FINE_AMOUNT]})
    {suppressedGroups groups{count values{value} sums{value}}}}"""


@pytest.mark.parametrize("name", list(BAD_STATISTICS))
async def test_department_that_counts_garbage_is_malformed(name: str) -> None:
    answer = await gateway_with(per_batch(BAD_STATISTICS[name])).ask(STATISTICS)
    assert codes(answer) == ["SOURCE_MALFORMED"]
    assert sources(answer) == {"bad": "MALFORMED", "good": "ANSWERED"}


async def test_slow_department_times_out_and_the_others_answer() -> None:
    gateway = gateway_with(hanging, CallLimits(adapter_timeout_s=0.05))
    answer = await gateway.ask(LIST)
    assert codes(answer) == ["SOURCE_TIMED_OUT"]
    assert len(answer["data"]["subject"]["penalties"]["nodes"]) == 1


async def test_slow_department_is_given_up_at_the_requests_deadline() -> None:
    answer = await gateway_with(hanging).ask(LIST, patience_s=0.05)
    assert codes(answer) == ["SOURCE_TIMED_OUT"]


async def test_department_that_hands_over_no_coroutine_is_an_outcome() -> None:
    class Plain(ReferenceAdapter):
        def fetch(self, requests: Sequence[RecordRequest], context: Any) -> Any:
            return []

    class Loud(ReferenceAdapter):
        def fetch(self, requests: Sequence[RecordRequest], context: Any) -> Any:
            raise OddError("at once")

    for made in (Plain, Loud):
        bad = only(manifest_for("bad", CODE), KIND)
        good = only(manifest_for("good", OTHER_CODE), KIND, RecordKind.REGISTRATION)
        gateway = SmallGateway({"bad": made(bad, RECORDS), "good": ReferenceAdapter(good, RECORDS)})
        answer = await gateway.ask(LIST)
        assert codes(answer) == ["SOURCE_DOWN"]


SEARCH_FAULTS: dict[str, Any] = {
    "nobody": None,
    "a person": "P:" + "0" * 64,
    "a quotation mark": '91"},{"uscc":"x',
    "a comma": f"{FIRM},{FIRM}",
    "a backslash": "\\",
    "nothing": "",
    "a number": 7,
}


@pytest.mark.parametrize("name", list(SEARCH_FAULTS))
async def test_search_never_shows_a_subject_without_a_sound_key(name: str) -> None:
    def spoil(row: list[Any]) -> list[Any]:
        return [SEARCH_FAULTS[name] if value == FIRM else value for value in row]

    bad = only(manifest_for("bad", CODE), RecordKind.REGISTRATION)
    adapter = FaultyAdapter(bad, [REGISTRATION], each_row(spoil))
    answer = await SmallGateway({"bad": adapter}).ask(SEARCH)
    assert codes(answer) == ["SOURCE_MALFORMED"]
    assert answer["data"]["searchSubjects"] is None


@pytest.mark.parametrize("key", ['91"x', "a,b", "\\", " "])
async def test_link_to_a_subject_without_a_sound_key_never_breaks_the_answer(key: str) -> None:
    def spoil(row: list[Any]) -> list[Any]:
        return [key if value == FIRM else value for value in row]

    bad = only(manifest_for("bad", CODE), KIND)
    adapter = FaultyAdapter(bad, PENALTIES, each_row(spoil))
    document = """{records(kind:ADMINISTRATIVE_PENALTY,first:2){nodes{id subject{id
        ... on Organisation{uscc penalties(first:1){nodes{id}}}}}}}"""
    answer = await SmallGateway({"bad": adapter}).ask(document)
    assert codes(answer) == ["SOURCE_MALFORMED"]


async def test_rows_of_another_subject_are_not_shown() -> None:
    def spoil(row: list[Any]) -> list[Any]:
        return ["92410199MA9REF028G" if value == FIRM else value for value in row]

    bad = only(manifest_for("bad", CODE), KIND)
    adapter = FaultyAdapter(bad, PENALTIES, each_row(spoil))
    document = f'{{subject(uscc:"{FIRM}"){{penalties{{nodes{{documentNo subject{{id}}}}}}}}}}'
    answer = await SmallGateway({"bad": adapter}).ask(document)
    assert codes(answer) == ["SOURCE_MALFORMED"]


async def test_everything_is_permitted_and_right_when_nobody_fails() -> None:
    answer = await gateway_with(per_batch(lambda batch: batch), rules=policies(EVERYTHING)).ask(
        LIST
    )
    assert codes(answer) == []
    connection = answer["data"]["subject"]["penalties"]
    assert connection["totalCount"] == 6
    assert [node["documentNo"] for node in connection["nodes"]] == ["第5号", "第4号", "第3号"]


async def test_a_department_that_was_down_on_an_earlier_page_is_said_to_have_rejoined() -> None:
    is_down = True

    def sometimes(batches: list[Any], _: Sequence[RecordRequest]) -> Any:
        if is_down:
            raise SourceUnavailable("away")
        return batches

    gateway = gateway_with(sometimes)
    page = (
        f'{{subject(uscc:"{FIRM}"){{penalties(first:1%s)'
        "{nodes{documentNo} pageInfo{endCursor}}}}"
    )
    first = await gateway.ask(page % "")
    cursor = first["data"]["subject"]["penalties"]["pageInfo"]["endCursor"]
    assert codes(first) == ["SOURCE_DOWN"]
    is_down = False
    second = await gateway.ask(page % f',after:"{cursor}"')
    assert codes(second) == ["SOURCE_REJOINED"]
    assert second["data"]["subject"]["penalties"]["nodes"] == []
    whole = await gateway.ask(page % "")
    cursor = whole["data"]["subject"]["penalties"]["pageInfo"]["endCursor"]
    assert codes(await gateway.ask(page % f',after:"{cursor}"')) == []


async def test_withheld_records_are_told_and_counted_without_values() -> None:
    gateway = gateway_with(
        per_batch(lambda batch: replace(batch, withheld=batch.withheld + 2)),
        rules=policies(EVERYTHING),
    )
    with capture_logs() as logs:
        answer = await gateway.ask(LIST)
    assert codes(answer) == []
    told = [found for found in answer["extensions"]["sources"] if "withheld" in found]
    assert [found["source"] for found in told] == ["bad"]
    assert told[0]["outcome"] == "ANSWERED"
    assert told[0]["withheld"] > 0
    (line,) = logs
    assert line == {
        "event": "records withheld",
        "log_level": "warning",
        "department": "bad",
        "reason": "BAD_VALUE",
        "records": told[0]["withheld"],
    }


@pytest.mark.parametrize("number", [-1, True, 1.0, None, "1"])
async def test_withheld_that_is_no_number_is_malformed(number: Any) -> None:
    answer = await gateway_with(per_batch(lambda batch: replace(batch, withheld=number))).ask(LIST)
    assert sources(answer) == {"bad": "MALFORMED", "good": "ANSWERED"}


async def test_a_malformed_answer_raises_an_alarm_that_names_the_department() -> None:
    def garbage(_: list[Any], __: Sequence[RecordRequest]) -> Any:
        return ["garbage"]

    with capture_logs() as logs:
        answer = await gateway_with(garbage).ask(LIST)
    assert codes(answer) == ["SOURCE_MALFORMED"]
    alarms = [line for line in logs if line["event"] == "department gave a malformed answer"]
    assert [(alarm["department"], alarm["log_level"]) for alarm in alarms] == [("bad", "error")]
