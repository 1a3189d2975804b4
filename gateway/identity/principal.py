"""Principal: who sent a request, as established by a validated token or its absence."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.errors import Claimant
from policies.model import Caller, CallerClass, Purpose


@dataclass(frozen=True, slots=True)
class Principal:
    """The identified caller of one request.

    Attributes:
        caller: class, organisation and purpose, as rules see them.
        client_id: the registered client; `public` without a token.
        matter_no: number of the matter (办件编号) that a department acts on; None where the
            caller class needs none.
        user_ref: opaque reference of the officer, as the client states it; None if it does not.
        token_id: `jti` of the token; None without one.
        expires_at: seconds since the epoch at which the token ends; None without one.
    """

    caller: Caller
    client_id: str
    matter_no: str | None = None
    user_ref: str | None = None
    token_id: str | None = None
    expires_at: int | None = None


ANONYMOUS = Principal(Caller(CallerClass.PUBLIC, None, Purpose.PUBLIC_DISPLAY), "public")


def claiming(claimant: Claimant) -> Principal:
    """Whom a refusal is recorded for where a genuine token claims what is refused.

    Client and token are believed; as which class and for which purpose it came is not.
    """
    return replace(ANONYMOUS, client_id=claimant.client_id, token_id=claimant.token_id)
