"""What a firm grants in the code flow becomes a consent of the register, on record.

The consent, the line of the act and the audit entry are written in the transaction of the code, so
that none is there without the others.

Source: 个人信息保护法, articles 14, 15, 17 and 23; 征信业管理条例, article 20.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import rfc8785

from gateway.audit.types import ANSWERED, AuditEntry, RecordsWithin
from gateway.entitlements.acts import Acting, Actor
from gateway.entitlements.consent import (
    Consent,
    ConsentConditions,
    ConsentForm,
    Institution,
    Signature,
    SignerRole,
    check_duration,
)
from gateway.entitlements.consent_desk import ConsentDesk
from gateway.entitlements.coordinates import kind_coordinate
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.grantable import Grantable
from gateway.identity.principal import Principal
from gateway.mutations.types import Acts
from gateway.oauth.errors import invalid_details
from gateway.oauth.strict_object import wire_time
from gateway.oauth.types import Access, ConsentDecision, ConsentRequest
from gateway.store.lending import OneConnection
from gateway.store.pool import Connection
from policies.model import Caller, CallerClass, Purpose
from policies.sharing.model import Act, Sharing
from schema.records import MODEL

PAGES_CLIENT = "credit-gateway-pages"
RESTRICTIONS = (
    "仅限上述用途使用；未经信息主体另行同意，不得用于其他用途，不得向第三方提供"
    "（征信业管理条例第二十条）。"
    "For this purpose only: no other use and no supply to third parties without another consent."
)
HOW_TO_WITHDRAW = (
    "可随时在本平台“我的授权”中撤回，或书面通知市信用中心；撤回即时生效，不影响撤回前已进行的查询。"
    "Withdraw at any time on this platform or in writing to the credit centre; it takes effect at "
    "once and does not undo earlier queries."
)
_NUMBER_PREFIX = "CO"


@dataclass(frozen=True, slots=True)
class FiledConsent:
    """A consent that is active, with the document that was consented to."""

    consent: Consent
    document: bytes


class ConsentFiling:
    """Files consents.

    Args:
        recorder: writes an audit entry in the transaction that is open.
        new_number: makes the number of a consent from its prefix.
    """

    def __init__(
        self,
        sharing: Sharing,
        grantable: Grantable,
        recorder: RecordsWithin,
        new_number: Callable[[str], str],
    ) -> None:
        self._sharing = sharing
        self._grantable = grantable
        self._recorder = recorder
        self._new_number = new_number

    def check(self, request: ConsentRequest, at: datetime) -> None:
        """Check what a firm is going to be asked, before it is.

        Raises:
            OAuthError: `invalid_authorization_details`: no consent opens a field for this purpose,
                or it would hold for too long.
        """
        query = request.query
        closed = self._grantable.closed_to_consent(
            request.institution.uscc, query.purpose, query.fields
        )
        if closed:
            raise invalid_details(
                f"authorization_details: no consent opens {closed[0]} for purpose "
                f"{query.purpose.value}"
            )
        decision = ConsentDecision("", "-", "-")
        try:
            check_duration(self._consent(request, decision, "-", at), self._sharing.consents)
        except EntitlementRefusedError as error:
            most = self._sharing.consents.longest_days.value
            raise invalid_details(
                f"authorization_details: valid_until is more than {most} days away"
            ) from error

    async def file(
        self,
        connection: Connection,
        request: ConsentRequest,
        decision: ConsentDecision,
        at: datetime,
        request_id: str,
    ) -> FiledConsent:
        """File what a firm granted; it is active when the open transaction commits.

        Raises:
            EntitlementRefusedError: it is no consent that can be given.
            ClientError, OutdatedDecisionError, asyncpg.UniqueViolationError: see `RecordsWithin`.
        """
        draft = self._consent(request, decision, self._new_number(_NUMBER_PREFIX), at)
        document = consent_document(draft)
        consent = _signed(draft, hashlib.sha256(document).digest())
        caller = Caller(CallerClass.SUBJECT, decision.subject, Purpose.SELF_QUERY)
        actor = Actor(caller, PAGES_CLIENT, decision.user_ref, None, request_id)
        lending = OneConnection(connection)
        acting = Acting(lending, self._sharing.acts, actor, at)
        desk = ConsentDesk(
            acting, lending, self._sharing.consents, self._grantable, self._new_number
        )
        await desk.grant(consent)
        await self._recorder.record(connection, self._entry(acting, at))
        return FiledConsent(consent, document)

    def _consent(
        self, request: ConsentRequest, decision: ConsentDecision, number: str, at: datetime
    ) -> Consent:
        query, institution = request.query, request.institution
        assert query.valid_until is not None
        fields = tuple(name for name in query.fields if name not in decision.left_out)
        kept = {kind_coordinate(name) for name in fields}
        role = SignerRole.ATTORNEY if decision.is_attorney else SignerRole.LEGAL_REPRESENTATIVE
        return Consent(
            consent_no=number,
            subject_key=decision.subject,
            authoriser_name=decision.subject_name,
            institution=Institution(
                institution.uscc, institution.name, institution.licence_no, institution.contact
            ),
            purpose=query.purpose,
            record_kinds=tuple(
                kind for kind in query.record_kinds if MODEL.kinds[kind].type_name in kept
            ),
            coordinates=fields,
            is_one_off=request.is_one_off,
            valid_from=at,
            valid_to=query.valid_until,
            conditions=ConsentConditions(
                request.wording.processing,
                request.wording.retention,
                RESTRICTIONS,
                HOW_TO_WITHDRAW,
            ),
            signature=Signature(
                decision.signer_name, role, decision.proof, ConsentForm.ONLINE, at, bytes(32)
            ),
        )

    def _entry(self, acting: Acting, at: datetime) -> AuditEntry:
        acts = Acts(tuple(acting.done), ())
        actor = acting.actor
        return AuditEntry(
            request_id=actor.request_id,
            at=wire_time(at),
            principal=Principal(actor.caller, actor.client_id, None, actor.user_ref),
            address_class="page",
            operation_hash="",
            operation_name=Act.GRANT_CONSENT.value,
            decisions=acts.digest(),
            subjects=acts.subjects(),
            departments=(),
            consents=(),
            released=(),
            policy_version=self._grantable.policies().version,
            outcome=acts.outcome(ANSWERED),
            duration_class="page",
            units=0,
        )


def consent_document(consent: Consent) -> bytes:
    """What was consented to, as canonical JSON (RFC 8785); whoever holds the consent can make it.

    Times are in UTC, to the second. The digest of these bytes is `document_sha256` of the consent.
    """
    institution, conditions = consent.institution, consent.conditions
    signature = consent.signature
    return rfc8785.dumps(
        {
            "format": 1,
            "consentNo": consent.consent_no,
            "subject": consent.subject_key,
            "subjectName": consent.authoriser_name,
            "signer": signature.signer_name,
            "signerRole": signature.signer_role.value,
            "signerProof": signature.proof,
            "institution": institution.uscc,
            "institutionName": institution.name,
            "institutionLicenceNo": institution.licence_no,
            "institutionContact": institution.contact,
            "purpose": consent.purpose.value,
            "recordKinds": sorted(kind.value for kind in consent.record_kinds),
            "fields": sorted(consent.coordinates),
            "access": (Access.ONE_OFF if consent.is_one_off else Access.CONTINUOUS).value,
            "validFrom": wire_time(consent.valid_from),
            "validTo": wire_time(consent.valid_to),
            "processing": conditions.processing,
            "retention": conditions.retention,
            "restrictions": conditions.restrictions,
            "howToWithdraw": conditions.how_to_withdraw,
        }
    )


def _signed(draft: Consent, sha256: bytes) -> Consent:
    return replace(draft, signature=replace(draft.signature, document_sha256=sha256))
