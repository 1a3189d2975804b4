"""Suite about missing values: where they stand in an order, and what conditions say of them."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.conformance.department import Department, Values, ask, read, whole
from gateway.conformance.promises import proves
from gateway.contract import RECORD_ID, Adapter, Batch, OrderKey, RecordRequest, RowBatch
from schema.codes import RecordKind
from schema.model import FieldModel
from schema.predicate import IsNull, Not
from schema.records import MODEL

FIELDS_PER_CALL = 8


class MissingConformance:
    """A missing value comes last in both directions, and is equal to nothing."""

    @proves("NULLS")
    def test_missing_values_come_last_in_both_directions(self, department: Department) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                for fields in _parts(kind):
                    pairs = [(field.name, down) for field in fields for down in (False, True)]
                    requests = [
                        _request(department, kind, name, order=(OrderKey(name, down),))
                        for name, down in pairs
                    ]
                    batches = await ask(adapter, *requests)
                    for (name, _), batch in zip(pairs, batches, strict=True):
                        for rows in _groups(batch):
                            gaps = [row[1] is None for row in rows]
                            assert gaps == sorted(gaps), f"{kind.value} {name}"

        department.run(check)

    @proves("NULLS")
    def test_missing_values_are_found_as_missing_and_by_no_value(
        self, department: Department
    ) -> None:
        async def check(adapter: Adapter) -> None:
            for kind in department.kinds():
                groups = await read(adapter, RecordRequest("a", whole(kind), department.keys))
                rows = [row for group in groups for row in group]
                for fields in _parts(kind):
                    requests = [
                        _request(department, kind, field.name, predicate=predicate)
                        for field in fields
                        for predicate in (IsNull(field.name), Not(IsNull(field.name)))
                    ]
                    batches = await ask(adapter, *requests)
                    for number, batch in enumerate(batches):
                        name, is_missing = fields[number // 2].name, number % 2 == 0
                        found = {str(row[0]) for group in _groups(batch) for row in group}
                        assert found == _ids(rows, name, is_missing), f"{kind.value} {name}"

        department.run(check)


def _parts(kind: RecordKind) -> list[Sequence[FieldModel]]:
    fields = MODEL.kinds[kind].comparable
    return [fields[n : n + FIELDS_PER_CALL] for n in range(0, len(fields), FIELDS_PER_CALL)]


def _request(
    department: Department, kind: RecordKind, name: str, **changes: object
) -> RecordRequest:
    selection = whole(kind, fields=(RECORD_ID, name), **changes)
    return RecordRequest("missing", selection, department.keys)


def _groups(batch: Batch) -> Sequence[Sequence[Sequence[object]]]:
    assert isinstance(batch, RowBatch), "rows were asked for"
    return batch.groups


def _ids(rows: list[Values], name: str, is_missing: bool) -> set[str]:
    return {str(row[RECORD_ID]) for row in rows if (row[name] is None) is is_missing}
