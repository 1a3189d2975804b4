"""Inputs of mutations as the desks take them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from gateway.entitlements.consent import Consent, ConsentConditions, Institution, Signature
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.grant_desk import GrantWish
from policies.model import Purpose
from schema.sharing import ConsentLetter, GrantRequest

_MOST_SHOWN = 60


def read_wish(wish: GrantRequest) -> GrantWish:
    """What is asked for.

    Raises:
        EntitlementRefusedError: TERMS_INVALID, an unknown purpose.
    """
    return GrantWish(
        provider=wish.provider,
        catalogue_code=wish.catalogue_code,
        purposes=tuple(read_purpose(code) for code in wish.purposes),
        coordinates=tuple(wish.fields),
        legal_basis=wish.legal_basis,
        scenario=wish.scenario,
        scope=wish.scope,
        mode=wish.mode,
        impact_assessment=wish.impact_assessment,
        impact_assessed_on=date.fromisoformat(wish.impact_assessed_on),
        valid_until=datetime.fromisoformat(wish.valid_until),
    )


def read_letter(letter: ConsentLetter, default_days: int) -> Consent:
    """What a firm signed, still without number and without the institution's code.

    Raises:
        EntitlementRefusedError: TERMS_INVALID, an unknown purpose or a digest that is none.
    """
    valid_from = datetime.fromisoformat(letter.valid_from)
    valid_to = (
        valid_from + timedelta(days=default_days)
        if letter.valid_to is None
        else datetime.fromisoformat(letter.valid_to)
    )
    return Consent(
        consent_no="",
        subject_key=letter.subject,
        authoriser_name=letter.authoriser_name,
        institution=Institution(
            "",
            letter.institution_name,
            letter.institution_licence_no,
            letter.institution_contact,
        ),
        purpose=read_purpose(letter.purpose),
        record_kinds=tuple(dict.fromkeys(letter.record_kinds)),
        coordinates=tuple(dict.fromkeys(letter.fields)),
        is_one_off=letter.is_one_off,
        valid_from=valid_from,
        valid_to=valid_to,
        conditions=ConsentConditions(
            letter.processing,
            letter.retention,
            letter.restrictions,
            letter.how_to_withdraw,
            letter.bans_other_use,
            letter.bans_onward_supply,
        ),
        signature=Signature(
            letter.signer_name,
            letter.signer_role,
            letter.signer_proof,
            letter.form,
            datetime.fromisoformat(letter.signed_at),
            _digest(letter.document_sha256),
            letter.seal_certificate,
        ),
    )


def read_purpose(code: str) -> Purpose:
    """The purpose of that code.

    Raises:
        EntitlementRefusedError: TERMS_INVALID, there is none.
    """
    try:
        return Purpose(code)
    except ValueError as error:
        raise EntitlementRefusedError(
            f"there is no purpose `{code[:_MOST_SHOWN]}`, expected a code such as"
            f" `{Purpose.LICENCE_REVIEW.value}`"
        ) from error


def _digest(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise EntitlementRefusedError(
            "`documentSha256` is not hexadecimal, expected 64 characters"
        ) from error
