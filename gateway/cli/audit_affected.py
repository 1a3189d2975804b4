"""The command `audit affected`: whom a leak is about."""

from __future__ import annotations

import datetime as dt
import json

import click

from gateway.audit.affected import AffectedSubject, Leak, affected_subjects
from gateway.cli.store import run_on_store, store_option
from gateway.store.connect import StoreAddress

_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])


@click.command()
@store_option
@click.option("--client", "client_id", help="Client that read; anybody if not given.")
@click.option("--since", type=_TIME, required=True, help="From this time on, UTC.")
@click.option("--until", type=_TIME, help="Before this time, UTC; now if not given.")
@click.option("--field", "coordinate", help="Field or record kind, such as TaxpayerCredit.grade.")
@click.option("--name-subjects", is_flag=True, help="Their codes too, so that they are told.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def affected(
    store: StoreAddress,
    client_id: str | None,
    since: dt.datetime,
    until: dt.datetime | None,
    coordinate: str | None,
    name_subjects: bool,
    as_json: bool,
) -> None:
    """List the subjects of whom something was shown, by reference, without contents of records."""
    end = dt.datetime.now(dt.UTC) if until is None else until.replace(tzinfo=dt.UTC)
    leak = Leak(since.replace(tzinfo=dt.UTC), end, client_id, coordinate)
    found = run_on_store(
        store, lambda pool: affected_subjects(pool, leak, names_subjects=name_subjects)
    )
    for each in found:
        click.echo(_json(each) if as_json else _line(each))
    if not as_json:
        click.echo(f"{len(found)} subjects")


def _line(subject: AffectedSubject) -> str:
    name = f"  {subject.key}" if subject.key is not None else ""
    return (
        f"{subject.reference}{name}  {subject.requests} requests, {subject.first_at} to "
        f"{subject.last_at}, by {', '.join(sorted(subject.clients))}: "
        f"{', '.join(sorted(subject.coordinates))}"
    )


def _json(subject: AffectedSubject) -> str:
    members = {
        "reference": subject.reference,
        "subject": subject.key,
        "requests": subject.requests,
        "firstAt": subject.first_at,
        "lastAt": subject.last_at,
        "clients": sorted(subject.clients),
        "coordinates": sorted(subject.coordinates),
    }
    return json.dumps(members, ensure_ascii=False)
