"""The files of an adapter's package, by name and digest: as judged on disk, and as installed.

Nothing here imports a package: one that runs in a process of its own is looked at from outside.
Packages that it depends on are not looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

PackageFiles = Mapping[str, str]
"""SHA-256 in hexadecimal by the path below the folder that the package lies in."""
_COMPILED = "__pycache__"


class PackageNotFound(LookupError):
    """A package has no files where it should have; the text is for operators."""


def files_below(root: Path, module: str) -> PackageFiles:
    """The files of a package that lies in a folder.

    It is the outermost package of a module, since that runs as well when the module is imported.
    What Python compiled and what is hidden is left out.

    Args:
        module: name with dots.

    Raises:
        PackageNotFound: there is none.
        OSError: a file cannot be read.
    """
    package = root
    for part in module.split("."):
        package = package / part
        if (package / "__init__.py").is_file():
            break
    if package.is_dir():
        return {path.relative_to(root).as_posix(): _digest(path) for path in _files(package)}
    single = package.with_name(f"{package.name}.py")
    if single.is_file():
        return {single.relative_to(root).as_posix(): _digest(single)}
    raise PackageNotFound(f"package `{module}` has no files")


def installed_files(module: str) -> PackageFiles:
    """The files of a package that can be imported.

    Raises:
        PackageNotFound: it is not installed as files.
        OSError: a file cannot be read.
    """
    spec = find_spec(module.partition(".")[0])
    for root in _roots(spec) if spec is not None else ():
        try:
            return files_below(root, module)
        except PackageNotFound:
            continue
    raise PackageNotFound(f"package `{module}` is not installed as files")


def difference(judged: PackageFiles, found: PackageFiles) -> str | None:
    """How files differ from those that were judged; None: they do not."""
    for name in sorted(judged.keys() | found.keys()):
        if name not in found:
            return f"file `{name}` was judged and is not installed"
        if name not in judged:
            return f"file `{name}` is installed and was not judged"
        if found[name] != judged[name]:
            return f"file `{name}` is not as it was judged"
    return None


def _roots(spec: ModuleSpec) -> Iterator[Path]:
    for place in spec.submodule_search_locations or ():
        yield Path(place).parent
    if not spec.submodule_search_locations and spec.origin is not None:
        yield Path(spec.origin).parent


def _files(package: Path) -> Iterator[Path]:
    for path in sorted(package.rglob("*")):
        parts = path.relative_to(package).parts
        if path.is_file() and not any(
            part == _COMPILED or part.startswith(".") or part.endswith("~") for part in parts
        ):
            yield path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
