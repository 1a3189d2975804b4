"""What crosses the files of the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.contract import PERSON_KEY_PREFIX
from gateway.errors import ClientError


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who acts for which firm, or a person that came for itself, as a sign-in established it.

    Attributes:
        subject_key: unified social credit code of the firm, or subject key of the person.
        subject_name: of the firm, or of the person; signer_name: of the person.
        is_attorney: the person is not the legal representative; then `proof` is the number of the
            document by which it acts.
        user_ref: opaque reference of the person, for the audit; no name and no number.
        login: name of the sign-in.
    """

    subject_key: str
    subject_name: str
    signer_name: str
    is_attorney: bool
    proof: str | None
    user_ref: str
    login: str

    @property
    def is_person(self) -> bool:
        """Whether a natural person came for itself, and for no firm."""
        return self.subject_key.startswith(PERSON_KEY_PREFIX)


@dataclass(frozen=True, slots=True)
class LoginTitle:
    """How a sign-in is offered: path part, and what people call it."""

    name: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that was begun at another system.

    Attributes:
        state, nonce, verifier: random texts of 43 characters.
        return_url: where the other system sends the browser.
    """

    state: str
    nonce: str
    verifier: str
    return_url: str


class SignInRefusedError(ClientError):
    """Nobody was signed in."""

    def __init__(self, message: str) -> None:
        super().__init__("SIGN_IN_REFUSED", message, status=403)


class Login(Protocol):
    """A sign-in at another system, to which the browser is sent and from which it comes back."""

    @property
    def title(self) -> LoginTitle: ...

    async def begin(self, begun: Begun) -> str:
        """Return where the browser goes.

        Raises:
            Unavailable: the other system does not answer.
        """
        ...

    async def finish(self, begun: Begun, returned: Mapping[str, str]) -> SignedIn:
        """Return who came back.

        Args:
            returned: parameters with which the browser came back, without `state`.

        Raises:
            SignInRefusedError: nobody, or nobody who can be believed.
            Unavailable: the other system does not answer.
        """
        ...


class NamesOrganisations(Protocol):
    """Tells what organisations are called, as they are registered here."""

    def __call__(self, code: str, client_id: str | None) -> str | None:
        """Return the name of an organisation; None: it is not known here.

        Args:
            client_id: client that it asked by; None: not known.
        """
        ...


PersonKey = Callable[[str], str | None]
"""From `P:` and a network reference to the subject key inside; None if it cannot be read."""


class AskAsSubject(Protocol):
    """Runs a GraphQL operation as who signed in, on the path of every other query."""

    def named(self, who: SignedIn) -> str:
        """Return by what queries name who signed in: a code, or a reference of the person."""
        ...

    async def __call__(
        self, document: str, variables: Mapping[str, Any], who: SignedIn, request_id: str
    ) -> Mapping[str, Any]:
        """Return the response: data, errors, extensions.

        Raises:
            ClientError: refused.
        """
        ...
