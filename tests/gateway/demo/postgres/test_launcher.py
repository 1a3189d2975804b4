"""Starting, stopping and dying: files, processes, locks and what is left behind."""

import os
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Self

import asyncpg
import pytest

from gateway.demo.postgres import (
    DataFolderInUseError,
    EmbeddedPostgres,
    EmbeddedPostgresError,
)
from gateway.demo.postgres.account import ServerAccount
from gateway.demo.postgres.binaries import PostgresBinaries, provide_binaries
from tests.support.postgres import can_open

_PATIENCE_S = 60.0
_START_AND_WAIT = """
import signal, sys
from pathlib import Path
from gateway.demo.postgres import EmbeddedPostgres
# where the tests run in the background of a shell, it has them ignore interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)
server = EmbeddedPostgres(Path(sys.argv[1])).start()
print(server.server_id, flush=True)
sys.stdin.read()
"""


class WatchedProcess:
    """A process that we can wait for although it is not our child."""

    def __init__(self, process_id: int) -> None:
        self.process_id = process_id
        self._descriptor = os.pidfd_open(process_id)

    def has_ended_in_time(self) -> bool:
        """Wait for its end, within a bound."""
        readable, _, _ = select.select([self._descriptor], [], [], _PATIENCE_S)
        return bool(readable)

    def close(self) -> None:
        os.close(self._descriptor)


