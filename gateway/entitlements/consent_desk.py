"""Acts on consents: letters filed by institutions, their check, withdrawal; and lists.

Source: life cycle of a consent, 7.9 to 7.11 of the city's process description; 个人信息保护法,
articles 15 (withdrawal at any time) and 23 (what a consent says).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from gateway.entitlements.acts import ActDone, Acting, require_reason
from gateway.entitlements.consent import (
    Consent,
    ConsentForm,
    ConsentRecord,
    check_consent,
    check_duration,
)
from gateway.entitlements.consent_register import ConsentRegister
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.grantable import Grantable
from gateway.entitlements.letters import ConsentFilter, LetterRegister
from gateway.entitlements.notifications import Notice, Notifications
from gateway.entitlements.states import ConsentState
from gateway.store.lending import Lending
from policies.sharing.model import Act, ConsentLimits, Party, acting_organisation
from schema.identifiers.uscc import is_uscc
from schema.sharing import NotificationKind

CONSENT_NOT_FOUND = "CONSENT_NOT_FOUND"
CONSENT_STATE_CONFLICT = "CONSENT_STATE_CONFLICT"
CONSENT_ALREADY_FILED = "CONSENT_ALREADY_FILED"


class ConsentDesk:
    """Does the acts of one actor.

    Args:
        new_number: makes the number of a consent.
    """

    def __init__(
        self,
        acting: Acting,
        lending: Lending,
        limits: ConsentLimits,
        grantable: Grantable,
        new_number: Callable[[str], str],
    ) -> None:
        self._acting = acting
        self._register = ConsentRegister(lending)
        self._letters = LetterRegister(lending)
        self._notifications = Notifications(lending)
        self._limits = limits
        self._grantable = grantable
        self._new_number = new_number

    async def file_letter(self, letter: Consent) -> ConsentRecord:
        """File what a firm signed; pending until the credit centre has checked it.

        Args:
            letter: its number and the institution's code are replaced.

        Raises:
            EntitlementRefusedError: ACT_NOT_PERMITTED, TERMS_INVALID or CONSENT_ALREADY_FILED.
        """
        if letter.signature.form is ConsentForm.ONLINE:
            raise EntitlementRefusedError("a letter is sealed or signed on paper")
        institution = acting_organisation(self._acting.caller) or ""
        rule_id = self._acting.require(Act.FILE_LETTER, {Party.INSTITUTION: institution})
        consent = replace(
            letter,
            consent_no=self._new_number("CL"),
            institution=replace(letter.institution, uscc=institution),
        )
        self._check_terms(consent)
        if await self._letters.is_pending(consent):
            raise EntitlementRefusedError(
                "this document was filed before and waits for its check", CONSENT_ALREADY_FILED
            )
        at = self._acting.at
        await self._register.add(consent, at, ConsentState.SIGNED)
        await self._letters.add(consent.consent_no, at)
        return await self._noted(
            Act.FILE_LETTER, consent.consent_no, rule_id, NotificationKind.CONSENT_FILED
        )

    async def grant(self, consent: Consent) -> ConsentRecord:
        """Let a firm consent on the platform itself, signed in; it is active at once.

        Raises:
            EntitlementRefusedError: ACT_NOT_PERMITTED, TERMS_INVALID or CONSENT_STATE_CONFLICT.
        """
        rule_id = self._acting.require(Act.GRANT_CONSENT, {Party.SUBJECT: consent.subject_key})
        self._check_terms(consent)
        at = self._acting.at
        await self._register.add(consent, at, ConsentState.SIGNED)
        ended = await self._activate(consent.consent_no)
        return await self._noted(
            Act.GRANT_CONSENT,
            consent.consent_no,
            rule_id,
            NotificationKind.CONSENT_GRANTED,
            ended=ended,
        )

    async def check_letter(
        self, consent_no: str, is_good: bool, reason: str | None
    ) -> ConsentRecord:
        """Let a letter release data, or refuse it with a reason."""
        if not is_good or reason is not None:
            reason = require_reason("a refusal", reason)
        found, rule_id = await self._permitted(Act.CHECK_LETTER, consent_no)
        at = self._acting.at
        ended: tuple[str, ...] = ()
        if found.filed_at is None or found.state is not ConsentState.SIGNED:
            raise EntitlementRefusedError(
                f"consent `{consent_no}` is {found.state.value}, expected a letter that waits for"
                " its check",
                CONSENT_STATE_CONFLICT,
            )
        if not is_good:
            await self._register.change_state(consent_no, ConsentState.REFUSED, at)
        elif at >= found.terms.valid_to:
            raise EntitlementRefusedError(
                f"consent `{consent_no}` ended before it was checked", CONSENT_STATE_CONFLICT
            )
        else:
            ended = await self._activate(consent_no)
        await self._letters.check(consent_no, at, None if is_good else reason)
        told = NotificationKind.CONSENT_ACCEPTED if is_good else NotificationKind.CONSENT_REFUSED
        return await self._noted(Act.CHECK_LETTER, consent_no, rule_id, told, reason, ended)

    async def withdraw(self, consent_no: str, reason: str | None) -> ConsentRecord:
        """Withdraw: no answer that relies on it is committed after this.

        What was answered before stays lawful. A letter that waits for its check can be withdrawn
        too; so can a one-off consent that is used up, which ends repetitions of the query that
        used it.
        """
        if reason is not None:
            reason = require_reason("the act", reason)
        found, rule_id = await self._permitted(Act.WITHDRAW_CONSENT, consent_no)
        if found.state not in (ConsentState.SIGNED, ConsentState.ACTIVE, ConsentState.USED_UP):
            raise EntitlementRefusedError(
                f"consent `{consent_no}` is {found.state.value}, expected SIGNED, ACTIVE or"
                " USED_UP",
                CONSENT_STATE_CONFLICT,
            )
        await self._register.withdraw(consent_no, self._acting.at)
        return await self._noted(
            Act.WITHDRAW_CONSENT,
            consent_no,
            rule_id,
            NotificationKind.CONSENT_WITHDRAWN,
            reason,
        )

    async def find(self, consent_no: str) -> ConsentRecord:
        """Return a consent that the actor may see.

        Raises:
            EntitlementRefusedError: CONSENT_NOT_FOUND; the same for one that it may not see.
        """
        self._acting.parties(Act.READ_CONSENT)
        found = await self._letters.find(consent_no, self._acting.at)
        if found is None or not self._acting.may(Act.READ_CONSENT, _parties(found)):
            raise EntitlementRefusedError(
                f"there is no consent `{consent_no[:100]}` that concerns you", CONSENT_NOT_FOUND
            )
        return found

    async def list_consents(self, wanted: ConsentFilter) -> Sequence[ConsentRecord]:
        """Return consents that the actor may see, the last filed first."""
        parties = self._acting.parties(Act.READ_CONSENT)
        own = acting_organisation(self._acting.caller)
        if Party.ANYBODY not in parties:
            if Party.SUBJECT in parties:
                wanted = replace(wanted, subject_key=own)
            else:
                wanted = replace(wanted, institution=own)
        return await self._letters.list_records(wanted, self._acting.at)

    async def list_notices(self, first: int) -> Sequence[Notice]:
        """Return what the actor was told, the newest first."""
        self._acting.parties(Act.READ_NOTIFICATION)
        own = acting_organisation(self._acting.caller) or ""
        return await self._notifications.list_notices(own, self._acting.at, first)

    def _check_terms(self, consent: Consent) -> None:
        check_consent(consent)
        check_duration(consent, self._limits)
        if not is_uscc(consent.subject_key):
            raise EntitlementRefusedError("the subject of a consent is no firm with a code")
        if consent.subject_key == consent.institution.uscc:
            raise EntitlementRefusedError("an institution does not consent to itself")
        if consent.signature.signed_at > self._acting.at:
            raise EntitlementRefusedError("the document was signed at a time to come")
        if consent.valid_to <= self._acting.at:
            raise EntitlementRefusedError("the consent has ended already")
        closed = self._grantable.closed_to_consent(
            consent.institution.uscc, consent.purpose, consent.coordinates
        )
        if closed:
            raise EntitlementRefusedError(
                f"no consent opens `{closed[0]}` for purpose `{consent.purpose.value}`"
            )

    async def _activate(self, consent_no: str) -> tuple[str, ...]:
        """Let a consent release data; returns the numbers of those that end by it."""
        ended = await self._register.ended_by(consent_no)
        await self._register.activate(consent_no, self._acting.at)
        return ended

    async def _permitted(self, act: Act, consent_no: str) -> tuple[ConsentRecord, str]:
        found = await self.find(consent_no)
        return found, self._acting.require(act, _parties(found))

    async def _noted(
        self,
        act: Act,
        consent_no: str,
        rule_id: str,
        told: NotificationKind,
        reason: str | None = None,
        ended: tuple[str, ...] = (),
    ) -> ConsentRecord:
        record = await self._letters.find(consent_no, self._acting.at)
        assert record is not None
        subject = record.terms.subject_key
        await self._notifications.add(subject, told, consent_no, self._acting.at)
        done = ActDone(act, consent_no, record.state.value, rule_id, subject, ended)
        await self._acting.note(done, reason)
        return record


def _parties(consent: ConsentRecord) -> dict[Party, str]:
    terms = consent.terms
    return {Party.INSTITUTION: terms.institution.uscc, Party.SUBJECT: terms.subject_key}
