"""The shim for sign-ins that speak no open protocol: a small program beside them gives tickets.

The electronic business licence (电子营业执照) and the provincial identity platform are reached by
their makers' own libraries. A program of the operator speaks to those, and tells the gateway the
outcome in one signed ticket: a JWT that the browser brings back. `docs/reference/sign-in.md` says
what it holds.

Source: RFC 7519; RFC 8725 (explicit type, one algorithm, one audience).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from gateway.pages.person_sign_in import nobody, person_signed_in
from gateway.pages.types import Begun, LoginTitle, PersonKey, SignedIn, SignInRefusedError
from schema.identifiers.uscc import is_uscc
from schema.sharing import SignerRole

TICKET_TYPE = "sign-in+jwt"
LONGEST_TICKET_S = 120
_LEEWAY_S = 5
_MOST_CHARACTERS = 4_096
_MOST_NAME = 100
_ROLES = (SignerRole.LEGAL_REPRESENTATIVE.name, SignerRole.ATTORNEY.name)


@dataclass(frozen=True, slots=True)
class TicketRules:
    """Which tickets are believed.

    Attributes:
        url: where people sign in; gets `return` and `state`.
        issuer: exact `iss`.
        audience: exact `aud`: this gateway.
        key: public Ed25519 key of the program that gives tickets.
    """

    title: LoginTitle
    url: str
    issuer: str
    audience: str
    key: OKPKey


class TicketLogin:
    """Signs in who brings a good ticket."""

    def __init__(
        self, rules: TicketRules, clock: Callable[[], float], person_key: PersonKey = nobody
    ) -> None:
        """
        Args:
            clock: seconds since the epoch.
            person_key: reads the network reference by which a ticket names a person.
        """
        self._rules = rules
        self._clock = clock
        self._person_key = person_key

    @property
    def title(self) -> LoginTitle:
        return self._rules.title

    async def begin(self, begun: Begun) -> str:
        """Return where people sign in."""
        separator = "&" if "?" in self._rules.url else "?"
        query = urlencode({"return": begun.return_url, "state": begun.state})
        return f"{self._rules.url}{separator}{query}"

    async def finish(self, begun: Begun, returned: Mapping[str, str]) -> SignedIn:
        """Return whom the ticket names.

        That it is used once follows from the state, which is taken before.

        Raises:
            SignInRefusedError: there is none, or it is not to be believed.
        """
        claims = self._claims(returned.get("ticket", ""))
        self._check(claims, begun)
        return _signed_in(claims, self.title.name, self._person_key)

    def _claims(self, ticket: str) -> Mapping[str, object]:
        if not ticket or len(ticket) > _MOST_CHARACTERS:
            raise SignInRefusedError("the sign-in brought no ticket back")
        try:
            token = jwt.decode(ticket, self._rules.key, algorithms=["Ed25519"])
        except (JoseError, ValueError, RecursionError) as error:
            raise SignInRefusedError("the ticket of the sign-in is not to be believed") from error
        if token.header.get("typ") != TICKET_TYPE:
            raise SignInRefusedError(f"the ticket of the sign-in is no `{TICKET_TYPE}`")
        return token.claims

    def _check(self, claims: Mapping[str, object], begun: Begun) -> None:
        rules, now = self._rules, self._clock()
        expected = {"iss": rules.issuer, "aud": rules.audience, "state": begun.state}
        wrong = [name for name, value in expected.items() if claims.get(name) != value]
        if wrong:
            raise SignInRefusedError(f"the ticket of the sign-in has another `{wrong[0]}`")
        issued, ends = claims.get("iat"), claims.get("exp")
        if type(issued) is not int or type(ends) is not int:
            raise SignInRefusedError("the ticket of the sign-in has no times")
        if not 0 < ends - issued <= LONGEST_TICKET_S:
            raise SignInRefusedError("the ticket of the sign-in is good for too long")
        if ends <= now - _LEEWAY_S or issued > now + _LEEWAY_S:
            raise SignInRefusedError("the ticket of the sign-in has ended, or is from the future")


def _signed_in(claims: Mapping[str, object], login: str, person_key: PersonKey) -> SignedIn:
    """Read who acts for which firm, or which person came for itself.

    Raises:
        SignInRefusedError: something is missing.
    """
    if "person" in claims and "uscc" not in claims:
        user_ref = user_reference(login, _text(claims, "sub"))
        name = _text(claims, "signer_name")
        return person_signed_in(claims["person"], name, user_ref, login, person_key)
    uscc = _text(claims, "uscc")
    if not is_uscc(uscc):
        raise SignInRefusedError("the sign-in names no unified social credit code")
    is_attorney = _is_attorney(claims)
    proof = _text(claims, "proof") if is_attorney else None
    return SignedIn(
        uscc,
        _text(claims, "subject_name"),
        _text(claims, "signer_name"),
        is_attorney,
        proof,
        user_reference(login, _text(claims, "sub")),
        login,
    )


def _is_attorney(claims: Mapping[str, object]) -> bool:
    role = claims.get("role")
    if role not in _ROLES:
        raise SignInRefusedError("the sign-in does not say as what the person acts for the firm")
    return role == SignerRole.ATTORNEY.name


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _MOST_NAME:
        raise SignInRefusedError(f"the sign-in does not say `{name}`")
    return value.strip()


def user_reference(login: str, sub: str) -> str:
    """Return an opaque reference of a person: the same for the same person at the same sign-in."""
    return hashlib.sha256(f"{login}\n{sub}".encode()).hexdigest()[:32]
