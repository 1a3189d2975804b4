"""The command `audit archive`: moves entries that are old enough from the store to the archive."""

from __future__ import annotations

import datetime as dt
import getpass
import secrets
from dataclasses import replace
from pathlib import Path

import click

from gateway.cli.acting import store_of
from gateway.cli.audit_log import on_log, read_log_settings, trust_of
from gateway.cli.config import config_option
from gateway.controls.types import CHINA_STANDARD_TIME
from gateway.retention.archive import Archive, ArchiveAct
from gateway.retention.terms import kept_since
from gateway.store.pool import LightPool

_PATIENCE_MS = 600_000


@click.command()
@config_option
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Archive what arrived before this day; as far as is allowed if not given.",
)
@click.option("--user", default=None, help="Who acts; your login name if not given.")
def archive(config: Path, before: dt.datetime | None, user: str | None) -> None:
    """Move entries older than the log is kept from the store into the folder `audit_log.archive`.

    They leave the store only after they are sealed in the archive and verified there. A run that
    was broken off is taken up by the next one. Proofs and the verifier go on to work.
    """
    settings, log, identity = read_log_settings(config)
    if log.archive is None:
        raise click.ClickException("the settings name no folder `audit_log.archive`")
    if log.archive == log.segments:
        raise click.ClickException("`audit_log.archive` is the folder of `audit_log.segments`")
    now = dt.datetime.now(dt.UTC)
    latest = kept_since(now, log.keep_years)
    wanted = latest if before is None else before.replace(tzinfo=CHINA_STANDARD_TIME)
    if wanted > latest:
        raise click.ClickException(
            f"entries since {latest:%Y-%m-%d} are kept for {log.keep_years} years, expected a day "
            f"no later than that, found {wanted:%Y-%m-%d}"
        )
    act = ArchiveAct(secrets.token_hex(12), user or getpass.getuser(), now, wanted)
    folder, trust = log.archive, trust_of(log, identity)

    async def work(pool: LightPool) -> int:
        return await Archive(pool, identity, folder, trust).run(act)

    store = replace(store_of(settings), statement_timeout_ms=_PATIENCE_MS)
    count = on_log(store, work)
    click.echo(f"{count} entries have left the store for {folder}")
