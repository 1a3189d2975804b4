"""The mutation root: acts on grants and consents. The context does them, and decides."""

from __future__ import annotations

from typing import Protocol

import strawberry

from schema.sharing import Consent, ConsentLetter, Decision, GrantRequest, SharingGrant

_Info = strawberry.Info


class MutationContext(Protocol):
    """Does the acts on behalf of one caller.

    Every method raises an error with a code where the act is refused.
    """

    async def request_grant(self, wish: GrantRequest) -> SharingGrant: ...

    async def extend_grant(self, grant_no: str, reason: str) -> SharingGrant: ...

    async def decide_grant(
        self, grant_no: str, decision: Decision, reason: str | None
    ) -> SharingGrant: ...

    async def suspend_grant(self, grant_no: str, reason: str) -> SharingGrant: ...

    async def resume_grant(self, grant_no: str, reason: str | None) -> SharingGrant: ...

    async def revoke_grant(self, grant_no: str, reason: str) -> SharingGrant: ...

    async def file_consent_letter(self, letter: ConsentLetter) -> Consent: ...

    async def check_consent_letter(
        self, consent_no: str, decision: Decision, reason: str | None
    ) -> Consent: ...

    async def withdraw_consent(self, consent_no: str, reason: str | None) -> Consent: ...


def _acts(info: _Info) -> MutationContext:
    context: MutationContext = info.context
    return context


@strawberry.type(description="办理 / what can be done; each act is decided and recorded for itself")
class Mutation:
    @strawberry.mutation(description="申请共享 / ask a department for fields of its catalogue")  # type: ignore[untyped-decorator]
    async def request_grant(self, info: _Info, input: GrantRequest) -> SharingGrant | None:
        return await _acts(info).request_grant(input)

    @strawberry.mutation(description="延期答复 / the provider takes longer to answer, once")  # type: ignore[untyped-decorator]
    async def extend_grant(self, info: _Info, grant_no: str, reason: str) -> SharingGrant | None:
        return await _acts(info).extend_grant(grant_no, reason)

    @strawberry.mutation(description="答复共享申请 / give or refuse; a refusal needs a reason")  # type: ignore[untyped-decorator]
    async def decide_grant(
        self, info: _Info, grant_no: str, decision: Decision, reason: str | None = None
    ) -> SharingGrant | None:
        return await _acts(info).decide_grant(grant_no, decision, reason)

    @strawberry.mutation(description="中止共享 / stop a grant for the time being")  # type: ignore[untyped-decorator]
    async def suspend_grant(self, info: _Info, grant_no: str, reason: str) -> SharingGrant | None:
        return await _acts(info).suspend_grant(grant_no, reason)

    @strawberry.mutation(description="恢复共享 / let a suspended grant go on")  # type: ignore[untyped-decorator]
    async def resume_grant(
        self, info: _Info, grant_no: str, reason: str | None = None
    ) -> SharingGrant | None:
        return await _acts(info).resume_grant(grant_no, reason)

    @strawberry.mutation(description="撤销共享 / end a grant for good")  # type: ignore[untyped-decorator]
    async def revoke_grant(self, info: _Info, grant_no: str, reason: str) -> SharingGrant | None:
        return await _acts(info).revoke_grant(grant_no, reason)

    @strawberry.mutation(
        description="提交授权书 / file what a firm signed; nothing is released before the check"
    )  # type: ignore[untyped-decorator]
    async def file_consent_letter(self, info: _Info, input: ConsentLetter) -> Consent | None:
        return await _acts(info).file_consent_letter(input)

    @strawberry.mutation(description="核验授权书 / the credit centre's check of a letter")  # type: ignore[untyped-decorator]
    async def check_consent_letter(
        self, info: _Info, consent_no: str, decision: Decision, reason: str | None = None
    ) -> Consent | None:
        return await _acts(info).check_consent_letter(consent_no, decision, reason)

    @strawberry.mutation(description="撤回授权 / effective for every answer that leaves after it")  # type: ignore[untyped-decorator]
    async def withdraw_consent(
        self, info: _Info, consent_no: str, reason: str | None = None
    ) -> Consent | None:
        return await _acts(info).withdraw_consent(consent_no, reason)
