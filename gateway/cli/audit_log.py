"""Commands of the group `audit` about the log as a whole: its key, sequencer, copies, proof."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.cli.acting import store_of
from gateway.cli.config import config_option, read_config
from gateway.cli.store import run_on_store
from gateway.errors import GatewayError, InternalError
from gateway.logkeeping import identity_of, kept_log, witness_keys
from gateway.settings import AuditLogSettings, Settings
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from gateway.translog import verify_audit_log
from gateway.translog.mirror import Mirror
from gateway.translog.notes import COSIGNATURE_TYPE, ED25519_TYPE, is_key_name
from gateway.translog.proofs import Proofs
from gateway.translog.segment_reading import SegmentReader
from gateway.translog.segments import newest_note
from gateway.translog.signers import Ed25519Signer, private_key_pem
from gateway.translog.storecheck import check_store
from gateway.translog.types import InclusionProof, LogIdentity

_T = TypeVar("_T")
_DROPPED = "SELECT dropped_size FROM audit_archive"
_ENTRY = "SELECT entry_no, entry FROM audit_entry WHERE request_id = $1 ORDER BY entry_no"


def read_log_settings(config: Path) -> tuple[Settings, AuditLogSettings, LogIdentity]:
    """Read the settings of a log.

    Raises:
        click.ClickException: they name none, or one that cannot be used.
    """
    settings = read_config(config)
    if settings.audit_log is None:
        raise click.ClickException("the settings have no section `audit_log`")
    try:
        return settings, settings.audit_log, identity_of(settings.audit_log)
    except InternalError as error:
        raise click.ClickException(str(error)) from error


@click.command()
@click.option("--origin", required=True, help="Name of the log, or of the witness.")
@click.option("--witness", is_flag=True, help="Make a key for cosignatures of a witness.")
@click.argument("file", type=click.Path(path_type=Path))
def new_key(origin: str, witness: bool, file: Path) -> None:
    """Write a new private key to FILE and print its verifier key."""
    if not is_key_name(origin):
        raise click.ClickException(f"`{origin}` is no name: no blanks and no `+`")
    private = Ed25519PrivateKey.generate()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.ClickException(f"file `{file}` cannot be made: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as written:
        written.write(private_key_pem(private))
    kind = COSIGNATURE_TYPE if witness else ED25519_TYPE
    click.echo(Ed25519Signer(origin, private, kind).key.verifier_key())


@click.command()
@config_option
def key(config: Path) -> None:
    """Print the verifier keys of the log, the one in force first."""
    _, _, identity = read_log_settings(config)
    for each in identity.keys:
        click.echo(each.verifier_key())


@click.command()
@config_option
def sequencer(config: Path) -> None:
    """Keep the log until interrupted, apart from the workers that write entries."""
    settings, log, _ = read_log_settings(config)
    if log.key is None and not log.device:
        raise click.ClickException("the settings name no key to sign with")

    async def run() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        async with kept_log(log, store_of(settings)):
            click.echo(f"keeping log {log.origin}")
            await stopped.wait()

    try:
        asyncio.run(run())
    except GatewayError as error:
        raise click.ClickException(str(error)) from error


@click.command()
@config_option
@click.argument("folder", type=click.Path(path_type=Path))
def export(config: Path, folder: Path) -> None:
    """Copy everything that is signed into FOLDER, with the program that verifies it."""
    settings, log, identity = read_log_settings(config)

    async def copy(pool: LightPool) -> int:
        mirror = Mirror(pool, identity, folder, log.archive)
        await mirror.open()
        try:
            await mirror.copy()
            return mirror.size
        finally:
            mirror.close()

    size = on_log(store_of(settings), copy)
    program = Path(verify_audit_log.__file__)
    shutil.copyfile(program, folder / program.name)
    click.echo(f"{size} entries in {folder}; to verify them, anywhere:")
    keys = " ".join(f"--key '{each.verifier_key()}'" for each in identity.keys)
    click.echo(f"python {program.name} . {keys}")


@click.command()
@config_option
@click.option(
    "--quorum", type=click.IntRange(0), default=0, help="Witnesses that must have signed."
)
@click.option(
    "--trusted",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with a checkpoint that you kept; again for further ones.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def verify(config: Path, quorum: int, trusted: tuple[Path, ...], as_json: bool) -> None:
    """Hash every stored byte of the log again, in the store and in the segments; exit 1 if
    anything does not hold."""
    settings, log, identity = read_log_settings(config)
    kept = _checkpoints(trusted)
    trust = trust_of(log, identity, quorum, kept)
    # a store that was put back is sound in itself; its segments know better
    of_store = trust_of(log, identity, quorum, [*kept, *_newest(log.segments)])
    found = on_log(
        store_of(settings),
        lambda pool: check_store(pool, identity.suite.name, of_store, log.archive),
    )
    if not as_json:
        click.echo("store:")
    verify_audit_log.show(found, as_json)
    is_good = not found.problems
    folders = {"segments": log.segments, "archive": log.archive}
    for name, folder in folders.items():
        if folder is None or (name == "archive" and not any(folder.glob("*"))):
            continue
        report = verify_audit_log.Report()
        try:
            # an archive ends long before what others keep
            held = trust if name == "segments" else trust_of(log, identity)
            verify_audit_log.SegmentCheck(folder, held, report).run()
        except (verify_audit_log.Damaged, OSError) as error:
            report.add("UNREADABLE", None, str(error))
        if not as_json:
            click.echo(f"{name} in {folder}:")
        verify_audit_log.show(report, as_json)
        is_good = is_good and not report.problems
    if not is_good:
        raise SystemExit(1)


def trust_of(
    log: AuditLogSettings,
    identity: LogIdentity,
    quorum: int = 0,
    trusted: Sequence[verify_audit_log.Checkpoint] = (),
) -> verify_audit_log.Trust:
    """What a verifier has to believe of the log that the settings name.

    Raises:
        click.ClickException: a key of a witness is none.
    """
    try:
        witnesses = witness_keys(log)
    except InternalError as error:
        raise click.ClickException(str(error)) from error
    return verify_audit_log.Trust(
        tuple(verify_audit_log.read_key(each.verifier_key()) for each in identity.keys),
        tuple(verify_audit_log.read_key(each.verifier_key()) for each in witnesses),
        quorum,
        tuple(trusted),
    )


def _newest(segments: Path | None) -> list[verify_audit_log.Checkpoint]:
    """The newest checkpoint of the segments; none where it cannot be read, which is found then."""
    try:
        note = None if segments is None else newest_note(segments)
        return [] if note is None else [verify_audit_log.read_checkpoint(note.encode())]
    except (InternalError, OSError, verify_audit_log.Damaged):
        return []


def _checkpoints(paths: Sequence[Path]) -> list[verify_audit_log.Checkpoint]:
    try:
        return [verify_audit_log.read_checkpoint(path.read_text("utf-8")) for path in paths]
    except (verify_audit_log.Damaged, UnicodeDecodeError) as error:
        raise click.ClickException(str(error)) from error


@click.command()
@config_option
@click.argument("request_id")
def prove(config: Path, request_id: str) -> None:
    """Print proof that the entry of a request is in the log, for `verify_audit_log.py --proof`."""
    settings, log, identity = read_log_settings(config)

    async def find(pool: LightPool) -> list[dict[str, object]]:
        async with pool.connection() as connection:
            rows = await connection.fetch(_ENTRY, request_id)
            dropped = await connection.fetchval(_DROPPED)
        proofs = Proofs(pool, identity.suite)
        proven = await proofs.proofs_of([row["entry_no"] for row in rows])
        found = [_proof(row["entry"], proven[row["entry_no"]]) for row in rows]
        if log.archive is None or not dropped:
            return found
        named = f'"requestId":{json.dumps(request_id, ensure_ascii=False)}'.encode()
        archived = SegmentReader(log.archive).find(named, dropped)
        of_leaves = await proofs.of_leaves([each.leaf for each in archived])
        return [*(_proof(each.entry, of_leaves[each.leaf]) for each in archived), *found]

    found = on_log(store_of(settings), find)
    if not found:
        raise click.ClickException(f"no entry of a request `{request_id}`")
    for each in found:
        click.echo(json.dumps(each, ensure_ascii=False, indent=2))


def _proof(entry: bytes, proof: object) -> dict[str, object]:
    if not isinstance(proof, InclusionProof):
        return {"entry": entry.decode(), "state": "NOT_YET_COVERED"}
    return {
        "entry": entry.decode(),
        "leafIndex": proof.leaf_index,
        "treeSize": proof.tree_size,
        "path": proof.path_texts(),
        "checkpoint": proof.checkpoint,
    }


def on_log(store: StoreAddress, work: Callable[[LightPool], Awaitable[_T]]) -> _T:
    """Run work that reads or writes folders beside the store.

    Raises:
        click.ClickException: store or folder cannot be used.
    """
    try:
        return run_on_store(store, work)
    except OSError as error:
        raise click.ClickException(f"the folder cannot be used: {error.strerror}") from error
