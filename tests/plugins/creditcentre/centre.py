"""The credit centre for tests: commands by who sends them, and what its tables say afterwards."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import asyncpg

from gateway.contract import Command, CommandActor, CommandResult, FetchContext
from gateway.store.connect import StoreAddress
from plugins.creditcentre.adapter import CreditCentre
from schema.identifiers.uscc import make_uscc
from tests.support.lifecycle import Clockface

MARKET, HOUSING = "11410199MB0M00000Q", "11410199MB0J00008R"
PUNISH, REWARD = "PUNISH_BROKEN_COMMITMENT", "REWARD_TRUSTWORTHY"
DAY = dt.date
PROPOSED_ON, NOTICED_ON = DAY(2026, 9, 21), DAY(2026, 9, 22)
TERM_ENDS = DAY(2026, 9, 30)
DECIDED_ON = DAY(2026, 10, 8)
DIGEST = "ab" * 32
_keys = itertools.count(1)
_firms = itertools.count(1)
_ON_PAPER = {"reason": "违反承诺", "basis": "条例第三十三条", "evidenceSha256": DIGEST}


def new_firm(organisation_type: str = "1") -> str:
    """A code that no other test uses."""
    return str(make_uscc("9", organisation_type, "410199", f"MA9{next(_firms):05d}"))


class Centre:
    """The adapter, sent commands as the gateway would send them."""

    def __init__(self, adapter: CreditCentre, clock: Clockface, address: StoreAddress) -> None:
        self.adapter, self.clock, self.address = adapter, clock, address
        self.firm = new_firm()

    async def send(
        self,
        name: str,
        unit: str = MARKET,
        person: str | None = "anna",
        on: DAY | None = None,
        key: str | None = None,
        version: int | None = None,
        caller_class: str = "department",
        **arguments: Any,
    ) -> CommandResult:
        if on is not None:
            self.clock.move_to(on)
        actor = CommandActor(unit, person, caller_class, "LIST_DETERMINATION", "M-1", "r")
        key = key or f"command-{next(_keys)}"
        command = Command(name, arguments, key, version, actor)
        return await self.adapter.submit(command, FetchContext("r", 0.0, ""))

    async def done(self, name: str, *args: Any, **said: Any) -> str:
        """Send a command that has to be carried out; return the number of the case."""
        result = await self.send(name, *args, **said)
        assert result.errors == ()
        return result.record_ids[0]

    async def refused(self, name: str, *args: Any, **said: Any) -> tuple[str, str | None]:
        """Send a command that has to be refused; return code and field."""
        result = await self.send(name, *args, **said)
        assert result.record_ids == ()
        return result.errors[0].code, result.errors[0].field

    def proposal(self, **changed: Any) -> dict[str, Any]:
        return {
            "listCode": PUNISH,
            "uscc": self.firm,
            "subjectName": "郑州霁珩岫食品有限公司",
            "facts": "公开承诺后未履行，后果严重",
            "severity": "SERIOUS",
            "measures": ["B01"],
            "personNames": ["张三"],
            "personRoles": ["LEGAL_REP"],
            "personFindings": [None],
            "reason": "违反承诺",
            "basis": "条例第三十三条",
            **changed,
        }

    async def proposed(self, **changed: Any) -> str:
        return await self.done("proposeListing", on=PROPOSED_ON, **self.proposal(**changed))

    async def notified(self, **changed: Any) -> str:
        case_no = await self.proposed(**changed)
        await self.done("serveListingNotice", caseNo=case_no, on=NOTICED_ON, **self.notice())
        return case_no

    def notice(self, **changed: Any) -> dict[str, Any]:
        return {
            "noticeNo": "告知〔2026〕1号",
            "servedOn": NOTICED_ON.isoformat(),
            "tellsOfObjection": True,
            **_ON_PAPER,
            **changed,
        }

    def decision(self, **changed: Any) -> dict[str, Any]:
        return {
            "decisionNo": "认定〔2026〕1号",
            "decidedOn": DECIDED_ON.isoformat(),
            "validUntil": "2028-10-08",
            "channel": "credit-website",
            "person": "bo",
            **_ON_PAPER,
            **changed,
        }

    async def listed(self, **changed: Any) -> str:
        case_no = await self.notified(**changed)
        await self.done("decideListing", caseNo=case_no, on=DECIDED_ON, **self.decision())
        return case_no

    async def exited(self, reason: str, on: DAY = DAY(2026, 11, 2), **changed: Any) -> str:  # noqa: B008
        case_no = await self.listed(**changed)
        await self.done(
            "proposeListingExit", caseNo=case_no, on=on, exitReason=reason, reason="已纠正"
        )
        await self.done("endListing", caseNo=case_no, person="bo", **_ON_PAPER)
        return case_no

    async def sweep_on(self, day: DAY) -> None:
        self.clock.move_to(day)
        await self.adapter.do_due_work()

    async def state(self, case_no: str) -> str:
        return str(await self.value("SELECT state FROM lifecycle_case WHERE case_no = $1", case_no))

    async def notices(self, case_no: str) -> list[tuple[str, str]]:
        rows = await self.rows(
            "SELECT kind, channel FROM list_notice WHERE case_no = $1 ORDER BY version, kind",
            case_no,
        )
        return [tuple(row) for row in rows]

    async def letters(self, case_no: str) -> list[str]:
        rows = await self.rows(
            "SELECT kind FROM list_letter WHERE case_no = $1 ORDER BY version", case_no
        )
        return [row[0] for row in rows]

    async def value(self, statement: str, *values: Any) -> Any:
        [row] = await self.rows(statement, *values)
        return row[0]

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        connection = await asyncpg.connect(self.address.url)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()
