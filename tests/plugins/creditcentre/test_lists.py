"""Lists, by the numbers of their rules: entry after notice, by the right unit, and out again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.fetching.registry import manifest_defect
from plugins.creditcentre.listing.catalogue import PACKAGED, load_lists
from plugins.creditcentre.manifest import MANIFEST
from schema.records import MODEL
from tests.plugins.creditcentre.centre import (
    DAY,
    DECIDED_ON,
    DIGEST,
    HOUSING,
    MARKET,
    NOTICED_ON,
    REWARD,
    TERM_ENDS,
    Centre,
    new_firm,
)

_SAID = {"reason": "因", "basis": "据", "evidenceSha256": DIGEST}


@pytest.mark.parametrize("key", ["basis", "units"])
def test_lst_1_list_without_legal_basis_or_unit_cannot_be_kept(tmp_path: Path, key: str) -> None:
    text = PACKAGED.read_text(encoding="utf-8")
    lines = [
        {"basis": 'basis = ""', "units": "units = []"}[key] if line.startswith(f"{key} =") else line
        for line in text.splitlines()
    ]
    (tmp_path / "lists.toml").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ValueError, match=f"no `?{key[:4]}"):
        load_lists(tmp_path / "lists.toml")


async def test_lst_1_entry_on_a_list_that_is_not_kept_is_refused(centre: Centre) -> None:
    proposal = centre.proposal(listCode="PUNISH_ANYBODY")
    assert await centre.refused("proposeListing", **proposal) == ("ARGUMENT_INVALID", "listCode")


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ("facts", "ARGUMENT_INVALID"),
        ("basis", "STATEMENT_MISSING"),
        ("reason", "STATEMENT_MISSING"),
    ],
)
async def test_lst_1_proposal_needs_facts_and_basis(
    centre: Centre, missing: str, code: str
) -> None:
    proposal = centre.proposal(**{missing: None})
    assert await centre.refused("proposeListing", **proposal) == (code, missing)


@pytest.mark.parametrize(
    "notice",
    [{"tellsOfObjection": False}, {"servedOn": "2026-09-23"}],
    ids=["no-objection", "to-come"],
)
async def test_lst_2_notice_tells_of_the_right_to_object_and_is_served(
    centre: Centre, notice: dict[str, Any]
) -> None:
    case_no = await centre.proposed()
    said = centre.notice(**notice)
    found = await centre.refused("serveListingNotice", caseNo=case_no, on=NOTICED_ON, **said)
    assert found == ("CONDITION_NOT_MET", None)


@pytest.mark.parametrize("missing", ["reason", "basis", "evidenceSha256"])
async def test_lst_2_notice_is_written_with_basis_and_reasons(centre: Centre, missing: str) -> None:
    case_no = await centre.proposed()
    said = centre.notice(**{missing: None})
    found = await centre.refused("serveListingNotice", caseNo=case_no, on=NOTICED_ON, **said)
    assert found == ("STATEMENT_MISSING", missing)


async def test_lst_2_notice_without_measures_is_refused(centre: Centre) -> None:
    case_no = await centre.proposed(measures=[])
    said = centre.notice()
    found = await centre.refused("serveListingNotice", caseNo=case_no, on=NOTICED_ON, **said)
    assert found == ("CONDITION_NOT_MET", None)


async def test_lst_2_without_notice_there_is_no_decision_and_nothing_published(
    centre: Centre,
) -> None:
    case_no = await centre.proposed()
    said = centre.decision()
    found = await centre.refused("decideListing", caseNo=case_no, on=DECIDED_ON, **said)
    assert found == ("ILLEGAL_TRANSITION", None)
    assert await centre.notices(case_no) == []


async def test_lst_2_decision_waits_until_the_term_for_objections_is_over(centre: Centre) -> None:
    case_no = await centre.notified()
    said = centre.decision(decidedOn=TERM_ENDS.isoformat())
    found = await centre.refused("decideListing", caseNo=case_no, on=TERM_ENDS, **said)
    assert found == ("CONDITION_NOT_MET", None)
    await centre.done("decideListing", caseNo=case_no, on=DECIDED_ON, **centre.decision())
    assert await centre.notices(case_no) == [("ENTRY", "credit-website")]


async def test_lst_2_subject_objects_on_the_last_day_and_not_after(centre: Centre) -> None:
    case_no = await centre.notified()
    said = {"unit": centre.firm, "caller_class": "subject", "caseNo": case_no, "reason": "不属实"}
    found = await centre.refused("objectToListing", on=DAY(2026, 10, 1), **said)
    assert found == ("CONDITION_NOT_MET", None)
    await centre.done("objectToListing", on=TERM_ENDS, **said)
    assert await centre.state(case_no) == "UNDER_OBJECTION"


async def test_lst_2_open_objection_keeps_from_the_list(centre: Centre) -> None:
    case_no = await centre.notified()
    await centre.done("objectToListing", caseNo=case_no, reason="不属实", on=NOTICED_ON)
    said = centre.decision()
    found = await centre.refused("decideListing", caseNo=case_no, on=DECIDED_ON, **said)
    assert found == ("ILLEGAL_TRANSITION", None)


async def test_obj_6_rejected_objection_is_told_and_lets_the_procedure_go_on(
    centre: Centre,
) -> None:
    case_no = await centre.notified()
    await centre.done("objectToListing", caseNo=case_no, reason="不属实", on=NOTICED_ON)
    await centre.done("rejectListingObjection", caseNo=case_no, reason="属实", on=TERM_ENDS)
    assert await centre.letters(case_no) == ["OBJECTION_REJECTED"]
    await centre.done("decideListing", caseNo=case_no, on=DECIDED_ON, **centre.decision())
    assert await centre.state(case_no) == "LISTED"


async def test_obj_6_upheld_objection_ends_it_before_anything_is_published(centre: Centre) -> None:
    case_no = await centre.notified()
    await centre.done("objectToListing", caseNo=case_no, reason="不属实", on=NOTICED_ON)
    await centre.done("upholdListingObjection", caseNo=case_no, reason="确不属实")
    assert (await centre.state(case_no), await centre.notices(case_no)) == ("DROPPED", [])


async def test_lst_3_reward_list_is_announced_first(centre: Centre) -> None:
    case_no = await centre.proposed(
        listCode=REWARD, personNames=[], personRoles=[], personFindings=[]
    )
    said = centre.decision()
    found = await centre.refused("decideListing", caseNo=case_no, on=DECIDED_ON, **said)
    assert found == ("ILLEGAL_TRANSITION", None)
    await centre.done(
        "giveListingPublicNotice",
        caseNo=case_no,
        on=NOTICED_ON,
        channel="credit-website",
        reason="拟列入",
    )
    found = await centre.refused("decideListing", caseNo=case_no, on=TERM_ENDS, **said)
    assert found == ("CONDITION_NOT_MET", None)
    await centre.done("decideListing", caseNo=case_no, on=DECIDED_ON, **said)
    assert [kind for kind, _ in await centre.notices(case_no)] == ["PUBLIC_NOTICE", "ENTRY"]


async def test_lst_3_anybody_objects_to_a_reward_during_the_notice(centre: Centre) -> None:
    case_no = await centre.proposed(listCode=REWARD)
    said = {"unit": new_firm(), "caller_class": "subject", "caseNo": case_no, "reason": "不实"}
    assert await centre.refused("objectToListing", **said) == ("CASE_NOT_FOUND", "caseNo")
    await centre.done(
        "giveListingPublicNotice", caseNo=case_no, on=NOTICED_ON, channel="web", reason="拟列入"
    )
    await centre.done("objectToListing", **said)
    assert await centre.state(case_no) == "UNDER_OBJECTION"


async def test_lst_4_unit_that_does_not_determine_proposes_nothing(centre: Centre) -> None:
    proposal = centre.proposal(listCode="PUNISH_FORGED_DOCUMENTS")
    found = await centre.refused("proposeListing", HOUSING, **proposal)
    assert found == ("TRANSITION_NOT_PERMITTED", None)


async def test_lst_4_unit_acts_on_its_own_determinations_only(centre: Centre) -> None:
    case_no = await centre.proposed()
    found = await centre.refused("withdrawListing", HOUSING, caseNo=case_no, reason="因")
    assert found == ("CASE_NOT_FOUND", "caseNo")


async def test_lst_5_entry_ends_by_itself_after_its_last_day(centre: Centre) -> None:
    case_no = await centre.listed()
    await centre.sweep_on(DAY(2028, 10, 8))
    assert await centre.state(case_no) == "LISTED"
    await centre.sweep_on(DAY(2028, 10, 9))
    assert await centre.state(case_no) == "EXITED"
    reason = await centre.value("SELECT exit_reason FROM list_entry WHERE case_no = $1", case_no)
    assert reason == "VALIDITY_OVER"


async def test_lst_5_exit_is_published_in_the_channel_of_the_entry(centre: Centre) -> None:
    case_no = await centre.exited("REPAIRED")
    assert await centre.notices(case_no) == [
        ("ENTRY", "credit-website"),
        ("EXIT", "credit-website"),
    ]


async def test_lst_5_validity_that_is_extended_ends_later(centre: Centre) -> None:
    case_no = await centre.listed()
    await centre.done("extendListing", caseNo=case_no, validUntil="2029-10-08", **_SAID)
    await centre.sweep_on(DAY(2028, 10, 9))
    assert await centre.state(case_no) == "LISTED"
    await centre.sweep_on(DAY(2029, 10, 9))
    assert await centre.state(case_no) == "EXITED"


async def test_lst_6_wrong_listing_is_removed_and_corrected_in_the_same_channel(
    centre: Centre,
) -> None:
    case_no = await centre.exited("WRONGLY_LISTED")
    assert ("CORRECTION", "credit-website") in await centre.notices(case_no)


async def test_lst_7_entry_of_a_legal_person_states_its_legal_representative(
    centre: Centre,
) -> None:
    case_no = await centre.notified(personRoles=["PRINCIPAL"])
    said = centre.decision()
    found = await centre.refused("decideListing", caseNo=case_no, on=DECIDED_ON, **said)
    assert found == ("CONDITION_NOT_MET", None)


async def test_lst_7_individual_business_has_no_legal_representative(centre: Centre) -> None:
    centre.firm = new_firm("2")
    case_no = await centre.listed(personNames=[], personRoles=[], personFindings=[])
    assert await centre.state(case_no) == "LISTED"


async def test_lst_8_person_is_stated_without_a_finding_of_its_own(centre: Centre) -> None:
    case_no = await centre.listed(
        personNames=["张三", "李四"],
        personRoles=["LEGAL_REP", "DIRECTLY_RESPONSIBLE"],
        personFindings=[None, "直接责任已认定"],
    )
    rows = await centre.rows(
        "SELECT role, finding IS NOT NULL FROM list_entry_person WHERE case_no = $1"
        " ORDER BY position",
        case_no,
    )
    assert [tuple(row) for row in rows] == [("LEGAL_REP", False), ("DIRECTLY_RESPONSIBLE", True)]


async def test_rep_11_notice_of_repair_rights_goes_with_the_decision(centre: Centre) -> None:
    assert await centre.letters(await centre.listed()) == ["REPAIR_RIGHTS"]


@pytest.mark.parametrize("person", ["anna", None])
async def test_listing_takes_two_persons(centre: Centre, person: str | None) -> None:
    case_no = await centre.notified()
    said = centre.decision(person=person)
    found = await centre.refused("decideListing", caseNo=case_no, on=DECIDED_ON, **said)
    assert found == ("OTHER_PERSON_REQUIRED", None)


async def test_exit_takes_two_persons(centre: Centre) -> None:
    case_no = await centre.listed()
    said = {"caseNo": case_no, "exitReason": "REPAIRED", "reason": "已纠正"}
    await centre.done("proposeListingExit", **said)
    found = await centre.refused("endListing", caseNo=case_no, **_SAID)
    assert found == ("OTHER_PERSON_REQUIRED", None)


async def test_entry_returns_only_where_it_was_repaired(centre: Centre) -> None:
    repaired = await centre.exited("REPAIRED")
    said = {"person": "carla", "validUntil": "2028-10-08", **_SAID}
    await centre.done("returnToList", caseNo=repaired, **said)
    assert await centre.state(repaired) == "LISTED"
    centre.firm = new_firm()
    annulled = await centre.exited("BASIS_ANNULLED")
    found = await centre.refused("returnToList", caseNo=annulled, **said)
    assert found == ("CONDITION_NOT_MET", None)


async def test_subject_is_on_a_list_once_at_a_time(centre: Centre) -> None:
    await centre.proposed()
    assert await centre.refused("proposeListing", **centre.proposal()) == ("ALREADY_LISTED", "uscc")


async def test_command_that_is_repeated_has_one_effect(centre: Centre) -> None:
    first = await centre.done("proposeListing", key="k", **centre.proposal())
    assert await centre.done("proposeListing", key="k", **centre.proposal()) == first


async def test_command_with_an_argument_too_many_is_refused(centre: Centre) -> None:
    found = await centre.refused("withdrawListing", MARKET, caseNo="LE-1", colour="red")
    assert found == ("ARGUMENT_INVALID", "colour")


async def test_open_deadlines_are_told_by_whose_they_are(centre: Centre) -> None:
    case_no = await centre.notified()
    told = await centre.adapter.deadlines(TERM_ENDS, "subject", 1_000)
    assert [each.due_on for each in told if each.case_no == case_no] == [TERM_ENDS]
    told = await centre.adapter.deadlines(TERM_ENDS, "determining-unit", 1_000)
    assert case_no not in [each.case_no for each in told]


def test_registry_takes_the_credit_centre() -> None:
    assert manifest_defect(MANIFEST, "creditcentre", MODEL) is None
