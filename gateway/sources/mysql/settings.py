"""Settings of an adapter over this kit: section `[adapters.<slug>]` of the gateway's settings."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from gateway.contract import AdapterSettings
from gateway.sources.mysql.source import LOOPBACK, MySqlSource

_KNOWN = frozenset({"url", "pool_size", "tls", "ca_file"})
_MOST_CONNECTIONS = 100
_PORT = 3306


def mysql_source(slug: str, settings: AdapterSettings) -> MySqlSource:
    """Check and convert what the operator wrote.

    `url` is `mysql://user:password@host:port/database`, with reserved characters as `%40`; `tls`
    is `required` or, on this machine, `off`.

    Raises:
        ValueError: a key is missing, unknown or out of range; values are not repeated.
    """
    values = settings.values
    unknown = sorted(set(values) - _KNOWN)
    if unknown:
        raise ValueError(f"adapters.{slug} has an unknown key `{unknown[0]}`")
    pool_size = values.get("pool_size", "8")
    if not pool_size.isdecimal() or not 1 <= int(pool_size) <= _MOST_CONNECTIONS:
        raise ValueError(
            f"adapters.{slug}.pool_size is no whole number between 1 and {_MOST_CONNECTIONS}"
        )
    try:
        return source_of(
            values.get("url", ""), values.get("tls", ""), values.get("ca_file", ""), int(pool_size)
        )
    except ValueError as error:
        raise ValueError(f"adapters.{slug}: {error}") from None


def source_of(url: str, tls: str = "", ca_file: str = "", pool_size: int = 8) -> MySqlSource:
    """The source that a URL names.

    Raises:
        ValueError: it is no such URL, or the way would not be encrypted.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORT
    except ValueError:
        raise ValueError("`url` is no address") from None
    database = unquote(parts.path.removeprefix("/"))
    is_whole = parts.hostname and parts.username and database and "/" not in database
    if parts.scheme not in ("mysql", "mariadb") or not is_whole or parts.query or parts.fragment:
        raise ValueError("`url` is missing or no mysql://user:password@host:port/database")
    if tls not in ("", "required", "off"):
        raise ValueError("`tls` is neither `required` nor `off`")
    host = parts.hostname or ""
    has_tls = tls != "off" if tls else host not in LOOPBACK
    return MySqlSource(
        host=host,
        port=port,
        database=database,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        has_tls=has_tls,
        ca_file=ca_file,
        pool_size=pool_size,
    )
