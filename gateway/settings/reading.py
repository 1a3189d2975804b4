"""The document of settings, read section by section; unknown and unsafe values refuse the start.

What the sections mean is not known here: each has its module beside this one.
"""

from __future__ import annotations

import datetime as dt
import os
import stat
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

ENVIRONMENT_PREFIX = "CREDIT_GATEWAY_"


class SettingsError(Exception):
    """A setting is missing, unknown or unsafe; the text names it and what is expected."""


def read_document(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"settings `{path}` cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"settings `{path}` is no TOML file: {error}") from error


class Section:
    """One section; knows which keys were asked for."""

    def __init__(
        self, name: str, values: Mapping[str, Any], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.folder = folder
        self._values = dict(values)
        self._environment = environment
        self._asked: set[str] = set()

    def value(self, key: str, default: Any = None) -> Any:
        self._asked.add(key)
        variable = f"{ENVIRONMENT_PREFIX}{self.name}_{key}".upper()
        if self.name in ("server", "store") and variable in self._environment:
            return self._environment[variable]
        found = self._values.get(key, default)
        return self._secret(key, found) if isinstance(found, dict) else found

    def text(self, key: str, default: str | None = None) -> str:
        found = self.value(key, default)
        if not isinstance(found, str) or not found:
            raise SettingsError(f"setting `{self.name}.{key}` is missing, expected a text")
        return found

    def path(self, key: str) -> Path | None:
        """A path relative to the settings file; None if the key is not there."""
        found = self.value(key)
        if found is None:
            return None
        if not isinstance(found, str) or not found:
            raise SettingsError(f"setting `{self.name}.{key}` is no path")
        return self.folder / found

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        found = self.value(key, list(default))
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise SettingsError(f"setting `{self.name}.{key}` is no list of texts")
        return tuple(found)

    def tables(self, key: str, names: frozenset[str]) -> tuple[Mapping[str, str], ...]:
        """A list of tables, each of which has texts under exactly these names."""
        found = self.value(key, [])
        if not isinstance(found, list) or not all(
            isinstance(each, dict)
            and each.keys() == names
            and all(isinstance(text, str) and text for text in each.values())
            for each in found
        ):
            raise SettingsError(
                f"setting `{self.name}.{key}` is no list of tables with {', '.join(sorted(names))}"
            )
        return tuple(found)

    def number(self, key: str, default: int, least: int, most: int) -> int:
        found = self.value(key, default)
        try:
            number = int(found)
        except (TypeError, ValueError):
            number = least - 1
        if isinstance(found, bool | float) or not least <= number <= most:
            raise SettingsError(
                f"setting `{self.name}.{key}` is no whole number from {least} to {most}"
            )
        return number

    def flag(self, key: str, default: bool = False) -> bool:
        found = self.value(key, default)
        if found in ("true", "false"):
            return bool(found == "true")
        if not isinstance(found, bool):
            raise SettingsError(f"setting `{self.name}.{key}` is neither true nor false")
        return found

    def date(self, key: str) -> dt.date | None:
        found = self.value(key)
        if isinstance(found, str):
            with suppress(ValueError):
                found = dt.date.fromisoformat(found)
        # A time is a date too as far as Python is concerned, but no day to compare others with.
        if found is None or type(found) is dt.date:
            return found
        raise SettingsError(f"setting `{self.name}.{key}` is no date")

    @property
    def is_empty(self) -> bool:
        return not self._values

    def finish(self) -> None:
        unknown = sorted(self._values.keys() - self._asked)
        if unknown:
            raise SettingsError(f"setting `{self.name}.{unknown[0]}` is unknown")

    def take(self, key: str) -> Any:
        """A key that is not handed on with the rest; None if it is not there."""
        return self._values.pop(key, None)

    def subsection(self, key: str) -> Section:
        """A section within this one, not handed on with the rest; empty if it is not there."""
        found = self.take(key)
        if found is not None and not isinstance(found, dict):
            raise SettingsError(f"setting `{self.name}.{key}` is no section")
        return Section(f"{self.name}.{key}", found or {}, self.folder, self._environment)

    def optional_number(self, key: str, least: int, most: int) -> int | None:
        """A number, or None if the key is not there."""
        return None if self.value(key) is None else self.number(key, least, least, most)

    def rest(self) -> dict[str, str]:
        """All keys as texts, secrets read."""
        return {key: str(self.value(key)) for key in self._values}

    def _secret(self, key: str, reference: Mapping[str, Any]) -> str:
        file = reference.get("file")
        if set(reference) != {"file"} or not isinstance(file, str):
            raise SettingsError(
                f'setting `{self.name}.{key}` is a table, expected `{{ file = "…" }}`'
            )
        return read_secret(self.folder / file).decode().strip()


def read_secret(path: Path) -> bytes:
    """Content of a file that only its owner may read.

    Raises:
        SettingsError: it cannot be read, or others may read it.
    """
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise SettingsError(f"file `{path}` is open to others, expected mode 0600")
            return file.read()
    except OSError as error:
        raise SettingsError(f"file `{path}` cannot be read: {error.strerror}") from error


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"file `{path}` cannot be read: {error.strerror}") from error


class Reader:
    """The whole document; sections that nobody asked for are refused."""

    def __init__(
        self, document: Mapping[str, Any], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self._document = document
        self._folder = folder
        self._environment = environment
        self._sections: dict[str, Section] = {}

    def section(self, name: str) -> Section:
        if name not in self._sections:
            values = self._document.get(name, {})
            if not isinstance(values, dict):
                raise SettingsError(f"setting `{name}` is no section")
            self._sections[name] = Section(name, values, self._folder, self._environment)
        return self._sections[name]

    def sections_of(self, name: str) -> Mapping[str, Section]:
        values = self._document.get(name, {})
        if not isinstance(values, dict) or not all(isinstance(v, dict) for v in values.values()):
            raise SettingsError(f"setting `{name}` is no section of sections")
        return {
            slug: Section(f"{name}.{slug}", inner, self._folder, self._environment)
            for slug, inner in values.items()
        }

    def finish(self) -> None:
        for section in self._sections.values():
            section.finish()
        unknown = sorted(self._document.keys() - self._sections.keys() - {"adapters", "sign_in"})
        if unknown:
            raise SettingsError(f"section `{unknown[0]}` is unknown")
