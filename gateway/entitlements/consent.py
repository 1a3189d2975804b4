"""A consent as a document: everything that an authorisation must say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from gateway.entitlements.errors import EntitlementRefusedError
from policies.model import Purpose
from schema.codes import RecordKind
from schema.records import MODEL


class SignerRole(Enum):
    """In which role the signer signed for the subject."""

    LEGAL_REPRESENTATIVE = "LEGAL_REPRESENTATIVE"
    ATTORNEY = "ATTORNEY"
    SELF = "SELF"


class ConsentForm(Enum):
    """How the document was signed."""

    ELECTRONIC_SEAL = "ELECTRONIC_SEAL"
    WET_INK_SCAN = "WET_INK_SCAN"


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, when and how.

    Attributes:
        proof: document that proves an attorney's power; None for other roles.
        document_sha256: digest of the signed document, 32 bytes.
    """

    signer_name: str
    signer_role: SignerRole
    proof: str | None
    form: ConsentForm
    signed_at: datetime
    document_sha256: bytes


@dataclass(frozen=True, slots=True)
class Institution:
    """The one institution that a consent is given to."""

    uscc: str
    name: str
    licence_no: str
    contact: str


@dataclass(frozen=True, slots=True)
class ConsentConditions:
    """What the institution was told and accepted, in words."""

    processing: str
    retention: str
    restrictions: str
    how_to_withdraw: str


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


def check_consent(consent: Consent) -> None:
    """Check what a register demands of a consent beyond its types.

    Raises:
        EntitlementRefusedError: says what was found and what was expected.
    """
    number = consent.consent_no
    if not consent.valid_from < consent.valid_to:
        raise EntitlementRefusedError(f"consent `{number}` ends before it begins")
    signature = consent.signature
    if signature.signer_role is SignerRole.ATTORNEY and not signature.proof:
        raise EntitlementRefusedError(f"consent `{number}` is signed by an attorney without proof")
    if len(signature.document_sha256) != 32:
        raise EntitlementRefusedError(f"consent `{number}` has no SHA-256 of its document")
    check_coordinates(f"consent `{number}`", consent.coordinates)
    stated = {MODEL.kinds[kind].type_name for kind in consent.record_kinds}
    used = {kind_coordinate(coordinate) for coordinate in consent.coordinates}
    if stated != used:
        raise EntitlementRefusedError(
            f"consent `{number}` lists the kinds {sorted(stated)} and fields of {sorted(used)}"
        )


def check_coordinates(what: str, coordinates: tuple[str, ...]) -> None:
    """Check that each coordinate is a field of the schema, and that there is one.

    Raises:
        EntitlementRefusedError: names the first that is not.
    """
    if not coordinates:
        raise EntitlementRefusedError(f"{what} lists no field")
    known = set(MODEL.coordinates)
    for coordinate in coordinates:
        if coordinate not in known or "." not in coordinate:
            raise EntitlementRefusedError(f"{what} lists `{coordinate}`, which is no field")


def kind_coordinate(coordinate: str) -> str:
    """Return the coordinate of the record kind that a field belongs to."""
    return coordinate.partition(".")[0]
