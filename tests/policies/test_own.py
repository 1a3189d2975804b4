"""A department's own rules: read strictly, about its own records, inside what others leave open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pytest

from policies.engine import PolicySet
from policies.errors import PolicyLoadError
from policies.loader import RULES, CommonRules, load_policies
from policies.model import (
    AccessRequest,
    Caller,
    CallerClass,
    Decision,
    Missing,
    Outcome,
    Purpose,
    SubjectProfile,
    Use,
)
from policies.own import OwnRules
from schema.classification import MaskKind, SubjectKind
from schema.predicate import matches
from schema.records import MODEL
from tests.policies.test_loader import rule_text

TODAY = dt.date(2026, 9, 22)
TAX = "114101990050000186"
OTHER = "91410199MA9DEM028G"
KINDS = frozenset({"TaxArrears", "TaxpayerCredit", "TaxPayment", "AdministrativePenalty"})
COMMON = CommonRules.read(MODEL, (RULES,))
COORDINATES = [
    name
    for name in MODEL.coordinates
    if name.partition(".")[0] in ("TaxArrears", "AdministrativePenalty")
]
PUBLIC = Caller(CallerClass.PUBLIC, None, Purpose.PUBLIC_DISPLAY)
BANK = Caller(CallerClass.INSTITUTION, OTHER, Purpose.PRE_LOAN)


def own(text: str, slug: str = "tax") -> OwnRules:
    return OwnRules(slug, TAX, KINDS, "rules.toml", text)


def with_own(*texts: str) -> PolicySet:
    own_rules = {TAX: COMMON.read_own(own("".join(texts)))}
    return PolicySet(COMMON.rules, MODEL, TODAY, own_rules)


def ask(
    rules: PolicySet,
    coordinate: str,
    use: Use = Use.READ,
    caller: Caller = PUBLIC,
    provider: str | None = TAX,
    **facts: Any,
) -> Decision:
    granted = facts.pop("granted", frozenset())
    subject = SubjectProfile(
        facts.pop("subject", SubjectKind.ORGANISATION),
        facts.pop("is_self", False),
        facts.pop("consented", frozenset()),
    )
    is_source = provider == caller.organisation
    return rules.decide(
        AccessRequest(caller, coordinate, use, subject, granted, is_source, provider)
    )


NARROW = rule_text(name='"no-arrears"', effect='"forbid"', uses='["*"]')


@pytest.mark.parametrize("use", [Use.READ, Use.COUNT, Use.AGGREGATE])
def test_department_closes_its_own_records_and_no_others(use: Use) -> None:
    rules = with_own(NARROW)
    closed = ask(rules, "TaxArrears", use)
    assert (closed.outcome, closed.rule_ids) == (Outcome.DENIED, ("tax:no-arrears",))
    assert ask(rules, "TaxArrears.balance", Use.READ) == ask(rules, "TaxArrears", Use.READ)
    for provider in (OTHER, None):
        assert ask(rules, "TaxArrears", use, provider=provider).outcome is Outcome.CLEAR


def test_department_closes_one_field_to_every_use() -> None:
    text = rule_text(effect='"forbid"', uses='["*"]', coordinates='["TaxArrears.taxKind"]')
    rules = with_own(text)
    for use in (Use.READ, Use.FILTER, Use.ORDER, Use.AGGREGATE):
        assert ask(rules, "TaxArrears.taxKind", use).outcome is Outcome.DENIED
        assert ask(rules, "TaxArrears.taxKind", use, provider=OTHER).outcome is Outcome.CLEAR
        assert ask(rules, "TaxArrears.announcedOn", use).outcome is Outcome.CLEAR


def test_department_masks_its_own_field_even_for_those_with_consent() -> None:
    text = rule_text(
        effect='"mask"', who='["*"]', purposes='["*"]', coordinates='["TaxArrears.balance"]'
    )
    rules, coordinate = with_own(text), "TaxArrears.balance"
    asked: dict[str, Any] = {"caller": BANK, "consented": frozenset({coordinate, "TaxArrears"})}
    plain = ask(rules, coordinate, provider=None, **asked)
    assert plain.outcome is Outcome.CLEAR
    masked = ask(rules, coordinate, **asked)
    assert (masked.outcome, masked.mask) == (Outcome.MASKED, MaskKind.AMOUNT_BAND)
    assert masked.rule_ids == ("tax:arrears",)
    assert ask(rules, coordinate, Use.FILTER, **asked).outcome is Outcome.DENIED


@pytest.mark.parametrize(
    "changes", [{"effect": '"permit"'}, {"effect": '"mask"', "mask": '"DATE_YEAR"'}]
)
def test_department_unmasks_nothing_and_makes_no_mask_laxer(changes: dict[str, str]) -> None:
    def ask_all(rules: PolicySet, coordinates: Iterable[str]) -> dict[tuple[str, str], Decision]:
        return {
            (coordinate, subject.value): ask(
                rules,
                coordinate,
                caller=BANK,
                subject=subject,
                consented=frozenset({coordinate, coordinate.partition(".")[0]}),
            )
            for coordinate in coordinates
            for subject in SubjectKind
        }

    fields = [name for name in MODEL.coordinates if name.partition(".")[0] in KINDS]
    before = ask_all(COMMON_SET, fields)
    masked = {at: found for at, found in before.items() if found.outcome is Outcome.MASKED}
    names = ", ".join(f'"{name}"' for name in dict.fromkeys(name for name, _ in masked))
    text = rule_text(
        who='["institution"]', purposes='["*"]', coordinates=f"[{names}]", **changes,
        when="{ consent = true }",
    )  # fmt: skip
    after = ask_all(with_own(text), [name for name, _ in masked])
    assert len(masked) > 3
    assert all(after[at].mask is found.mask for at, found in masked.items())


COMMON_SET = PolicySet(COMMON.rules, MODEL, TODAY)
OPEN = rule_text(name='"to-banks"', who='["institution"]', purposes='["PRE_LOAN"]', uses='["read"]')


def row(until: str | None, state: str = "SHARED") -> dict[str, Any]:
    return {
        "meta.disclosureState": state,
        "meta.discloseUntil": until,
        "meta.publishUntil": until,
        "meta.decidedOn": "2026-01-01",
        "meta.severity": "GENERAL",
        "meta.nature": "DISHONEST",
        "grade": "B",
        "complaintCount": 3,
    }


def test_department_opens_its_own_records_where_no_rule_forbids() -> None:
    text = rule_text(
        name='"to-auditing"', who='["department"]', purposes='["AUDIT"]', uses='["read"]',
        coordinates='["TaxArrears"]',
    )  # fmt: skip
    caller = Caller(CallerClass.DEPARTMENT, OTHER, Purpose.AUDIT)
    rules = with_own(text)
    assert ask(rules, "TaxArrears", caller=caller, provider=OTHER).outcome is Outcome.DENIED
    opened = ask(rules, "TaxArrears", caller=caller)
    assert (opened.outcome, opened.rule_ids) == (Outcome.CLEAR, ("tax:to-auditing",))
    assert ask(rules, "TaxArrears.balance", caller=caller).outcome is Outcome.DENIED
    assert ask(rules, "TaxArrears", Use.COUNT, caller=caller).outcome is Outcome.DENIED


def test_opened_records_are_held_to_the_gate_of_disclosure() -> None:
    kind = MODEL.by_type_name["TaxArrears"]
    text = rule_text(who='["department"]', purposes='["AUDIT"]', uses='["read"]')
    caller = Caller(CallerClass.DEPARTMENT, OTHER, Purpose.AUDIT)
    decision = ask(with_own(text), "TaxArrears", caller=caller)
    assert decision.row is not None
    assert not matches(decision.row, row("2026-09-21"), kind)
    assert not matches(decision.row, row("2026-12-31", "ENDED"), kind)
    assert matches(decision.row, row("2026-12-31"), kind)


def test_opened_to_subjects_means_published_and_no_other_person() -> None:
    text = rule_text(who='["subject"]', purposes='["SELF_QUERY"]', uses='["read"]')
    with pytest.raises(PolicyLoadError, match="of class DEPARTMENT opened to `subject`"):
        with_own(text)
    rules = with_own(text + "subjects = ['ORGANISATION']\n")
    caller = Caller(CallerClass.SUBJECT, OTHER, Purpose.SELF_QUERY)
    decision = ask(rules, "TaxArrears", caller=caller)
    kind = MODEL.by_type_name["TaxArrears"]
    assert decision.row is not None
    assert not matches(decision.row, row("2026-12-31", "SHARED"), kind)
    assert ask(rules, "TaxArrears", caller=caller, is_self=True).row is None


@pytest.mark.parametrize("name", ["TaxArrears", "TaxpayerCredit"])
@pytest.mark.parametrize("who", ["institution", "platform"])
def test_opened_to_lenders_means_published_but_for_consent(who: str, name: str) -> None:
    wide = rule_text(
        name='"wide"', who=f'["{who}"]', purposes='["AUDIT"]', uses='["read"]',
        coordinates=f'["{name}"]',
    )  # fmt: skip
    consented = wide.replace("wide", "consented") + "when = { consent = true }\n"
    caller = Caller(CallerClass(who), OTHER, Purpose.AUDIT, acting_for=OTHER)
    kind = MODEL.by_type_name[name]
    shown = {}
    for text in (wide, consented):
        decision = ask(with_own(text), name, caller=caller, consented=frozenset({name}))
        assert decision.row is not None
        shown[text] = [
            matches(decision.row, {**row("2026-12-31", state), "grade": grade}, kind)
            for state, grade in (("SHARED", "B"), ("PUBLISHED", "A"))
        ]
    assert shown == {wide: [False, True], consented: [True, True]}


def test_opened_to_the_public_means_published_and_grades_and_complaints_keep_their_bounds() -> None:
    rules = with_own(rule_text(uses='["read"]', coordinates='["TaxpayerCredit"]'))
    decision = ask(rules, "TaxpayerCredit")
    kind = MODEL.by_type_name["TaxpayerCredit"]
    assert decision.row is not None
    shown = {
        grade: matches(decision.row, {**row(None, "PUBLISHED"), "grade": grade}, kind)
        for grade in "AB"
    }
    assert shown == {"A": True, "B": False}


def test_own_rule_for_callers_with_different_gates_is_held_to_all_of_them() -> None:
    text = rule_text(who='["public", "department"]', purposes='["*"]', uses='["read"]')
    decision = ask(
        with_own(text),
        "TaxArrears",
        caller=Caller(CallerClass.DEPARTMENT, OTHER, Purpose.AUDIT),
    )
    kind = MODEL.by_type_name["TaxArrears"]
    assert decision.row is not None
    assert not matches(decision.row, row("2026-12-31", "SHARED"), kind)
    assert matches(decision.row, row("2026-12-31", "PUBLISHED"), kind)


def test_own_rule_about_the_own_department_needs_no_gate() -> None:
    text = rule_text(
        who='["department"]', purposes='["AUDIT"]', uses='["read"]', when="{ is-source = true }"
    )
    decision = ask(
        with_own(text), "TaxArrears", caller=Caller(CallerClass.DEPARTMENT, TAX, Purpose.AUDIT)
    )
    assert (decision.outcome, decision.row) == (Outcome.CLEAR, None)


WHO = [
    member.value
    for member in CallerClass
    if member not in (CallerClass.SUBJECT, CallerClass.ASSOCIATION)
]
WIDE = with_own(
    rule_text(
        who=str(WHO).replace("'", '"'), purposes='["*"]', uses='["read"]',
        classes='["PUBLIC", "DEPARTMENT"]',
        coordinates='["TaxArrears.*", "AdministrativePenalty.*"]',
    ),
    rule_text(
        name='"kind"', who=str(WHO).replace("'", '"'), purposes='["*"]', uses='["read"]',
    ),
)  # fmt: skip


@pytest.mark.parametrize("purpose", [Purpose.PUBLIC_DISPLAY, Purpose.PRE_LOAN, Purpose.AUDIT])
def test_what_rules_for_all_forbid_stays_forbidden(purpose: Purpose) -> None:
    rules = WIDE
    closed = {"closed.auditor", "closed.secret", "closed.shared-among-departments",
              "closed.authorised-only", "closed.persons-in-public"}  # fmt: skip
    tried = 0
    for caller_class in CallerClass:
        caller = Caller(caller_class, OTHER, purpose, acting_for=OTHER)
        for subject in SubjectKind:
            for coordinate in COORDINATES:
                plain = ask(rules, coordinate, caller=caller, subject=subject, provider=None)
                if closed.intersection(plain.rule_ids):
                    tried += 1
                    decided = ask(rules, coordinate, caller=caller, subject=subject)
                    assert decided.outcome is Outcome.DENIED
    assert tried > 100


def test_denial_tells_of_own_rules_what_is_missing() -> None:
    rules = with_own(OPEN)
    later = Caller(CallerClass.INSTITUTION, OTHER, Purpose.AUDIT)
    assert ask(rules, "TaxArrears", caller=later).missing is Missing.ANOTHER_PURPOSE


WRONG = [
    (rule_text(coordinates='["Registration"]'), "arrears", "coordinates", "`Registration`"),
    (rule_text(coordinates='["@kinds"]'), "arrears", "coordinates", "which the department"),
    (rule_text(coordinates='["*.meta.stale"]'), "arrears", "coordinates", "which the department"),
    (
        rule_text(coordinates=None, classes='["PUBLIC"]'),
        "arrears",
        "coordinates",
        "which the department",
    ),
    (
        rule_text(coordinates='["AdministrativePenalty.*"]'),
        "arrears",
        "coordinates",
        "`AdministrativePenalty.personIdNo` of class SECRET",
    ),
    (rule_text(name='"market.arrears"'), "market.arrears", "name", "`market.arrears`"),
    (rule_text(name='"market:arrears"'), "market:arrears", "name", "`market:arrears`"),
    (rule_text() + rule_text(), "arrears", "name", "`arrears` twice"),
    (
        rule_text(who='["institution"]', coordinates='["TaxPayment.paidAmount"]'),
        "arrears",
        "when",
        "without consent",
    ),
    (
        rule_text(
            who='["department"]', coordinates='["TaxPayment.paidAmount"]', when="{ consent = true }"
        ),
        "arrears",
        "when",
        "without grant",
    ),
    *(
        (
            rule_text(who=f'["{who}"]', coordinates=f'["{coordinate}"]'),
            "arrears",
            "when",
            f"opened to `{who}` without {need}",
        )
        for who, coordinate, need in (
            ("credit-centre", "TaxPayment.paidAmount", "grant"),
            ("association", "TaxPayment.paidAmount", "is-source"),
            ("association", "TaxArrears.meta.version", "is-source"),
            ("subject", "TaxPayment.paidAmount", "is-self"),
            ("subject", "TaxArrears.meta.version", "is-self"),
        )
    ),
    (
        rule_text(coordinates='["TaxPayment.paidAmount"]'),
        "arrears",
        "effect",
        "`permit` of nothing but what `closed.authorised-only` forbids",
    ),
    (
        rule_text(coordinates='["TaxArrears", "TaxpayerCredit"]', uses='["read"]'),
        "arrears",
        "coordinates",
        "different gates",
    ),
    ("rules = 3", "-", "rules", "`rules`"),
    ("[[", "-", "-", "`Invalid"),
]


@pytest.mark.parametrize(("text", "rule", "key", "found"), WRONG)
def test_own_rules_that_are_not_the_departments_business_are_refused(
    text: str, rule: str, key: str, found: str
) -> None:
    with pytest.raises(PolicyLoadError) as refused:
        COMMON.read_own(own(text))
    error = refused.value
    assert (error.file, error.rule, error.key) == ("tax/rules.toml", rule, key)
    assert found in error.found
    assert error.expected


def test_own_rules_without_gates_are_refused(tmp_path: Any) -> None:
    (tmp_path / "tax.toml").write_text(rule_text(), encoding="utf-8")
    with pytest.raises(PolicyLoadError, match=r"no gate for its callers in groups\.toml"):
        load_policies(MODEL, TODAY, [tmp_path], [own(OPEN)])


def test_version_covers_own_rules_and_rules_are_found_by_id() -> None:
    plain, narrow = load_policies(MODEL, TODAY), with_own(NARROW)
    assert plain.version != narrow.version != with_own(OPEN).version
    found = narrow.rule("tax:no-arrears")
    assert found is not None
    assert found.provider == TAX
    assert narrow.rule("nothing") is None
    assert narrow.rules == plain.rules
