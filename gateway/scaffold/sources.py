"""What an author can do with each kind of source: fixture files, a source that holds them, tables.

One line per kind in `TOOLS`; the kits themselves are in `gateway.sources.declared.kinds`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from gateway.contract import AdapterSettings
from gateway.scaffold import file_columns, file_stand, files, mysql, openapi, postgres, rest
from gateway.scaffold.complaints import Complaint, complaints_of
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.invented import InventedTable
from gateway.scaffold.native import NativeRecord, NativeTable
from gateway.scaffold.package import AuthorPackage
from gateway.scaffold.stands import Stand
from gateway.sources.declared import DeclaredDepartment, KindSheet
from gateway.sources.mapping import KindMapping

ReadRecords = Callable[[AdapterSettings, KindMapping, str], Sequence[NativeRecord]]
Complaints = Callable[[DeclaredDepartment, AdapterSettings, KindSheet, str], Sequence[Complaint]]
Ready = Callable[[DeclaredDepartment, AdapterSettings], AbstractContextManager[AdapterSettings]]


def _as_it_stands(
    declared: DeclaredDepartment, settings: AdapterSettings
) -> AbstractContextManager[AdapterSettings]:
    return nullcontext(settings)


@dataclass(frozen=True, slots=True)
class SourceTools:
    """
    Attributes:
        fixture: files of a fixture by name.
        stand: a source that holds the fixture of a package.
        read_tables: tables and columns of a source of the author's.
        complaints: why records of one subject are not, or not wholly, shown.
        ready: settings with which the source of an author can be tried; the block ends the trial.
    """

    fixture: Callable[[Sequence[InventedTable]], Mapping[str, str]]
    stand: Callable[[AuthorPackage], AbstractContextManager[Stand]]
    read_tables: Callable[[str], Sequence[NativeTable]]
    complaints: Complaints
    ready: Ready = _as_it_stands


def _judging(read: ReadRecords) -> Complaints:
    """Complaints about records that the author's source gives as they are stored."""

    def complaints(
        declared: DeclaredDepartment, settings: AdapterSettings, sheet: KindSheet, subject: str
    ) -> Sequence[Complaint]:
        records = read(settings, sheet.mapping, subject)
        return [each for record in records for each in complaints_of(record, sheet.mapping)]

    return complaints


TOOLS: Mapping[str, SourceTools] = {
    "postgres": SourceTools(
        fixture=postgres.fixture_files,
        stand=postgres.stand,
        read_tables=postgres.read_tables,
        complaints=_judging(postgres.read_records),
    ),
    "mysql": SourceTools(
        fixture=mysql.fixture_files,
        stand=mysql.stand,
        read_tables=mysql.read_tables,
        complaints=_judging(mysql.read_records),
    ),
    "rest": SourceTools(
        fixture=rest.fixture_files,
        stand=rest.stand,
        read_tables=openapi.read_tables,
        complaints=rest.complaints,
    ),
    "files": SourceTools(
        fixture=files.fixture_files,
        stand=file_stand.stand,
        read_tables=file_columns.read_tables,
        complaints=files.complaints,
        ready=files.ready,
    ),
}


def tools_for(source: str) -> SourceTools:
    """Tools for a kind of source.

    Raises:
        ScaffoldError: there are none.
    """
    tools = TOOLS.get(source)
    if tools is None:
        raise ScaffoldError(f"source `{source}` is unknown, expected {', '.join(TOOLS)}")
    return tools
