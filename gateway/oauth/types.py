"""What crosses the files of the authorization server, and what pages ask of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from gateway.entitlements.credentials import ClientCredentials
from policies.model import CallerClass, Purpose, Role
from schema.codes import RecordKind

LONGEST_TOKEN_LIFETIME_S = 300
LONGEST_CODE_LIFETIME_S = 60
LONGEST_REQUEST_LIFETIME_S = 600
LONGEST_REFRESH_DAYS = 90


class GrantType(Enum):
    """How a client obtains a token.

    Source: RFC 6749 section 4; RFC 8693 section 2.1.
    """

    CLIENT_CREDENTIALS = "client_credentials"
    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a name of the specification
    TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - likewise


class LegalBasis(Enum):
    """Why the data may be read, as far as a token says it.

    Source: 个人信息保护法, articles 13 and 23.
    """

    DUTY = "DUTY"
    CONSENT = "CONSENT"
    PUBLIC_DATA = "PUBLIC_DATA"


@dataclass(frozen=True, slots=True)
class OAuthRules:
    """What the server issues, and for how long.

    The longest lifetimes are ours to refuse, not to configure.

    Attributes:
        issuer: this server's identifier, an https URL without a path.
        resource: the gateway's own identifier, the only audience of its tokens.
        token_lifetime_s, code_lifetime_s, request_lifetime_s: of access tokens, codes and pushed
            requests.
        decision_s: how long a person may take to decide once a request was opened.
        refresh_days: after which an unused refresh token ends.
        unbound_classes: caller classes whose tokens need no proof of possession.
    """

    issuer: str
    resource: str
    token_lifetime_s: int = LONGEST_TOKEN_LIFETIME_S
    code_lifetime_s: int = LONGEST_CODE_LIFETIME_S
    request_lifetime_s: int = 90
    decision_s: int = 900
    refresh_days: int = 30
    unbound_classes: frozenset[CallerClass] = frozenset()

    def __post_init__(self) -> None:
        for name, longest in (
            ("token_lifetime_s", LONGEST_TOKEN_LIFETIME_S),
            ("code_lifetime_s", LONGEST_CODE_LIFETIME_S),
            ("request_lifetime_s", LONGEST_REQUEST_LIFETIME_S),
            ("decision_s", 3_600),
            ("refresh_days", LONGEST_REFRESH_DAYS),
        ):
            value = getattr(self, name)
            if not 0 < value <= longest:
                raise ValueError(f"`{name}` is {value}, expected 1 to {longest}")
        if not self.unbound_classes <= {CallerClass.DEPARTMENT}:
            raise ValueError("only tokens of departments may do without proof of possession")


@dataclass(frozen=True, slots=True)
class Institution:
    """For which bank a request is made, as the firm is to see it.

    Attributes:
        name: as registered; of a bank behind a platform as the platform states it.
    """

    uscc: str
    name: str
    licence_no: str
    contact: str


@dataclass(frozen=True, slots=True)
class ConsentWording:
    """What a consent says in words, as the institution asks for it."""

    processing: str
    retention: str


@dataclass(frozen=True, slots=True)
class CreditQuery:
    """Authorization details of type `credit_query`: what a token is good for. It only narrows.

    Source: RFC 9396 section 2; the members are this network's own.

    Attributes:
        record_kinds, fields: empty: all that rules and consents open.
        subjects: unified social credit codes; consents: numbers; empty: any.
        quota: distinct subjects that the token may be used for; None: no limit of its own.
    """

    purpose: Purpose
    record_kinds: tuple[RecordKind, ...] = ()
    fields: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    consents: tuple[str, ...] = ()
    legal_basis: LegalBasis | None = None
    valid_until: datetime | None = None
    quota: int | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """On which matter a department's officer acts, as the client states it."""

    matter_no: str | None = None
    user_ref: str | None = None
    role: Role | None = None


NO_MATTER = Matter()


class Access(Enum):
    """Whether a consent is used up by the first answer, or lasts."""

    ONE_OFF = "ONE_OFF"
    CONTINUOUS = "CONTINUOUS"


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """What a firm is asked to consent to.

    Attributes:
        query: with every field asked for; its `subjects` name the firm that is expected, or none.
        optional_fields: of them those that the firm may leave out.
    """

    query: CreditQuery
    institution: Institution
    wording: ConsentWording
    is_one_off: bool
    optional_fields: tuple[str, ...] = ()


class BindingKind(Enum):
    """By what a token is bound to its holder; the member of the claim `cnf`.

    Source: RFC 9449 section 6.1; RFC 8705 section 3.1.
    """

    DPOP_KEY = "jkt"
    CERTIFICATE = "x5t#S256"


@dataclass(frozen=True, slots=True)
class Binding:
    """Proof of possession that a token demands.

    Attributes:
        thumbprint: SHA-256 in base64url without padding.
    """

    kind: BindingKind
    thumbprint: str


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A registered client, as the authorization server reads its contract.

    Attributes:
        organisation: unified social credit code.
        purposes: agreed on; empty: as for its class.
        record_kinds: that it may read; None: as for its class.
        acts_for: codes of the institutions that a platform may act for.
    """

    client_id: str
    caller_class: CallerClass
    organisation: str
    name: str
    is_suspended: bool
    purposes: frozenset[Purpose]
    record_kinds: frozenset[RecordKind] | None
    acts_for: frozenset[str]
    credentials: ClientCredentials


FindClient = Callable[[str], OAuthClient | None]
"""A registered client by its id, from this worker's fresh copy."""

_REQUEST_URI = re.compile(r"urn:ietf:params:oauth:request_uri:([A-Za-z0-9_-]{43})")


def pushed_id(request_uri: str) -> str | None:
    """The secret part of a request URI that this server gave out; None: it cannot be one."""
    found = _REQUEST_URI.fullmatch(request_uri)
    return found[1] if found else None


def request_uri(pushed: str) -> str:
    """The request URI with this secret part (RFC 9126 section 2.2)."""
    return f"urn:ietf:params:oauth:request_uri:{pushed}"


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A pushed request that waits for a firm's decision; what a consent screen shows.

    Attributes:
        client_name: who asked; differs from the institution where a platform asks for it.
        subject: code of the firm that the bank expects; None: whoever signs in.
        expires_at: until when it can be decided.
        is_by_platform: a platform asks, and the name of the institution is as it states it.
    """

    client_id: str
    client_name: str
    request: ConsentRequest
    subject: str | None
    expires_at: datetime
    is_by_platform: bool = False


@dataclass(frozen=True, slots=True)
class ConsentDecision:
    """That a firm grants what was asked, and who granted it for it.

    Attributes:
        subject: code of the firm, as established by the sign-in.
        left_out: optional fields that it does not grant.
        is_attorney: the signer is not the legal representative; then `proof` names the document.
        user_ref: opaque reference of the person who signed in, for the audit.
    """

    subject: str
    subject_name: str
    signer_name: str
    is_attorney: bool = False
    proof: str | None = None
    left_out: frozenset[str] = field(default=frozenset())
    user_ref: str | None = None


@dataclass(frozen=True, slots=True)
class ConsentReceipt:
    """What a firm gets for its consent.

    Attributes:
        document: canonical JSON (RFC 8785) of what was consented to; sha256: digest of it.
        redirect_url: where the firm's browser goes next.
    """

    consent_no: str
    document: bytes
    sha256: bytes
    redirect_url: str
