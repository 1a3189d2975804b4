"""Suites of cases that are drawn: the seed is the department's, so a case can be drawn again."""

from __future__ import annotations

from random import Random

from gateway.conformance.department import (
    Department,
    Values,
    ask,
    read,
    read_ids,
    source_fields,
    whole,
)
from gateway.conformance.ordering import in_order, is_behind, position_of
from gateway.conformance.promises import proves
from gateway.conformance.selecting import predicates_on
from gateway.contract import RECORD_ID, Adapter, After, OrderKey, RecordRequest, RowBatch
from schema.codes import RecordKind
from schema.predicate import And, Not, Or, Predicate, matches
from schema.records import MODEL

CASES = 12
_DEPTH = 3


class DrawnConformance:
    """Filter, order, page, fields and keys at once, as queries have them."""

    @proves("PREDICATES")
    def test_drawn_predicates_select_what_they_select_in_python(
        self, department: Department
    ) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                random = Random(f"{department.seed} predicates {kind.value}")  # noqa: S311
                rows = await _rows(adapter, kind, department.keys)
                some = list(predicates_on(MODEL.kinds[kind].filterable, rows))
                for case in range(CASES):
                    predicate = _joined(random, some, _DEPTH)
                    selection = whole(kind, predicate=predicate, fields=(RECORD_ID,))
                    groups = await read_ids(
                        adapter, RecordRequest("drawn", selection, department.keys)
                    )
                    found = {record_id for group in groups for record_id in group}
                    model = MODEL.kinds[kind]
                    wanted = {str(r[RECORD_ID]) for r in rows if matches(predicate, r, model)}
                    assert found == wanted, f"{kind.value}: drawn predicate {case}"

        department.run(check)

    @proves("PAGING")
    def test_drawn_pages_are_what_python_would_show(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                random = Random(f"{department.seed} pages {kind.value}")  # noqa: S311
                for case in range(CASES):
                    await _page(adapter, department, kind, random, case)

        department.run(check)

    @proves("FIELDS")
    def test_drawn_fields_and_keys_are_answered_as_drawn(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                random = Random(f"{department.seed} fields {kind.value}")  # noqa: S311
                names = [field.name for field in source_fields(kind)]
                for case in range(CASES):
                    fields = tuple(random.sample(names, random.randint(1, len(names))))
                    keys = tuple(random.sample(department.keys, random.randint(1, 3)))
                    selection = whole(kind, fields=fields)
                    (batch,) = await ask(adapter, RecordRequest("drawn", selection, keys))
                    assert isinstance(batch, RowBatch)
                    widths = {len(row) for group in batch.groups for row in group}
                    assert widths <= {len(fields)}, f"{kind.value}: drawn fields {case}"

        department.run(check)


async def _rows(adapter: Adapter, kind: RecordKind, keys: tuple[str, ...]) -> list[Values]:
    groups = await read(adapter, RecordRequest("all", whole(kind), keys))
    return [row for group in groups for row in group]


def _joined(random: Random, some: list[Predicate], depth: int) -> Predicate:
    if depth == 0 or random.random() < 0.3:
        return random.choice(some)
    parts = tuple(_joined(random, some, depth - 1) for _ in range(random.randint(2, 3)))
    match random.randrange(3):
        case 0:
            return And(parts)
        case 1:
            return Or(parts)
        case _:
            return Not(parts[0])


async def _page(
    adapter: Adapter, department: Department, kind: RecordKind, random: Random, case: int
) -> None:
    model, code = MODEL.kinds[kind], adapter.manifest.department_code
    names = [field.name for field in model.comparable]
    drawn = random.sample(names, random.randint(1, min(3, len(names))))
    order = tuple(OrderKey(name, random.random() < 0.5) for name in drawn)
    key = random.choice(department.keys)
    (rows,) = await read(adapter, RecordRequest("all", whole(kind, order=order), (key,)))
    if not rows:
        return
    positions = [position_of(row, str(row[RECORD_ID]), code, order) for row in rows]
    last = random.choice(positions)
    after = After(last.values, last.department, last.record_id)  # type: ignore[arg-type]
    first = random.randint(1, 5)
    selection = whole(kind, order=order, first=first)
    (found,) = await read_ids(adapter, RecordRequest("page", selection, (key,), after))
    behind = [
        each for each in in_order(positions, order, model) if is_behind(each, after, order, model)
    ]
    wanted = [each.record_id for each in behind[:first]]
    assert found == wanted, f"{kind.value}: drawn page {case}"
