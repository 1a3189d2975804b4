"""The command `audit erase`: makes what is on record about a subject unlinkable to it."""

from __future__ import annotations

import datetime as dt
import getpass
import secrets
from pathlib import Path

import click

from gateway.cli.acting import store_of
from gateway.cli.audit_log import read_log_settings
from gateway.cli.config import config_option
from gateway.cli.store import run_on_store
from gateway.opaque import OpaqueCodec, SubjectId
from gateway.retention.erasure import Erased, Erasure, erase_subject
from gateway.retention.terms import kept_since
from gateway.settings import Settings
from gateway.store.pool import LightPool
from schema.identifiers.uscc import is_uscc


@click.command()
@config_option
@click.option("--subject", required=True, help="Code of a firm, or the `id` of a subject.")
@click.option("--reason", required=True, help="Why, in words that do not name the subject.")
@click.option(
    "--order", default=None, help="Number of the decision that requires it before its time."
)
@click.option("--user", default=None, help="Who acts; your login name if not given.")
def erase(config: Path, subject: str, reason: str, order: str | None, user: str | None) -> None:
    """Destroy the link between a subject and its entries in the log, on record.

    Every proof stays good; who looked at the subject until now can no longer be told. It cannot be
    undone. Entries younger than the log is kept stand in its way, unless an order is named.
    """
    settings, log, _ = read_log_settings(config)
    now = dt.datetime.now(dt.UTC)
    erasure = Erasure(
        _key(settings, subject),
        secrets.token_hex(12),
        user or getpass.getuser(),
        reason,
        order,
        now,
        kept_since(now, log.keep_years),
    )

    async def work(pool: LightPool) -> Erased:
        async with pool.connection() as connection, connection.transaction():
            return await erase_subject(connection, erasure)

    done = run_on_store(store_of(settings), work)
    click.echo(
        f"erased: {done.look_ups} requests are about nobody any more, {done.consents} consents "
        f"deleted; on record as {erasure.event_id}"
    )
    click.echo("backups from before still know the subject: see the page on backups")


def _key(settings: Settings, subject: str) -> str:
    if is_uscc(subject):
        return subject
    found = OpaqueCodec(settings.keys.opaque).read_id(subject)
    if not isinstance(found, SubjectId):
        raise click.ClickException("expected a unified social credit code or the id of a subject")
    return found.key
