"""The command group `admin`: who administers the gateway, and how they prove it."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.administrators import register
from gateway.administrators.codes import code_address, code_now
from gateway.administrators.powers import POWERS, roles_text
from gateway.administrators.proposals import open_proposals
from gateway.administrators.proposals import reject as reject_proposal
from gateway.administrators.record import record_act
from gateway.administrators.signing_in import Proof, SigningIn
from gateway.administrators.statements import Statement, message_of
from gateway.administrators.types import Appointment, Person, Role
from gateway.cli.acting import store_of
from gateway.cli.admin_keys import key_option, new_key, read_private, read_public
from gateway.cli.administered import (
    ActingAdministrator,
    read_session,
    session_file,
)
from gateway.cli.config import config_option, read_config
from gateway.cli.store import run_on_store
from gateway.composition import signing_in_of
from gateway.store.migrate import migrate, shipped_migrations
from gateway.store.pool import LightPool

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FIRST = (str, str, _FILE)
_BEGIN = "BEGIN_ADMINISTRATION"


@click.group()
def admin() -> None:
    """Appoint administrators, sign in and out, see who may do what.

    管理员：任命、登录、退出，查看各角色的权限。
    """


admin.add_command(new_key)


@admin.command()
@config_option
@click.option("--system", type=_FIRST, required=True, help="NAME STAFF-NO KEY-FILE 系统管理员.")
@click.option("--security", type=_FIRST, required=True, help="The same, 安全管理员.")
@click.option("--audit", "auditor", type=_FIRST, required=True, help="The same, 审计管理员.")
def begin(
    config: Path,
    system: tuple[str, str, Path],
    security: tuple[str, str, Path],
    auditor: tuple[str, str, Path],
) -> None:
    """Appoint the first three administrators; once, on a store that has none.

    Whether administrators are demanded from then on is as the settings say; once they are, they
    always will be.
    """
    settings = read_config(config)
    roles = ((Role.SYSTEM, system), (Role.SECURITY, security), (Role.AUDIT, auditor))
    first = [Appointment(name, no, role, read_public(path)) for role, (name, no, path) in roles]
    demanded = settings.administrators.demanded

    async def work(pool: LightPool) -> None:
        async with pool.connection() as connection:
            await migrate(connection, shipped_migrations())
            async with connection.transaction():
                await register.begin(connection, first, is_demanded=demanded)
                for each in first:
                    said = {"object": each.object, "via": "admin begin"}
                    await record_act(connection, _BEGIN, each.name, "APPOINTED", _now(), said)

    run_on_store(store_of(settings), work)
    for each in first:
        click.echo(f"{each.name} {each.role.value} appointed, next: admin enrol {each.name}")


@admin.command()
@config_option
@click.argument("name")
@click.option("--staff-no", required=True, help="Number in the personnel register (工号).")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--public-key", "key", type=_FILE, required=True, help="File that `new-key` wrote.")
def add(
    config: Path, name: str, staff_no: str, role: str, key: Path, acting: ActingAdministrator
) -> None:
    """Appoint an administrator; takes two persons of different roles."""
    store = store_of(read_config(config))
    appointment = Appointment(name, staff_no, Role(role), read_public(key))

    async def work(pool: LightPool) -> None:
        async with pool.connection() as connection:
            await register.appoint(connection, appointment)

    with acting.doing(store, appointment.object):
        run_on_store(store, work)
    click.echo(f"{name} {role} appointed, next: admin enrol {name}")


@admin.command()
@config_option
@click.argument("name")
def disable(config: Path, name: str) -> None:
    """End the account NAME and its sessions, for good."""

    async def work(pool: LightPool) -> None:
        async with pool.connection() as connection, connection.transaction():
            await register.disable(connection, name)

    run_on_store(store_of(read_config(config)), work)
    click.echo(f"{name} DISABLED")


@admin.command()
@config_option
@click.argument("name")
@key_option
def enrol(config: Path, name: str, key: Path) -> None:
    """Give NAME one-time codes; prints once what an authenticator app reads.

    May be repeated until the first sign-in.
    """
    settings, private = read_config(config), read_private(key)

    async def work(pool: LightPool) -> str:
        signing = signing_in_of(settings, pool)
        return await signing.enrol(await _proof(signing, Statement.ENROL, name, private))

    secret = run_on_store(store_of(settings), work)
    click.echo(f"secret {secret}")
    click.echo(code_address(name, secret))


@admin.command("sign-in")
@config_option
@click.argument("name")
@key_option
@click.option("--code", help="The one-time code 动态口令; asked for if not given.")
@click.option(
    "--codes-from",
    type=_FILE,
    help="File with the secret of the codes, in a demonstration: beside the key it is no second "
    "factor, so that it is refused where administrators are demanded.",
)
@click.option(
    "--session",
    "session",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to keep the session in; that of your login if not given.",
)
def sign_in(
    config: Path,
    name: str,
    key: Path,
    code: str | None,
    codes_from: Path | None,
    session: Path | None,
) -> None:
    """Sign NAME in with key and one-time code."""
    settings, private = read_config(config), read_private(key)
    if codes_from is not None and settings.administrators.demanded:
        raise click.UsageError("--codes-from is for demonstrations: type the code")
    if codes_from is not None:
        code = code_now(codes_from.read_text("ascii").strip(), time.time())
    typed = code or click.prompt("one-time code 动态口令", hide_input=True)

    async def work(pool: LightPool) -> str:
        signing = signing_in_of(settings, pool)
        proof = await _proof(signing, Statement.SIGN_IN, name, private)
        return await signing.sign_in(proof, typed.strip())

    secret = run_on_store(store_of(settings), work)
    _keep(session or session_file(), secret)
    minutes = settings.administrators.idle_minutes
    click.echo(f"{name} signed in, until {minutes} minutes pass without an act")


@admin.command("sign-out")
@config_option
@click.option(
    "--session", "session", type=click.Path(dir_okay=False, path_type=Path), help="Its file."
)
def sign_out(config: Path, session: Path | None) -> None:
    """End the session."""
    settings, secret = read_config(config), read_session(session)
    if secret is None:
        raise click.ClickException("nobody is signed in here")
    name = run_on_store(
        store_of(settings), lambda pool: signing_in_of(settings, pool).sign_out(secret)
    )
    (session or session_file()).unlink(missing_ok=True)
    click.echo("the session had ended" if name is None else f"{name} signed out")


@admin.command("list")
@config_option
def list_accounts(config: Path) -> None:
    """List accounts with roles and states."""

    async def work(pool: LightPool) -> tuple[bool, list[str]]:
        async with pool.connection() as connection:
            now, found = _now(), await register.accounts(connection)
            demanded = await register.is_demanded(connection)
        lines = []
        for each in found:
            is_locked = each.locked_until is not None and each.locked_until > now
            state = "LOCKED" if is_locked else each.state.value
            lines.append(f"{each.role.value}  {each.name}  {each.staff_no}  {state}")
        return demanded, lines

    demanded, lines = run_on_store(store_of(read_config(config)), work)
    for line in lines:
        click.echo(line)
    click.echo(f"administrators are {'demanded' if demanded else 'not demanded'}")


@admin.command()
@config_option
def proposals(config: Path) -> None:
    """List what one person proposed and another has to approve."""

    async def work(pool: LightPool) -> list[str]:
        async with pool.connection() as connection:
            found = await open_proposals(connection, _now())
        return [
            f"{each.proposal_no}  {each.act.value}  by {each.proposed_by}  until "
            f"{each.expires_at:%Y-%m-%dT%H:%M:%SZ}  {each.object}"
            for each in found
        ]

    for line in run_on_store(store_of(read_config(config)), work):
        click.echo(line)


@admin.command()
@config_option
@click.argument("number")
def reject(config: Path, number: str, person: Person | None) -> None:
    """Turn the proposal NUMBER down, or take your own back."""
    if person is None:
        raise click.ClickException("nobody is signed in here")

    async def work(pool: LightPool) -> None:
        async with pool.connection() as connection, connection.transaction():
            await reject_proposal(connection, person, number, _now())

    run_on_store(store_of(read_config(config)), work)
    click.echo(f"{number} REJECTED")


@admin.command()
def powers() -> None:
    """Print which role may do what, and what takes two persons."""
    for act, power in POWERS.items():
        line = f"{act.value}  {roles_text(power.roles)}"
        if power.takes_two:
            other = ", of another role" if power.of_another_role else ""
            line += f"; approved by another person, {roles_text(power.approvers)}{other}"
        click.echo(f"{line}  {power.meaning_zh} {power.meaning_en}")


async def _proof(
    signing: SigningIn, statement: Statement, name: str, private: Ed25519PrivateKey
) -> Proof:
    challenge = await signing.challenge()
    return Proof(name, challenge, private.sign(message_of(statement, name, challenge)))


def _keep(path: Path, secret: str) -> None:
    """Write the session to a file that only its owner may read."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.ClickException(f"session `{path}` cannot be written") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret + "\n")


def _now() -> datetime:
    return datetime.now(UTC)
