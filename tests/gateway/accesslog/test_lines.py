"""What a line of the access log tells: who, for what, of which fields; and what it keeps quiet."""

from __future__ import annotations

from gateway.audit.types import ConsentUse, SubjectDecisions
from gateway.identity.principal import Principal
from gateway.persons.references import PersonReferences
from policies.model import Caller, CallerClass, Purpose
from tests.gateway.accesslog.written import (
    GRADE_READ,
    NOW,
    OTHER_FIRM,
    PERSON,
    WrittenLog,
    decided,
    officer,
    subject,
)
from tests.support.entries import BANK, FIRM, ORGAN, bank_principal

WHO = "requestId callerClass organisation actingFor clientId isOwn purpose matterNo consentNos"


async def test_line_tells_who_looked_for_what(log: WrittenLog) -> None:
    request_id = await log.look_up(officer(Purpose.LICENCE_REVIEW))
    (line,) = await log.lines(f"at {WHO} outcome refusal")
    assert line == {
        "at": NOW,
        "requestId": request_id,
        "callerClass": "DEPARTMENT",
        "organisation": ORGAN,
        "actingFor": None,
        "clientId": "organ",
        "isOwn": False,
        "purpose": "LICENCE_REVIEW",
        "matterNo": "M-1",
        "consentNos": [],
        "outcome": "ANSWERED",
        "refusal": None,
    }


async def test_line_names_consents_and_for_whom_a_platform_acted(log: WrittenLog) -> None:
    platform = Caller(CallerClass.PLATFORM, ORGAN, Purpose.PRE_LOAN, acting_for=BANK)
    consents = (ConsentUse("C-1", 3), ConsentUse("C-2", 1, delivered=("TAX_PAYMENT",)))
    await log.look_up(Principal(platform, "platform-1"))
    (line,) = await log.lines("actingFor consentNos")
    assert line == {"actingFor": BANK, "consentNos": []}
    # A consent that the fence does not find is refused; its entry still names it.
    await log.look_up(bank_principal(), consents=consents, outcome="CONSENT_NOT_ACTIVE")
    line = (await log.lines("consentNos outcome refusal"))[1]
    assert line == {
        "consentNos": ["C-1", "C-2"],
        "outcome": "REFUSED",
        "refusal": "CONSENT_NOT_ACTIVE",
    }


async def test_line_tells_how_each_field_was_shown(log: WrittenLog) -> None:
    decisions = decided(
        ("Registration.address", "read", "MASKED"),
        ("Registration.name", "read", "CLEAR"),
        ("Registration.name", "filter", "MASKED"),
        ("TaxPayment", "read", "DENIED"),
    )
    await log.look_up(officer(Purpose.LICENCE_REVIEW), decisions=decisions)
    (line,) = await log.lines()
    assert [tuple(each.values()) for each in line["fields"]] == [
        ("Registration.address", "READ", "MASKED"),
        ("Registration.name", "READ", "CLEAR"),
        ("Registration.name", "FILTER", "REFUSED"),
        ("TaxPayment", "READ", "REFUSED"),
    ]
    assert line["outcome"] == "ANSWERED"


async def test_look_up_that_was_shown_nothing_is_a_refused_one(log: WrittenLog) -> None:
    await log.look_up(
        bank_principal(), decisions=decided(("TaxpayerCredit.grade", "read", "DENIED"))
    )
    (line,) = await log.lines("outcome refusal fields { shown }")
    assert line == {"outcome": "REFUSED", "refusal": None, "fields": [{"shown": "REFUSED"}]}


async def test_request_that_was_refused_as_a_whole_showed_nothing(log: WrittenLog) -> None:
    await log.look_up(bank_principal(), outcome="QUOTA_EXCEEDED")
    (line,) = await log.lines("outcome refusal fields { coordinate shown }")
    assert line == {
        "outcome": "REFUSED",
        "refusal": "QUOTA_EXCEEDED",
        "fields": [{"coordinate": "TaxpayerCredit.grade", "shown": "REFUSED"}],
    }


