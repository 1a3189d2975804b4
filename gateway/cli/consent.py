"""The command group `consent`: letters filed, checked, withdrawn; consents listed and shown."""

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
from gateway.entitlements.consent import ConsentRecord
from gateway.entitlements.consent_file import read_consent
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.letters import ConsentFilter, LetterRegister
from gateway.mutations.office import Desks
from gateway.mutations.views import consent_view
from gateway.store.pool import LightPool
from policies.model import CallerClass
from policies.sharing.model import Act
from schema.sharing import Consent, ConsentState

_MOST_LISTED = 1_000
_NUMBER = click.argument("consent_no")


@click.group()
def consent() -> None:
    """File, check, withdraw and list consents."""


@consent.command()
@config_option
@click.option("--user", default=None, help="Who acts; your login name if not given.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def file(config: Path, user: str | None, file: Path) -> None:
    """File the signed authorisation that FILE (TOML) describes, for its institution.

    It releases nothing before it has been checked.
    """
    days = sharing_of(read_config(config)).consents.default_days.value
    try:
        letter = read_consent(file.read_text("utf-8"), days)
    except (EntitlementRefusedError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file}: {error}") from error
    actor = console_actor(
        CallerClass.INSTITUTION.value, letter.institution.uscc, user, letter.purpose
    )
    record = do_act(
        config, actor, Act.FILE_LETTER, None, lambda desks: desks.consents.file_letter(letter)
    )
    click.echo(f"{record.terms.consent_no} {record.state.value}")


@consent.command()
@config_option
@acting_as(CallerClass.CREDIT_CENTRE)
@_NUMBER
@click.option("--accept/--refuse", "is_good", required=True, default=None, help="The outcome.")
@click.option("--reason", default=None, help="Why; required of a refusal.")
def check(
    config: Path,
    class_name: str,
    code: str,
    user: str | None,
    consent_no: str,
    is_good: bool,
    reason: str | None,
) -> None:
    """Let a letter release data, or refuse it."""
    _do(
        config,
        (class_name, code, user),
        Act.CHECK_LETTER,
        consent_no,
        lambda desks: desks.consents.check_letter(consent_no, is_good, reason),
    )


@consent.command()
@config_option
@acting_as(CallerClass.CREDIT_CENTRE, CallerClass.SUBJECT)
@_NUMBER
@click.option("--reason", default=None, help="Such as the number of the written notice.")
def withdraw(
    config: Path,
    class_name: str,
    code: str,
    user: str | None,
    consent_no: str,
    reason: str | None,
) -> None:
    """Withdraw a consent at once."""
    _do(
        config,
        (class_name, code, user),
        Act.WITHDRAW_CONSENT,
        consent_no,
        lambda desks: desks.consents.withdraw(consent_no, reason),
    )


@consent.command("list")
@config_option
@click.option("--subject", default=None, help="Key of one subject.")
@click.option("--institution", default=None, help="Code of one institution.")
@click.option("--state", type=click.Choice([member.value for member in ConsentState]))
def list_(config: Path, subject: str | None, institution: str | None, state: str | None) -> None:
    """List consents, the last signed first."""
    wanted = ConsentFilter(
        subject, institution, ConsentState(state) if state else None, None, _MOST_LISTED
    )
    now = datetime.now(UTC)
    store = store_of(read_config(config))
    found = run_on_store(store, lambda pool: LetterRegister(pool).list_records(wanted, now))
    table = Table("number", "state", "subject", "institution", "purpose", "letter", "until")
    for record in found:
        terms = record.terms
        cells = (
            terms.consent_no,
            record.state.value,
            terms.subject_key,
            terms.institution.uscc,
            terms.purpose.value,
            "yes" if record.filed_at else "no",
            f"{terms.valid_to:%Y-%m-%d}",
        )
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)


@consent.command()
@config_option
@_NUMBER
def show(config: Path, consent_no: str) -> None:
    """Show a consent with all that it says and its history, as JSON."""
    now = datetime.now(UTC)

    async def work(pool: LightPool) -> Consent | None:
        record = await LetterRegister(pool).find(consent_no, now)
        if record is None:
            return None
        return consent_view(record, await read_history(pool, consent_no))

    found = run_on_store(store_of(read_config(config)), work)
    if found is None:
        raise _unknown(consent_no)
    echo_json(found)


def _do(
    config: Path,
    who: tuple[str, str, str | None],
    act: Act,
    consent_no: str,
    work: Callable[[Desks], Awaitable[ConsentRecord]],
) -> None:
    now = datetime.now(UTC)
    store = store_of(read_config(config))
    known = run_on_store(store, lambda pool: LetterRegister(pool).find(consent_no, now))
    if known is None:
        raise _unknown(consent_no)
    actor = console_actor(*who, known.terms.purpose)
    record = do_act(config, actor, act, consent_no, work)
    click.echo(f"{consent_no} {record.state.value}")


def _unknown(consent_no: str) -> click.ClickException:
    return click.ClickException(f"there is no consent `{consent_no}`")
