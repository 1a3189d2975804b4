"""Refused rows on their way back to the department: file, line, rule and item of each.

No value of a row is repeated, so that the file neither leaks a record nor runs as a formula.
"""

from __future__ import annotations

import csv
import os
from contextlib import suppress
from pathlib import Path

import duckdb

from gateway.sources.files.drop import Drop
from gateway.sources.files.refusals import RULES_ZH, Rule

_COLUMNS = ("规则 rule", "说明 reason", "文件 file", "行号 line", "数据项 item", "类别 kind")
_MODE = 0o640
"""For the department's group, and for nobody else: even a line number tells of a firm."""
_BATCH = 10_000


def returned_file(folder: Path, drop: str) -> Path:
    """Where the refused rows of a drop lie."""
    return folder / f"rejected-{drop}.csv"


def return_rows(connection: duckdb.DuckDBPyConnection, drop: Drop, folder: Path) -> Path:
    """Write the refused rows of a draft, replacing an earlier file in one step.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    target = returned_file(folder, drop.name)
    draft = folder / f".{target.name}.{os.getpid()}"
    rows = connection.execute(
        "SELECT DISTINCT rule, file, line, item, kind FROM refused ORDER BY file, line, rule, item"
    )
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _MODE)
        # The byte order mark tells a spreadsheet that the text is UTF-8.
        with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
            os.fchmod(file.fileno(), _MODE)
            # The group is the department's, if the gateway may give files to it.
            with suppress(OSError):
                os.fchown(file.fileno(), -1, folder.stat().st_gid)
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            while batch := rows.fetchmany(_BATCH):
                for rule, number, line, item, kind in batch:
                    name = drop.files[number].name
                    writer.writerow((rule, RULES_ZH[Rule(rule)], _plain(name), line, item, kind))
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _plain(name: str) -> str:
    """A file name that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@")) else name
