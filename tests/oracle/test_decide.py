"""The oracle's reading of the rules, by rules and questions made by hand."""

from __future__ import annotations

import pytest

from policies.model import (
    AccessRequest,
    Caller,
    CallerClass,
    Condition,
    Effect,
    Missing,
    Outcome,
    Purpose,
    Rule,
    SubjectProfile,
    Use,
)
from schema.classification import MaskKind, SubjectKind
from schema.predicate import IsNull, Predicate
from schema.records import MODEL
from tests.oracle.decide import Rules

_KIND = "TaxPayment"
_FIELD = "TaxPayment.paidAmount"
_BANK = Caller(CallerClass.INSTITUTION, "91BANK", Purpose.PRE_LOAN)


def _rule(
    name: str,
    effect: Effect = Effect.PERMIT,
    coordinates: tuple[str, ...] = (_KIND, _FIELD),
    *,
    uses: tuple[Use, ...] = (),
    consent: bool = False,
    row: Predicate | None = None,
    purposes: tuple[Purpose, ...] = (),
) -> Rule:
    return Rule(
        id=f"t.{name}",
        effect=effect,
        who=(CallerClass.INSTITUTION,),
        purposes=purposes,
        uses=uses,
        classes=(),
        coordinates=coordinates,
        subject_kinds=(),
        organisations=(),
        condition=Condition(consent=consent, row=row),
        mask=None,
        legal_basis="-",
        intent="-",
    )


def _ask(
    rules: list[Rule],
    coordinate: str = _FIELD,
    use: Use = Use.READ,
    *,
    consented: frozenset[str] = frozenset(),
    caller: Caller = _BANK,
) -> tuple[Outcome, tuple[str, ...], Missing | None]:
    profile = SubjectProfile(SubjectKind.ORGANISATION, False, consented)
    request = AccessRequest(caller, coordinate, use, profile, frozenset(), False)
    decision = Rules(tuple(rules), MODEL)(request)
    return decision.outcome, decision.rule_ids, decision.missing


def test_without_a_rule_everything_is_denied() -> None:
    assert _ask([]) == (Outcome.DENIED, ("default.deny",), Missing.NOTHING_HELPS)


def test_forbid_wins_over_permit() -> None:
    rules = [_rule("open"), _rule("shut", Effect.FORBID)]
    assert _ask(rules)[:2] == (Outcome.DENIED, ("t.shut",))


def test_mask_wins_over_clear_of_the_same_rank() -> None:
    rules = [_rule("open"), _rule("band", Effect.MASK, (_FIELD,))]
    assert _ask(rules) == (Outcome.MASKED, ("t.band",), None)


def test_consent_is_more_particular_than_a_general_mask() -> None:
    rules = [_rule("open", coordinates=(_KIND,)), _rule("band", Effect.MASK, (_FIELD,))]
    rules.append(_rule("consent", coordinates=(_FIELD,), consent=True))
    assert _ask(rules)[0] is Outcome.MASKED
    assert _ask(rules, consented=frozenset({_FIELD})) == (Outcome.CLEAR, ("t.consent",), None)


def test_field_of_a_denied_kind_is_denied_for_the_kinds_reason() -> None:
    rules = [_rule("field", coordinates=(_FIELD,)), _rule("kind", Effect.FORBID, (_KIND,))]
    assert _ask(rules)[:2] == (Outcome.DENIED, ("t.kind",))


@pytest.mark.parametrize("use", [Use.FILTER, Use.ORDER, Use.AGGREGATE])
def test_masked_field_is_not_compared_or_added(use: Use) -> None:
    rules = [_rule("open"), _rule("band", Effect.MASK, (_FIELD,), uses=(Use.READ,))]
    assert _ask(rules, use=use)[:2] == (Outcome.DENIED, ("t.band",))


def test_missing_names_the_first_thing_that_fails() -> None:
    rules = [_rule("consent", consent=True, purposes=(Purpose.PRE_LOAN,))]
    official = Caller(CallerClass.DEPARTMENT, "11DEP", Purpose.INSPECTION)
    other_purpose = Caller(CallerClass.INSTITUTION, "91BANK", Purpose.POST_LOAN)
    assert _ask(rules, _KIND)[2] is Missing.CONSENT
    assert _ask(rules, _KIND, caller=official)[2] is Missing.ANOTHER_CALLER
    assert _ask(rules, _KIND, caller=other_purpose)[2] is Missing.ANOTHER_PURPOSE


def test_rows_are_what_any_permit_opens() -> None:
    limited = _rule("rows", coordinates=(_KIND,), row=IsNull("item"))
    profile = SubjectProfile(SubjectKind.ORGANISATION, False, frozenset())
    request = AccessRequest(_BANK, _KIND, Use.READ, profile, frozenset(), False)
    assert Rules((limited,), MODEL)(request).row is not None
    assert Rules((limited, _rule("all", coordinates=(_KIND,))), MODEL)(request).row is None


def test_stricter_mask_wins() -> None:
    profile = SubjectProfile(SubjectKind.ORGANISATION, False, frozenset())
    request = AccessRequest(_BANK, _FIELD, Use.READ, profile, frozenset(), False)
    rules = (_rule("open", coordinates=(_KIND,)), _rule("band", Effect.MASK, (_FIELD,)))
    assert Rules(rules, MODEL)(request).mask is MaskKind.AMOUNT_BAND
