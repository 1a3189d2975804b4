"""The consents that named firms give the demonstration's bank, field by field."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from gateway.demo.city.cases import CASES, DEMO_BANK, Case
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

CONSENTED = (
    "TaxpayerCredit.year",
    "TaxpayerCredit.grade",
    "TaxpayerCredit.score",
    "TaxPayment.periodFrom",
    "TaxPayment.periodTo",
    "TaxPayment.taxKind",
    "TaxPayment.paidAmount",
)
"""Fields named in each consent; `TaxPayment.item` is left out, so that the bank is denied it."""
_KINDS = (RecordKind.TAXPAYER_CREDIT, RecordKind.TAX_PAYMENT)
_VALID_FOR = timedelta(days=364)
_RENEWED_BEFORE_END = timedelta(days=30)


async def file_consents(register: ConsentRegister, now: datetime) -> None:
    """Let every consenting case have an active consent that lasts for weeks at least."""
    for case in CASES.all():
        if case.is_consenting and not await _is_filed(register, case, now):
            consent = _consent(case, now)
            await register.add(consent, now, ConsentState.SIGNED)
            await register.activate(consent.consent_no, now)


async def _is_filed(register: ConsentRegister, case: Case, now: datetime) -> bool:
    return any(
        line.state is ConsentState.ACTIVE
        and line.consent_no.startswith(_number(case))
        and line.valid_to > now + _RENEWED_BEFORE_END
        for line in await register.list_consents(case.code)
    )


def _number(case: Case) -> str:
    """First part of the number; changes with what is consented to."""
    terms = hashlib.sha256(" ".join(CONSENTED).encode()).hexdigest()[:6]
    return f"DEMO-{case.index:02d}-{terms}-"


def _consent(case: Case, now: datetime) -> Consent:
    signed_at = now - timedelta(hours=1)
    number = f"{_number(case)}{now:%Y%m%d%H%M%S}"
    return Consent(
        consent_no=number,
        subject_key=case.code,
        authoriser_name=case.name,
        institution=Institution(DEMO_BANK, "郑州示例银行", "B0000S000000000", "0371-00000000"),
        purpose=Purpose.PRE_LOAN,
        record_kinds=_KINDS,
        coordinates=CONSENTED,
        is_one_off=False,
        valid_from=signed_at,
        valid_to=now + _VALID_FOR,
        conditions=ConsentConditions(
            processing="自动化查询，用于贷前审查",
            retention="保存至贷款结清后六个月",
            restrictions="不作他用，不向第三方提供",
            how_to_withdraw="在平台撤回或书面通知",
        ),
        signature=Signature(
            signer_name=case.head_name,
            signer_role=SignerRole.LEGAL_REPRESENTATIVE,
            proof=None,
            form=ConsentForm.ELECTRONIC_SEAL,
            signed_at=signed_at,
            document_sha256=hashlib.sha256(number.encode()).digest(),
            seal_certificate=f"DEMO-SEAL-{case.index:02d}",
        ),
    )
