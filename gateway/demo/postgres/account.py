"""The operating-system account that runs PostgreSQL: ours, or an unprivileged one for root.

PostgreSQL refuses to run as root. Nothing here creates a user; the account is one that the machine
already has. Whether it reaches a folder is found out by trying as that account, because modes alone
do not tell (access control lists, mount options, user namespaces).
"""

import os
import pwd
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.demo.postgres.errors import EmbeddedPostgresError

_SHELL = "/bin/sh"
_PROBE_TIMEOUT_S = 20.0
_SHELLS_WITHOUT_LOGIN = frozenset({"nologin", "false"})


@dataclass(frozen=True)
class ServerAccount:
    """Who runs the server processes.

    Attributes:
        name: the account's name, for messages.
        user: user id to change to, or None to stay who we are.
        group: group id to change to, or None to stay who we are.
    """

    name: str
    user: int | None = None
    group: int | None = None

    @property
    def extra_groups(self) -> list[int] | None:
        """Supplementary groups for `subprocess`: none at all for a changed account."""
        return None if self.user is None else []

    def complaint(self, command: Sequence[str | os.PathLike[str]]) -> str | None:
        """Run the command as this account from the root folder.

        Returns:
            None when it exits with 0, otherwise its last words or what kept it from starting.
        """
        try:
            finished = subprocess.run(  # noqa: S603 - fixed commands and our own paths
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd="/",
                user=self.user,
                group=self.group,
                extra_groups=self.extra_groups,
                timeout=_PROBE_TIMEOUT_S,
                check=False,
                text=True,
                errors="replace",
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            return str(error)
        if finished.returncode == 0:
            return None
        return (finished.stderr.strip().splitlines() or [f"exit code {finished.returncode}"])[-1]

    def may_enter(self, folder: Path) -> bool:
        """Tell whether this account may pass through the existing folder."""
        return self.complaint([_SHELL, "-c", 'cd -- "$1"', _SHELL, folder]) is None

    def give(self, path: Path) -> None:
        """Make this account the owner of a file or folder that we have just created."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group, follow_symlinks=False)


def choose_account(cluster_owner: int | None = None) -> ServerAccount:
    """Choose who runs the server.

    Args:
        cluster_owner: user id that owns the existing database files; root becomes that user,
            since PostgreSQL opens nobody else's files. None when there are none yet.

    Raises:
        EmbeddedPostgresError: when we are root and can become no other user, or when our own user
            id has no entry in the user database, which initdb needs.
    """
    if os.geteuid() != 0:
        return ServerAccount(_own_name())
    for entry in _candidates(cluster_owner):
        account = ServerAccount(entry.pw_name, entry.pw_uid, entry.pw_gid)
        if account.complaint([_SHELL, "-c", "exit 0"]) is None:
            return account
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root and no unprivileged account of this machine can be used:"
        " start as an ordinary user"
    )


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise EmbeddedPostgresError(
            f"user id `{os.geteuid()}` has no entry in the user database of this machine,"
            " which PostgreSQL needs to create its files"
        ) from None


def _candidates(cluster_owner: int | None) -> Iterator[pwd.struct_passwd]:
    entries = [entry for entry in pwd.getpwall() if entry.pw_uid != 0 and entry.pw_gid != 0]
    if cluster_owner is not None:
        yield from (entry for entry in entries if entry.pw_uid == cluster_owner)
        return
    yield from (entry for entry in entries if entry.pw_name == "nobody")
    for entry in entries:
        shell = entry.pw_shell.rpartition("/")[2]
        if entry.pw_name != "nobody" and shell in _SHELLS_WITHOUT_LOGIN:
            yield entry
