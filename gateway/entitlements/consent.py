"""A consent as a document: everything that an authorisation must say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.entitlements.coordinates import check_coordinates, check_texts, kind_coordinate
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.states import ConsentState
from policies.model import Purpose
from policies.sharing.model import ConsentLimits
from schema.codes import RecordKind
from schema.records import MODEL
from schema.sharing import ConsentForm, SignerRole

__all__ = [
    "Consent",
    "ConsentConditions",
    "ConsentForm",
    "ConsentRecord",
    "Institution",
    "Signature",
    "SignerRole",
    "check_consent",
    "check_coordinates",
    "check_duration",
]


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, when and how.

    Attributes:
        proof: document that proves an attorney's power; None for other roles.
        document_sha256: digest of the signed document, 32 bytes.
        seal_certificate: number of the certificate of an electronic seal; None for other forms.
    """

    signer_name: str
    signer_role: SignerRole
    proof: str | None
    form: ConsentForm
    signed_at: datetime
    document_sha256: bytes
    seal_certificate: str | None = None


@dataclass(frozen=True, slots=True)
class Institution:
    """The one institution that a consent is given to."""

    uscc: str
    name: str
    licence_no: str
    contact: str


@dataclass(frozen=True, slots=True)
class ConsentConditions:
    """What the institution was told and accepted, in words.

    Source: 征信业管理条例, article 20 (no other use, no supply to third parties).

    Attributes:
        restrictions: the clause that bans other use and onward supply.
        bans_other_use, bans_onward_supply: whether the clause says so; one that does not is no
            consent.
    """

    processing: str
    retention: str
    restrictions: str
    how_to_withdraw: str
    bans_other_use: bool = True
    bans_onward_supply: bool = True


@dataclass(frozen=True, slots=True)
class Consent:
    """An authorisation of one institution by one subject for one purpose.

    Source: 中华人民共和国个人信息保护法, article 23 (recipient, contact, purpose, way, kinds).

    Attributes:
        subject_key: key of the subject that consents.
        record_kinds: kinds consented to; each field lies in one of them, each has a field.
        coordinates: fields consented to, each listed.
        valid_from: included; valid_to: excluded. Both with a time zone.
    """

    consent_no: str
    subject_key: str
    authoriser_name: str
    institution: Institution
    purpose: Purpose
    record_kinds: tuple[RecordKind, ...]
    coordinates: tuple[str, ...]
    is_one_off: bool
    valid_from: datetime
    valid_to: datetime
    conditions: ConsentConditions
    signature: Signature


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """A consent as the register holds it.

    Attributes:
        state: as of the moment it was read: an active one whose time is over is EXPIRED.
        filed_at: when its institution filed it as a letter; None: it is none.
        refusal_reason: why the check refused the letter.
    """

    terms: Consent
    state: ConsentState
    version: int
    filed_at: datetime | None
    refusal_reason: str | None


def check_consent(consent: Consent) -> None:
    """Check what a register demands of a consent beyond its types.

    Raises:
        EntitlementRefusedError: says what was found and what was expected.
    """
    what = f"consent `{consent.consent_no}`"
    if not consent.valid_from < consent.valid_to:
        raise EntitlementRefusedError(f"{what} ends before it begins")
    check_texts(what, _texts(consent))
    _check_conditions(what, consent.conditions)
    _check_signature(what, consent)
    check_coordinates(what, consent.coordinates)
    stated = {MODEL.kinds[kind].type_name for kind in consent.record_kinds}
    used = {kind_coordinate(coordinate) for coordinate in consent.coordinates}
    if stated != used:
        raise EntitlementRefusedError(
            f"{what} lists the kinds {sorted(stated)} and fields of {sorted(used)}"
        )


def check_duration(consent: Consent, limits: ConsentLimits) -> None:
    """Check that a consent does not hold for too long.

    Raises:
        EntitlementRefusedError: says for how long it may.
    """
    longest = limits.longest_days.value
    if consent.valid_to - consent.valid_from > timedelta(days=longest):
        raise EntitlementRefusedError(
            f"consent `{consent.consent_no}` holds until {consent.valid_to:%Y-%m-%d}, expected at"
            f" most {longest} days from {consent.valid_from:%Y-%m-%d}"
        )


def _texts(consent: Consent) -> dict[str, str]:
    institution, conditions = consent.institution, consent.conditions
    return {
        "authoriser_name": consent.authoriser_name,
        "institution.name": institution.name,
        "institution.licence_no": institution.licence_no,
        "institution.contact": institution.contact,
        "conditions.processing": conditions.processing,
        "conditions.retention": conditions.retention,
        "conditions.restrictions": conditions.restrictions,
        "conditions.how_to_withdraw": conditions.how_to_withdraw,
        "signature.signer_name": consent.signature.signer_name,
        # of these two it is checked elsewhere whether there has to be one
        "signature.proof": consent.signature.proof or "-",
        "signature.seal_certificate": consent.signature.seal_certificate or "-",
    }


def _check_conditions(what: str, conditions: ConsentConditions) -> None:
    for item, is_banned in (
        ("other use", conditions.bans_other_use),
        ("onward supply", conditions.bans_onward_supply),
    ):
        if not is_banned:
            raise EntitlementRefusedError(f"{what} does not ban {item}, and must")


def _check_signature(what: str, consent: Consent) -> None:
    signature = consent.signature
    if signature.signer_role is SignerRole.ATTORNEY and not (signature.proof or "").strip():
        raise EntitlementRefusedError(f"{what} is signed by an attorney without proof")
    is_sealed = signature.form is ConsentForm.ELECTRONIC_SEAL
    if is_sealed and not (signature.seal_certificate or "").strip():
        raise EntitlementRefusedError(f"{what} has an electronic seal without its certificate")
    if not is_sealed and signature.seal_certificate is not None:
        raise EntitlementRefusedError(f"{what} has a certificate and no electronic seal")
    if len(signature.document_sha256) != 32:
        raise EntitlementRefusedError(f"{what} has no SHA-256 of its document")
    if consent.valid_from < signature.signed_at:
        raise EntitlementRefusedError(f"{what} begins before it was signed")
