"""Which commands take an administrator: the table, and what it puts in front of a command.

Each command stands in the table, with the act that it is or with why it takes nobody. Before an
act of one person the session is checked and the act is on record; commands whose act takes two
persons are handed an `ActingAdministrator`, since only they know what exactly is to be done.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.administrators.admitting import Admitting, Asked
from gateway.administrators.powers import POWERS, Act
from gateway.administrators.types import Person
from gateway.cli.acting import store_of
from gateway.cli.config import read_config
from gateway.cli.store import run_on_store
from gateway.errors import ClientError
from gateway.store.connect import StoreAddress

_T = TypeVar("_T")


class Free(Enum):
    """Why a command takes no administrator.

    READS: changes nothing, and shows nothing of the log's entries. OWN: works on files of whoever
    runs it, or on a department's own database. SERVES: runs unattended, as the gateway's service.
    PROVES: proves who somebody is, which is what the others rely on, or shows accounts. RESTORES:
    works where there is no store yet that could tell who is an administrator; what it does stands
    in the log before anything is served.
    """

    READS = "reads"
    OWN = "own"
    SERVES = "serves"
    PROVES = "proves"
    RESTORES = "restores"


COMMANDS: Mapping[str, Act | Free] = {
    "adapter fixtures": Free.OWN,
    "adapter introspect": Free.OWN,
    "adapter key": Free.OWN,
    "adapter new": Free.OWN,
    "adapter preview": Free.OWN,
    "adapter register": Act.REGISTER_ADAPTERS,
    "adapter sheet": Free.OWN,
    "adapter test": Free.OWN,
    "adapter try": Free.OWN,
    "admin add": Act.APPOINT,
    "admin begin": Free.PROVES,
    "admin disable": Act.DISABLE,
    "admin enrol": Free.PROVES,
    "admin list": Free.PROVES,
    "admin new-key": Free.OWN,
    "admin powers": Free.READS,
    "admin proposals": Free.PROVES,
    "admin reject": Act.REJECT,
    "admin sign-in": Free.PROVES,
    "admin sign-out": Free.PROVES,
    "audit affected": Act.READ_LOG,
    "audit archive": Act.ARCHIVE_LOG,
    "audit close-matter": Act.CLOSE_MATTER,
    "audit controls": Free.SERVES,
    "audit erase": Act.ERASE_SUBJECT,
    "audit export": Act.EXPORT_LOG,
    "audit key": Free.READS,
    "audit new-key": Free.OWN,
    "audit prove": Act.READ_LOG,
    "audit replay": Act.READ_LOG,
    "audit search": Act.READ_LOG,
    "audit sequencer": Free.SERVES,
    "audit show": Act.READ_LOG,
    "audit tail": Act.READ_LOG,
    "audit verify": Free.READS,
    "audit witness": Free.SERVES,
    "backup": Act.BACK_UP,
    "calendar load": Free.OWN,
    "changes": Free.READS,
    "check": Free.READS,
    "client add": Act.CHANGE_CLIENT,
    "client ask": Free.OWN,
    "client list": Free.READS,
    "client operation add": Act.CHANGE_OPERATION,
    "client operation list": Free.READS,
    "client operation remove": Act.CHANGE_OPERATION,
    "client report": Act.READ_LOG,
    "client resume": Act.CHANGE_CLIENT,
    "client rotate": Act.CHANGE_CLIENT,
    "client show": Free.READS,
    "client suspend": Act.CHANGE_CLIENT,
    "clock": Free.READS,
    "consent check": Act.ACT_ON_CONSENT,
    "consent file": Act.ACT_ON_CONSENT,
    "consent list": Free.READS,
    "consent show": Free.READS,
    "consent withdraw": Act.ACT_ON_CONSENT,
    "deadlines": Free.READS,
    "demo": Free.SERVES,
    "effect begin": Act.ACT_ON_EFFECT,
    "effect end": Act.ACT_ON_EFFECT,
    "explain": Free.READS,
    "grant decide": Act.ACT_ON_GRANT,
    "grant extend": Act.ACT_ON_GRANT,
    "grant list": Free.READS,
    "grant request": Act.ACT_ON_GRANT,
    "grant resume": Act.ACT_ON_GRANT,
    "grant revoke": Act.ACT_ON_GRANT,
    "grant show": Free.READS,
    "grant suspend": Act.ACT_ON_GRANT,
    "load": Free.OWN,
    "oauth keys": Free.READS,
    "oauth revoke": Act.DESTROY_KEY,
    "oauth rotate": Act.ROTATE_KEY,
    "policy diff": Free.READS,
    "policy explain": Free.READS,
    "policy matrix": Free.READS,
    "policy reload": Act.ACTIVATE_POLICY,
    "policy test": Free.READS,
    "quality": Free.SERVES,
    "restore": Free.RESTORES,
    "serve": Free.SERVES,
}
"""All commands; a test compares with the commands that there are."""

_SESSION = "session"
_APPROVES = "approves"


def session_file() -> Path:
    """Where `admin sign-in` keeps the session unless it is told otherwise."""
    return Path(click.get_app_dir("credit-gateway")) / "session"


def session_option() -> click.Option:
    """The option that names the file with the session."""
    return click.Option(
        ["--session", _SESSION],
        type=click.Path(dir_okay=False, path_type=Path),
        help="File with the session of the administrator who acts, as `admin sign-in` wrote it; "
        "that of your login if not given.",
    )


def read_session(path: Path | None) -> str | None:
    """The secret of the session; None where nobody signed in.

    Raises:
        click.ClickException: the file that was named cannot be read.
    """
    found = session_file() if path is None else path
    try:
        return found.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        if path is None:
            return None
        raise click.ClickException(f"session `{path}` cannot be read") from error


@dataclass(frozen=True, slots=True)
class ActingAdministrator:
    """Somebody at the console, who wants to do one act.

    Attributes:
        approves: number of the proposal that is approved by it.
    """

    act: Act
    session: str | None
    via: str
    approves: str | None = None

    @contextmanager
    def doing(self, store: StoreAddress, about: str) -> Iterator[Person | None]:
        """Admit the act, let the block do it, and record how it ended.

        Where the act takes two persons and is only proposed yet, the command ends here.

        Args:
            about: what it is done to; where it takes two persons, all that they agree on.

        Raises:
            click.ClickException: it is refused, and that is on record.
        """
        asked = Asked(self.act, about, self.via, self.approves)
        admitted = _on(store, lambda admitting: admitting.admit(self.session, asked))
        if admitted.proposal_no is not None:
            click.echo(
                f"proposed as {admitted.proposal_no}; another administrator does it with "
                f"--approve {admitted.proposal_no}"
            )
            raise click.exceptions.Exit(0)
        person = admitted.person
        if person is None:
            yield None
            return
        try:
            yield person
        except BaseException as error:
            code = error.code if isinstance(error, ClientError) else type(error).__name__
            _on(store, lambda admitting: admitting.ended(person, asked, code))
            raise
        _on(store, lambda admitting: admitting.ended(person, asked))


def put_under_administration(root: click.Group) -> None:
    """Put in front of each command what the table says."""
    for path, taken in COMMANDS.items():
        command: click.Command = root
        for word in path.split():
            assert isinstance(command, click.Group)
            command = command.commands[word]
        if isinstance(taken, Act):
            _administer(command, path, taken)


def _administer(command: click.Command, path: str, act: Act) -> None:
    work = command.callback
    assert work is not None
    takes_two = POWERS[act].takes_two
    wants_person = "person" in inspect.signature(work).parameters
    command.params.append(session_option())
    if takes_two:
        command.params.append(
            click.Option(
                ["--approve", _APPROVES],
                metavar="NUMBER",
                help="Do what another administrator proposed under this number.",
            )
        )

    @functools.wraps(work)
    def run(**given: Any) -> Any:
        acting = ActingAdministrator(
            act, read_session(given.pop(_SESSION)), path, given.pop(_APPROVES, None)
        )
        if takes_two:
            return work(acting=acting, **given)
        with acting.doing(_store(given), _about(command, given)) as person:
            if person is not None and "user" in given:
                given["user"] = person.name
            if wants_person:
                given["person"] = person
            return work(**given)

    command.callback = run


def _store(given: Mapping[str, Any]) -> StoreAddress:
    found = given.get("store")
    return found if isinstance(found, StoreAddress) else store_of(read_config(given["config"]))


def _about(command: click.Command, given: Mapping[str, Any]) -> str:
    """The arguments that name something; files say nothing to others."""
    arguments = (each for each in command.params if isinstance(each, click.Argument))
    named = (given.get(each.name or "") for each in arguments)
    return " ".join(text for text in named if isinstance(text, str))


def _on(store: StoreAddress, work: Callable[[Admitting], Awaitable[_T]]) -> _T:
    return run_on_store(store, lambda pool: work(Admitting(pool, time.time)))
