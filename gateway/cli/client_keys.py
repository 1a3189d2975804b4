"""The commands `client rotate` and `client report`: new keys, and what was read with the old."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from gateway.audit.client_report import ClientReport, client_report
from gateway.cli.client_office import (
    certificate_option,
    in_office,
    jwks_option,
    read_credentials,
    user_option,
)
from gateway.cli.store import run_on_store, store_option
from gateway.onboarding import Rotation
from gateway.store.connect import StoreAddress


@click.command()
@store_option
@user_option
@click.argument("client_id")
@jwks_option
@certificate_option
@click.option(
    "--overlap-hours",
    type=click.IntRange(0, 720),
    default=0,
    show_default=True,
    help="For how long the old ones are good beside the new.",
)
@click.option(
    "--end-tokens",
    is_flag=True,
    help="Accept no token that was issued until now: for a key that was lost.",
)
def rotate(
    store: StoreAddress,
    user: str | None,
    client_id: str,
    jwks: Path | None,
    certificates: tuple[Path, ...],
    overlap_hours: int,
    end_tokens: bool,
) -> None:
    """Let new keys or certificates take the place of a client's old ones."""
    credentials = read_credentials(jwks, certificates)
    if credentials is None:
        raise click.UsageError("give --jwks, --certificate or both")
    rotation = Rotation(credentials, timedelta(hours=overlap_hours), end_tokens)
    in_office(store, user, lambda office, acting: office.rotate(acting, client_id, rotation))
    click.echo(f"{client_id} ROTATED{', earlier tokens end' if end_tokens else ''}")


@click.command()
@store_option
@click.argument("client_id")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    required=True,
    help="Moment in UTC from which on.",
)
@click.option("--json", "as_json", is_flag=True, help="Every request, one JSON object per line.")
@click.option(
    "--name-subjects", is_flag=True, help="Codes of the firms it read about, so that they are told."
)
def report(
    store: StoreAddress, client_id: str, since: datetime, as_json: bool, name_subjects: bool
) -> None:
    """List what a client read since a moment, without contents of records."""
    at = since.replace(tzinfo=UTC)
    found = run_on_store(
        store, lambda pool: client_report(pool, client_id, at, names_subjects=name_subjects)
    )
    if as_json:
        for line in found.lines:
            click.echo(json.dumps(dataclasses.asdict(line), ensure_ascii=False))
    else:
        _summarise(found)
    for key in found.subject_keys:
        click.echo(json.dumps({"subject": key}) if as_json else f"subject {key}")


def _summarise(found: ClientReport) -> None:
    for outcome, number in sorted(found.outcomes.items()):
        click.echo(f"{number:>8}  {outcome}")
    click.echo(f"{len(found.subjects):>8}  distinct subjects in answers")
    for coordinate, number in sorted(found.coordinates.items()):
        click.echo(f"{number:>8}  {coordinate}")
    if found.is_cut:
        click.echo("there are more requests: take a later --since for the rest")
