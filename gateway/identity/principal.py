"""Principal: who sent a request, as established by a validated token or its absence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from gateway.entitlements.data_contract import DataContract
from gateway.errors import Claimant
from policies.model import Caller, CallerClass, Purpose


class UsedOnce(NamedTuple):
    """A proof or statement that is good for one request; the fence lets no second one leave.

    Attributes:
        replay_id: 32 bytes, equal for the same proof.
        good_until: seconds since the epoch after which it would be refused as too old anyway.
    """

    replay_id: bytes
    good_until: int


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
        issued_at: seconds since the epoch at which it was issued; None without one.
        contract: what the token gives at most; None: what rules permit.
        once: what the request proved, and no other request may prove again.
    """

    caller: Caller
    client_id: str
    matter_no: str | None = None
    user_ref: str | None = None
    token_id: str | None = None
    expires_at: int | None = None
    issued_at: int | None = None
    contract: DataContract | None = None
    once: tuple[UsedOnce, ...] = ()


ANONYMOUS = Principal(Caller(CallerClass.PUBLIC, None, Purpose.PUBLIC_DISPLAY), "public")


def claiming(claimant: Claimant) -> Principal:
    """Whom a refusal is recorded for where a genuine token claims what is refused.

    Client and token are believed; as which class and for which purpose it came is not.
    """
    return replace(ANONYMOUS, client_id=claimant.client_id, token_id=claimant.token_id)
