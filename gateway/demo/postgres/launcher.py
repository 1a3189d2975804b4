"""Starting the embedded PostgreSQL: folders, account, programs, cluster, then the server itself."""

import os
import subprocess
import sys
import time
from pathlib import Path

from gateway.demo.postgres import supervisor
from gateway.demo.postgres.account import ServerAccount, choose_account
from gateway.demo.postgres.binaries import PostgresBinaries, find_binaries, provide_binaries
from gateway.demo.postgres.cluster import (
    SERVER_ENVIRONMENT,
    SUPERUSER,
    create_cluster,
    open_log,
    provide_password,
)
from gateway.demo.postgres.errors import EmbeddedPostgresError
from gateway.demo.postgres.layout import (
    PORT,
    Layout,
    cluster_owner,
    find_layout,
    known_roots,
    make_socket_folder,
    refresh_ages,
    remove_root,
)
from gateway.demo.postgres.lock import lock_root, record_starter
from gateway.demo.postgres.running import RunningPostgres

_PATIENCE_FOR_LOCK_S = 70.0
_PATIENCE_FOR_READY_S = 300.0
_LOOK_EVERY_S = 0.02
_LOG_MAX_BYTES = 10_000_000

# No statement, parameter or DETAIL is logged: they carry the values of records.
_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class EmbeddedPostgres:
    """A PostgreSQL server of our own in a data folder, for demo and tests."""

    def __init__(self, data_folder: Path) -> None:
        """Name the folder; nothing is touched before `start`.

        Args:
            data_folder: folder for this server alone; created when missing, reused when it holds
                the data of an earlier start.
        """
        self._data_folder = data_folder.absolute()

    def start(self) -> RunningPostgres:
        """Start the server and return when it accepts connections; blocks for about a second.

        Raises:
            DataFolderInUseError: when another server works on the data folder.
            EmbeddedPostgresError: when the server cannot be prepared or does not start.
        """
        try:
            account = choose_account(cluster_owner(self._data_folder))
            layout = find_layout(self._data_folder, account)
            lock = lock_root(layout, _PATIENCE_FOR_LOCK_S)
            try:
                record_starter(layout)
                return _start_locked(layout, account, lock)
            finally:
                os.close(lock)
        except OSError as error:
            raise EmbeddedPostgresError(
                f"the embedded PostgreSQL cannot use `{error.filename or self._data_folder}`:"
                f" {error.strerror}"
            ) from error

    def remove(self) -> None:
        """Remove the data folder, and the private place that its files were moved to.

        Raises:
            DataFolderInUseError: when a server works on the data folder.
            EmbeddedPostgresError: when the folder is not one of ours.
        """
        for root in reversed(known_roots(self._data_folder)):
            if root.exists():
                layout = Layout(self._data_folder, root)
                lock = lock_root(layout, _PATIENCE_FOR_LOCK_S)
                try:
                    remove_root(layout)
                finally:
                    os.close(lock)


def _start_locked(layout: Layout, account: ServerAccount, lock: int) -> RunningPostgres:
    binaries = provide_binaries(find_binaries(), account, layout.binaries)
    if layout.log.exists() and layout.log.stat().st_size > _LOG_MAX_BYTES:
        layout.log.unlink()
    if not layout.has_cluster:
        create_cluster(layout, binaries, account)
    if layout.is_moved:
        refresh_ages(layout.root)
    _remove_stale_process_file(layout)
    socket_folder = make_socket_folder(layout, account)
    process = _spawn(layout, account, lock, _server_command(layout, binaries, socket_folder))
    try:
        server_id = _wait_until_ready(layout, process)
    except BaseException:
        process.communicate()
        raise
    superuser_password = provide_password(layout, SUPERUSER)
    return RunningPostgres(layout, account, socket_folder, superuser_password, process, server_id)


def _server_command(layout: Layout, binaries: PostgresBinaries, socket_folder: Path) -> list[str]:
    settings = {**_SETTINGS, "unix_socket_directories": _quote_list_item(str(socket_folder))}
    command = [str(binaries.postgres), "-D", str(layout.cluster)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return command


def _quote_list_item(path: str) -> str:
    """Quote one item of a comma-separated setting, so that a comma in it stays a part of it."""
    escaped = path.replace('"', '""')
    return f'"{escaped}"'


def _spawn(
    layout: Layout, account: ServerAccount, lock: int, command: list[str]
) -> subprocess.Popen[bytes]:
    arguments = [f"--parent={os.getpid()}", f"--keep={lock}"]
    if account.user is not None:
        arguments += [f"--user={account.user}", f"--group={account.group}"]
    log = open_log(layout)
    try:
        return subprocess.Popen(  # noqa: S603 - our own script and the programs of the wheel
            [sys.executable, "-I", "-S", supervisor.__file__, *arguments, "--", *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=layout.root,
            env=SERVER_ENVIRONMENT,
            pass_fds=(lock,),
            start_new_session=True,
        )
    finally:
        os.close(log)


def _wait_until_ready(layout: Layout, process: subprocess.Popen[bytes]) -> int:
    """Wait until the server has written that it is ready, and return its process id.

    Source: PostgreSQL, src/include/utils/pidfile.h: line 1 process id, line 8 status.
    """
    deadline = time.monotonic() + _PATIENCE_FOR_READY_S
    while process.poll() is None and time.monotonic() < deadline:
        lines = _read_process_file(layout)
        if len(lines) >= 8 and lines[7].strip() == "ready":
            return int(lines[0])
        time.sleep(_LOOK_EVERY_S)
    raise EmbeddedPostgresError(
        f"the embedded PostgreSQL did not start: its words are in `{layout.log}`"
    )


def _read_process_file(layout: Layout) -> list[str]:
    try:
        return (layout.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _remove_stale_process_file(layout: Layout) -> None:
    """Remove what a killed server left; its process id may belong to any other program by now.

    We hold the lock, so that no server of ours can be running. One started by hand would be a
    process that works in the cluster's folder.
    """
    lines = _read_process_file(layout)
    if not lines:
        return
    try:
        working_folder = Path(f"/proc/{int(lines[0])}/cwd").readlink()
    except (OSError, ValueError):
        working_folder = None
    if working_folder == layout.cluster:
        raise EmbeddedPostgresError(
            f"process {lines[0]} serves `{layout.cluster}` and was not started by us: stop it first"
        )
    (layout.cluster / "postmaster.pid").unlink()
