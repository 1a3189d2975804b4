"""The commands `backup` and `restore` of the gateway's own store, with the segments of its log."""

from __future__ import annotations

import asyncio
import datetime as dt
import getpass
import secrets
from dataclasses import replace
from pathlib import Path

import click

from gateway.cli.acting import store_of
from gateway.cli.audit_log import on_log, read_log_settings
from gateway.cli.config import config_option
from gateway.logkeeping import signer_of, witness_keys
from gateway.opaque import OpaqueCodec
from gateway.recovery.backup import SEGMENTS, Backup, make_backup, read_backup
from gateway.recovery.declare import Declaration, Declared, LogKeys, declare_restore
from gateway.recovery.load import load_backup
from gateway.settings import AuditLogSettings, Settings
from gateway.store.connect import StoreAddress
from gateway.store.migrate import migrate, shipped_migrations
from gateway.store.pool import Connection, LightPool
from gateway.translog.mirror import Mirror
from gateway.translog.notes import NoteError, SignedNote, parse_note
from gateway.translog.sequencer import Sequencer
from gateway.translog.types import LogIdentity

_PATIENCE_MS = 24 * 3_600_000


@click.command()
@config_option
@click.argument("folder", type=click.Path(path_type=Path))
def backup(config: Path, folder: Path) -> None:
    """Write the gateway's store into a new folder below FOLDER, named by the time.

    Beside it, in FOLDER/segments, stand the segments of the log, which grow from one backup to the
    next. The gateway goes on to serve meanwhile. A backup holds secrets as the store does: keep it
    where only operators can read it.
    """
    settings, log, identity = read_log_settings(config)
    now = dt.datetime.now(dt.UTC)

    async def work(pool: LightPool) -> tuple[Backup, int]:
        async with pool.connection() as connection:
            made = await make_backup(connection, folder / f"{now:%Y%m%dT%H%M%SZ}", now)
        mirror = Mirror(pool, identity, folder / SEGMENTS, log.archive)
        await mirror.open()
        try:
            await mirror.copy()
            return made, mirror.size
        finally:
            mirror.close()

    made, size = on_log(_patient(settings), work)
    rows = sum(table.rows for table in made.tables)
    click.echo(f"{rows} rows of {len(made.tables)} tables in {made.folder}")
    click.echo(f"{size} entries of the log in {folder / SEGMENTS}")


@click.command()
@config_option
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of one backup. Without it, a store that was put back otherwise is declared.",
)
@click.option("--reason", required=True, help="Why; it stands in the log.")
@click.option("--set-aside", is_flag=True, help="Keep what is in the database under another name.")
@click.option(
    "--lost",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with a checkpoint of the log, kept by a witness or auditor, that is lost.",
)
@click.option("--user", default=None, help="Who acts; your login name if not given.")
def restore(
    config: Path,
    source: Path | None,
    reason: str,
    set_aside: bool,
    lost: Path | None,
    user: str | None,
) -> None:
    """Put the gateway's store back to a backup, do again what was done since, and declare it.

    All workers must be stopped. Entries of the log that the segments hold come back; withdrawals,
    suspensions, effects and erasures after the backup hold again; an entry RESTORE says all this.
    A run that was broken off is taken up by the command without `--from`.
    """
    settings, log, identity = read_log_settings(config)
    now = dt.datetime.now(dt.UTC)
    declaration = Declaration(
        secrets.token_hex(12), user or getpass.getuser(), reason, now, _note(lost)
    )
    folders = [] if log.segments is None else [log.segments]
    if source is not None:
        folders.append(source.parent / SEGMENTS)
    keys = LogKeys(identity, witness_keys(log))
    codec = OpaqueCodec(settings.keys.opaque)

    async def work(pool: LightPool) -> Declared:
        async with pool.connection() as connection:
            if source is not None:
                found = await asyncio.to_thread(read_backup, source)
                aside = await load_backup(connection, found, now, sets_aside=set_aside)
                click.echo(f"loaded what was in the store at {found.made_at:%Y-%m-%dT%H:%M:%SZ}")
                if aside is not None:
                    click.echo(f"what was there before is in schema {aside}; drop it when you can")
            await migrate(connection, shipped_migrations())
            done = await declare_restore(connection, keys, codec, folders, declaration)
            await _sign(connection, log, identity)
            return done

    _tell(on_log(_patient(settings), work), declaration.event_id)


async def _sign(connection: Connection, log: AuditLogSettings, identity: LogIdentity) -> None:
    """Sign the entry at once, where this process may; otherwise the next sequencer does."""
    signer = signer_of(log)
    if signer is not None:
        sequencer = Sequencer(connection, identity, signer)
        await sequencer.resume()
        while (await sequencer.step()).is_behind:
            pass


def _tell(done: Declared, event_id: str) -> None:
    reapplied = done.reapplied
    click.echo(
        f"the log goes on after {done.surviving_size} entries, of which "
        f"{done.surviving_size - done.point_size} are newer than what was put back"
    )
    click.echo(
        f"done again: {reapplied.acts} acts, {reapplied.uses} uses of one-off consents, "
        f"{reapplied.erasures} erasures"
    )
    for each in reapplied.suspended:
        click.echo(f"suspended, since its terms or keys were changed after the backup: {each}")
    for each in reapplied.gone:
        click.echo(f"newer than the backup and gone, to be given again: {each}")
    for each in reapplied.effects:
        click.echo(f"an effect on a record whose id no key opens, to be made again: {each}")
    if done.lost_size is not None:
        click.echo(f"declared as lost: entries up to {done.lost_size}")
    click.echo(f"declared as {event_id}; the gateway may serve")


def _note(path: Path | None) -> SignedNote | None:
    if path is None:
        return None
    try:
        return parse_note(path.read_text("utf-8"))
    except (NoteError, UnicodeDecodeError) as error:
        raise click.ClickException(f"file `{path}` holds no checkpoint: {error}") from error


def _patient(settings: Settings) -> StoreAddress:
    return replace(
        store_of(settings),
        application_name="gateway-backup",
        statement_timeout_ms=_PATIENCE_MS,
        lock_timeout_ms=_PATIENCE_MS,
    )
