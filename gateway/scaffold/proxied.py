"""A source of ours behind a proxy, under the kit's control."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from gateway.conformance.proxy import SourceProxy
from gateway.scaffold.invented import InventedTable, invent, invented_subjects
from gateway.sources.declared import DeclaredDepartment
from schema.codes import RecordKind

_ADDED_ON = dt.date(2026, 1, 1)
_DAYS = 3_000


@dataclasses.dataclass(frozen=True)
class ProxiedControl:
    """
    Attributes:
        put: adds rows to the source.
    """

    proxy: SourceProxy
    declared: DeclaredDepartment
    put: Callable[[InventedTable], None]

    def round_trips(self) -> int:
        return self.proxy.round_trips()

    def statements(self) -> Sequence[str]:
        return self.proxy.statements()

    def connections(self) -> int:
        return self.proxy.connections()

    def restart(self) -> None:
        self.proxy.restart()

    def stalled(self) -> AbstractContextManager[None]:
        return self.proxy.stalled()

    def add_records(self, kind: RecordKind, count: int) -> bool:
        """Add records about the first subject, decided from long ago to the last days."""
        self.put(added_records(self.declared, kind, count, self.proxy.round_trips()))
        return True


def added_records(
    declared: DeclaredDepartment, kind: RecordKind, count: int, number: int
) -> InventedTable:
    """Rows about the first subject; another number gives other ids, and another day."""
    mapping = next(each.mapping for each in declared.sheets if each.mapping.kind is kind)
    day = _ADDED_ON - dt.timedelta(days=number % _DAYS)
    code = declared.manifest.department_code
    made = invent(mapping, code, day, number, 1_000 * (number + 1))
    subject = invented_subjects()[0]
    rows = [{**row, mapping.organisation: subject} for row in made.rows[:count]]
    return dataclasses.replace(made, rows=rows)
