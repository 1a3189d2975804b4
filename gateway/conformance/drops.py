"""A source of file drops under the kit's control: its folder, and the indexes that are open.

Queries are counted where DuckDB is asked, and a source that hangs is a query whose thread hangs,
as on a disk that does not answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from gateway.sources.files import FilesAdapter
from gateway.sources.files.engine import open_index
from schema.codes import RecordKind

Sizes = Mapping[str, tuple[int, int]]


class DropControl:
    """Stands between adapters and their indexes.

    Args:
        exchange: the department's folder, in which nobody but the department writes.
        renew: drops the same records anew, and has them taken up.
        add: adds records and has them taken up; False if it cannot.
    """

    def __init__(
        self, exchange: Path, renew: Callable[[], None], add: Callable[[RecordKind, int], bool]
    ) -> None:
        self._exchange, self._renew, self._add = exchange, renew, add
        self._flowing = threading.Event()
        self._flowing.set()
        self._lock = threading.Lock()
        self._asked: list[str] = []
        self._open = 0
        self._known = _sizes(exchange)

    def watched(self, adapter: FilesAdapter) -> FilesAdapter:
        """The same adapter, with this in between."""
        recipe = adapter.recipe
        return FilesAdapter(
            recipe.manifest, recipe.mappings, recipe.source, recipe.required, self._opened
        )

    def round_trips(self) -> int:
        return len(self._asked)

    def statements(self) -> Sequence[str]:
        """What indexes were asked, and what has changed in the department's folder."""
        now = _sizes(self._exchange)
        names = sorted(now.keys() | self._known.keys())
        changed = [f"ALTER {name}" for name in names if now.get(name) != self._known.get(name)]
        return (*self._asked, *changed)

    def connections(self) -> int:
        return self._open

    def restart(self) -> None:
        self._renew()
        self._known = _sizes(self._exchange)

    @contextmanager
    def stalled(self) -> Iterator[None]:
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    def add_records(self, kind: RecordKind, count: int) -> bool:
        has_added = self._add(kind, count)
        self._known = _sizes(self._exchange)
        return has_added

    def note(self, statement: str) -> None:
        """A question to an index; held up while the source hangs."""
        with self._lock:
            self._asked.append(statement)
        self._flowing.wait()

    def count_open(self, change: int) -> None:
        with self._lock:
            self._open += change

    def _opened(self, path: Path, threads: int, memory_mb: int) -> duckdb.DuckDBPyConnection:
        made = open_index(path, threads, memory_mb)
        watched: Any = _Watched(made, self)
        return watched  # type: ignore[no-any-return]


class _Watched:
    """A connection to an index that tells of every question."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, control: DropControl) -> None:
        self._connection, self._control = connection, control
        control.count_open(1)

    def cursor(self) -> _Watched:
        return _Watched(self._connection.cursor(), self._control)

    def execute(self, statement: str, *values: Any) -> duckdb.DuckDBPyConnection:
        self._control.note(statement)
        return self._connection.execute(statement, *values)

    def interrupt(self) -> None:
        self._connection.interrupt()

    def close(self) -> None:
        self._connection.close()
        self._control.count_open(-1)


def _sizes(folder: Path) -> Sizes:
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            stat = path.stat()
            found[str(path.relative_to(folder))] = (stat.st_size, stat.st_mtime_ns)
    return found
