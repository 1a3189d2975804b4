"""A consent as an operator writes it down: a TOML file with every item, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from gateway.entitlements.consent import (
    Consent,
    ConsentConditions,
    ConsentForm,
    Institution,
    Signature,
    SignerRole,
)
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.toml_items import Items, member
from policies.model import Purpose
from schema.codes import RecordKind


def read_consent(text: str, default_days: int) -> Consent:
    """Read a consent, which gets its number when it is filed.

    Tables `institution`, `conditions` and `signature` hold the parts of those names; times carry
    an offset, the document's SHA-256 is hexadecimal.

    Args:
        default_days: how long it holds where it has no `valid_to`.

    Raises:
        EntitlementRefusedError: an item is missing, unknown or of the wrong kind.
    """
    top = Items.of_text("consent", text)
    institution, conditions = top.table("institution"), top.table("conditions")
    valid_from = top.time("valid_from")
    default_end = valid_from + timedelta(days=default_days)
    consent = Consent(
        consent_no="",
        subject_key=top.text("subject_key"),
        authoriser_name=top.text("authoriser_name"),
        institution=Institution(
            institution.text("uscc"),
            institution.text("name"),
            institution.text("licence_no"),
            institution.text("contact"),
        ),
        purpose=top.member("purpose", Purpose),
        record_kinds=tuple(
            member("record_kinds", value, RecordKind) for value in top.texts("record_kinds")
        ),
        coordinates=top.texts("coordinates"),
        is_one_off=top.of("is_one_off", bool),
        valid_from=valid_from,
        valid_to=top.time("valid_to") if top.has("valid_to") else default_end,
        conditions=ConsentConditions(
            conditions.text("processing"),
            conditions.text("retention"),
            conditions.text("restrictions"),
            conditions.text("how_to_withdraw"),
            conditions.of("bans_other_use", bool),
            conditions.of("bans_onward_supply", bool),
        ),
        signature=_signature(top.table("signature")),
    )
    for items in (top, institution, conditions):
        items.check_all_read()
    return consent


def _signature(items: Items) -> Signature:
    digest = items.text("document_sha256")
    try:
        document_sha256 = bytes.fromhex(digest)
    except ValueError as error:
        raise EntitlementRefusedError("`signature.document_sha256` is not hexadecimal") from error
    signature = Signature(
        items.text("signer_name"),
        items.member("signer_role", SignerRole),
        items.text("proof") if items.has("proof") else None,
        items.member("form", ConsentForm),
        items.time("signed_at"),
        document_sha256,
        items.text("seal_certificate") if items.has("seal_certificate") else None,
    )
    items.check_all_read()
    return signature
