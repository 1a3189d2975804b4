"""The command `audit controls`: looks for what somebody should look at, and puts it on record."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
import secrets
from pathlib import Path

import click

from gateway.audit.entry import RecordHasher
from gateway.audit.references import SubjectReferences
from gateway.audit.within import TransactionRecorder
from gateway.cli.store import run_on_store, store_option
from gateway.controls.load import ControlsError, load_controls
from gateway.controls.run import Alarm, find_alarms, raise_alarms
from gateway.controls.types import CHINA_STANDARD_TIME, Controls
from gateway.mutations.views import wire_time
from gateway.store.connect import StoreAddress
from gateway.store.pool import LightPool
from policies.disclosure.working_days import installed_calendar

_USUAL_DAYS = 31


@click.command()
@store_option
@click.option(
    "--controls",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of controls; those that come with the gateway if not given.",
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help=f"First day to look at, counted in China; {_USUAL_DAYS} days ago if not given.",
)
@click.option("--dry-run", is_flag=True, help="Only say what is found; nothing is recorded.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def controls(
    store: StoreAddress, path: Path | None, since: dt.datetime | None, dry_run: bool, as_json: bool
) -> None:
    """Run the controls over the log; each finding becomes an alarm in the log, once.

    Ends with 0, also where alarms were raised.
    """
    try:
        read = load_controls(path)
    except ControlsError as error:
        raise click.ClickException(str(error)) from error
    now = dt.datetime.now(dt.UTC)
    usual = now.astimezone(CHINA_STANDARD_TIME).date() - dt.timedelta(days=_USUAL_DAYS)
    first = max(since.date() if since else usual, read.in_force_from)

    async def work(pool: LightPool) -> tuple[list[Alarm], list[Alarm]]:
        is_working_day = installed_calendar().is_working_day
        found = list(await find_alarms(pool, read, first, now, is_working_day))
        if dry_run:
            return found, []
        recorder = TransactionRecorder(
            SubjectReferences(os.urandom), RecordHasher(secrets.token_bytes(32))
        )
        at, user = wire_time(now), getpass.getuser()
        return found, list(await raise_alarms(pool, recorder, read, found, at, user))

    found, raised = run_on_store(store, work)
    for alarm in found if dry_run else raised:
        click.echo(_json_line(alarm, read) if as_json else _line(alarm))
    if not as_json:
        click.echo(f"{len(found)} found since {first}, {len(raised)} of them new on record")


def _line(alarm: Alarm) -> str:
    finding = alarm.finding
    about = " ".join(f"{name}={value}" for name, value in finding.about.items())
    return f"{alarm.control.id}: {about}: {finding.found} (limit {finding.limit}), {alarm.name}"


def _json_line(alarm: Alarm, read: Controls) -> str:
    (evidence,) = json.loads(alarm.digest(read.version).json)
    return json.dumps({"alarm": alarm.name, **evidence}, ensure_ascii=False)
