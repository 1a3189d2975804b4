"""The lock that one server at a time holds on its folder, and who took it."""

import fcntl
import os
import time
from pathlib import Path

from gateway.demo.postgres.errors import DataFolderInUseError
from gateway.demo.postgres.layout import Layout
from gateway.demo.postgres.private_files import write_private

_WAIT_STEP_S = 0.05


def lock_root(layout: Layout, patience_s: float) -> int:
    """Lock the root folder and return the descriptor that holds the lock.

    The server inherits the descriptor, so that the lock lasts exactly as long as the last of its
    processes. The folder itself is locked, which also keeps cleaners of temporary folders away.

    Args:
        layout: folders of the server.
        patience_s: seconds to wait for a server whose starter is gone; it is shutting down.

    Raises:
        DataFolderInUseError: when a server works on this folder.
    """
    descriptor = os.open(layout.root, os.O_RDONLY | os.O_DIRECTORY)
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < deadline and not _is_starter_alive(layout):
                time.sleep(_WAIT_STEP_S)
                continue
            os.close(descriptor)
            raise DataFolderInUseError(
                f"the data folder `{layout.data_folder}` is in use by another running server"
            ) from None
        return descriptor


def record_starter(layout: Layout) -> None:
    """Record this process as the one that started the server."""
    write_private(layout.starter, f"{os.getpid()} {_started_at(os.getpid())}\n")


def forget_starter(layout: Layout) -> None:
    """Remove the record; a server that still runs is then known to be shutting down."""
    layout.starter.unlink(missing_ok=True)


def _is_starter_alive(layout: Layout) -> bool:
    try:
        process_id, _, started_at = layout.starter.read_text(encoding="ascii").partition(" ")
        return _started_at(int(process_id)) == started_at.strip()
    except (OSError, ValueError):
        return False


def _started_at(process_id: int) -> str | None:
    """Return the process's start time in clock ticks, which tells it from a later namesake.

    None for a process that has ended and whose parent has not taken notice.
    Source: proc_pid_stat(5), fields 3 and 22; the name in field 2 may hold spaces and parentheses.
    """
    status = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace")
    fields = status.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]
