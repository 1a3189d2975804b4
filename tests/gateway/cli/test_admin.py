"""Administrators at the console: the table is complete, and what it says is what happens."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
import pyotp
import pytest
from click.testing import CliRunner, Result

from gateway.administrators.powers import POWERS, Act
from gateway.administrators.types import Role
from gateway.audit.log import AuditLog
from gateway.cli import main
from gateway.cli.administered import COMMANDS, Free
from gateway.cli.store import run_on_store
from gateway.store.connect import StoreAddress

STAFF = {Role.SYSTEM: "sys", Role.SECURITY: "sec", Role.AUDIT: "aud"}
STEP_S = 30


def commands(
    group: click.Group, above: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    """Every command that is no group, and the groups whose commands others bring."""
    for name, command in group.commands.items():
        path = (*above, name)
        if isinstance(command, click.Group) and command.commands:
            yield from commands(command, path)
        else:
            yield " ".join(path), command


def test_every_command_stands_in_the_table() -> None:
    assert {path for path, _ in commands(main)} == set(COMMANDS)


def test_commands_of_acts_take_a_session_and_others_do_not() -> None:
    for path, command in commands(main):
        taken = COMMANDS[path]
        names = {each.name for each in command.params}
        if isinstance(taken, Act):
            assert "session" in names, path
            assert ("approves" in names) is POWERS[taken].takes_two, path
        elif taken is not Free.PROVES:
            assert "session" not in names, path


def test_every_act_has_a_command() -> None:
    assert {taken for taken in COMMANDS.values() if isinstance(taken, Act)} == set(Act)


@dataclass
class Console:
    """Three administrators, each with files of their own."""

    folder: Path
    store: StoreAddress
    secrets: dict[Role, str] = field(default_factory=dict)

    @property
    def config(self) -> tuple[str, str]:
        return ("--config", str(self.folder / "settings.toml"))

    def run(self, *arguments: str) -> Result:
        return CliRunner(env={"COLUMNS": "300", "HOME": str(self.folder)}).invoke(main, arguments)

    def key(self, role: Role) -> str:
        return str(self.folder / f"{STAFF[role]}.pem")

    def session(self, role: Role) -> tuple[str, str]:
        return ("--session", str(self.folder / f"{STAFF[role]}.session"))

    def begin(self) -> None:
        first = []
        for role, name in STAFF.items():
            assert self.run("admin", "new-key", self.key(role)).exit_code == 0
            first += [f"--{role.value.lower()}", name, f"no-{name}", f"{self.key(role)}.pub"]
        done = self.run("admin", "begin", *self.config, *first)
        assert done.exit_code == 0, done.output
        for role in STAFF:
            self.enrol(role)

    def enrol(self, role: Role) -> None:
        done = self.run("admin", "enrol", *self.config, STAFF[role], "--key", self.key(role))
        assert done.exit_code == 0, done.output
        self.secrets[role] = done.output.split()[1]

    def sign_in(self, role: Role) -> None:
        code = pyotp.TOTP(self.secrets[role]).at(int(time.time()))
        who = (STAFF[role], "--key", self.key(role))
        done = self.run("admin", "sign-in", *self.config, *who, "--code", code, *self.session(role))
        assert done.exit_code == 0, done.output

    def entries(self) -> list[dict[str, str]]:
        found = run_on_store(self.store, lambda pool: AuditLog(pool).last(100))
        return [json.loads(each.entry) for each in found]


@pytest.fixture
def console(store: StoreAddress, tmp_path: Path) -> Console:
    for name, size in (("opaque", 64), ("audit", 32), ("seal", 32)):
        (tmp_path / name).write_bytes(bytes(size))
        (tmp_path / name).chmod(0o600)
    (tmp_path / "store.url").write_text(store.url)
    (tmp_path / "settings.toml").write_text(
        f"[store]\nurl = {json.dumps(store.url)}\n"
        '[identity]\nissuer = "https://i.example"\naudience = "a"\njwks = "jwks.json"\n'
        '[keys]\nopaque_files = ["opaque"]\naudit_file = "audit"\n'
        '[oauth]\nissuer = "https://gateway.example"\nseal_file = "seal"\n',
        encoding="utf-8",
    )
    return Console(tmp_path, store)


@pytest.fixture
def begun(console: Console) -> Console:
    console.begin()
    return console


def bank(console: Console) -> tuple[str, ...]:
    url = ("--store-url-file", str(console.folder / "store.url"))
    return ("client", "add", *url, "bank-1", "--class", "institution", "--name", "样例银行")


def test_act_without_a_session_is_refused(begun: Console) -> None:
    done = begun.run(*bank(begun))
    assert done.exit_code == 1
    assert "needs an administrator" in done.output
    assert begun.entries()[-1]["outcome"] == "ADMINISTRATOR_REQUIRED"


def test_act_of_another_role_is_refused(begun: Console) -> None:
    begun.sign_in(Role.AUDIT)
    done = begun.run(*bank(begun), *begun.session(Role.AUDIT))
    assert done.exit_code == 1
    assert "not of your role" in done.output


def test_act_stands_in_the_log_under_the_name_of_who_did_it(begun: Console) -> None:
    begun.sign_in(Role.SECURITY)
    done = begun.run(*bank(begun), "--user", "somebody", *begun.session(Role.SECURITY))
    assert done.output == "bank-1 registered\n"
    admitted, registered, completed = begun.entries()[-3:]
    assert (admitted["outcome"], completed["outcome"]) == ("ADMITTED", "COMPLETED")
    assert admitted["object"] == "bank-1"
    assert registered["userRef"] == "sec"


def test_failed_act_is_on_record_as_failed(begun: Console) -> None:
    begun.sign_in(Role.SECURITY)
    url = ("--store-url-file", str(begun.folder / "store.url"))
    done = begun.run("client", "suspend", *url, "nobody", *begun.session(Role.SECURITY))
    assert done.exit_code == 1
    last = begun.entries()[-1]
    assert (last["event"], last["outcome"], last["object"]) == ("CHANGE_CLIENT", "FAILED", "nobody")


def test_session_in_the_home_of_whoever_signed_in_is_used(begun: Console) -> None:
    code = pyotp.TOTP(begun.secrets[Role.SECURITY]).at(int(time.time()))
    who = ("sec", "--key", begun.key(Role.SECURITY), "--code", code)
    assert begun.run("admin", "sign-in", *begun.config, *who).exit_code == 0
    assert begun.run(*bank(begun)).output == "bank-1 registered\n"
    assert begun.run("admin", "sign-out", *begun.config).output == "sec signed out\n"
    assert begun.run(*bank(begun)).exit_code == 1


def test_rules_are_put_in_force_by_two(begun: Console) -> None:
    begun.sign_in(Role.SYSTEM)
    begun.sign_in(Role.SECURITY)
    proposed = begun.run("policy", "reload", *begun.config, *begun.session(Role.SYSTEM))
    assert proposed.output.startswith("proposed as P-"), proposed.output
    number = proposed.output.split()[2].rstrip(";")
    assert number in begun.run("admin", "proposals", *begun.config).output
    approve = ("--approve", number)
    own = begun.run("policy", "reload", *begun.config, *begun.session(Role.SYSTEM), *approve)
    assert own.exit_code == 1
    done = begun.run("policy", "reload", *begun.config, *begun.session(Role.SECURITY), *approve)
    assert "announced as release" in done.output
    approved, completed = [e for e in begun.entries() if e["event"] == "ACTIVATE_POLICY"][-2:]
    assert (approved["outcome"], completed["outcome"]) == ("APPROVED", "COMPLETED")


def test_signing_keys_are_destroyed_by_two(begun: Console) -> None:
    begun.sign_in(Role.SYSTEM)
    begun.sign_in(Role.SECURITY)
    proposed = begun.run("oauth", "revoke", *begun.config, *begun.session(Role.SECURITY))
    number = proposed.output.split()[2].rstrip(";")
    rejected = begun.run("admin", "reject", *begun.config, number, *begun.session(Role.SYSTEM))
    assert rejected.output == f"{number} REJECTED\n"
    proposed = begun.run("oauth", "revoke", *begun.config, *begun.session(Role.SYSTEM))
    number = proposed.output.split()[2].rstrip(";")
    session = begun.session(Role.SECURITY)
    done = begun.run("oauth", "revoke", *begun.config, *session, "--approve", number)
    assert "signs from" in done.output


def test_a_further_administrator_is_appointed_by_two_and_the_first_then_disabled(
    begun: Console,
) -> None:
    for role in Role:
        begun.sign_in(role)
    begun.run("admin", "new-key", str(begun.folder / "new.pem"))
    who = ("aud-2", "--staff-no", "7", "--role", "AUDIT")
    add = ("admin", "add", *begun.config, *who, "--public-key", f"{begun.folder}/new.pem.pub")
    number = begun.run(*add, *begun.session(Role.SECURITY)).output.split()[2].rstrip(";")
    done = begun.run(*add, *begun.session(Role.SYSTEM), "--approve", number)
    assert done.output.startswith("aud-2 AUDIT appointed"), done.output
    key = str(begun.folder / "new.pem")
    assert begun.run("admin", "enrol", *begun.config, "aud-2", "--key", key).exit_code == 0
    disable = ("admin", "disable", *begun.config, "aud", *begun.session(Role.SECURITY))
    assert begun.run(*disable).output == "aud DISABLED\n"
    listed = begun.run("admin", "list", *begun.config).output
    assert "AUDIT  aud  no-aud  DISABLED" in listed
    assert "administrators are demanded" in listed


def test_events_show_in_the_log_like_requests(begun: Console) -> None:
    begun.sign_in(Role.AUDIT)
    url = ("--store-url-file", str(begun.folder / "store.url"), *begun.session(Role.AUDIT))
    shown = begun.run("audit", "tail", *url)
    assert shown.exit_code == 0, shown.output
    assert "administrator:aud" in shown.output
    entry = begun.entries()[0]
    found = begun.run("audit", "show", *url, entry["requestId"])
    assert json.loads(found.output)["event"] == "BEGIN_ADMINISTRATION"


def test_codes_from_a_file_are_for_demonstrations(begun: Console) -> None:
    codes = begun.folder / "codes"
    codes.write_text(begun.secrets[Role.AUDIT])
    who = ("aud", "--key", begun.key(Role.AUDIT), "--codes-from", str(codes))
    done = begun.run("admin", "sign-in", *begun.config, *who)
    assert done.exit_code == 2
    assert "for demonstrations" in done.output


def test_powers_are_printed() -> None:
    shown = CliRunner().invoke(main, ["admin", "powers"]).output.splitlines()
    assert len(shown) == len(Act)
    assert "ACTIVATE_POLICY  SYSTEM or SECURITY; approved by another person, SECURITY" in shown[4]
