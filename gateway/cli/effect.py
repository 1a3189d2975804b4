"""The command group `effect`: what was decided elsewhere about a department's record."""

from __future__ import annotations

import getpass
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gateway.audit.entry import RecordHasher
from gateway.audit.references import SubjectReferences
from gateway.audit.within import TransactionRecorder
from gateway.cli.acting import CONSOLE_CLIENT, store_of
from gateway.cli.config import config_option, read_config
from gateway.cli.store import run_on_store
from gateway.effects import EffectAct, EffectOffice
from gateway.entitlements.registers import Effect
from gateway.identity.principal import Principal
from gateway.opaque import OpaqueCodec
from gateway.store.pool import LightPool
from policies.model import Caller, CallerClass, Purpose


@click.group()
def effect() -> None:
    """Mark, hide or end a record by what was decided about it, on record."""


def _effect_options(command: Any) -> Any:
    options: tuple[Callable[[Any], Any], ...] = (
        config_option,
        click.option("--record", required=True, help="Id of the record, as answers show it."),
        click.option(
            "--effect", "name", type=click.Choice([each.value for each in Effect]), required=True
        ),
        click.option("--cause", required=True, help="Number of the decision with this effect."),
        click.option("--user", default=None, help="Who acts; your login name if not given."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@effect.command()
@_effect_options
@click.option(
    "--hidden-from",
    "classes",
    type=click.Choice([each.value for each in CallerClass]),
    multiple=True,
    help="A caller class that the record is hidden from; may be repeated.",
)
def begin(
    config: Path, record: str, name: str, cause: str, user: str | None, classes: tuple[str, ...]
) -> None:
    """Let an effect begin; it holds for every answer from now on."""
    hidden_from = tuple(CallerClass(each) for each in classes)
    _act(config, EffectAct.BEGIN, (record, Effect(name), cause, hidden_from), user)


@effect.command()
@_effect_options
def end(config: Path, record: str, name: str, cause: str, user: str | None) -> None:
    """End an effect of a cause."""
    # whom a hidden record was hidden from is of no matter to its end
    hidden_from = (CallerClass.PUBLIC,) if Effect(name) is Effect.HIDDEN else ()
    _act(config, EffectAct.END, (record, Effect(name), cause, hidden_from), user)


def _act(
    config: Path,
    act: EffectAct,
    wanted: tuple[str, Effect, str, tuple[CallerClass, ...]],
    user: str | None,
) -> None:
    settings = read_config(config)
    codec = OpaqueCodec(settings.keys.opaque)
    # which event has which effect is the credit centre's business
    caller = Caller(CallerClass.CREDIT_CENTRE, None, Purpose.AUDIT)
    principal = Principal(caller, CONSOLE_CLIENT, user_ref=user or getpass.getuser())
    recorder = TransactionRecorder(
        SubjectReferences(os.urandom), RecordHasher(secrets.token_bytes(32))
    )

    async def work(pool: LightPool) -> None:
        office = EffectOffice(pool, recorder, codec)
        found = office.effect(*wanted)
        await office.act(principal, act, found, secrets.token_hex(12))

    run_on_store(store_of(settings), work)
    click.echo(f"{act.value} {wanted[1].value} by {wanted[2]}")
