"""Audit entries for tests, with invented clients and subjects."""

from gateway.audit.types import AuditEntry, ConsentUse, DecisionDigest, DepartmentOutcome
from gateway.entitlements.types import Mark
from gateway.identity.principal import Principal
from policies.model import Caller, CallerClass, Purpose

BANK = "91410199MA9DEM028G"
FIRM = "92410199MA9DEM0368"
ORGAN = "114101990050000186"


def bank_principal(client_id: str = "bank-1") -> Principal:
    """Return a bank before a loan."""
    return Principal(
        Caller(CallerClass.INSTITUTION, BANK, Purpose.PRE_LOAN), client_id, token_id="t-1"
    )


def audit_entry(
    request_id: str = "r-1",
    *,
    principal: Principal | None = None,
    at: str = "2026-03-02T01:02:03Z",
    subjects: tuple[str, ...] = (FIRM,),
    consents: tuple[ConsentUse, ...] = (),
    released: tuple[str, ...] = (),
    decisions: bytes = b'[{"coordinate":"TaxpayerCredit.grade","outcome":"CLEAR"}]',
    marks: tuple[Mark, ...] = (),
    outcome: str = "ANSWERED",
    operation_name: str | None = "Firm",
) -> AuditEntry:
    """Return an entry of an answered request, with what the test is about replaced."""
    return AuditEntry(
        request_id=request_id,
        at=at,
        principal=principal or bank_principal(),
        address_class="loopback",
        operation_hash="ab" * 32,
        operation_name=operation_name,
        decisions=DecisionDigest(decisions),
        subjects=subjects,
        departments=(DepartmentOutcome("tax", "ANSWERED", 1),),
        consents=consents,
        released=released,
        policy_version="1",
        outcome=outcome,
        duration_class="UNDER_10_MS",
        units=len(subjects),
        marks=marks,
    )
