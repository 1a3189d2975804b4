"""Consents for tests, with invented firms and banks."""

from datetime import UTC, datetime

from gateway.entitlements.consent import (
    Consent,
    ConsentConditions,
    ConsentForm,
    Institution,
    Signature,
    SignerRole,
)
from gateway.entitlements.consent_register import ConsentRegister
from gateway.entitlements.states import ConsentState
from policies.model import Purpose
from schema.codes import RecordKind
from tests.support.entries import BANK, FIRM

AT = datetime(2026, 3, 1, tzinfo=UTC)
GRADE = "TaxpayerCredit.grade"


def firm_consent(
    consent_no: str = "C-1",
    *,
    subject_key: str = FIRM,
    institution: str = BANK,
    coordinates: tuple[str, ...] = (GRADE,),
    record_kinds: tuple[RecordKind, ...] = (RecordKind.TAXPAYER_CREDIT,),
    valid_from: datetime = datetime(2026, 1, 1, tzinfo=UTC),
    valid_to: datetime = datetime(2027, 1, 1, tzinfo=UTC),
    signer_role: SignerRole = SignerRole.LEGAL_REPRESENTATIVE,
    is_one_off: bool = False,
) -> Consent:
    """Return a complete consent, with what the test is about replaced."""
    return Consent(
        consent_no=consent_no,
        subject_key=subject_key,
        authoriser_name="样例商行",
        institution=Institution(institution, "样例银行", "B0000S000000000", "0371-00000000"),
        purpose=Purpose.PRE_LOAN,
        record_kinds=record_kinds,
        coordinates=coordinates,
        is_one_off=is_one_off,
        valid_from=valid_from,
        valid_to=valid_to,
        conditions=ConsentConditions(
            processing="automated query",
            retention="90 days",
            restrictions="no other use, no onward supply",
            how_to_withdraw="on the platform or in writing",
        ),
        signature=Signature(
            signer_name="样例人",
            signer_role=signer_role,
            proof=None,
            form=ConsentForm.ELECTRONIC_SEAL,
            signed_at=datetime(2025, 12, 31, tzinfo=UTC),
            document_sha256=bytes(32),
            seal_certificate="SEAL-0001",
        ),
    )


async def file_active(register: ConsentRegister, consent: Consent) -> int:
    """File a consent, make it active and return its version."""
    await register.add(consent, AT, ConsentState.SIGNED)
    return await register.activate(consent.consent_no, AT)
