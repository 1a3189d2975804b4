"""Records near the bounds that row conditions draw."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from schema.model import KindModel

TODAY = dt.date(2026, 9, 22)


def random_record(chance: random.Random, kind: KindModel) -> dict[str, Any]:
    near = [None, "2026-09-21", "2026-09-22", "2026-09-23"]
    decided = TODAY - dt.timedelta(days=chance.choice([80, 95, 350, 380, 1000, 1800, 1900]))
    return {
        "meta.nature": kind.declaration.nature.value,
        "meta.recordKind": kind.kind.value,
        "meta.severity": chance.choice(["NONE", "MINOR", "GENERAL", "SERIOUS", None]),
        "meta.decidedOn": chance.choice([None, *([decided.isoformat()] * 9)]),
        "removedOn": chance.choice([None, "2026-09-22"]),
        "meta.disclosureState": chance.choice(["PUBLISHED", "SHARED", "ENDED", "ARCHIVED", None]),
        "meta.publishUntil": chance.choice(near),
        "meta.discloseUntil": chance.choice(near),
        "grade": chance.choice(["A", "B", None]),
        "complaintCount": chance.choice([4, 5, None]),
        "simpleProcedure": chance.choice([True, False, None]),
        "purpose": chance.choice(["INSPECTION", "PENALTY_CASE", "COURT_ENFORCEMENT", "TENDER"]),
        "closedOn": chance.choice(near),
        "callerClass": chance.choice(["DEPARTMENT", "SUBJECT"]),
        "isOwn": chance.choice([True, False]),
        "isPublic": chance.choice([True, False, None]),
    }
