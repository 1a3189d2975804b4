"""Administrators signed in over HTTP: reads what is asked, hands it to the sign-in.

Only clients that administer may ask, so that nobody else can try names or lock accounts.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from gateway.administrators.signing_in import Proof, SigningIn
from gateway.errors import BadRequest
from gateway.identity.principal import Principal
from gateway.request import Credentials, RequestFacts

Admit = Callable[[Credentials, RequestFacts], Awaitable[Principal]]
_CHALLENGE, _SIGN_IN, _SIGN_OUT = "challenge", "sign_in", "sign_out"
_MEMBERS = {
    _CHALLENGE: frozenset({"act"}),
    _SIGN_IN: frozenset({"act", "name", "challenge", "signature", "code"}),
    _SIGN_OUT: frozenset({"act"}),
}


@dataclass(frozen=True, slots=True)
class SignInDesk:
    """Signs administrators in and out; see `gateway.http.types.SigningAdministratorsIn`.

    Attributes:
        admit: lets in clients that administer, and nobody else.
    """

    admit: Admit
    signing: SigningIn

    async def sign(
        self, asked: object, credentials: Credentials, session: str | None, facts: RequestFacts
    ) -> Mapping[str, object]:
        """Give a challenge, sign in, or sign out.

        Raises:
            ClientError: refused; of an attempt to sign in that is on record.
        """
        await self.admit(credentials, facts)
        members = _members(asked)
        match members["act"]:
            case "challenge":
                return {"challenge": await self.signing.challenge()}
            case "sign_in":
                proof = Proof(
                    members["name"], members["challenge"], _signature(members["signature"])
                )
                return {"session": await self.signing.sign_in(proof, members["code"])}
            case _:
                name = None if session is None else await self.signing.sign_out(session)
                return {"signedOut": name}


def _members(asked: object) -> Mapping[str, str]:
    act = asked.get("act") if isinstance(asked, dict) else None
    if not isinstance(asked, dict) or not isinstance(act, str) or act not in _MEMBERS:
        raise _invalid(f"`act` is none of {', '.join(_MEMBERS)}")
    if asked.keys() != _MEMBERS[act] or not all(isinstance(each, str) for each in asked.values()):
        raise _invalid(f"expected the texts {', '.join(sorted(_MEMBERS[act]))} and nothing else")
    return asked


def _signature(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise _invalid("`signature` is no base 64") from error


def _invalid(message: str) -> BadRequest:
    return BadRequest("INVALID_PARAMETERS", message)
