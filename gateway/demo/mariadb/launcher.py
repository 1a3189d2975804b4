"""Starts MariaDB in a folder of its own, on loopback, and ends it whatever happens to us.

The administrator can log in over the socket in that folder only, as the account that runs the
server. Databases and logins are made by statements that the server runs at each start.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.demo.errors import DemoError

HOST = "127.0.0.1"
_START_S, _STOP_S, _LOOK_EVERY_S = 60.0, 30.0, 0.05
_MARKER = "complete"
_SMALL = (
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=16M",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--local-infile=0",
    "--character-set-server=utf8mb4",
)
# The kernel ends the server when we die; whoever died before that was asked for is noticed too.
# Source: prctl(2), PR_SET_PDEATHSIG.
_END_WITH_PARENT = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); "
    "os.getppid() == int(sys.argv[1]) or os._exit(1); os.execv(sys.argv[2], sys.argv[2:])"
)


class MariaDbError(DemoError):
    """The server cannot be made or does not start; the text says why."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of the programs.

    Attributes:
        server: `mariadbd`.
        install: `mariadb-install-db`.
    """

    server: str
    install: str


def find_programs() -> Programs | None:
    """The programs of MariaDB, if they are installed."""
    folders = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    server = shutil.which("mariadbd", path=folders)
    install = shutil.which("mariadb-install-db", path=folders)
    return Programs(server, install) if server and install else None


class MariaDb:
    """A server with its data in a folder; a second start finds them again."""

    def __init__(self, programs: Programs, folder: Path, options: Sequence[str] = ()) -> None:
        """
        Args:
            folder: for this server alone; made where it does not exist.
            options: of the server, beside ours.
        """
        self._programs = programs
        self._folder = folder.absolute()
        self._options = tuple(options)

    @contextmanager
    def start(self, statements: Sequence[str], port: int = 0) -> Iterator[int]:
        """Run the server for the length of a `with` block, and yield its port.

        Args:
            statements: run at the start, each on one line and safe to run again.
            port: 0 takes any that is free.

        Raises:
            MariaDbError: it cannot be made, or does not start.
        """
        self._make()
        chosen = port or _free_port()
        beginning = self._folder / "start.sql"
        beginning.touch(mode=0o600)
        beginning.write_text("".join(f"{text};\n" for text in statements), encoding="utf-8")
        with (self._folder / "server.log").open("ab") as log:
            server = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-c", _END_WITH_PARENT, str(os.getpid()), *self._command(chosen)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self._folder,
            )
        try:
            self._wait(server, chosen)
            yield chosen
        finally:
            _stop(server)

    def _make(self) -> None:
        data = self._folder / "data"
        marker = self._folder / _MARKER
        self._temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
        if marker.exists():
            return
        # A folder that was not made to its end is made again.
        shutil.rmtree(data, ignore_errors=True)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [
            self._programs.install,
            "--no-defaults",
            f"--datadir={data}",
            "--skip-test-db",
            "--auth-root-authentication-method=socket",
            *_account(),
            *_SMALL,
        ]
        made = subprocess.run(  # noqa: S603 - our own command
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env={**os.environ, "TMPDIR": str(self._temporary)},
        )
        if made.returncode != 0:
            (self._folder / "server.log").write_bytes(made.stdout + made.stderr)
            raise MariaDbError(
                f"MariaDB cannot make its files, `{self._folder / 'server.log'}` says why"
            )
        marker.touch()

    @property
    def _temporary(self) -> Path:
        """Of this server alone: each that starts clears away the temporary tables it finds."""
        return self._folder / "tmp"

    def _command(self, port: int) -> list[str]:
        return [
            self._programs.server,
            "--no-defaults",
            f"--datadir={self._folder / 'data'}",
            f"--tmpdir={self._temporary}",
            # Relative to the data, since the path of a socket has 107 bytes at most.
            "--socket=socket",
            f"--pid-file={self._folder / 'pid'}",
            f"--secure-file-priv={self._folder / 'data'}",
            f"--init-file={self._folder / 'start.sql'}",
            f"--bind-address={HOST}",
            f"--port={port}",
            *_account(),
            *_SMALL,
            *self._options,
        ]

    def _wait(self, server: subprocess.Popen[bytes], port: int) -> None:
        """Wait until the server greets: by then it has run the statements of its start."""
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            if server.poll() is not None:
                raise MariaDbError(
                    f"MariaDB did not start, `{self._folder / 'server.log'}` says why"
                )
            if _greets(port):
                return
            time.sleep(_LOOK_EVERY_S)
        raise MariaDbError(f"MariaDB did not start within {_START_S:g} s")


def _account() -> list[str]:
    """MariaDB runs as root only where it is told so by name."""
    return ["--user=root"] if os.geteuid() == 0 else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def _greets(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            return bool(connection.recv(1))
    except OSError:
        return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
    try:
        server.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
