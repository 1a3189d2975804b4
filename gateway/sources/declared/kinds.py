"""Kinds of source that a declared department can have: what the operator sets, and the kit.

A kit that comes later adds a line here, and one to the scaffold's table of what an author can do
with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.contract import Adapter, AdapterSettings, Manifest
from gateway.sources.mapping import KindMapping
from gateway.sources.mysql import MySqlAdapter, mysql_source
from gateway.sources.postgres import PostgresAdapter, PostgresSource

_MAX_POOL = 100


@dataclass(frozen=True, slots=True)
class SourceKind:
    """One kind of source.

    Attributes:
        settings: what each key of `[adapters.<slug>]` means; the first is required.
        build: the adapter for what the operator wrote; opens nothing. Raises ValueError.
        has_schemas: tables are named with a schema before them.
        lists, statistics, json: what the kit offers for every mapping.
    """

    name: str
    title_zh: str
    settings: Mapping[str, str]
    build: Callable[[Manifest, Sequence[KindMapping], AdapterSettings], Adapter]
    has_schemas: bool = True
    lists: bool = True
    statistics: bool = True
    json: bool = True


def _postgres(
    manifest: Manifest, mappings: Sequence[KindMapping], settings: AdapterSettings
) -> Adapter:
    values, section = settings.values, f"adapters.{manifest.slug}"
    url = values.get("url", "")
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError(f"{section}.url is missing or no PostgreSQL URL")
    pool_size = values.get("pool_size", "8")
    if not pool_size.isdecimal() or not 1 <= int(pool_size) <= _MAX_POOL:
        raise ValueError(f"{section}.pool_size is no whole number between 1 and {_MAX_POOL}")
    return PostgresAdapter(manifest, mappings, PostgresSource(url, int(pool_size)))


def _mysql(
    manifest: Manifest, mappings: Sequence[KindMapping], settings: AdapterSettings
) -> Adapter:
    return MySqlAdapter(manifest, mappings, mysql_source(manifest.slug, settings))


_KINDS = (
    SourceKind(
        "postgres",
        "PostgreSQL 数据库（含人大金仓、openGauss）",
        {
            "url": "PostgreSQL URL of a login that may read the mapped tables and nothing else",
            "pool_size": "most connections of a worker at a time, 1 to 100; 8 if not set",
        },
        _postgres,
    ),
    SourceKind(
        "mysql",
        "MySQL 8、MariaDB 10.6 及以上",
        {
            "url": "mysql://user:password@host:port/database of a login that may only read",
            "pool_size": "most connections of a worker at a time, 1 to 100; 8 if not set",
            "tls": "`required`, or `off` on this machine; required elsewhere",
            "ca_file": "certificates to trust instead of the system's",
        },
        _mysql,
        has_schemas=False,
        json=False,
    ),
)

SOURCE_KINDS: Mapping[str, SourceKind] = {kind.name: kind for kind in _KINDS}