class OtherProgram:
    """Another program that starts a server in the folder and waits."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START_AND_WAIT, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        assert self.process.stdout is not None
        self.server_id = int(self.process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def _status_of_parents(folder: Path) -> list[tuple[Path, int, int, int]]:
    found = [(parent, parent.stat()) for parent in folder.parents]
    return [(parent, s.st_mode, s.st_uid, s.st_gid) for parent, s in found]


def _files_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if not path.is_socket())


def test_start_leaves_modes_and_owners_of_parents(open_folder: Path) -> None:
    folder = open_folder / "above" / "data"
    folder.parent.mkdir(mode=0o755)
    before = _status_of_parents(folder)
    with EmbeddedPostgres(folder).start() as server:
        assert can_open(server)
        assert _status_of_parents(folder) == before
    assert _status_of_parents(folder) == before


def test_start_makes_files_private(open_folder: Path) -> None:
    folder = open_folder / "data"
    with EmbeddedPostgres(folder).start():
        passwords = list((folder / "passwords").iterdir())
        assert [path.name for path in passwords] == ["postgres"]
        for private in (folder / "passwords", folder / "socket", folder / "cluster"):
            assert stat.S_IMODE(private.stat().st_mode) == 0o700
        for path in _files_below(folder):
            is_program = folder / "binaries" in path.parents
            if path.is_file() and not is_program:
                assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_start_adds_no_user(open_folder: Path) -> None:
    before = Path("/etc/passwd").read_bytes()
    EmbeddedPostgres(open_folder / "data").start().stop()
    assert Path("/etc/passwd").read_bytes() == before


async def test_second_start_reuses_data(open_folder: Path) -> None:
    launcher = EmbeddedPostgres(open_folder / "data")
    with launcher.start() as server:
        created = await server.administration.create_database("tax", "tax_owner")
        connection = await asyncpg.connect(**created.connect_arguments())
        await connection.execute("CREATE TABLE grade AS SELECT 'A' AS letter")
        await connection.close()
    with launcher.start() as server:
        address = server.address("tax", "tax_owner")
        connection = await asyncpg.connect(**address.connect_arguments())
        assert await connection.fetchval("SELECT letter FROM grade") == "A"
        await connection.close()


def test_stop_leaves_no_process(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "data").start()
    assert server.is_running
    server.stop()
    assert not server.is_running
    with pytest.raises(ProcessLookupError):
        os.kill(server.server_id, 0)


def test_stop_again_does_nothing(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "data").start()
    server.stop()
    server.stop()


def test_start_twice_is_refused(open_folder: Path) -> None:
    launcher = EmbeddedPostgres(open_folder / "data")
    with launcher.start(), pytest.raises(DataFolderInUseError, match="is in use by another"):
        launcher.start()


def test_remove_while_running_is_refused(open_folder: Path) -> None:
    launcher = EmbeddedPostgres(open_folder / "data")
    with launcher.start(), pytest.raises(DataFolderInUseError):
        launcher.remove()
    launcher.remove()
    assert not (open_folder / "data").exists()


def test_folder_with_other_files_is_refused(open_folder: Path) -> None:
    (open_folder / "thesis.txt").write_text("mine")
    launcher = EmbeddedPostgres(open_folder)
    with pytest.raises(EmbeddedPostgresError, match="holds other files"):
        launcher.start()
    with pytest.raises(EmbeddedPostgresError, match="holds other files"):
        launcher.remove()
    assert [path.name for path in open_folder.iterdir()] == ["thesis.txt"]


def test_killed_parent_leaves_no_server(open_folder: Path) -> None:
    with (
        OtherProgram(open_folder / "data") as other,
        closing(WatchedProcess(other.server_id)) as server,
    ):
        other.process.kill()
        assert server.has_ended_in_time()


def test_killed_parent_then_start_recovers(open_folder: Path) -> None:
    with OtherProgram(open_folder / "data") as other:
        other.process.kill()
        with EmbeddedPostgres(open_folder / "data").start() as server:
            assert can_open(server)


def test_killed_supervisor_leaves_no_server(open_folder: Path) -> None:
    with (
        OtherProgram(open_folder / "data") as other,
        closing(WatchedProcess(other.server_id)) as server,
    ):
        os.kill(_parent_of(other.server_id), signal.SIGKILL)
        assert server.has_ended_in_time()


def test_interrupt_of_the_starter_group_ends_the_server_in_order(open_folder: Path) -> None:
    with (
        OtherProgram(open_folder / "data") as other,
        closing(WatchedProcess(other.server_id)) as server,
    ):
        assert os.getsid(other.server_id) != os.getsid(other.process.pid)
        os.killpg(other.process.pid, signal.SIGINT)
        assert server.has_ended_in_time()
    log = (open_folder / "data" / "server.log").read_text()
    assert log.rstrip().endswith("database system is shut down")


def test_killed_server_and_stale_process_file_recovers(open_folder: Path) -> None:
    folder = open_folder / "data"
    launcher = EmbeddedPostgres(folder)
    server = launcher.start()
    os.kill(server.server_id, signal.SIGKILL)
    with pytest.raises(EmbeddedPostgresError, match="ended in disorder"):
        server.stop()
    stale = folder / "cluster" / "postmaster.pid"
    lines = stale.read_text().splitlines()
    # By now the number belongs to a living program that has nothing to do with it.
    stale.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with launcher.start() as server:
        assert can_open(server)


def test_interrupted_creation_starts_again(open_folder: Path) -> None:
    folder = open_folder / "data"
    launcher = EmbeddedPostgres(folder)
    launcher.start().stop()
    (folder / "cluster").rename(folder / "cluster.partial")
    with launcher.start() as server:
        assert can_open(server)
    assert not (folder / "cluster.partial").exists()


def test_long_path_uses_a_short_private_socket_folder(open_folder: Path) -> None:
    folder = open_folder / ("long" * 30) / "data"
    with EmbeddedPostgres(folder).start() as server:
        assert can_open(server)
        sockets = Path(server.superuser.host)
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert (folder / "socket-moved-to").read_text().strip() == str(sockets)
    assert not sockets.exists()


def test_odd_characters_in_the_path_are_kept(open_folder: Path) -> None:
    folder = open_folder / "市 场, 'data' (1) & more"
    with EmbeddedPostgres(folder).start() as server:
        assert can_open(server)
        assert server.superuser.host == str(folder / "socket")


def test_programs_on_a_path_that_initdb_cannot_quote_are_refused(open_folder: Path) -> None:
    odd = PostgresBinaries(open_folder / 'a "b"', "1.0")
    with pytest.raises(EmbeddedPostgresError, match="that initdb cannot quote"):
        provide_binaries(odd, ServerAccount("anyone"), open_folder / "copies")


def _parent_of(process_id: int) -> int:
    status = Path(f"/proc/{process_id}/stat").read_text()
    return int(status.rpartition(")")[2].split()[1])
