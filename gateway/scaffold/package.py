"""A package of an author on disk: where what lies, and how it is loaded without being installed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from gateway.contract import Adapter, AdapterSettings
from gateway.contract.hookspecs import ENTRY_POINT_GROUP
from gateway.scaffold.errors import ScaffoldError
from gateway.sources.declared import DeclarationError, DeclaredDepartment, read_department

FIXTURE_FOLDER = "fixtures"
CATALOGUE_PAGE = Path("docs") / "catalogue.md"


@dataclass(frozen=True, slots=True)
class AuthorPackage:
    """A package made by `adapter new`.

    Attributes:
        root: folder with `pyproject.toml`.
        slug: name of the entry point.
        module: folder with the declaration, which is the installed package.
    """

    root: Path
    slug: str
    module: Path

    @property
    def fixtures(self) -> Path:
        return self.root / FIXTURE_FOLDER

    def declared(self) -> DeclaredDepartment:
        """The declaration.

        Raises:
            ScaffoldError: it cannot be used.
        """
        try:
            return read_department(self.module)
        except DeclarationError as error:
            raise ScaffoldError(str(error)) from error

    def adapter(self, settings: AdapterSettings) -> Adapter:
        """A new adapter, not open yet.

        Raises:
            ScaffoldError: the declaration or the settings cannot be used.
        """
        declared = self.declared()
        try:
            return declared.adapter(settings)
        except ValueError as error:
            raise ScaffoldError(str(error)) from error


def open_package(root: Path) -> AuthorPackage:
    """The package in a folder.

    Raises:
        ScaffoldError: there is none, or it is of another make.
    """
    try:
        document = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        points = document["project"]["entry-points"][ENTRY_POINT_GROUP]
        ((slug, module),) = points.items()
    except (OSError, tomllib.TOMLDecodeError, LookupError, ValueError, AttributeError) as error:
        raise ScaffoldError(
            f"folder `{root}` holds no adapter package, expected one made by `adapter new`"
        ) from error
    folder = root.joinpath(*str(module).split("."))
    if not (folder / "department.toml").is_file():
        raise ScaffoldError(f"folder `{folder}` has no department.toml")
    return AuthorPackage(root, str(slug), folder)
