"""Creating the cluster: PostgreSQL's own files, before any server accepts a connection."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from gateway.demo.postgres.account import ServerAccount
from gateway.demo.postgres.binaries import PostgresBinaries
from gateway.demo.postgres.errors import EmbeddedPostgresError
from gateway.demo.postgres.layout import Layout
from gateway.demo.postgres.private_files import write_private

SUPERUSER = "postgres"
# LC_ALL gives messages in English; the time zone is that of all our data.
SERVER_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
_PASSWORD_BYTES = 32
_TIMEOUT_S = 300.0
_REVOKE_FROM_PUBLIC = "\n".join(
    f"REVOKE ALL ON DATABASE {database} FROM PUBLIC;"
    for database in ("template0", "template1", "postgres")
)


def provide_password(layout: Layout, login: str) -> Path:
    """Return the login's password file, with a new random password when there is none.

    Args:
        layout: folders of the server.
        login: name that is also a safe file name.
    """
    layout.passwords.mkdir(mode=0o700, exist_ok=True)
    path = layout.passwords / login
    if not path.exists():
        write_private(path, secrets.token_urlsafe(_PASSWORD_BYTES))
    return path


def create_cluster(layout: Layout, binaries: PostgresBinaries, account: ServerAccount) -> None:
    """Create the cluster, complete or not at all; an unusable rest of one is removed.

    Every connection needs a SCRAM password, text is UTF-8 ordered by code point, and no database
    may be opened by whoever has not been granted it.

    Raises:
        EmbeddedPostgresError: when PostgreSQL refuses; the log has its words.
    """
    partial = layout.root / "cluster.partial"
    for rest in (partial, layout.cluster):
        shutil.rmtree(rest, ignore_errors=True)
    partial.mkdir(mode=0o700)
    account.give(partial)
    password = provide_password(layout, SUPERUSER).read_text(encoding="ascii")
    readable = layout.root / "initial-password"
    try:
        write_private(readable, password)
        account.give(readable)
        _run(layout, account, _initdb(binaries, partial, readable), "")
    finally:
        readable.unlink(missing_ok=True)
    single: list[str | Path] = [binaries.postgres, "--single", "-D", partial, "template1"]
    _run(layout, account, single, _REVOKE_FROM_PUBLIC + "\n")
    partial.rename(layout.cluster)


def open_log(layout: Layout) -> int:
    """Open the server's log for appending and return the descriptor."""
    return os.open(layout.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _initdb(binaries: PostgresBinaries, cluster: Path, password_file: Path) -> list[str | Path]:
    return [
        binaries.initdb,
        f"--pgdata={cluster}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
    ]


def _run(
    layout: Layout, account: ServerAccount, command: Sequence[str | Path], standard_input: str
) -> None:
    log = open_log(layout)
    try:
        finished = subprocess.run(  # noqa: S603 - the programs of the installed wheel
            list(command),
            input=standard_input,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=layout.root,
            env=SERVER_ENVIRONMENT,
            user=account.user,
            group=account.group,
            extra_groups=account.extra_groups,
            start_new_session=True,
            timeout=_TIMEOUT_S,
            text=True,
            check=False,
        )
        os.write(log, finished.stderr.encode())
    finally:
        os.close(log)
    # In single-user mode a refused statement does not change the exit code.
    if finished.returncode != 0 or "ERROR:" in finished.stderr:
        raise EmbeddedPostgresError(
            f"PostgreSQL could not create its files as account `{account.name}`:"
            f" its words are in `{layout.log}`"
        )
