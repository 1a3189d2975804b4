"""The command `audit close-matter`: lets the look-ups for a matter show to whom they are about."""

from __future__ import annotations

import datetime as dt
import os
import secrets

import click
import orjson

from gateway.accesslog.matters import ACT
from gateway.accesslog.matters import close_matter as note_closed
from gateway.audit.entry import RecordHasher
from gateway.audit.references import SubjectReferences
from gateway.audit.types import AuditEntry, DecisionDigest, EntryKind
from gateway.audit.within import TransactionRecorder
from gateway.cli.acting import acting_as, console_actor
from gateway.cli.store import run_on_store, store_option
from gateway.entitlements.acts import Actor
from gateway.identity.principal import Principal
from gateway.mutations.views import wire_time
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from policies.model import CallerClass, Purpose

_CHINA = dt.timezone(dt.timedelta(hours=8))


@click.command("close-matter")
@store_option
@acting_as(CallerClass.DEPARTMENT, CallerClass.CREDIT_CENTRE)
@click.option(
    "--purpose",
    type=click.Choice([each.value for each in Purpose]),
    default=Purpose.INSPECTION.value,
    show_default=True,
    help="What the matter was about.",
)
@click.option("--matter", "matter_no", required=True, help="Number of the matter.")
@click.option("--on", "closed_on", type=click.DateTime(["%Y-%m-%d"]), help="Today if not given.")
def close_matter(
    store: StoreAddress,
    class_name: str,
    code: str,
    user: str | None,
    purpose: str,
    matter_no: str,
    closed_on: dt.datetime | None,
) -> None:
    """Note that a matter is closed (办结).

    Look-ups for an inspection, a penalty case or an enforcement show to their subject from then
    on. Closing is on record; it cannot be undone.
    """
    now = dt.datetime.now(dt.UTC)
    today = now.astimezone(_CHINA).date()
    day = today if closed_on is None else closed_on.date()
    if day > today:
        raise click.ClickException(f"the matter would be closed on {day}, expected today or before")
    if not matter_no or "\0" in matter_no:
        raise click.ClickException("the matter has no number, expected one")
    actor = console_actor(class_name, code, user, Purpose(purpose))
    recorder = TransactionRecorder(
        SubjectReferences(os.urandom), RecordHasher(secrets.token_bytes(32))
    )

    async def work(pool: LightPool) -> None:
        async with pool.connection() as connection, connection.transaction():
            await note_closed(connection, code, matter_no, day)
            await recorder.record(connection, _entry(actor, matter_no, day, wire_time(now)))

    run_on_store(store, work)
    click.echo(f"{matter_no} of {code} is closed since {day}")


def _entry(actor: Actor, matter_no: str, day: dt.date, at: str) -> AuditEntry:
    act = {"act": ACT, "object": matter_no, "outcome": f"CLOSED {day}", "rules": []}
    return AuditEntry(
        request_id=actor.request_id,
        at=at,
        principal=Principal(actor.caller, actor.client_id, matter_no, actor.user_ref),
        address_class="console",
        operation_hash="",
        operation_name=ACT,
        decisions=DecisionDigest(orjson.dumps([act], option=orjson.OPT_SORT_KEYS)),
        subjects=(),
        departments=(),
        consents=(),
        released=(),
        policy_version="",
        outcome="ANSWERED",
        duration_class="console",
        units=0,
        kind=EntryKind.ACT,
    )
