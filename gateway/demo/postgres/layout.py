"""The folders of one embedded server and who owns them; the lock on them is in `lock`.

data folder/           ours: 0700, or 0711 when the server runs as another account
  about.txt            marks the folder as ours; nothing is created in or removed from others
  moved-to             where everything below is instead, if the account cannot enter here
  cluster/             0700, the account's: PostgreSQL's own files
  socket/              0700, the account's: the unix socket
  passwords/           0700, ours: one file of mode 0600 per login
  binaries/            copies of the programs, if the account cannot reach the installed ones
  started-by           who started the server last
  server.log           0600, ours: what the server reports, without statements or values
"""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.demo.postgres.account import ServerAccount
from gateway.demo.postgres.errors import EmbeddedPostgresError
from gateway.demo.postgres.private_files import read_path, write_private

PORT = 5432
_MARK = "about.txt"
_MOVED_TO = "moved-to"
_SOCKET_MOVED_TO = "socket-moved-to"
_MARK_TEXT = "This folder belongs to the embedded PostgreSQL of credit-gateway.\n"
# Source: unix(7): sun_path has 108 bytes, the last of which is the terminating zero.
_SOCKET_PATH_MAX_BYTES = 107


@dataclass(frozen=True)
class Layout:
    """Paths of one embedded server; `root` is the data folder or the place it was moved to."""

    data_folder: Path
    root: Path

    @property
    def is_moved(self) -> bool:
        """Whether the files lie elsewhere because the account cannot enter the data folder."""
        return self.root != self.data_folder

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own files; exists only when complete."""
        return self.root / "cluster"

    @property
    def has_cluster(self) -> bool:
        """Whether there is a cluster with the two files that PostgreSQL cannot do without."""
        return (self.cluster / "PG_VERSION").is_file() and (
            self.cluster / "global" / "pg_control"
        ).is_file()

    @property
    def passwords(self) -> Path:
        """Folder with one password file per login."""
        return self.root / "passwords"

    @property
    def binaries(self) -> Path:
        """Folder for copies of the programs."""
        return self.root / "binaries"

    @property
    def log(self) -> Path:
        """What the server reports."""
        return self.root / "server.log"

    @property
    def starter(self) -> Path:
        """Record of the process that started the server last."""
        return self.root / "started-by"


def find_layout(data_folder: Path, account: ServerAccount) -> Layout:
    """Claim the data folder, or a place that the account can enter, and return its layout.

    As root below a folder of mode 0700 the server's account cannot enter the data folder. No mode
    is changed; everything then lies in a folder of ours named after the data folder's path.

    Args:
        data_folder: absolute path; created with the folders above it when missing.
        account: who runs the server.

    Raises:
        EmbeddedPostgresError: when no such folder can be had.
    """
    mode = 0o700 if account.user is None else 0o711
    _claim(data_folder, mode, _require_ours)
    *_, last = known_roots(data_folder)
    is_moved = last != data_folder and last.exists()
    if account.may_enter(data_folder) and not is_moved:
        return Layout(data_folder, data_folder)
    name = "credit-gateway-" + hashlib.sha256(os.fsencode(data_folder)).hexdigest()[:16]
    for above in (Path("/var/tmp"), Path(tempfile.gettempdir())):  # noqa: S108 - claimed below
        if above.is_dir() and account.may_enter(above):
            _claim(above / name, mode, _require_ours_alone)
            write_private(data_folder / _MOVED_TO, f"{above / name}\n")
            return Layout(data_folder, above / name)
    raise EmbeddedPostgresError(
        f"account `{account.name}` can enter neither `{data_folder}` nor a temporary folder"
    )


def cluster_owner(data_folder: Path) -> int | None:
    """Return the user id that owns the existing cluster, or None when there is none to be seen."""
    try:
        for root in known_roots(data_folder):
            cluster = Layout(data_folder, root).cluster
            if cluster.is_dir():
                return cluster.stat().st_uid
    except PermissionError:
        return None
    return None


def known_roots(data_folder: Path) -> list[Path]:
    """Return the data folder and, if there is one, the recorded place it was moved to."""
    record = data_folder / _MOVED_TO
    if record.exists():
        return [data_folder, read_path(record)]
    return [data_folder]


def make_socket_folder(layout: Layout, account: ServerAccount) -> Path:
    """Return an empty socket folder of mode 0700 that belongs to the account.

    It lies in the data folder, or, when the socket's path would be too long for the operating
    system, in a private temporary folder whose path is recorded.
    """
    remove_short_socket_folder(layout)
    folder = layout.root / "socket"
    shutil.rmtree(folder, ignore_errors=True)
    if len(os.fsencode(folder / f".s.PGSQL.{PORT}.lock")) > _SOCKET_PATH_MAX_BYTES:
        folder = Path(tempfile.mkdtemp(prefix="credit-gateway-"))
        write_private(layout.root / _SOCKET_MOVED_TO, f"{folder}\n")
    else:
        folder.mkdir(mode=0o700)
    account.give(folder)
    return folder


def remove_short_socket_folder(layout: Layout) -> None:
    """Remove the recorded private socket folder, if there is one."""
    record = layout.root / _SOCKET_MOVED_TO
    if record.exists():
        shutil.rmtree(read_path(record), ignore_errors=True)
        record.unlink()


def remove_root(layout: Layout) -> None:
    """Remove the root folder with all that is in it.

    Raises:
        EmbeddedPostgresError: when the folder is not one of ours.
    """
    _require_ours(layout.root)
    remove_short_socket_folder(layout)
    shutil.rmtree(layout.root)


def refresh_ages(folder: Path) -> None:
    """Give all files the same age, so that a cleaner of temporary folders takes all or none."""
    for above, _, files in os.walk(folder):
        for name in files:
            os.utime(Path(above) / name, follow_symlinks=False)


def _claim(folder: Path, mode: int, require_ours: Callable[[Path], None]) -> None:
    """Create the folder and mark it as ours, or make sure that it already is."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        require_ours(folder)
    else:
        folder.chmod(mode)
    mark = folder / _MARK
    if not mark.exists():
        write_private(mark, _MARK_TEXT)


def _require_ours(folder: Path) -> None:
    """Refuse a link, a file, another user's folder, or one that holds other files."""
    if folder.is_symlink() or not folder.is_dir():
        raise EmbeddedPostgresError(f"`{folder}` is not a folder")
    owner = folder.lstat().st_uid
    if os.geteuid() not in (0, owner):
        raise EmbeddedPostgresError(
            f"the data folder `{folder}` belongs to user id {owner}:"
            " start as that user or remove the folder"
        )
    is_empty = next(folder.iterdir(), None) is None
    if not is_empty and not (folder / _MARK).is_file():
        raise EmbeddedPostgresError(
            f"`{folder}` holds other files: the embedded PostgreSQL needs a folder of its own"
        )


def _require_ours_alone(folder: Path) -> None:
    """Refuse a folder that another user may have prepared, as anybody can among temporary ones."""
    status = folder.lstat()
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise EmbeddedPostgresError(f"`{folder}` was made by another user: remove it")
    _require_ours(folder)
