"""A drop: files and a manifest in a folder of their own, which a department hands over at once.

Source: GB/T 39443-2020 names exchange by file beside database and service; the form of the
manifest is ours.

The manifest is written last and names every file with its number of rows and its SHA-256, so that
a drop that is half there cannot be taken for a whole one.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from gateway.sources.files.encoding import DECLARABLE
from gateway.sources.files.errors import UnusableInputError

MANIFEST_NAMES = ("manifest.toml", "manifest.json")
MANIFEST_VERSION = 1
MOST_FILES = 64
_MANIFEST_BYTES = 256 * 1024
_DROP_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,79}\Z")
_FILE_NAME = re.compile(r"[^/\\\x00-\x1f.][^/\\\x00-\x1f]{0,199}\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_FORMATS = {".csv": "csv", ".xlsx": "xlsx", ".parquet": "parquet"}


@dataclass(frozen=True, slots=True)
class DropFile:
    """One file of a drop.

    Attributes:
        name: in the drop's folder, without a path.
        table: name under which the department's mapping knows its rows.
        rows: records in the file, its header not counted.
        sha256: of its bytes, lower-case hexadecimal.
        encoding: of a CSV file; one of `encoding.DECLARABLE`.
        sheet: of an Excel file; empty: the first one.
    """

    name: str
    table: str
    rows: int
    sha256: str
    encoding: str = "auto"
    sheet: str = ""

    @property
    def format(self) -> str:
        return _FORMATS[Path(self.name).suffix.lower()]


@dataclass(frozen=True, slots=True)
class Drop:
    """A drop as its manifest describes it; nothing of it is checked against the files yet.

    Attributes:
        as_of: the day of which its data are.
        digest: SHA-256 of the manifest: another manifest is another drop.
    """

    name: str
    folder: Path
    as_of: dt.date
    files: tuple[DropFile, ...]
    digest: str

    @property
    def age(self) -> tuple[dt.date, str]:
        """Drops are taken up in this order."""
        return (self.as_of, self.name)


def manifest_of(folder: Path) -> Path | None:
    """The manifest of a folder; None where there is none yet."""
    return next((path for name in MANIFEST_NAMES if (path := folder / name).is_file()), None)


def read_drop(folder: Path) -> Drop:
    """Read the manifest of a drop.

    Raises:
        UnusableInputError: it cannot be read, or says something that no manifest may say.
    """
    path = manifest_of(folder)
    if path is None:
        raise UnusableInputError(f"drop `{folder.name}` has no manifest, expected manifest.toml")
    if not _DROP_NAME.match(folder.name):
        raise UnusableInputError(
            "a drop's folder has an odd name, expected letters, digits, dots and hyphens"
        )
    content = _bytes_of(path)
    values = _parsed(path, content)
    version = values.get("manifest_version")
    if version != MANIFEST_VERSION:
        raise UnusableInputError(
            f"manifest of `{folder.name}` has the version {_shown(version)}, expected "
            f"{MANIFEST_VERSION}"
        )
    files = values.get("files")
    if not isinstance(files, list) or not 1 <= len(files) <= MOST_FILES:
        raise UnusableInputError(
            f"manifest of `{folder.name}` names no files, expected 1 to {MOST_FILES}"
        )
    read = tuple(_file(entry, folder.name) for entry in files)
    _refuse_repetition(read, folder.name)
    return Drop(folder.name, folder, _day(values, folder.name), read, sha256(content).hexdigest())


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_MANIFEST_BYTES + 1)
    except OSError as error:
        cause = (error.strerror or "input error").lower()
        raise UnusableInputError(f"manifest `{path.name}` cannot be read: {cause}") from error
    if len(content) > _MANIFEST_BYTES:
        raise UnusableInputError(f"manifest is larger than {_MANIFEST_BYTES:,} bytes")
    return content


def _parsed(path: Path, content: bytes) -> Mapping[str, Any]:
    try:
        text = content.decode("utf-8-sig")
        values = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (ValueError, RecursionError) as error:
        form = "TOML" if path.suffix == ".toml" else "JSON"
        raise UnusableInputError(
            f"manifest `{path.parent.name}/{path.name}` is no {form} in UTF-8"
        ) from error
    if not isinstance(values, dict):
        raise UnusableInputError(f"manifest `{path.parent.name}/{path.name}` is no table")
    return values


def _day(values: Mapping[str, Any], drop: str) -> dt.date:
    stated = values.get("as_of")
    if isinstance(stated, str):
        try:
            stated = dt.date.fromisoformat(stated)
        except ValueError:
            stated = None
    # A time is a date too as far as Python is concerned.
    if type(stated) is not dt.date:
        raise UnusableInputError(
            f"manifest of `{drop}` has no date `as_of`, expected one such as 2026-11-02"
        )
    return stated


def _file(entry: object, drop: str) -> DropFile:
    if not isinstance(entry, dict):
        raise UnusableInputError(f"manifest of `{drop}` has an entry of `files` that is no table")
    unknown = sorted(entry.keys() - {"name", "table", "rows", "sha256", "encoding", "sheet"})
    if unknown:
        raise UnusableInputError(f"manifest of `{drop}` has an unknown key `{unknown[0]}`")
    name, table = entry.get("name"), entry.get("table")
    if not isinstance(name, str) or not _FILE_NAME.match(name):
        raise UnusableInputError(f"manifest of `{drop}` names a file with a path or without a name")
    if Path(name).suffix.lower() not in _FORMATS:
        raise UnusableInputError(f"file `{name}` is neither .csv nor .xlsx nor .parquet")
    if not isinstance(table, str) or not table:
        raise UnusableInputError(f"file `{name}` has no `table` in the manifest")
    rows, digest = entry.get("rows"), entry.get("sha256")
    if not isinstance(rows, int) or isinstance(rows, bool) or rows < 0:
        raise UnusableInputError(f"file `{name}` has no number of `rows` in the manifest")
    if not isinstance(digest, str) or not _DIGEST.match(digest.lower()):
        raise UnusableInputError(f"file `{name}` has no `sha256` of 64 hexadecimal digits")
    encoding, sheet = entry.get("encoding", "auto"), entry.get("sheet", "")
    if encoding not in DECLARABLE:
        raise UnusableInputError(
            f"file `{name}` has an unknown encoding, expected one of {', '.join(DECLARABLE)}"
        )
    if not isinstance(sheet, str):
        raise UnusableInputError(f"file `{name}` has a `sheet` that is no text")
    return DropFile(name, table, rows, digest.lower(), encoding, sheet)


def _refuse_repetition(files: tuple[DropFile, ...], drop: str) -> None:
    names = [file.name for file in files]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise UnusableInputError(f"manifest of `{drop}` names `{repeated}` twice")


def _shown(value: object) -> str:
    return f"`{value}`" if isinstance(value, int | str) and len(str(value)) <= 20 else "none"
