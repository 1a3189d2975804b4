"""How long rules may keep a look-up from the subject: checked when rules are loaded.

The rules say for each purpose when a look-up shows in `accessLog`. Whatever they say, it shows
when two years have passed at the latest: no rule can close the log to its subject.
"""

from __future__ import annotations

import datetime as dt

from policies.engine import PolicySet
from policies.model import Caller, CallerClass, Outcome, Purpose, SubjectProfile, Use
from schema.classification import SubjectKind
from schema.codes import RecordKind
from schema.model import CreditModel, KindModel
from schema.predicate import WireValue, matches

HARD_MAXIMUM_DAYS = 2 * 365
_SOMEBODY = "91410199MA9DEM028G"
_SELF = Caller(CallerClass.SUBJECT, _SOMEBODY, Purpose.SELF_QUERY)


def check_delays(model: CreditModel, policies: PolicySet) -> list[str]:
    """Say which look-ups never show to their subject, or too late, one sentence each."""
    return [
        f"look-ups for `{purpose.value}` do not show to a subject that is {kind.value} after "
        f"{HARD_MAXIMUM_DAYS} days, expected a rule that lets them show by then"
        for kind in SubjectKind
        for purpose in Purpose
        if not _shows(model, policies, kind, purpose)
    ]


def _shows(model: CreditModel, policies: PolicySet, kind: SubjectKind, purpose: Purpose) -> bool:
    look_up = model.kinds.get(RecordKind.LOOK_UP)
    if look_up is None:
        return True
    table = policies.compile(_SELF, SubjectProfile(kind, True, frozenset()), frozenset(), False)
    for use in (Use.READ, Use.COUNT):
        decision = table.decide(look_up.type_name, use)
        if decision.outcome is not Outcome.CLEAR:
            return False
        record = _old_look_up(look_up, policies.today, purpose)
        if decision.row is not None and not matches(decision.row, record, look_up):
            return False
    return True


def _old_look_up(look_up: KindModel, today: dt.date, purpose: Purpose) -> dict[str, WireValue]:
    day = (today - dt.timedelta(days=HARD_MAXIMUM_DAYS)).isoformat()
    caller = "SUBJECT" if purpose is Purpose.SELF_QUERY else "DEPARTMENT"
    return {
        **dict.fromkeys(field.name for field in look_up.fields),
        "meta.decidedOn": day,
        "at": f"{day}T00:00:00Z",
        "purpose": purpose.value,
        "callerClass": caller,
        "isOwn": purpose is Purpose.SELF_QUERY,
        "outcome": "ANSWERED",
    }
