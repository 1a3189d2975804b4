"""Who is let in, and which operations it may run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.admission.types import AdmissionRules, Admitted
from gateway.entitlements.contract import ClientContract, Pace, RegisteredOperation
from gateway.entitlements.data_contract import DataContract
from gateway.entitlements.types import ClientTerms
from gateway.errors import ClientError
from gateway.identity.principal import ANONYMOUS, Principal
from gateway.operation.registration import Registration
from gateway.operation.types import OperationRequest, ValidatedOperation
from gateway.request import CallerNote
from policies.model import Caller, CallerClass, Limit, Purpose
from tests.support.admission import admission_of
from tests.support.small_gateway import SCHEMA, SmallGateway

BANK = "91410199MA9DEM028G"
TEXT = "query Slugs { sources { slug } }"
OPERATION = Registration(SCHEMA).read(TEXT, "PRE_LOAN")
MARK = ("client:bank-1", 3)
CONTRACT = ClientContract("institution", BANK, operations=(OPERATION,))
RULES = AdmissionRules()


def principal(
    caller_class: CallerClass = CallerClass.INSTITUTION,
    purpose: Purpose = Purpose.PRE_LOAN,
    organisation: str = BANK,
) -> Principal:
    return Principal(Caller(caller_class, organisation, purpose), "bank-1")


def enter(
    contract: ClientContract | None,
    who: Principal | None = None,
    *,
    is_suspended: bool = False,
    note: CallerNote | None = None,
) -> Admitted:
    terms = ClientTerms(MARK, is_suspended, None, contract)
    admission = admission_of(lambda _: terms, RULES)
    return admission.enter(who or principal(), note or CallerNote())


def refused(
    contract: ClientContract | None, who: Principal | None = None, *, is_suspended: bool = False
) -> str:
    with pytest.raises(ClientError) as caught:
        enter(contract, who, is_suspended=is_suspended)
    return caught.value.code


def validated(text: str) -> ValidatedOperation:
    return SmallGateway({}).operations.load(OperationRequest(text, None, {}), "test")


def run(contract: ClientContract | None, text: str, who: Principal | None = None) -> Admitted:
    who = who or principal()
    admission = admission_of(lambda _: ClientTerms(MARK, contract=contract), RULES)
    return admission.allow(validated(text), who, Admitted(ClientTerms(MARK, contract=contract)))


def test_enter_lets_the_public_in_uncounted() -> None:
    note = CallerNote()
    enter(None, ANONYMOUS, note=note)
    assert note.pace is None


def test_enter_tells_what_is_left() -> None:
    note = CallerNote()
    enter(replace(CONTRACT, pace=Pace(60, 2)), note=note)
    assert note.pace == (2, 2, 1, 1)


def test_enter_suspended_client_is_refused() -> None:
    assert refused(CONTRACT, is_suspended=True) == "CLIENT_SUSPENDED"


@pytest.mark.parametrize(
    "contract",
    [
        None,
        replace(CONTRACT, organisation="92410199MA9DEM0368"),
        replace(CONTRACT, caller_class="platform"),
        replace(CONTRACT, caller_class="a class of tomorrow"),
    ],
)
def test_enter_institution_that_is_not_registered_is_refused(
    contract: ClientContract | None,
) -> None:
    assert refused(contract) == "CLIENT_UNKNOWN"


def test_enter_department_need_not_be_registered() -> None:
    enter(None, principal(CallerClass.DEPARTMENT))


def test_enter_other_purposes_than_agreed_are_refused() -> None:
    agreed = replace(CONTRACT, purposes=frozenset({"POST_LOAN"}))
    assert refused(agreed) == "PURPOSE_NOT_AGREED"
    enter(agreed, principal(purpose=Purpose.POST_LOAN))


def test_enter_over_the_pace_is_refused_and_told_what_is_left() -> None:
    terms = ClientTerms(MARK, contract=replace(CONTRACT, pace=Pace(60, 1)))
    admission = admission_of(lambda _: terms, RULES)
    admission.enter(principal(), CallerNote())
    note = CallerNote()
    with pytest.raises(ClientError) as caught:
        admission.enter(principal(), note)
    assert caught.value.code == "RATE_LIMITED"
    assert note.pace is not None
    assert note.pace.remaining == 0
    admission.enter(principal(), CallerNote(), counts=False)


def test_allow_registered_operation_is_marked_with_the_contract() -> None:
    admitted = run(CONTRACT, TEXT)
    assert admitted.operation == OPERATION
    assert admitted.marks == (MARK,)


def test_allow_recognises_an_operation_in_another_layout() -> None:
    assert run(CONTRACT, "query Slugs{sources{ # which\n slug,}}").operation == OPERATION


@pytest.mark.parametrize("text", ["query Slugs { sources { slug state } }", "{ __typename }"])
def test_allow_other_operations_are_refused(text: str) -> None:
    with pytest.raises(ClientError) as caught:
        run(CONTRACT, text)
    assert caught.value.code == "OPERATION_NOT_REGISTERED"


def test_allow_an_operation_for_another_purpose_is_refused() -> None:
    with pytest.raises(ClientError):
        run(CONTRACT, TEXT, principal(purpose=Purpose.POST_LOAN))


@pytest.mark.parametrize(
    "contract",
    [
        replace(CONTRACT, may_ask_anything=True),
        replace(CONTRACT, caller_class="department"),
        None,
    ],
)
def test_allow_whoever_may_ask_anything(contract: ClientContract | None) -> None:
    admitted = run(contract, "{ __typename }")
    assert (admitted.operation, admitted.marks) == (None, ())


def test_allow_department_bound_by_its_contract_is_refused_others() -> None:
    bound = replace(CONTRACT, caller_class="department", may_ask_anything=False)
    with pytest.raises(ClientError):
        run(bound, "{ __typename }")


def by_id(document_id: str, contract: ClientContract | None) -> OperationRequest:
    request = OperationRequest("", None, {}, document_id)
    admitted = Admitted(ClientTerms(MARK, contract=contract))
    return admission_of(lambda _: admitted.terms, RULES).with_document(request, admitted)


def test_with_document_finds_the_registered_text() -> None:
    found = by_id(f"sha256:{OPERATION.document_sha256}", CONTRACT)
    assert (found.document, found.document_id) == (TEXT, None)


@pytest.mark.parametrize(
    ("contract", "code"),
    [
        (CONTRACT, "OPERATION_NOT_REGISTERED"),
        (replace(CONTRACT, may_ask_anything=True), "PERSISTED_QUERY_NOT_SUPPORTED"),
        (None, "PERSISTED_QUERY_NOT_SUPPORTED"),
    ],
)
@pytest.mark.parametrize("document_id", ["sha256:" + "0" * 64, OPERATION.document_sha256, "x"])
def test_with_document_that_is_not_registered_is_refused(
    document_id: str, contract: ClientContract | None, code: str
) -> None:
    with pytest.raises(ClientError) as caught:
        by_id(document_id, contract)
    assert caught.value.code == code


def test_operation_with_a_quota_is_counted_under_a_name_of_its_own() -> None:
    operation = RegisteredOperation("Slugs", "PRE_LOAN", "", "", "", 5)
    assert operation.counted_as("bank-1") == "bank-1#PRE_LOAN#Slugs"


PLATFORM = Principal(Caller(CallerClass.PLATFORM, BANK, Purpose.PRE_LOAN, BANK), "bank-1")


def test_enter_platform_acts_for_those_of_its_contract_only() -> None:
    contract = ClientContract("platform", BANK, acts_for=frozenset({BANK}))
    assert enter(contract, PLATFORM)
    other = replace(contract, acts_for=frozenset({"114101990050000186"}))
    assert refused(other, PLATFORM) == "ACTING_FOR_NOT_AGREED"
    assert refused(replace(contract, acts_for=frozenset()), PLATFORM) == "ACTING_FOR_NOT_AGREED"


def test_enter_client_of_the_sandbox_is_refused_by_the_real_gateway_and_back() -> None:
    in_sandbox = replace(CONTRACT, is_sandbox=True)
    assert refused(in_sandbox) == "CLIENT_OF_ANOTHER_ENVIRONMENT"
    for contract, is_taken in ((in_sandbox, True), (CONTRACT, False)):
        terms = ClientTerms(MARK, contract=contract)
        admission = admission_of(lambda _, t=terms: t, replace(RULES, is_sandbox=True))  # type: ignore[misc]
        if is_taken:
            assert admission.enter(principal(), CallerNote())
        else:
            with pytest.raises(ClientError):
                admission.enter(principal(), CallerNote())


@pytest.mark.parametrize(
    ("issued_at", "code"), [(99, "TOKEN_REVOKED"), (100, None), (101, None), (None, None)]
)
def test_enter_token_from_before_a_change_of_keys_is_refused(
    issued_at: int | None, code: str | None
) -> None:
    contract = replace(CONTRACT, tokens_since=100.0)
    who = replace(principal(), issued_at=issued_at)
    if code is None:
        assert enter(contract, who)
    else:
        assert refused(contract, who) == code


@pytest.mark.parametrize(
    ("contract", "may"),
    [
        (None, True),
        (CONTRACT, False),
        (replace(CONTRACT, may_name_persons=True), True),
        (replace(CONTRACT, may_ask_anything=True), True),
        (replace(CONTRACT, may_ask_anything=True, may_name_persons=False), False),
        (ClientContract("department", BANK), True),
        (ClientContract("department", BANK, may_ask_anything=False), False),
    ],
)
def test_persons_are_named_by_clients_that_may(contract: ClientContract | None, may: bool) -> None:
    admission = admission_of(lambda _: ClientTerms(MARK, contract=contract), RULES)
    admitted = Admitted(ClientTerms(MARK, contract=contract))
    if may:
        admission.allow_persons(admitted)
        return
    with pytest.raises(ClientError) as caught:
        admission.allow_persons(admitted)
    assert caught.value.code == "PERSONS_NOT_AGREED"


def test_scopes_of_a_client_narrow_every_token_and_are_compared_at_the_fence() -> None:
    contract = replace(CONTRACT, scopes=frozenset({"credit:TAX_PAYMENT:read"}))
    admitted = Admitted(ClientTerms(MARK, contract=contract))
    found = admitted.contract(None)
    assert found is not None
    assert found.limit == contract.scope_limit
    assert admitted.marks == (MARK,)
    narrower = DataContract(limit=Limit(frozenset({"TaxPayment", "TaxArrears"}), frozenset()))
    both = admitted.contract(narrower)
    assert both is not None
    assert both.limit == Limit(frozenset({"TaxPayment"}), frozenset())
    unscoped = Admitted(ClientTerms(MARK, contract=CONTRACT))
    assert unscoped.contract(narrower) is narrower
    assert unscoped.contract(None) is None
    assert unscoped.marks == ()
