"""Counts and sums over departments: small groups are held back so that none can be found out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.answering.statistics import SMALLEST_GROUP, write_statistics
from gateway.authorization.types import Provider, StatisticsStream
from gateway.contract import StatisticsBatch, StatisticsGroup, StatisticsRequest
from gateway.fetching.types import SourceOutcome
from gateway.operation.types import OperationRequest
from gateway.planning.types import StatisticsRoot
from schema.codes import RecordKind
from schema.predicate import ALWAYS
from tests.support.awkward_department import manifest_for
from tests.support.small_gateway import SmallGateway

KIND = RecordKind.ADMINISTRATIVE_PENALTY
DOCUMENT = """{ recordStatistics(kind: ADMINISTRATIVE_PENALTY,
    groupBy: {administrativePenalty: [LEGAL_STATUS]},
    sum: {administrativePenalty: [FINE_AMOUNT]})
    { __typename suppressedGroups groups {
        n: count values { field value } sums { value __typename } } } }"""


def root() -> StatisticsRoot:
    gateway = SmallGateway({})
    operation = gateway.operations.load(OperationRequest(DOCUMENT, None, {}), "test")
    (found,) = gateway.plans.plan(operation, {}).plan.roots.values()
    assert isinstance(found, StatisticsRoot)
    return found


ROOT = root()
REQUEST = StatisticsRequest("x", KIND, ALWAYS, ("legalStatus",), ("fineAmount",), 9)
STREAM = StatisticsStream(Provider(manifest_for(), manifest_for().entries[0]), REQUEST)
Counted = dict[str | None, tuple[int, str | None]]


def written(*departments: Counted | SourceOutcome) -> Any:
    answers: list[tuple[StatisticsStream, StatisticsBatch | SourceOutcome]] = []
    for counted in departments:
        if isinstance(counted, SourceOutcome):
            answers.append((STREAM, counted))
            continue
        groups = [StatisticsGroup((v,), n, (s,)) for v, (n, s) in counted.items()]
        answers.append((STREAM, StatisticsBatch(groups, is_complete=True)))
    return write_statistics(ROOT, answers)


def shown(answer: Any) -> list[tuple[str | None, int]]:
    return [(group["values"][0]["value"], group["n"]) for group in answer["groups"]]


def test_groups_of_departments_add_up() -> None:
    answer = written(
        {"CHANGED": (3, "1.50"), "EFFECTIVE": (6, None)},
        {"CHANGED": (4, "0.50"), "EFFECTIVE": (7, None)},
    )
    assert shown(answer) == [("CHANGED", 7), ("EFFECTIVE", 13)]
    sums = [group["sums"] for group in answer["groups"]]
    assert sums == [
        [{"value": "2.00", "__typename": "StatisticsValue"}],
        [{"value": None, "__typename": "StatisticsValue"}],
    ]
    assert answer["__typename"] == "RecordStatistics"


def test_missing_value_comes_last() -> None:
    answer = written({None: (9, None), "REVOKED": (9, None), "CHANGED": (9, None)})
    assert [value for value, _ in shown(answer)] == ["CHANGED", "REVOKED", None]


def test_small_groups_that_have_few_records_together_take_the_next_smallest_with_them() -> None:
    """A total less what is shown would tell of the two records in them."""
    answer = written({"A": (1, None), "B": (90, None), "C": (50, None), "D": (1, None)})
    assert (shown(answer), answer["suppressedGroups"]) == ([("B", 90)], 3)


def test_small_groups_that_hide_each_other_take_nothing_with_them() -> None:
    answer = written({"A": (3, None), "B": (90, None), "C": (50, None), "D": (2, None)})
    assert (shown(answer), answer["suppressedGroups"]) == ([("B", 90), ("C", 50)], 2)


def test_one_small_group_takes_the_next_smallest_with_it() -> None:
    answer = written({"A": (4, None), "B": (90, None), "C": (50, None)})
    assert shown(answer) == [("B", 90)]
    assert answer["suppressedGroups"] == 2


def test_two_small_groups_stay_away_by_themselves() -> None:
    answer = written({"A": (4, None), "B": (90, None), "C": (1, None)})
    assert shown(answer) == [("B", 90)]
    assert answer["suppressedGroups"] == 2


def test_groups_small_in_each_department_and_large_together_are_shown() -> None:
    answer = written({"A": (3, None)}, {"A": (3, None)})
    assert (shown(answer), answer["suppressedGroups"]) == ([("A", 6)], 0)


def test_failed_department_leaves_the_others_and_all_failed_leave_nothing() -> None:
    assert shown(written({"A": (9, None)}, SourceOutcome.DOWN)) == [("A", 9)]
    assert written(SourceOutcome.DOWN) is None
    assert written() is None


def test_too_many_groups_are_no_answer() -> None:
    batch = StatisticsBatch([StatisticsGroup(("A",), 9, (None,))], is_complete=False)
    assert write_statistics(ROOT, [(STREAM, batch)]) is None


HIDING = replace(STREAM, request=replace(REQUEST, subjects=True))
OTHER = replace(HIDING, provider=Provider(manifest_for("other"), manifest_for().entries[0]))


def hiding(*departments: tuple[StatisticsStream, dict[str, tuple[int, int]]]) -> Any:
    """Groups by value, of so many records and subjects, where something may not be read."""
    batches = [
        (stream, StatisticsBatch([StatisticsGroup((v,), n, (None,), s) for v, (n, s) in of], True))
        for stream, groups in departments
        for of in [groups.items()]
    ]
    return write_statistics(ROOT, batches)


def test_records_of_few_subjects_are_a_small_group_where_something_may_not_be_read() -> None:
    answer = hiding((HIDING, {"A": (60, 4), "B": (9, 5), "C": (70, 50)}))
    assert (shown(answer), answer["suppressedGroups"]) == ([("C", 70)], 2)


def test_small_groups_take_the_next_with_them_because_their_subjects_may_be_the_same() -> None:
    answer = hiding((HIDING, {"A": (9, 4), "B": (9, 4), "C": (9, 9), "D": (99, 50)}))
    assert (shown(answer), answer["suppressedGroups"]) == ([("D", 99)], 3)


def test_subjects_of_two_departments_may_be_the_same_and_those_of_two_kinds_are_not() -> None:
    assert shown(hiding((HIDING, {"A": (9, 4)}), (OTHER, {"A": (9, 4)}))) == []
    assert shown(hiding((HIDING, {"A": (9, 4)}), (HIDING, {"A": (1, 1)}))) == [("A", 10)]


COUNTS = st.dictionaries(
    st.sampled_from((None, "CHANGED", "EFFECTIVE", "REVOKED", "UNDER_REVIEW")),
    st.tuples(st.integers(1, 12), st.sampled_from((None, "0.00", "1.50", "-2.00"))),
)


@given(st.lists(COUNTS, min_size=1, max_size=3))
def test_no_small_group_is_shown_nor_can_be_subtracted(departments: list[Counted]) -> None:
    answer = written(*departments)
    totals = added(departments)
    for value, count in shown(answer):
        assert count == totals[value][0] >= SMALLEST_GROUP
    hidden = set(totals) - {value for value, _ in shown(answer)}
    assert len(hidden) == answer["suppressedGroups"]
    assert len(hidden) != 1 or len(totals) == 1
    for group in answer["groups"]:
        text = group["sums"][0]["value"]
        total = totals[group["values"][0]["value"]][1]
        assert (None if text is None else Decimal(text)) == total


def added(departments: Sequence[Counted]) -> dict[str | None, tuple[int, Decimal | None]]:
    totals: dict[str | None, tuple[int, Decimal | None]] = {}
    for department in departments:
        for value, (count, text) in department.items():
            number, total = totals.get(value, (0, None))
            if text is not None:
                total = (total or Decimal(0)) + Decimal(text)
            totals[value] = (number + count, total)
    return totals
