"""The departments' table definitions, and the version of all that a generated city rests on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

from gateway.demo.city.generate import SLUGS


@dataclass(frozen=True, slots=True)
class Definitions:
    """SQL of one department, as its package ships it.

    Attributes:
        tables: schemas, tables and views.
        indexes: what is made after a bulk load.
        schemas: the one that its adapter may read first.
    """

    tables: str
    indexes: str
    schemas: tuple[str, ...]


_SCHEMAS = {"market": ("scjg", "scjg_ts"), "tax": ("sw",), "courts": ("fy",)}


def definitions(slug: str) -> Definitions:
    """Read the definitions of a department."""
    package = files("plugins") / slug
    return Definitions(
        tables=(package / "ddl.sql").read_text(encoding="utf-8"),
        indexes=(package / "indexes.sql").read_text(encoding="utf-8"),
        schemas=_SCHEMAS[slug],
    )


def generator_version() -> str:
    """Digest of the generator and the definitions: any change makes old data unusable."""
    digest = hashlib.sha256()
    sources = [item for item in files(__package__).iterdir() if item.name.endswith(".py")]
    for source in sorted(sources, key=lambda item: item.name):
        digest.update(source.read_bytes())
    for slug in SLUGS:
        made = definitions(slug)
        digest.update((made.tables + made.indexes).encode())
    return digest.hexdigest()[:16]
