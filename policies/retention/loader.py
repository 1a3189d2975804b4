"""For how long what is on record is kept at least: `audit.toml`, with its source."""

from __future__ import annotations

import tomllib
from pathlib import Path

RETENTION = Path(__file__).parent / "audit.toml"
"""The file that comes with the gateway."""

_KEYS = {"value", "source", "confidence"}
_MOST_YEARS = 100


class RetentionLoadError(Exception):
    """A file that cannot be used; the text says what was found and expected."""


def load_audit_years(path: Path = RETENTION) -> int:
    """Return for how many years the audit log is kept at least.

    Raises:
        RetentionLoadError: the file is not understood exactly.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RetentionLoadError(f"file `{path.name}` cannot be read: {error}") from error
    match document:
        case {"audit_years": {"value": int(years), "source": str(source), **others}} if (
            len(document) == 1 and set(others) <= _KEYS and source and 0 < years <= _MOST_YEARS
        ):
            return years
    raise RetentionLoadError(
        f"file `{path.name}` says something else than `audit_years` with `value`, from 1 to "
        f"{_MOST_YEARS}, and `source`"
    )
