"""A sharing grant as a document: what one department asks of another, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from gateway.entitlements.coordinates import check_coordinates, check_texts
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.states import GrantState
from policies.model import Purpose
from schema.codes import SharingAttribute
from schema.sharing import SharingMode


@dataclass(frozen=True, slots=True)
class SharingGrant:
    """What one department asks of another.

    Source: 政务数据共享条例 (basis, scenario, scope, mode and term of a conditional sharing);
    个人信息保护法, articles 55 and 56 (impact assessment).

    Attributes:
        consumer, provider: unified social credit codes of the departments.
        impact_assessment: reference of the impact assessment.
        coordinates: fields granted, each listed.
        valid_until: excluded.
        impact_assessed_on: day on which the assessment was finished, if known.
        sharing_attribute: of the catalogue entry when it was asked for; decides by when the
            provider answers.
    """

    grant_no: str
    consumer: str
    provider: str
    catalogue_code: str
    purposes: tuple[Purpose, ...]
    coordinates: tuple[str, ...]
    legal_basis: str
    scenario: str
    scope: str
    mode: SharingMode
    impact_assessment: str
    valid_until: datetime
    impact_assessed_on: date | None = None
    sharing_attribute: SharingAttribute = SharingAttribute.CONDITIONAL


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """A grant as the register holds it.

    Attributes:
        state: as of the moment it was read: a grant whose time is over is EXPIRED.
    """

    terms: SharingGrant
    state: GrantState
    version: int
    requested_at: datetime
    extended_at: datetime | None
    decided_at: datetime | None
    refusal_reason: str | None


def check_grant(grant: SharingGrant) -> None:
    """Check what a register demands of a grant beyond its types.

    Raises:
        EntitlementRefusedError: says what was found and what was expected.
    """
    what = f"grant `{grant.grant_no}`"
    check_texts(
        what,
        {
            "legal_basis": grant.legal_basis,
            "scenario": grant.scenario,
            "scope": grant.scope,
            "impact_assessment": grant.impact_assessment,
        },
    )
    if not grant.purposes:
        raise EntitlementRefusedError(f"{what} names no purpose")
    check_coordinates(what, grant.coordinates)
