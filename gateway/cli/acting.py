"""Acts on grants and consents at the console: the same desks and the same audit as over GraphQL."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import getpass
import json
import os
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.audit.entry import RecordHasher
from gateway.audit.references import SubjectReferences
from gateway.audit.types import AuditEntry, EntryKind
from gateway.audit.within import TransactionRecorder
from gateway.cli.config import installed_registry, read_config
from gateway.cli.store import run_on_store
from gateway.entitlements.acts import Actor
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.grantable import Grantable
from gateway.errors import InternalError
from gateway.identity.principal import Principal
from gateway.mutations.office import Desks, Office
from gateway.mutations.types import ActRefused, Acts
from gateway.mutations.views import wire_time
from gateway.policy.load import load_admitting
from gateway.settings import Settings
from gateway.store.connect import StoreAddress
from gateway.store.lending import OneConnection
from gateway.store.pool import Connection, LightPool
from policies.errors import PolicyLoadError
from policies.model import Caller, CallerClass, Purpose
from policies.sharing.loader import SHARING, SharingLoadError, load_sharing
from policies.sharing.model import Act, Sharing
from schema.identifiers.uscc import is_uscc

CONSOLE_CLIENT = "credit-gateway-console"
_CHINA = dt.timezone(dt.timedelta(hours=8))
_T = TypeVar("_T")


def acting_as(*classes: CallerClass) -> Callable[[Any], Any]:
    """Options that say for whom the operator acts."""

    def decorate(command: Any) -> Any:
        for option in (
            click.option("--user", default=None, help="Who acts; your login name if not given."),
            click.option(
                "--organisation", "code", required=True, help="Code of the body that acts."
            ),
            click.option(
                "--as",
                "class_name",
                type=click.Choice([member.value for member in classes]),
                default=classes[0].value,
                show_default=True,
                help="What it is.",
            ),
        ):
            command = option(command)
        return command

    return decorate


def console_actor(class_name: str, code: str, user: str | None, purpose: Purpose) -> Actor:
    """Who acts at the console.

    Args:
        purpose: what the act is about; the console has no token that states one.

    Raises:
        click.ClickException: the code is none.
    """
    if not is_uscc(code):
        raise click.ClickException(f"`{code}` is no unified social credit code")
    caller = Caller(CallerClass(class_name), code, purpose)
    return Actor(caller, CONSOLE_CLIENT, user or getpass.getuser(), None, secrets.token_hex(12))


def sharing_of(settings: Settings) -> Sharing:
    """Who may act, and the times and limits, as the settings say.

    Raises:
        click.ClickException: they cannot be used.
    """
    try:
        return load_sharing(settings.sharing or SHARING)
    except SharingLoadError as error:
        raise click.ClickException(f"sharing: {error}") from error


def store_of(settings: Settings) -> StoreAddress:
    """The gateway's own database."""
    return StoreAddress(settings.store.url, application_name="credit-gateway-cli")


def read_office(config: Path) -> tuple[StoreAddress, Office]:
    """The store, and the desks with the rules and departments that the settings name."""
    settings = read_config(config)
    today = settings.server.today or dt.datetime.now(_CHINA).date()
    registry = installed_registry(settings)
    try:
        policies, registry = load_admitting(registry, settings.policies, today)
    except (PolicyLoadError, InternalError) as error:
        raise click.ClickException(f"policies: {error}") from error
    office = Office(sharing_of(settings), Grantable(registry.manifests, lambda: policies))
    return store_of(settings), office


def do_act(
    config: Path,
    actor: Actor,
    act: Act,
    object_no: str | None,
    work: Callable[[Desks], Awaitable[_T]],
) -> _T:
    """Do one act and commit it with its audit entry; a refusal is on record too.

    Raises:
        click.ClickException: it is refused, or the store cannot be used.
    """
    store, office = read_office(config)
    recorder = TransactionRecorder(
        SubjectReferences(os.urandom), RecordHasher(secrets.token_bytes(32))
    )

    async def on(connection: Connection) -> _T:
        desks = office.desks(OneConnection(connection), actor)
        try:
            async with connection.transaction():
                done = await work(desks)
                acts = Acts(tuple(desks.acting.done), ())
                await recorder.record(connection, _entry(actor, act, acts))
            return done
        except EntitlementRefusedError as error:
            acts = Acts((), (ActRefused(act, object_no, error.code),))
            async with connection.transaction():
                await recorder.record(connection, _entry(actor, act, acts))
            raise

    async def run(pool: LightPool) -> _T:
        async with pool.connection() as connection:
            return await on(connection)

    return run_on_store(store, run)


def _entry(actor: Actor, act: Act, acts: Acts) -> AuditEntry:
    return AuditEntry(
        request_id=actor.request_id,
        at=wire_time(dt.datetime.now(dt.UTC)),
        principal=Principal(actor.caller, actor.client_id, actor.matter_no, actor.user_ref),
        address_class="console",
        operation_hash="",
        operation_name=act.value,
        decisions=acts.digest(),
        subjects=acts.subjects(),
        departments=(),
        consents=(),
        released=(),
        policy_version="",
        outcome=acts.outcome("ANSWERED"),
        duration_class="console",
        units=0,
        kind=EntryKind.ACT,
    )


def echo_json(shown: Any) -> None:
    """Print what a query would show, as JSON."""
    click.echo(json.dumps(dataclasses.asdict(shown), ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, enum.Enum):
        return value.value
    raise TypeError(type(value).__name__)
