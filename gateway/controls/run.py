"""Runs controls over the log, and puts what they find on record: once, whoever runs them again."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from gateway.audit.types import AuditEntry, DecisionDigest, EntryKind, RecordsWithin
from gateway.controls.checks import IsWorkingDay
from gateway.controls.facts import read_consents, read_facts
from gateway.controls.load import make_check
from gateway.controls.types import CHINA_STANDARD_TIME, Check, Control, Controls, Finding
from gateway.identity.principal import Principal
from gateway.store.lending import Lending
from gateway.store.pool import Connection
from policies.model import Caller, CallerClass, Purpose

CONTROLS_CLIENT = "credit-gateway-controls"
RAISED = "ALARM_RAISED"
"""Outcome of the entries that alarms are."""

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('credit_gateway_controls'))"
_KNOWN = "SELECT entry FROM audit_entry WHERE request_id = $1"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A finding, ready to be put on record.

    Attributes:
        name: the same in every run that finds it; stands as the entry's request id.
    """

    name: str
    control: Control
    finding: Finding

    def digest(self, version: str) -> DecisionDigest:
        """The evidence, as canonical JSON."""
        finding = self.finding
        evidence = {
            "about": dict(finding.about),
            "basis": self.control.legal_basis,
            "control": self.control.id,
            "controlsVersion": version,
            "entries": list(finding.entries),
            "found": finding.found,
            "limit": finding.limit,
        }
        return DecisionDigest(orjson.dumps([evidence], option=orjson.OPT_SORT_KEYS))


async def find_alarms(
    lending: Lending,
    controls: Controls,
    since: dt.date,
    now: dt.datetime,
    is_working_day: IsWorkingDay,
) -> Sequence[Alarm]:
    """Return what the controls find from that day on, by the clocks of China."""
    begin = dt.datetime.combine(since, dt.time(), CHINA_STANDARD_TIME)
    consents = await read_consents(lending, begin)
    checks: list[tuple[Control, Check]] = [
        (control, make_check(control, begin, consents, is_working_day))
        for control in controls.controls
    ]
    earliest = begin - dt.timedelta(days=_days_before(controls.controls))
    async for fact in read_facts(lending, earliest, now):
        if fact.client_id != CONTROLS_CLIENT:
            for _, check in checks:
                check.see(fact)
    return [
        Alarm(_name(control, finding.about), control, finding)
        for control, check in checks
        for finding in check.findings()
    ]


def _days_before(controls: Iterable[Control]) -> int:
    """How many days before the first one must be known."""
    said = (
        control.settings.get(key, 0)
        for control in controls
        for key in ("usual_days", "within_days")
    )
    return max((days for days in said if isinstance(days, int)), default=0)


def _name(control: Control, about: Mapping[str, str]) -> str:
    content = orjson.dumps([control.id, about], option=orjson.OPT_SORT_KEYS)
    return f"alarm-{hashlib.sha256(content).hexdigest()[:32]}"


async def raise_alarms(
    lending: Lending,
    recorder: RecordsWithin,
    controls: Controls,
    alarms: Iterable[Alarm],
    at: str,
    user: str | None,
) -> Sequence[Alarm]:
    """Record the alarms that are not on record yet; returns those.

    Args:
        at: wire time of the run. user: who runs the controls.
    """
    raised = []
    for alarm in alarms:
        async with lending.connection() as connection, connection.transaction():
            await connection.execute(_ONE_AT_A_TIME)
            if not await _is_known(connection, alarm.name):
                await recorder.record(connection, _entry(alarm, controls, at, user))
                raised.append(alarm)
    return raised


async def _is_known(connection: Connection, name: str) -> bool:
    """Whether the alarm is on record; a request that only calls itself so is not it."""
    rows = await connection.fetch(_KNOWN, name)
    return any(orjson.loads(row["entry"]).get("kind") == EntryKind.ALARM.value for row in rows)


def _entry(alarm: Alarm, controls: Controls, at: str, user: str | None) -> AuditEntry:
    return AuditEntry(
        request_id=alarm.name,
        at=at,
        principal=Principal(
            Caller(CallerClass.AUDITOR, None, Purpose.AUDIT), CONTROLS_CLIENT, None, user
        ),
        address_class="console",
        operation_hash="",
        operation_name=alarm.control.id,
        decisions=alarm.digest(controls.version),
        subjects=(),
        departments=(),
        consents=(),
        released=(),
        policy_version="",
        outcome=RAISED,
        duration_class="console",
        units=0,
        warnings=(alarm.control.kind,),
        kind=EntryKind.ALARM,
    )
