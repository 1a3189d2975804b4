"""Random conditions on the odd table's fields, with values that occur and values that do not."""

from __future__ import annotations

from hypothesis import strategies as st

from schema.codes import RecordKind
from schema.model import FieldModel, ValueType
from schema.predicate import (
    And,
    Comparison,
    Includes,
    IsNull,
    Not,
    OneOf,
    Operator,
    Or,
    Predicate,
    StartsWith,
    WireScalar,
)
from schema.records import MODEL

_RANGES = (Operator.LT, Operator.LE, Operator.GT, Operator.GE)
_RANGED = {
    ValueType.DATE,
    ValueType.DATETIME,
    ValueType.MONEY,
    ValueType.DECIMAL,
    ValueType.INTEGER,
}
_TEXTS = st.text("甲乙aAb \\%_'\"é😀Ａ\n\x00", max_size=3)
_VALUES: dict[ValueType, st.SearchStrategy[WireScalar]] = {
    ValueType.TEXT: st.one_of(_TEXTS, st.sampled_from(("样例'局\\", "甲", "乙"))),
    ValueType.DATE: st.sampled_from(("1999-12-31", "2000-01-01", "2000-01-02", "0001-01-01")),
    ValueType.DATETIME: st.sampled_from(
        ("2000-01-01T00:00:01Z", "1999-12-31T16:00:01Z", "0001-01-01T00:00:00Z")
    ),
    ValueType.MONEY: st.sampled_from(("0.00", "-0.01", "0.01", "1.50", "10.00", "9.99")),
    ValueType.DECIMAL: st.sampled_from(("0", "-0.004", "0.005", "1.50", "10", "123456789012.345")),
    ValueType.INTEGER: st.integers(-2, 3),
    ValueType.BOOLEAN: st.booleans(),
}


def _values(field: FieldModel) -> st.SearchStrategy[WireScalar]:
    if field.value_type is ValueType.ENUM:
        return st.sampled_from(field.enum_values)
    return _VALUES[field.value_type]


def _test(field: FieldModel) -> st.SearchStrategy[Predicate]:
    name, values = field.name, _values(field)
    if field.is_list:
        return st.one_of(st.just(IsNull(name)), values.map(lambda v: Includes(name, v)))
    tests: list[st.SearchStrategy[Predicate]] = [
        st.just(IsNull(name)),
        values.map(lambda v: Comparison(name, Operator.EQ, v)),
        st.lists(values, max_size=3).map(lambda v: OneOf(name, tuple(v))),
    ]
    if field.value_type in _RANGED:
        tests.append(st.builds(Comparison, st.just(name), st.sampled_from(_RANGES), values))
    if field.value_type is ValueType.TEXT:
        tests.append(_TEXTS.map(lambda prefix: StartsWith(name, prefix)))
    return st.one_of(tests)


def predicates(kind: RecordKind, supplied: frozenset[str]) -> st.SearchStrategy[Predicate]:
    """Conditions on fields that are supplied, and on one that is not."""
    fields = [f for f in MODEL.kinds[kind].fields if f.name in supplied and f.nested_list is None]
    fields += [f for f in MODEL.kinds[kind].filterable if f.name not in supplied][:1]
    tests = st.one_of([_test(field) for field in fields])
    return st.recursive(
        tests,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, max_size=3).map(lambda parts: And(tuple(parts))),
            st.lists(inner, max_size=3).map(lambda parts: Or(tuple(parts))),
        ),
        max_leaves=5,
    )
