"""Entries as records of the network: from their decision on, in the state that their exit gives."""

from __future__ import annotations

import time
from typing import Any

import pytest

from gateway.contract import FetchContext, RecordRequest, RecordSelection, RowBatch
from plugins.creditcentre.mapping import HONOUR, LIST_ENTRY
from schema.codes import RecordKind
from tests.plugins.creditcentre.centre import (
    DAY,
    DECIDED_ON,
    MARKET,
    NOTICED_ON,
    REWARD,
    Centre,
)

FIELDS = {
    RecordKind.LIST_ENTRY: tuple(LIST_ENTRY.columns),
    RecordKind.HONOUR: tuple(HONOUR.columns),
}


async def records(centre: Centre, kind: RecordKind = RecordKind.LIST_ENTRY) -> list[dict[str, Any]]:
    """Return what the network is given about the firm, by field."""
    request = RecordRequest("test", RecordSelection(kind, FIELDS[kind], first=10), (centre.firm,))
    context = FetchContext("test", time.monotonic() + 30, "2026-11-02T00:00:00Z")
    [batch] = await centre.adapter.fetch([request], context)
    assert isinstance(batch, RowBatch)
    [rows] = batch.groups
    return [dict(zip(FIELDS[kind], row, strict=True)) for row in rows]


async def test_lst_10_decided_entry_is_a_published_record(centre: Centre) -> None:
    case_no = await centre.listed(measures=["B01", "B07"])
    [record] = await records(centre)
    assert record["meta.recordId"] == case_no
    assert (record["meta.disclosureState"], record["meta.severity"]) == ("PUBLISHED", "SERIOUS")
    assert (record["uscc"], record["determiningUnitCode"]) == (centre.firm, MARKET)
    assert (record["decidedOn"], record["validUntil"]) == (DECIDED_ON.isoformat(), "2028-10-08")
    assert record["meta.publishedOn"] == DECIDED_ON.isoformat()
    assert record["basis"] == "河南省社会信用条例 第二十八条、第三十三条第八项"
    assert list(record["measures"]) == ["B01", "B07"]
    assert list(record["responsiblePersons.name"]) == ["张三"]
    assert list(record["responsiblePersons.role"]) == ["LEGAL_REP"]
    assert (record["removedOn"], record["exitReason"]) == (None, None)


async def test_lst_8_person_is_shown_as_responsible_by_its_own_determination_only(
    centre: Centre,
) -> None:
    case_no = await centre.listed(
        personNames=["张三", "李四"],
        personRoles=["LEGAL_REP", "DIRECTLY_RESPONSIBLE"],
        personFindings=[None, "直接责任已认定"],
    )
    [record] = await records(centre)
    assert list(record["responsiblePersons.responsibleFor"]) == [None, case_no]


async def test_lst_2_what_is_not_decided_is_no_record(centre: Centre) -> None:
    case_no = await centre.notified()
    assert await records(centre) == []
    await centre.done("declineListing", caseNo=case_no, reason="已履行", on=DECIDED_ON)
    assert await records(centre) == []


@pytest.mark.parametrize(
    ("reason", "state"),
    [("REPAIRED", "ENDED"), ("BASIS_ANNULLED", "WITHDRAWN"), ("WRONGLY_LISTED", "WITHDRAWN")],
)
async def test_lst_5_exit_is_the_state_of_the_record_at_once(
    centre: Centre, reason: str, state: str
) -> None:
    await centre.exited(reason)
    [record] = await records(centre)
    assert (record["meta.disclosureState"], record["exitReason"]) == (state, reason)
    assert record["removedOn"] == "2026-11-02"


async def test_lst_5_entry_that_ran_its_time_is_published_no_more(centre: Centre) -> None:
    await centre.listed()
    await centre.sweep_on(DAY(2028, 10, 9))
    [record] = await records(centre)
    assert record["meta.disclosureState"] == "SHARED"


async def test_lst_3_entry_on_a_reward_list_is_an_honour(centre: Centre) -> None:
    case_no = await centre.proposed(listCode=REWARD)
    said = {"caseNo": case_no, "channel": "web", "reason": "拟列入"}
    await centre.done("giveListingPublicNotice", on=NOTICED_ON, **said)
    assert await records(centre, RecordKind.HONOUR) == []
    await centre.done("decideListing", caseNo=case_no, on=DECIDED_ON, **centre.decision())
    [record] = await records(centre, RecordKind.HONOUR)
    assert (record["name"], record["awardedOn"]) == ("守信联合激励对象名单", DECIDED_ON.isoformat())
    assert await records(centre) == []


async def test_version_of_a_record_is_that_of_its_case(centre: Centre) -> None:
    await centre.listed()
    [record] = await records(centre)
    assert record["meta.version"] == 3
