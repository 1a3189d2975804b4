"""File drops for authors: a fixture that is a whole drop, a trial index, refused rows."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import duckdb

from gateway.contract import AdapterSettings
from gateway.scaffold.complaints import Complaint
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.invented import InventedTable, Native
from gateway.sources.declared import DeclaredDepartment, KindSheet
from gateway.sources.files import FilesAdapter
from gateway.sources.files.drop import Drop, read_drop
from gateway.sources.files.errors import UnusableInputError
from gateway.sources.files.exchange import take_up
from gateway.sources.files.raw import load_table, tables_of
from gateway.sources.files.returned import returned_file
from gateway.sources.files.settings import files_source
from gateway.sources.files.staging import stage
from gateway.sources.files.state import read_state
from gateway.sources.mapping import DateColumn, KindMapping

DROP = "sample-drop"
_SHOWN = 200


def fixture_files(tables: Sequence[InventedTable]) -> Mapping[str, str]:
    """The fixture as a drop: a CSV file in UTF-8 for each table, and the manifest."""
    made: dict[str, str] = {}
    lines = ["manifest_version = 1", f"as_of = {_newest(tables)}"]
    for table in tables:
        text, name = _csv(table), f"{table.mapping.table}.csv"
        made[f"{DROP}/{name}"] = text
        lines += [
            "",
            "[[files]]",
            f"name = {json.dumps(name, ensure_ascii=False)}",
            f"table = {json.dumps(table.mapping.table, ensure_ascii=False)}",
            f"rows = {len(table.rows)}",
            f'sha256 = "{sha256(text.encode()).hexdigest()}"',
        ]
    return {**made, f"{DROP}/manifest.toml": "\n".join(lines) + "\n"}


def _newest(tables: Sequence[InventedTable]) -> str:
    """The day of the newest decision, so that no row lies ahead of the drop."""
    days = ["2026-01-01"]
    for table in tables:
        decided = table.mapping.columns["meta.decidedOn"]
        if isinstance(decided, DateColumn):
            days += [str(row[decided.column]) for row in table.rows if row[decided.column]]
    return max(days)


def _csv(table: InventedTable) -> str:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(table.types)
    for row in table.rows:
        writer.writerow([cell(row[column]) for column in table.types])
    return target.getvalue()


def cell(value: Native) -> str:
    """A value as the files kit reads it."""
    if value is None:
        return ""
    if isinstance(value, list):
        is_plain = all(isinstance(item, str) for item in value)
        return ";".join(map(str, value)) if is_plain else json.dumps(value, ensure_ascii=False)
    return str(value)


@contextmanager
def ready(declared: DeclaredDepartment, settings: AdapterSettings) -> Iterator[AdapterSettings]:
    """Take the newest drop up into an index of our own, which goes away with the block.

    Raises:
        ScaffoldError: there is no drop, or it is refused as a whole.
    """
    with tempfile.TemporaryDirectory(prefix="credit-gateway-index-") as name:
        folders = {"index": f"{name}/index", "returned": f"{name}/returned"}
        own = AdapterSettings({**settings.values, **folders})
        try:
            adapter = declared.adapter(own)
        except ValueError as error:
            raise ScaffoldError(str(error)) from error
        assert isinstance(adapter, FilesAdapter)
        state = take_up(adapter.recipe)
        if state.indexed is None:
            reason = state.refused[0].reason if state.refused else "it holds no drop"
            raise ScaffoldError(f"nothing can be read from the exchange folder: {reason}")
        yield own


def complaints(
    declared: DeclaredDepartment, settings: AdapterSettings, sheet: KindSheet, subject: str
) -> Sequence[Complaint]:
    """Refused rows of a subject, and those whose subject nobody can tell.

    Raises:
        ScaffoldError: the drop has gone meanwhile.
    """
    source, mapping = files_source("adapters", settings.values), sheet.mapping
    indexed = read_state(source.index).indexed
    if indexed is None:
        return ()
    try:
        drop = read_drop(source.exchange / indexed.drop)
        lines = _lines_of(drop, mapping, subject)
        with returned_file(source.returned, drop.name).open(encoding="utf-8-sig") as file:
            refused = list(csv.reader(file))[1:]
    except (UnusableInputError, OSError) as error:
        raise ScaffoldError(f"the drop cannot be read: {error}") from error
    found = [
        Complaint(f"{name}:{line}", rule, item, text, is_rejected=True)
        for rule, text, name, line, item, kind in refused
        if kind in ("", mapping.kind.value) and (name.lstrip("'"), int(line)) in lines
    ]
    return found[:_SHOWN]


def _lines_of(drop: Drop, mapping: KindMapping, subject: str) -> set[tuple[str, int]]:
    """File and line of the rows that name the subject, or name none that a subject can have."""
    with tempfile.TemporaryDirectory(prefix="credit-gateway-rows-") as name:
        staged = Path(name)
        stage(drop, staged, sum((drop.folder / file.name).stat().st_size for file in drop.files))
        with duckdb.connect() as connection:
            files = tables_of(drop.files)[mapping.table]
            columns = (mapping.organisation,)
            raw = load_table(connection, "raw", files, columns, staged, 4 * 1024**3)
            rows = connection.execute(
                f"SELECT file, line, upper(trim(c0)) FROM {raw.name} "  # noqa: S608 - our own name
                "WHERE c0 IS NULL OR upper(trim(c0)) = ? OR length(trim(c0)) <> 18",
                [subject],
            ).fetchall()
            refused = {(row.file, row.line) for row in raw.refused}
    found = {(number, line) for number, line, _ in rows} | refused
    return {(drop.files[number].name, line) for number, line in found}
