"""Suites about which records and in what order: filters, orders, pages, counts, record effects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.conformance.department import LATEST, Department, Values, ask, read, read_ids, whole
from gateway.conformance.ordering import Position, in_order, is_behind, position_of
from gateway.conformance.promises import proves
from gateway.contract import RECORD_ID, Adapter, After, OrderKey, RecordRequest, RowBatch
from schema.codes import RecordKind
from schema.model import FieldModel, ValueType
from schema.predicate import (
    NUMERIC_TEXT,
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
    matches,
)
from schema.records import MODEL

OBJECTION_MARK = "meta.objectionMark"
FIRST_CODE, LAST_CODE = "0" * 18, "Z" * 18
"""Department codes before and after every real one."""
REQUESTS_PER_CALL = 20
_RANGES = (Operator.LT, Operator.LE, Operator.GT, Operator.GE)
_RANGED = NUMERIC_TEXT | {ValueType.DATE, ValueType.DATETIME, ValueType.INTEGER}
_ELSEWHERE: dict[ValueType, WireScalar] = {
    ValueType.TEXT: "没有这样的内容'\"%_\\",
    ValueType.USCC: "91410199MA9XTRA1XX",
    ValueType.DATE: "1900-02-28",
    ValueType.DATETIME: "1900-02-28T23:59:59Z",
    ValueType.MONEY: "-0.01",
    ValueType.DECIMAL: "-7.125",
    ValueType.INTEGER: -1,
}


async def _every(adapter: Adapter, kind: RecordKind, keys: tuple[str, ...]) -> list[Values]:
    groups = await read(adapter, RecordRequest("all", whole(kind), keys))
    return [row for rows in groups for row in rows]


class FilterConformance:
    """Predicates hold in the source exactly where they hold in Python."""

    @proves("PREDICATES")
    def test_every_condition_on_every_field_selects_what_it_selects_in_python(
        self, department: Department
    ) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                rows = await _every(adapter, kind, department.keys)
                predicates = list(predicates_on(MODEL.kinds[kind].filterable, rows))
                await _select_alike(adapter, department, kind, rows, predicates)

        department.run(check)

    @proves("PREDICATES")
    def test_conditions_join_as_in_python(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                rows = await _every(adapter, kind, department.keys)
                some = list(predicates_on(MODEL.kinds[kind].filterable, rows))
                joined: list[Predicate] = []
                for one, other in zip(some[::7], some[3::7], strict=False):
                    joined += (
                        And((one, other)),
                        Or((one, other)),
                        Not(Or((one, Not(other)))),
                        And((Or(()), one)),
                        Or((And(()), one)),
                    )
                await _select_alike(adapter, department, kind, rows, joined)

        department.run(check)


async def _select_alike(
    adapter: Adapter,
    department: Department,
    kind: RecordKind,
    rows: Sequence[Values],
    predicates: Sequence[Predicate],
) -> None:
    for start in range(0, len(predicates), REQUESTS_PER_CALL):
        part = predicates[start : start + REQUESTS_PER_CALL]
        selections = [whole(kind, predicate=each, fields=(RECORD_ID,)) for each in part]
        requests = [RecordRequest("filter", each, department.keys) for each in selections]
        for predicate, batch in zip(part, await ask(adapter, *requests), strict=True):
            assert isinstance(batch, RowBatch)
            found = {str(row[0]) for group in batch.groups for row in group}
            model = MODEL.kinds[kind]
            wanted = {str(row[RECORD_ID]) for row in rows if matches(predicate, row, model)}
            assert found == wanted, f"{kind.value}: {predicate}"


def predicates_on(fields: Sequence[FieldModel], rows: Sequence[Values]) -> Iterator[Predicate]:
    """Conditions on each field, with values that occur and one that does not."""
    for field in fields:
        name = field.name
        yield IsNull(name)
        yield Not(IsNull(name))
        yield OneOf(name, ()) if not field.is_list else Not(IsNull(name))
        values = _samples(field, rows)
        for value in values:
            if field.is_list:
                yield Includes(name, value)
                yield Not(Includes(name, value))
                continue
            yield Comparison(name, Operator.EQ, value)
            yield Not(Comparison(name, Operator.EQ, value))
            if field.value_type in _RANGED:
                yield from (Comparison(name, operator, value) for operator in _RANGES)
            if field.value_type is ValueType.TEXT:
                yield from (StartsWith(name, str(value)[:2]), StartsWith(name, str(value)))
        if not field.is_list and values:
            yield OneOf(name, tuple(values))


def _samples(field: FieldModel, rows: Sequence[Values]) -> list[WireScalar]:
    """Some values that occur, and one that does not."""
    if field.value_type is ValueType.BOOLEAN:
        return [False, True]
    if field.value_type is ValueType.ENUM:
        return list(field.enum_values[:4])
    found = sorted({value for row in rows if isinstance(value := row[field.name], str | int)})
    return [*found[:1], *found[len(found) // 2 :][:1], *found[-1:], _ELSEWHERE[field.value_type]]


class OrderConformance:
    """Orders and pages agree with Python, also between departments."""

    @proves("ORDER")
    def test_every_field_orders_both_ways_as_in_python(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                rows = await _every(adapter, kind, department.keys)
                for field in MODEL.kinds[kind].comparable:
                    for descending in (False, True):
                        order = (OrderKey(field.name, descending),)
                        await _orders_alike(adapter, department, kind, order, rows)

        department.run(check)

    @proves("ORDER")
    def test_several_keys_order_one_after_the_other(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                rows = await _every(adapter, kind, department.keys)
                fields = MODEL.kinds[kind].comparable
                for one, other in zip(fields[::3], fields[1::3], strict=False):
                    order = (OrderKey(one.name, True), OrderKey(other.name, False), *LATEST)
                    await _orders_alike(adapter, department, kind, order, rows)

        department.run(check)

    @proves("PAGING")
    def test_pages_one_after_the_other_are_the_whole_list(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                for order in _page_orders(kind):
                    for key in department.keys[:3]:
                        await _pages_are_whole(adapter, kind, order, key)

        department.run(check)

    @proves("PAGING")
    def test_pages_go_on_behind_a_record_of_another_department(
        self, department: Department
    ) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                for order in _page_orders(kind):
                    for key in department.keys[:3]:
                        await _goes_on_behind_others(adapter, kind, order, key)

        department.run(check)

    @proves("LIMITS")
    def test_first_and_lookahead_limit_the_rows(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                whole_list = await read_ids(
                    adapter, RecordRequest("all", whole(kind), department.keys)
                )
                for first, lookahead in ((0, False), (0, True), (1, False), (2, True)):
                    selection = whole(kind, first=first, lookahead=lookahead)
                    found = await read_ids(
                        adapter, RecordRequest("page", selection, department.keys)
                    )
                    assert found == [ids[: first + lookahead] for ids in whole_list]

        department.run(check)


def _page_orders(kind: RecordKind) -> list[tuple[OrderKey, ...]]:
    names = [field.name for field in MODEL.kinds[kind].comparable]
    orders = [(OrderKey(name, number % 2 == 1),) for number, name in enumerate(names)]
    return [LATEST, *orders[::4]]


def _positions(
    rows: Sequence[Values], order: Sequence[OrderKey], department: str
) -> list[Position]:
    return [position_of(row, str(row[RECORD_ID]), department, order) for row in rows]


async def _orders_alike(
    adapter: Adapter,
    department: Department,
    kind: RecordKind,
    order: tuple[OrderKey, ...],
    rows: Sequence[Values],
) -> None:
    groups = await read(adapter, RecordRequest("o", whole(kind, order=order), department.keys))
    code = adapter.manifest.department_code
    for found in groups:
        positions = _positions(found, order, code)
        assert positions == in_order(positions, order, MODEL.kinds[kind]), f"{kind}: {order}"
    assert sum(map(len, groups)) == len(rows)


async def _pages_are_whole(
    adapter: Adapter, kind: RecordKind, order: tuple[OrderKey, ...], key: str
) -> None:
    (rows,) = await read(adapter, RecordRequest("all", whole(kind, order=order), (key,)))
    rows = rows[:20]
    code = adapter.manifest.department_code
    for number, position in enumerate(_positions(rows, order, code)):
        selection = whole(kind, order=order, first=2)
        request = RecordRequest("page", selection, (key,), _after(position))
        (page,) = await read(adapter, request)
        assert page[: len(rows) - number - 1] == rows[number + 1 : number + 3], f"{kind}: {order}"


async def _goes_on_behind_others(
    adapter: Adapter, kind: RecordKind, order: tuple[OrderKey, ...], key: str
) -> None:
    (rows,) = await read(adapter, RecordRequest("all", whole(kind, order=order), (key,)))
    own = adapter.manifest.department_code
    model = MODEL.kinds[kind]
    for position in _positions(rows[:5], order, own):
        for code in (FIRST_CODE, LAST_CODE):
            after = _after(position._replace(department=code, record_id="x"))
            request = RecordRequest("behind", whole(kind, order=order), (key,), after)
            (found,) = await read(adapter, request)
            wanted = [
                row
                for row in rows
                if is_behind(_positions([row], order, own)[0], after, order, model)
            ]
            assert found == wanted, f"{kind}: {order} {code}"


def _after(position: Position) -> After:
    return After(position.values, position.department, position.record_id)  # type: ignore[arg-type]


class CountConformance:
    """Totals count what the predicate selects, whatever the page."""

    @proves("TOTALS")
    def test_totals_are_the_numbers_of_records_without_paging(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            keys = (*department.keys, department.unknown_key)
            for kind in department.kinds():
                rows = await read(adapter, RecordRequest("all", whole(kind), keys))
                selection = whole(kind, first=1, count=True)
                (batch,) = await ask(adapter, RecordRequest("count", selection, keys))
                assert isinstance(batch, RowBatch)
                assert batch.totals is not None
                assert list(batch.totals) == [len(group) for group in rows]

        department.run(check)

    @proves("TOTALS")
    def test_totals_heed_the_predicate_and_not_the_page(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                (rows,) = await read(adapter, RecordRequest("a", whole(kind), department.keys[:1]))
                if not rows:
                    continue
                code = adapter.manifest.department_code
                position = _positions(rows, LATEST, code)[-1]
                hidden = Not(OneOf(RECORD_ID, (position.record_id,)))
                selection = whole(kind, first=0, count=True, predicate=hidden)
                request = RecordRequest("c", selection, department.keys[:1], _after(position))
                (batch,) = await ask(adapter, request)
                assert isinstance(batch, RowBatch)
                assert batch.totals is not None
                assert list(batch.totals) == [len(rows) - 1]

        department.run(check)


class EffectConformance:
    """Record effects: marked records read as under objection, hidden ones are not there."""

    @proves("EFFECTS")
    def test_marked_records_read_filter_and_order_as_under_objection(
        self, department: Department
    ) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                rows = await _every(adapter, kind, department.keys)
                marked = tuple(str(row[RECORD_ID]) for row in rows[::3])
                wanted = {
                    str(row[RECORD_ID])
                    for row in rows
                    if row[OBJECTION_MARK] is True or row[RECORD_ID] in marked
                }
                under = Comparison(OBJECTION_MARK, Operator.EQ, True)
                order = (OrderKey(OBJECTION_MARK, descending=True),)
                for changes in ({}, {"predicate": under}, {"order": order}):
                    selection = whole(kind, marked=marked, **changes)
                    groups = await read(adapter, RecordRequest("m", selection, department.keys))
                    found = [row for group in groups for row in group]
                    shown = {str(r[RECORD_ID]) for r in found if r[OBJECTION_MARK] is True}
                    assert shown == wanted
                    for group in groups if "order" in changes else ():
                        marks = [row[OBJECTION_MARK] is True for row in group]
                        assert marks == sorted(marks, reverse=True)

        department.run(check)

    @proves("EFFECTS")
    def test_hidden_records_are_not_there(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                rows = await _every(adapter, kind, department.keys)
                ids = [str(row[RECORD_ID]) for row in rows]
                hidden = tuple(ids[::2])
                selection = whole(kind, predicate=Not(OneOf(RECORD_ID, hidden)))
                groups = await read_ids(adapter, RecordRequest("h", selection, department.keys))
                assert sorted(i for group in groups for i in group) == sorted(ids[1::2])

        department.run(check)
