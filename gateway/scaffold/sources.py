"""What an author can do with each kind of source: fixture files, a source that holds them, tables.

One line per kind in `TOOLS`; the kits themselves are in `gateway.sources.declared.kinds`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from gateway.contract import AdapterSettings
from gateway.scaffold import mysql, postgres
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.invented import InventedTable
from gateway.scaffold.native import NativeRecord, NativeTable
from gateway.scaffold.package import AuthorPackage
from gateway.scaffold.stands import Stand
from gateway.sources.mapping import KindMapping


@dataclass(frozen=True, slots=True)
class SourceTools:
    """
    Attributes:
        fixture: files of a fixture by name.
        stand: a source that holds the fixture of a package.
        read_tables: tables and columns of a source of the author's.
        read_records: one subject's stored records, as they are stored.
    """

    fixture: Callable[[Sequence[InventedTable]], Mapping[str, str]]
    stand: Callable[[AuthorPackage], AbstractContextManager[Stand]]
    read_tables: Callable[[str], Sequence[NativeTable]]
    read_records: Callable[[AdapterSettings, KindMapping, str], Sequence[NativeRecord]]


TOOLS: Mapping[str, SourceTools] = {
    "postgres": SourceTools(
        fixture=postgres.fixture_files,
        stand=postgres.stand,
        read_tables=postgres.read_tables,
        read_records=postgres.read_records,
    ),
    "mysql": SourceTools(
        fixture=mysql.fixture_files,
        stand=mysql.stand,
        read_tables=mysql.read_tables,
        read_records=mysql.read_records,
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
