"""The marker: one row in each department's database that says which city it holds, completely."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import asyncpg

from gateway.demo.city.calendar import iso
from gateway.demo.city.definitions import generator_version
from gateway.demo.city.settings import CitySettings

_CREATE = """
CREATE SCHEMA city;
CREATE TABLE city.marker (subjects integer, seed integer, today text, version text);
"""


@dataclass(frozen=True, slots=True)
class Marker:
    """Which city a database holds.

    Attributes:
        version: digest of the generator that made it.
    """

    subjects: int
    seed: int
    today: str
    version: str


def marker_of(settings: CitySettings) -> Marker:
    """The marker of a city that this generator makes."""
    return Marker(settings.subjects, settings.seed, iso(settings.today), generator_version())


async def read_marker(connection: asyncpg.Connection) -> Marker | None:
    """The marker of a database; None where no city was loaded to its end."""
    if await connection.fetchval("SELECT to_regclass('city.marker')") is None:
        return None
    row = await connection.fetchrow("SELECT subjects, seed, today, version FROM city.marker")
    return None if row is None else Marker(*row)


async def write_marker(connection: asyncpg.Connection, marker: Marker) -> None:
    """Write the marker, last of all."""
    async with connection.transaction():
        await connection.execute(_CREATE)
        await connection.execute(
            "INSERT INTO city.marker VALUES ($1, $2, $3, $4)", *astuple(marker)
        )
