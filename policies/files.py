"""Reads TOML as rule files are written in it; what is no TOML is refused by name."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from policies.errors import PolicyLoadError


def read_toml(path: Path) -> dict[str, Any]:
    """Content of a file.

    Raises:
        PolicyLoadError: it cannot be read, or is no TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _no_toml(path.name, error) from error
    return parse_toml(path.name, text)


def parse_toml(file: str, text: str) -> dict[str, Any]:
    """The tables of a text.

    Args:
        file: its name, for the error.

    Raises:
        PolicyLoadError: it is no TOML.
    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _no_toml(file, error) from error


def _no_toml(file: str, error: Exception) -> PolicyLoadError:
    return PolicyLoadError(file, "-", "-", f"`{error}`", "a TOML file")
