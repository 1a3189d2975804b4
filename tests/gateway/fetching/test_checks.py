"""The proof by a summary never holds where a record breaks the rule."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.authorization.streams import is_summarised
from gateway.contract import FieldSummary
from gateway.rowcode import summary_rule
from schema.codes import RecordKind
from schema.predicate import (
    ALWAYS,
    NEVER,
    And,
    Comparison,
    IsNull,
    Not,
    OneOf,
    Operator,
    Or,
    Predicate,
    WireScalar,
    WireValue,
    matches,
)
from schema.records import MODEL

KIND = MODEL.kinds[RecordKind.ADMINISTRATIVE_PENALTY]
VALUES: dict[str, tuple[WireScalar, ...]] = {
    "meta.decidedOn": ("2025-12-31", "2026-01-01", "2026-01-02"),
    "publishUntil": ("2025-12-31", "2026-01-01", "2026-01-02"),
    "fineAmount": ("9.00", "10.00", "-1.00"),
    "meta.version": (1, 2, 3),
    "performed": (False, True),
    "legalStatus": ("EFFECTIVE", "CHANGED", "REVOKED"),
}
NAMES = st.sampled_from(tuple(VALUES))


def of_field(name: str) -> st.SearchStrategy[Predicate]:
    values = st.sampled_from(VALUES[name])
    # Rules and filters know no order of an enum's members.
    operators = [Operator.EQ] if name == "legalStatus" else list(Operator)
    comparison = st.builds(Comparison, st.just(name), st.sampled_from(operators), values)
    one_of = st.lists(values, max_size=2).map(lambda found: OneOf(name, tuple(found)))
    return st.one_of(comparison, one_of, st.just(IsNull(name)))


TESTS = NAMES.flatmap(of_field)
RULES = st.recursive(
    st.one_of(TESTS, st.just(ALWAYS), st.just(NEVER)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=2).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=4,
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {name: st.one_of(st.none(), st.sampled_from(values)) for name, values in VALUES.items()}
    ),
    min_size=1,
    max_size=4,
)


def summary_of(rows: list[dict[str, WireValue]]) -> dict[str, FieldSummary]:
    made = {}
    for name in VALUES:
        present = [row[name] for row in rows if row[name] is not None]
        missing = len(rows) - len(present)
        if name == "legalStatus":
            made[name] = FieldSummary(None, None, frozenset(map(str, present)), missing)
            continue
        ordered = sorted(present, key=lambda v: Decimal(str(v)) if name == "fineAmount" else v)  # type: ignore[arg-type, return-value]
        least, greatest = (ordered[0], ordered[-1]) if ordered else (None, None)
        made[name] = FieldSummary(least, greatest, None, missing)  # type: ignore[arg-type]
    return made


@given(RULES, ROWS)
def test_proof_never_holds_where_a_record_breaks_the_rule(
    rule: Predicate, rows: list[dict[str, WireValue]]
) -> None:
    if summary_rule(rule, KIND)(summary_of(rows)):
        assert all(matches(rule, row, KIND) for row in rows)


SUMMARISED = st.recursive(
    TESTS.filter(lambda rule: is_summarised(rule, KIND)),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: And(tuple(parts))),
    max_leaves=4,
)


@given(SUMMARISED, ROWS)
def test_proof_holds_wherever_all_records_keep_a_rule_that_can_be_summarised(
    rule: Predicate, rows: list[dict[str, WireValue]]
) -> None:
    if all(matches(rule, row, KIND) for row in rows):
        assert summary_rule(rule, KIND)(summary_of(rows))


@pytest.mark.parametrize(
    ("rule", "rows"),
    [
        (
            Or((IsNull("publishUntil"), Comparison("meta.decidedOn", Operator.LE, "2026-01-01"))),
            [{"publishUntil": "2026-01-02", "meta.decidedOn": None}],
        ),
        (
            Comparison("meta.version", Operator.EQ, 1),
            [{"meta.version": 1}, {"meta.version": 2}],
        ),
        (Comparison("legalStatus", Operator.EQ, "CHANGED"), [{"legalStatus": "EFFECTIVE"}]),
    ],
)
def test_rules_that_bounds_cannot_prove_are_not_proven(
    rule: Predicate, rows: list[dict[str, WireValue]]
) -> None:
    whole = [{**dict.fromkeys(VALUES), **row} for row in rows]
    assert not summary_rule(rule, KIND)(summary_of(whole))
