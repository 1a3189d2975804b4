"""The associations' drop: a CSV file in GB18030, an Excel file, and the manifest, written last."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import openpyxl

from gateway.demo.associations.rows import ASSOCIATIONS, Row, association_sheets
from gateway.demo.city.calendar import iso
from gateway.demo.city.definitions import generator_version
from gateway.demo.city.settings import CitySettings

_FILES = (("承诺.csv", "commitments"), ("荣誉.xlsx", "honours"))


def prepare_associations(folder: Path, settings: CitySettings) -> dict[str, str]:
    """Provide the associations' exchange folder with a drop of this city.

    Args:
        folder: of the associations; the gateway's own index comes beside it.

    Returns:
        Section `[adapters.associations]` of the gateway's settings.
    """
    exchange = folder.resolve() / "exchange"
    exchange.mkdir(parents=True, exist_ok=True)
    version = _version(settings)
    marker = folder / "city"
    if not marker.is_file() or marker.read_text("utf-8") != version:
        marker.unlink(missing_ok=True)
        drop = exchange / iso(settings.today)
        # Without its manifest it is no drop, so that nobody takes it up half written.
        (drop / "manifest.toml").unlink(missing_ok=True)
        _write(drop, settings)
        marker.write_text(version, "utf-8")
    return {
        "exchange": str(exchange),
        "authorised": ", ".join(association.code for association in ASSOCIATIONS),
    }


def _version(settings: CitySettings) -> str:
    digest = hashlib.sha256(generator_version().encode())
    for source in sorted(files(__package__).iterdir(), key=lambda item: item.name):
        if source.name.endswith(".py"):
            digest.update(source.read_bytes())
    digest.update(f"{settings.subjects} {settings.seed} {iso(settings.today)}".encode())
    return digest.hexdigest()[:12]


def _write(drop: Path, settings: CitySettings) -> None:
    sheets = association_sheets(settings)
    drop.mkdir(parents=True, exist_ok=True)
    lines = ["manifest_version = 1", f"as_of = {iso(settings.today)}"]
    tables = (_csv(sheets.commitments), _xlsx(sheets.honours))
    for (name, table), content, rows in zip(
        _FILES, tables, (sheets.commitments, sheets.honours), strict=True
    ):
        (drop / name).write_bytes(content)
        lines += [
            "[[files]]",
            f'name = "{name}"',
            f'table = "{table}"',
            f"rows = {len(rows)}",
            f'sha256 = "{hashlib.sha256(content).hexdigest()}"',
        ]
    draft = drop / "manifest.toml.part"
    draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draft.replace(drop / "manifest.toml")


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("gb18030")


def _xlsx(rows: Sequence[Row]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("守信荣誉")
    sheet.append(["郑州市行业协会商会守信荣誉汇总表"])
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
