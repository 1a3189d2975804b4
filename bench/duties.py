"""What the duties cost, and the small parts of policy: deciding a plan, checking a row."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.ground import Ground
from bench.measuring import Plan, Result, measure
from bench.servers import NO_DUTIES, OURS, Server
from bench.subjects import TODAY
from bench.workloads import CALLERS, OFFICER, WORKLOADS
from gateway.rowcode import rows_check, rows_rule
from policies.engine import PolicySet
from policies.loader import RULES, load_policies
from policies.model import SubjectProfile, Use
from schema.classification import SubjectKind
from schema.records import MODEL

_FIELDS = 40
_DECIDED = 400
_KIND = MODEL.by_type_name["AdministrativeLicence"]
_STATE, _UNTIL = "meta.disclosureState", "meta.discloseUntil"
_FIELDS_OF_ROW = ("documentNo", "certificateName", "decidedOn", "validTo", "status", _STATE, _UNTIL)
_ROW = ["许〔2026〕1号", "食品经营许可证", "2026-01-05", None, "VALID", "PUBLISHED", "2031-01-05"]
_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Duties:
    """Costs of duties.

    Attributes:
        server_ms: CPU per request of W1 that the gateway's process spends on identity, policy,
            quota and audit; the same work beside them is done by both servers compared.
        store_ms: CPU per request that PostgreSQL spends on the gateway's own database.
        rules: rules loaded.
        deciding_p99_ms: CPU of deciding 40 fields that were not decided before, of 400 times.
        row_check_us: checking types and row rule of a row of seven fields.
    """

    server_ms: float
    store_ms: float
    rules: int
    deciding_p99_ms: float
    row_check_us: float


def measure_duties(
    ground: Ground,
    servers: tuple[Server, Server],
    plan: Plan,
    report: Callable[[str], None],
) -> tuple[Duties, list[Result]]:
    """Compare the gateway with the one without duties, on W1.

    Args:
        servers: with and without duties.
    """
    results = measure(ground, WORKLOADS["W1"], servers, plan, report)
    by_target = {each.target: each for each in results}
    ours, without = by_target[OURS], by_target[NO_DUTIES]
    policies = load_policies(MODEL, dt.date.fromisoformat(TODAY), (RULES,))
    duties = Duties(
        server_ms=ours.server_ms - without.server_ms,
        store_ms=ours.store_ms - without.store_ms,
        rules=len(policies.rules),
        deciding_p99_ms=_deciding_p99_ms(policies),
        row_check_us=_row_check_us(policies),
    )
    return duties, results


def _deciding_p99_ms(policies: PolicySet) -> float:
    """Each time on another day, so that nothing decided before helps."""
    coordinates = [
        field.coordinate for kind in MODEL.kinds.values() for field in kind.fields[:_FIELDS]
    ][:_FIELDS]
    subject = SubjectProfile(SubjectKind.ORGANISATION, False, frozenset())
    durations = []
    for number in range(_DECIDED):
        fresh = policies.on(policies.today + dt.timedelta(days=number + 1))
        started = time.process_time()
        table = fresh.compile(CALLERS[OFFICER], subject, frozenset(), False)
        for coordinate in coordinates:
            table.decide(coordinate, Use.READ)
        durations.append(time.process_time() - started)
    return sorted(durations)[int(_DECIDED * 0.99)] * 1_000


def _row_check_us(policies: PolicySet) -> float:
    subject = SubjectProfile(SubjectKind.ORGANISATION, False, frozenset())
    table = policies.compile(CALLERS[OFFICER], subject, frozenset(), False)
    rule = table.decide(_KIND.type_name, Use.READ).row
    assert rule is not None
    types = rows_check(_KIND, _FIELDS_OF_ROW)
    follows = rows_rule(rule, {_STATE: 5, _UNTIL: 6}, _KIND)
    rows = [list(_ROW) for _ in range(_ROWS)]
    started = time.process_time()
    is_sound = types(rows) and follows(rows)
    spent = time.process_time() - started
    assert is_sound
    return spent / _ROWS * 1e6