async def test_line_tells_of_its_subject_only(log: WrittenLog) -> None:
    denied = decided(("TaxpayerCredit.grade", "read", "DENIED"))
    both = decided(
        ("TaxpayerCredit.grade", "read", "CLEAR"), ("TaxpayerCredit.grade", "read", "DENIED")
    )
    shares = (SubjectDecisions(GRADE_READ, (1,)), SubjectDecisions(denied, (0,)))
    await log.look_up(bank_principal(), (FIRM, OTHER_FIRM), decisions=both, shares=shares)
    (mine,) = await log.lines("outcome fields { shown }")
    (theirs,) = await log.lines("outcome fields { shown }", OTHER_FIRM)
    assert mine == {"outcome": "REFUSED", "fields": [{"shown": "REFUSED"}]}
    assert theirs == {"outcome": "ANSWERED", "fields": [{"shown": "CLEAR"}]}


async def test_subject_sees_its_own_reading_and_no_third_persons(log: WrittenLog) -> None:
    mine = await log.look_up(subject(FIRM))
    await log.look_up(subject(PERSON), (PERSON, FIRM))
    await log.look_up(subject(OTHER_FIRM), (FIRM,))
    assert await log.lines("requestId isOwn organisation") == [
        {"requestId": mine, "isOwn": True, "organisation": None}
    ]


async def test_person_sees_its_own_log_and_not_that_of_a_firm(log: WrittenLog) -> None:
    request_id = await log.look_up(officer(Purpose.LICENCE_REVIEW), (FIRM, PERSON))
    caller = subject(PERSON).caller
    reference = PersonReferences(log.gateway.opaque, Principal(caller, "test")).reference(PERSON)
    document = f"""{{ person(reference: "{reference}") {{ accessLog {{ nodes {{ requestId }} }} }}
        subject(uscc: "{FIRM}") {{ accessLog {{ nodes {{ requestId }} }} }} }}"""
    answer = await log.gateway.ask(document, caller=caller)
    assert answer["data"]["person"]["accessLog"]["nodes"] == [{"requestId": request_id}]
    assert answer["data"]["subject"]["accessLog"] is None


STRANGERS = (
    Caller(CallerClass.PUBLIC, None, Purpose.PUBLIC_DISPLAY),
    Caller(CallerClass.DEPARTMENT, ORGAN, Purpose.LICENCE_REVIEW),
    Caller(CallerClass.INSTITUTION, BANK, Purpose.PRE_LOAN),
    Caller(CallerClass.CREDIT_CENTRE, ORGAN, Purpose.EVALUATION),
    Caller(CallerClass.AUDITOR, ORGAN, Purpose.AUDIT),
    Caller(CallerClass.SUBJECT, OTHER_FIRM, Purpose.SELF_QUERY),
)


async def test_nobody_else_sees_the_log_of_a_subject(log: WrittenLog) -> None:
    await log.look_up(officer(Purpose.LICENCE_REVIEW))
    document = f"""{{ subject(uscc: "{FIRM}") {{ accessLog {{ totalCount nodes {{ at }} }} }}
        records(kind: LOOK_UP) {{ totalCount nodes {{ id }} }}
        recordStatistics(kind: LOOK_UP) {{ groups {{ count }} }} }}"""
    for caller in STRANGERS:
        answer = await log.gateway.ask(document, caller=caller)
        assert answer["data"]["subject"]["accessLog"] is None, caller
        assert not (answer["data"]["records"] or {}).get("nodes"), caller
        assert NOW not in str(answer)


async def test_subject_whose_reference_was_destroyed_has_no_lines(log: WrittenLog) -> None:
    await log.look_up(officer(Purpose.LICENCE_REVIEW))
    await log.execute("DELETE FROM subject_reference WHERE subject_key = $1", FIRM)
    assert await log.lines() == []


async def test_lines_are_filtered_and_paged_like_records(log: WrittenLog) -> None:
    made = [
        await log.look_up(officer(Purpose.TENDER), at=f"2026-11-2{day}T01:00:00Z")
        for day in range(1, 5)
    ]
    await log.look_up(bank_principal(), at="2026-11-25T01:00:00Z")
    order = "orderBy: [{ field: AT, direction: DESC }]"
    kept = 'filter: { purpose: { eq: "TENDER" } }'
    document = f"""query($after: String) {{ subject(uscc: "{FIRM}") {{
        accessLog(first: 3, after: $after, {order}, {kept}) {{
            totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ requestId }} }} }} }}"""
    after, seen = None, []
    for _ in range(2):
        answer = await log.gateway.ask(document, {"after": after}, subject(FIRM).caller)
        page = answer["data"]["subject"]["accessLog"]
        assert page["totalCount"] == len(made)
        seen += [node["requestId"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == made[::-1]
    assert not page["pageInfo"]["hasNextPage"]
