"""Databases for two worlds: the departments' tables and indexes, empty at first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from gateway.demo.city.definitions import definitions

Urls = Mapping[str, str]


@dataclass(frozen=True)
class Places:
    """Databases for two worlds, by slug each."""

    first: Urls
    second: Urls


async def define_tables(urls: Urls) -> None:
    """Make the departments' tables and indexes in empty databases."""
    for slug, url in urls.items():
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(definitions(slug).tables)
            await connection.execute(definitions(slug).indexes)
        finally:
            await connection.close()
