"""REST for authors: a fixture of JSON, a stand that serves it, records as a service gives them."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from gateway.conformance.proxy import HttpRequests, SourceProxy
from gateway.contract import AdapterError, AdapterSettings, FetchContext
from gateway.scaffold.complaints import Complaint, complaints_of
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.invented import InventedTable, NativeRow
from gateway.scaffold.native import NativeRecord
from gateway.scaffold.package import AuthorPackage
from gateway.scaffold.proxied import ProxiedControl
from gateway.scaffold.rest_service import JsonRecord, put, served, service
from gateway.scaffold.stands import Stand, stoppable
from gateway.sources.declared import DeclaredDepartment, KindSheet
from gateway.sources.local.values import native
from gateway.sources.mapping import CodeColumns, Constant, KindMapping
from gateway.sources.rest import RestAdapter
from gateway.sources.rest.paths import at_path
from schema.codes import RecordKind

FIXTURE = "service.json"
_TIMEOUT_S = "10"


def fixture_files(tables: Sequence[InventedTable]) -> Mapping[str, str]:
    """The fixture as one file: records by the name of the table."""
    records = {table.mapping.table: [_record(row) for row in table.rows] for table in tables}
    return {FIXTURE: json.dumps(records, ensure_ascii=False, indent=1) + "\n"}


def _record(row: NativeRow) -> JsonRecord:
    """An object whose members lie where the paths of the columns say."""
    made: JsonRecord = {}
    for path, value in row.items():
        put(made, path, value)
    return made


@contextmanager
def stand(package: AuthorPackage) -> Iterator[Stand]:
    """A service that holds the package's fixture, behind a proxy.

    Raises:
        ScaffoldError: the fixture is missing or no JSON, or the service does not start.
    """
    declared = package.declared()
    path = package.fixtures / FIXTURE
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
        held = {
            sheet.mapping.table: list(records[sheet.mapping.table]) for sheet in declared.sheets
        }
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ScaffoldError(f"fixture `{path}` cannot be used, write it anew") from error
    resources = [sheet.resource for sheet in declared.sheets if sheet.resource is not None]
    app = service(resources, declared.health, held)
    with stoppable(), served(app) as port:
        proxy = SourceProxy(lambda: socket.create_connection(("127.0.0.1", port)), HttpRequests)
        try:

            def put(table: InventedTable) -> None:
                held[table.mapping.table].extend(map(_record, table.rows))

            control = ProxiedControl(proxy, declared, put)
            values = {"url": f"http://127.0.0.1:{proxy.port}", "timeout_s": _TIMEOUT_S}
            yield Stand(AdapterSettings(values), control)
        finally:
            proxy.close()


def complaints(
    declared: DeclaredDepartment, settings: AdapterSettings, sheet: KindSheet, subject: str
) -> Sequence[Complaint]:
    """Why records of a subject are not, or not wholly, shown.

    Raises:
        ScaffoldError: the service cannot be read.
    """
    try:
        records = asyncio.run(_stored(declared, settings, sheet.mapping.kind, subject))
    except (AdapterError, TimeoutError, ValueError) as error:
        raise ScaffoldError(f"the service cannot be read: {type(error).__name__}") from error
    mapping = sheet.mapping
    return [each for r in records for each in complaints_of(_flat(r, mapping), mapping)]


async def _stored(
    declared: DeclaredDepartment, settings: AdapterSettings, kind: RecordKind, subject: str
) -> Sequence[JsonRecord]:
    adapter = declared.adapter(settings)
    assert isinstance(adapter, RestAdapter)
    context = FetchContext("try", time.monotonic() + float(_TIMEOUT_S), "2026-01-01T00:00:00Z")
    try:
        return await adapter.stored(kind, (subject,), context)
    finally:
        await adapter.aclose()


def _flat(record: JsonRecord, mapping: KindMapping) -> NativeRecord:
    """Values at the paths of the mapping, as text."""
    paths = {mapping.record_id, mapping.organisation}
    for column in mapping.columns.values():
        match column:
            case Constant():
                continue
            case CodeColumns(names):
                paths.update(names)
            case _:
                paths.add(column.column)
    return {path: _as_text(at_path(path)(record)) for path in paths}


def _as_text(value: object) -> str | None:
    if value is None:
        return None
    return native(value) or json.dumps(value, ensure_ascii=False, default=str)
