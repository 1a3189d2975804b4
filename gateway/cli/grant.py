"""The command group `grant`: sharing grants between departments, asked for, decided and ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli.acting import acting_as, console_actor, do_act, echo_json, sharing_of, store_of
from gateway.cli.config import config_option, read_config
from gateway.cli.store import run_on_store
from gateway.entitlements.acts import read_history
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.grant import GrantRecord
from gateway.entitlements.grant_clock import GrantClock, GrantTimes
from gateway.entitlements.grant_file import read_wish_file
from gateway.entitlements.grant_register import GrantFilter, GrantRegister
from gateway.mutations.office import Desks
from gateway.mutations.views import grant_view
from gateway.store.pool import LightPool
from policies.model import CallerClass
from policies.sharing.model import Act
from schema.sharing import GrantState, SharingGrant

_MOST_LISTED = 1_000
_NUMBER = click.argument("grant_no")
_REASON = click.option("--reason", required=True, help="Why; kept with the grant.")
_BY_CONSUMER = acting_as(CallerClass.DEPARTMENT, CallerClass.CREDIT_CENTRE)
_BY_PROVIDER = acting_as(CallerClass.DEPARTMENT)
_BY_EITHER = acting_as(CallerClass.DEPARTMENT, CallerClass.CREDIT_CENTRE)


@click.group()
def grant() -> None:
    """Ask for, decide, suspend, revoke and list sharing grants."""


@grant.command()
@config_option
@_BY_CONSUMER
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def request(config: Path, class_name: str, code: str, user: str | None, file: Path) -> None:
    """Ask a department for the fields that FILE (TOML) lists."""
    try:
        wish = read_wish_file(file.read_text("utf-8"))
    except (EntitlementRefusedError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file}: {error}") from error
    if not wish.purposes:
        raise click.ClickException(f"{file}: `purposes` is empty")
    actor = console_actor(class_name, code, user, wish.purposes[0])

    async def work(desks: Desks) -> SharingGrant:
        return await desks.show_grant(await desks.grants.request(wish))

    found = do_act(config, actor, Act.REQUEST_GRANT, None, work)
    provisional = " (provisional)" if found.is_answer_due_provisional else ""
    click.echo(f"{found.grant_no} REQUESTED, answer due {found.answer_due_on}{provisional}")


@grant.command()
@config_option
@_BY_PROVIDER
@_NUMBER
@_REASON
def extend(
    config: Path, class_name: str, code: str, user: str | None, grant_no: str, reason: str
) -> None:
    """Put the answer off, once."""
    _do(
        config,
        (class_name, code, user),
        Act.EXTEND_GRANT,
        grant_no,
        lambda desks: desks.grants.extend(grant_no, reason),
    )


@grant.command()
@config_option
@_BY_PROVIDER
@_NUMBER
@click.option("--accept/--refuse", "is_given", required=True, default=None, help="The decision.")
@click.option("--reason", default=None, help="Why; required of a refusal.")
def decide(
    config: Path,
    class_name: str,
    code: str,
    user: str | None,
    grant_no: str,
    is_given: bool,
    reason: str | None,
) -> None:
    """Give or refuse what was asked for."""
    _do(
        config,
        (class_name, code, user),
        Act.DECIDE_GRANT,
        grant_no,
        lambda desks: desks.grants.decide(grant_no, is_given, reason),
    )


@grant.command()
@config_option
@_BY_EITHER
@_NUMBER
@_REASON
def suspend(
    config: Path, class_name: str, code: str, user: str | None, grant_no: str, reason: str
) -> None:
    """Stop a grant for the time being."""
    _do(
        config,
        (class_name, code, user),
        Act.SUSPEND_GRANT,
        grant_no,
        lambda desks: desks.grants.suspend(grant_no, reason),
    )


@grant.command()
@config_option
@_BY_EITHER
@_NUMBER
@click.option("--reason", default=None, help="Why, if it is to be kept.")
def resume(
    config: Path, class_name: str, code: str, user: str | None, grant_no: str, reason: str | None
) -> None:
    """Let a suspended grant go on."""
    _do(
        config,
        (class_name, code, user),
        Act.RESUME_GRANT,
        grant_no,
        lambda desks: desks.grants.resume(grant_no, reason),
    )


@grant.command()
@config_option
@_BY_EITHER
@_NUMBER
@_REASON
def revoke(
    config: Path, class_name: str, code: str, user: str | None, grant_no: str, reason: str
) -> None:
    """End a grant for good."""
    _do(
        config,
        (class_name, code, user),
        Act.REVOKE_GRANT,
        grant_no,
        lambda desks: desks.grants.revoke(grant_no, reason),
    )


@grant.command("list")
@config_option
@click.option("--state", type=click.Choice([member.value for member in GrantState]))
@click.option("--overdue", is_flag=True, help="Only those whose answer is overdue.")
def list_(config: Path, state: str | None, overdue: bool) -> None:
    """List grants, the last requested first."""
    now = datetime.now(UTC)
    wanted = GrantFilter(state=GrantState(state) if state else None, first=_MOST_LISTED)
    settings = read_config(config)
    clock = GrantClock(sharing_of(settings))
    found = run_on_store(
        store_of(settings), lambda pool: GrantRegister(pool).list_grants(wanted, now)
    )
    table = Table(
        "number", "state", "consumer", "provider", "entry", "fields", "answer due", "until"
    )
    for record in found:
        times = clock.times(record, now)
        if times.is_overdue or not overdue:
            table.add_row(*(Text(cell) for cell in _cells(record, times)))
    Console().print(table)


@grant.command()
@config_option
@_NUMBER
def show(config: Path, grant_no: str) -> None:
    """Show a grant with its clocks and history, as JSON."""
    now = datetime.now(UTC)
    settings = read_config(config)
    clock = GrantClock(sharing_of(settings))

    async def work(pool: LightPool) -> SharingGrant | None:
        record = await GrantRegister(pool).find(grant_no, now)
        if record is None:
            return None
        history = await read_history(pool, grant_no)
        return grant_view(record, clock.times(record, now), history)

    found = run_on_store(store_of(settings), work)
    if found is None:
        raise _unknown(grant_no)
    echo_json(found)


def _do(
    config: Path,
    who: tuple[str, str, str | None],
    act: Act,
    grant_no: str,
    work: Callable[[Desks], Awaitable[GrantRecord]],
) -> None:
    now = datetime.now(UTC)
    store = store_of(read_config(config))
    known = run_on_store(store, lambda pool: GrantRegister(pool).find(grant_no, now))
    if known is None:
        raise _unknown(grant_no)
    actor = console_actor(*who, known.terms.purposes[0])
    record = do_act(config, actor, act, grant_no, work)
    click.echo(f"{grant_no} {record.state.value}")


def _cells(record: GrantRecord, times: GrantTimes) -> tuple[str, ...]:
    terms = record.terms
    due = f"{times.answer_due.date}{'?' if times.answer_due.provisional else ''}"
    return (
        terms.grant_no,
        record.state.value,
        terms.consumer,
        terms.provider,
        terms.catalogue_code,
        str(len(terms.coordinates)),
        f"{due} OVERDUE" if times.is_overdue else due,
        f"{terms.valid_until:%Y-%m-%d}",
    )


def _unknown(grant_no: str) -> click.ClickException:
    return click.ClickException(f"there is no grant `{grant_no}`")
