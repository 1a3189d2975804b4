"""Kinds of source that a declared department can have: what the operator sets, and the kit.

A kit that comes later adds a line here, and one to the scaffold's table of what an author can do
with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.contract import Adapter, AdapterSettings, Manifest
from gateway.sources.files import FilesAdapter
from gateway.sources.files.settings import files_source
from gateway.sources.mapping import KindMapping
from gateway.sources.mysql import MySqlAdapter, mysql_source
from gateway.sources.postgres import PostgresAdapter, PostgresSource
from gateway.sources.rest import Resource, RestAdapter, RestApi, rest_source
from schema.required import required_items

_MAX_POOL = 100


@dataclass(frozen=True, slots=True)
class Declared:
    """What the sheets of a department come to.

    Attributes:
        resources: how a service is asked, where the source is one.
        health: path at which a service says that it is well.
    """

    mappings: tuple[KindMapping, ...]
    resources: tuple[Resource, ...] = ()
    health: str = ""


@dataclass(frozen=True, slots=True)
class SourceKind:
    """One kind of source.

    Attributes:
        settings: what each key of `[adapters.<slug>]` means; the first is required.
        build: the adapter for what the operator wrote; opens nothing. Raises ValueError.
        has_schemas: tables are named with a schema before them.
        is_service: sheets say at which addresses records are asked for.
        is_dropped: records come in whole drops, and what one changes is told.
        changes: sheets may name a column that says when a record changed.
        lists, statistics, json: what the kit offers for every mapping.
    """

    name: str
    title_zh: str
    settings: Mapping[str, str]
    build: Callable[[Manifest, Declared, AdapterSettings], Adapter]
    has_schemas: bool = True
    is_service: bool = False
    is_dropped: bool = False
    lists: bool = True
    statistics: bool = True
    json: bool = True
    changes: bool = False


def _postgres(manifest: Manifest, declared: Declared, settings: AdapterSettings) -> Adapter:
    values, section = settings.values, f"adapters.{manifest.slug}"
    url = values.get("url", "")
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError(f"{section}.url is missing or no PostgreSQL URL")
    pool_size = values.get("pool_size", "8")
    if not pool_size.isdecimal() or not 1 <= int(pool_size) <= _MAX_POOL:
        raise ValueError(f"{section}.pool_size is no whole number between 1 and {_MAX_POOL}")
    return PostgresAdapter(manifest, declared.mappings, PostgresSource(url, int(pool_size)))


def _mysql(manifest: Manifest, declared: Declared, settings: AdapterSettings) -> Adapter:
    return MySqlAdapter(manifest, declared.mappings, mysql_source(manifest.slug, settings))


def _rest(manifest: Manifest, declared: Declared, settings: AdapterSettings) -> Adapter:
    api = RestApi(declared.resources, declared.health)
    return RestAdapter(manifest, api, rest_source(manifest.slug, settings))


def _files(manifest: Manifest, declared: Declared, settings: AdapterSettings) -> Adapter:
    source = files_source(f"adapters.{manifest.slug}", settings.values)
    required = {
        mapping.kind.value: tuple(
            name for name in required_items(mapping.kind) if name in mapping.columns
        )
        for mapping in declared.mappings
    }
    return FilesAdapter(manifest, declared.mappings, source, required)


_KINDS = (
    SourceKind(
        "postgres",
        "PostgreSQL 数据库（含人大金仓、openGauss）",
        {
            "url": "PostgreSQL URL of a login that may read the mapped tables and nothing else",
            "pool_size": "most connections of a worker at a time, 1 to 100; 8 if not set",
        },
        _postgres,
        changes=True,
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
        changes=True,
    ),
    SourceKind(
        "rest",
        "HTTP 接口（REST，JSON）",
        {
            "url": "address of the service, https unless it is on this machine",
            "token_url": "where a token is got by client credentials; with client_id",
            "client_id": "name of the gateway at the authorization server",
            "client_secret": "its secret, from a file; or",
            "client_key": "its private key on P-256 as PEM, from a file; with client_key_id",
            "client_key_id": "id of the key",
            "audience": "of the signed assertion; the token's address if not set",
            "scope": "scope to ask for",
            "timeout_s": "seconds for one call, retries included; 2 if not set",
            "connections": "most connections at a time, 1 to 100; 16 if not set",
            "ca_file": "certificates to trust instead of the system's",
            "certificate_file": "own certificate, for mutual TLS; with key_file",
            "key_file": "its key",
        },
        _rest,
        has_schemas=False,
        is_service=True,
        json=False,
    ),
    SourceKind(
        "files",
        "文件交换（CSV、Excel、Parquet）",
        {
            "exchange": "folder in which the department lays its drops",
            "index": "the gateway's own folder; beside the exchange folder if not set",
            "returned": "where refused rows go back; beside the exchange folder if not set",
            "poll_s": "seconds between two looks; 30 if not set",
            "threads": "queries at a time; 2 if not set",
            "memory_mb": "their memory; 512 if not set",
            "index_memory_mb": "memory of the process that indexes; 2048 if not set",
            "max_file_mb": "largest file; 4096 if not set",
            "index_timeout_s": "longest indexing; 900 if not set",
        },
        _files,
        has_schemas=False,
        is_dropped=True,
        json=False,
    ),
)

SOURCE_KINDS: Mapping[str, SourceKind] = {kind.name: kind for kind in _KINDS}
