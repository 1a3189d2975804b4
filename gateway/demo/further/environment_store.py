"""The environment bureau's own database: one SQLite file, written once for a city."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from gateway.demo.city.calendar import iso
from gateway.demo.city.definitions import generator_version
from gateway.demo.city.generate import subject
from gateway.demo.city.settings import CitySettings
from gateway.demo.city.subjects import random_of
from gateway.demo.further.environment_records import environment_records

_TABLES = """
CREATE TABLE records (
    resource TEXT NOT NULL, id TEXT NOT NULL, code TEXT, person TEXT, decided TEXT NOT NULL,
    state TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (resource, id)) WITHOUT ROWID;
CREATE INDEX by_code ON records (resource, code);
CREATE INDEX by_person ON records (resource, person);
CREATE INDEX by_day ON records (resource, decided DESC, id);
CREATE TABLE marker (version TEXT);
"""


def city_version(settings: CitySettings) -> str:
    """What tells whether data were made by this generator for this city."""
    digest = hashlib.sha256(generator_version().encode())
    sources = [item for item in files(__package__).iterdir() if item.name.endswith(".py")]
    for source in sorted(sources, key=lambda item: item.name):
        digest.update(source.read_bytes())
    digest.update(f"{settings.subjects} {settings.seed} {iso(settings.today)}".encode())
    return digest.hexdigest()[:16]


def prepare_environment(path: Path, settings: CitySettings) -> int | None:
    """Write the database unless it holds this city; return the number of records written."""
    version = city_version(settings)
    if path.exists() and _version(path) == version:
        return None
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with closing(sqlite3.connect(partial)) as database:
        database.executescript(_TABLES)
        database.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", _rows(settings))
        (count,) = database.execute("SELECT count(*) FROM records").fetchone()
        database.execute("INSERT INTO marker VALUES (?)", (version,))
        database.commit()
    partial.chmod(0o600)
    partial.replace(path)
    return int(count)


def _version(path: Path) -> str | None:
    try:
        with closing(sqlite3.connect(path)) as database:
            row = database.execute("SELECT version FROM marker").fetchone()
    except sqlite3.Error:
        return None
    return None if row is None else str(row[0])


def _rows(settings: CitySettings) -> Iterator[tuple[str | None, ...]]:
    for index in range(settings.subjects):
        who = subject(settings, index)
        for record in environment_records(
            who, random_of(settings, index, "environment"), settings.today
        ):
            content = record.content
            party = content["party"]
            yield (
                record.resource,
                content["id"],
                party["code"],
                party["personRef"],
                content["decision"]["date"],
                content["lifecycle"]["state"],
                json.dumps(content, ensure_ascii=False),
            )
