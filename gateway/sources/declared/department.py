"""A department's declaration as a whole: `department.toml`, `codes.toml`, `mapping/*.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from gateway.contract import Adapter, AdapterSettings, Manifest
from gateway.sources.declared.errors import DeclarationError
from gateway.sources.declared.forms import CodeLists
from gateway.sources.declared.kinds import SOURCE_KINDS, Declared, SourceKind
from gateway.sources.declared.lines import Line
from gateway.sources.declared.service import service_path
from gateway.sources.declared.sheet import KindSheet, read_sheet

DEPARTMENT_FILE = "department.toml"
CODES_FILE = "codes.toml"
MAPPING_FOLDER = "mapping"
RULES_FILE = "rules.toml"
MAX_KEYS = 200


@dataclass(frozen=True, slots=True)
class DeclaredDepartment:
    """A department as its files declare it."""

    manifest: Manifest
    source: SourceKind
    sheets: tuple[KindSheet, ...]
    health: str = ""

    def adapter(self, settings: AdapterSettings) -> Adapter:
        """The adapter for what the operator wrote; opens no connection.

        Raises:
            ValueError: a key is missing, unknown or out of range; values are not repeated.
        """
        unknown = sorted(set(settings.values) - set(self.source.settings))
        if unknown:
            raise ValueError(f"adapters.{self.manifest.slug} has an unknown key `{unknown[0]}`")
        declared = Declared(
            tuple(sheet.mapping for sheet in self.sheets),
            tuple(sheet.resource for sheet in self.sheets if sheet.resource is not None),
            self.health,
        )
        return self.source.build(self.manifest, declared, settings)


def declared_department(package: str) -> DeclaredDepartment:
    """Read the declaration that lies in an installed package.

    Raises:
        DeclarationError: a file is missing or cannot be used.
    """
    return read_department(resources.files(package))


def read_department(folder: Traversable) -> DeclaredDepartment:
    """Read the declaration that lies in a folder.

    Raises:
        DeclarationError: a file is missing or cannot be used.
    """
    line = Line(DEPARTMENT_FILE, read_toml(folder, DEPARTMENT_FILE))
    word = line.text("source")
    source = SOURCE_KINDS.get(word)
    if source is None:
        raise line.defect(f"`source` is `{word}`, expected one of {', '.join(SOURCE_KINDS)}")
    codes = _code_lists(folder)
    sheets = tuple(
        read_sheet(
            f"{MAPPING_FOLDER}/{name}",
            read_toml(folder / MAPPING_FOLDER, name),
            codes,
            source,
        )
        for name in sheet_names(folder)
    )
    if not sheets:
        raise DeclarationError(f"{MAPPING_FOLDER}/ has no sheet, expected one per record kind")
    manifest = Manifest(
        slug=line.text("slug"),
        department_code=line.text("department_code"),
        department_name_zh=line.text("name_zh"),
        department_name_en=line.text("name_en"),
        adapter_version=line.text("version"),
        contact=line.text("contact"),
        entries=tuple(sheet.entry for sheet in sheets),
        max_keys=line.number("max_keys", MAX_KEYS, 1_000),
        rules=RULES_FILE if (folder / RULES_FILE).is_file() else "",
    )
    health = service_path(line, "health") if source.is_service else ""
    line.finish()
    return DeclaredDepartment(manifest, source, sheets, health)


def sheet_names(folder: Traversable) -> list[str]:
    """Names of the sheets of a declaration, sorted."""
    place = folder / MAPPING_FOLDER
    if not place.is_dir():
        return []
    return sorted(file.name for file in place.iterdir() if file.name.endswith(".toml"))


def read_toml(folder: Traversable, name: str) -> Mapping[str, object]:
    """A TOML file as it stands.

    Raises:
        DeclarationError: it is missing, not UTF-8, or no TOML.
    """
    try:
        return tomllib.loads((folder / name).read_text("utf-8"))
    except OSError as error:
        raise DeclarationError(f"{name}: the file cannot be read") from error
    except UnicodeDecodeError as error:
        raise DeclarationError(f"{name}: the file is not in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise DeclarationError(f"{name}: no TOML: {error}") from error


def _code_lists(folder: Traversable) -> CodeLists:
    if not (folder / CODES_FILE).is_file():
        return {}
    found: dict[str, Mapping[str, str]] = {}
    for name, codes in read_toml(folder, CODES_FILE).items():
        if not isinstance(codes, dict) or not all(isinstance(v, str) for v in codes.values()):
            raise DeclarationError(f"{CODES_FILE}: list `{name}` is no table of texts")
        found[name] = codes
    return found
