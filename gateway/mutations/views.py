"""Grants, consents and notices as the schema shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.entitlements.acts import PastAct
from gateway.entitlements.consent import ConsentRecord
from gateway.entitlements.grant import GrantRecord
from gateway.entitlements.grant_clock import GrantTimes
from gateway.entitlements.notifications import Notice
from schema.scalars import Date, DateTime, Uscc
from schema.sharing import ActLine, Consent, Notification, SharingGrant

_PERSON_PREFIX = "P:"


def grant_view(grant: GrantRecord, times: GrantTimes, history: Sequence[PastAct]) -> SharingGrant:
    """A grant with its clocks and history."""
    terms = grant.terms
    assessed, kept_until = terms.impact_assessed_on, times.assessment_kept_until
    supply_due = times.supply_due
    return SharingGrant(
        grant_no=terms.grant_no,
        state=grant.state,
        consumer=Uscc(terms.consumer),
        provider=Uscc(terms.provider),
        catalogue_code=terms.catalogue_code,
        sharing_attribute=terms.sharing_attribute,
        purposes=[purpose.value for purpose in terms.purposes],
        fields=list(terms.coordinates),
        legal_basis=terms.legal_basis,
        scenario=terms.scenario,
        scope=terms.scope,
        mode=terms.mode,
        impact_assessment=terms.impact_assessment,
        impact_assessed_on=None if assessed is None else Date(assessed.isoformat()),
        impact_assessment_kept_until=None if kept_until is None else Date(kept_until.isoformat()),
        valid_until=wire_time(terms.valid_until),
        requested_at=wire_time(grant.requested_at),
        answer_due_on=Date(times.answer_due.date.isoformat()),
        is_answer_due_provisional=times.answer_due.provisional,
        is_overdue=times.is_overdue,
        is_extended=grant.extended_at is not None,
        supply_due_on=None if supply_due is None else Date(supply_due.date.isoformat()),
        decided_at=None if grant.decided_at is None else wire_time(grant.decided_at),
        refusal_reason=grant.refusal_reason,
        history=[_line(act) for act in history],
    )


def consent_view(consent: ConsentRecord, history: Sequence[PastAct]) -> Consent:
    """A consent with its history; a person's key is not shown."""
    terms = consent.terms
    institution, conditions, signature = terms.institution, terms.conditions, terms.signature
    is_person = terms.subject_key.startswith(_PERSON_PREFIX)
    return Consent(
        consent_no=terms.consent_no,
        state=consent.state,
        subject_code=None if is_person else Uscc(terms.subject_key),
        authoriser_name=terms.authoriser_name,
        institution=Uscc(institution.uscc),
        institution_name=institution.name,
        institution_licence_no=institution.licence_no,
        institution_contact=institution.contact,
        purpose=terms.purpose.value,
        record_kinds=list(terms.record_kinds),
        fields=list(terms.coordinates),
        is_one_off=terms.is_one_off,
        valid_from=wire_time(terms.valid_from),
        valid_to=wire_time(terms.valid_to),
        processing=conditions.processing,
        retention=conditions.retention,
        restrictions=conditions.restrictions,
        how_to_withdraw=conditions.how_to_withdraw,
        signer_name=signature.signer_name,
        signer_role=signature.signer_role,
        form=signature.form,
        seal_certificate=signature.seal_certificate,
        signed_at=wire_time(signature.signed_at),
        document_sha256=signature.document_sha256.hex(),
        is_letter=consent.filed_at is not None,
        refusal_reason=consent.refusal_reason,
        history=[_line(act) for act in history],
    )


def notice_view(notice: Notice) -> Notification:
    """A notice."""
    return Notification(
        at=wire_time(notice.at),
        kind=notice.kind,
        consent_no=notice.consent_no,
        institution=Uscc(notice.institution),
        institution_name=notice.institution_name,
        purpose=notice.purpose,
        state=notice.state,
        how_to_withdraw=notice.how_to_withdraw,
    )


def wire_time(at: datetime) -> DateTime:
    """The time in its wire form, fractions of a second dropped."""
    return DateTime(f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


def _line(act: PastAct) -> ActLine:
    return ActLine(
        at=wire_time(act.at),
        act=act.act,
        organisation=act.organisation,
        state=act.state,
        reason=act.reason,
    )
