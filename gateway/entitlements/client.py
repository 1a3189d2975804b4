"""A client as it is registered, and what its terms must be like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.entitlements.contract import Pace
from gateway.entitlements.credentials import GRANT_TYPES
from gateway.entitlements.errors import EntitlementRefusedError
from policies.model import CallerClass, Purpose
from schema.codes import RecordKind
from schema.identifiers.uscc import is_uscc

SCOPE_USES = ("read", "aggregate")

OWN_PREFIX = "credit-gateway-"
"""Of what acts as the gateway itself, such as its pages and its console."""
_CLIENT_ID = re.compile(r"[A-Za-z0-9._:~-]{1,100}")
_KINDS = frozenset(kind.value for kind in RecordKind)
_MOST_TEXT, _MOST_LISTED = 200, 100
_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client.

    Attributes:
        organisation: unified social credit code; None where it serves several.
        quota_per_day: subjects a day; None: no limit and no count.
        purposes: those agreed on; none: all that tokens of its class may state.
        may_ask_anything: whether other operations than the registered ones are answered; None: as
            the settings say for its class.
        pace: for each purpose; None: as the settings say for all.
        contract_no: number of the agreement.
        is_sandbox: whether it is answered by a gateway over test data, and by no other.
        scopes: `credit:<record kind>:<read|aggregate>`; none: all that its tokens state.
        acts_for: codes of the institutions that a platform may act for; none: nobody.
        may_name_persons: whether documents of persons are turned into references for it; None:
            unless it runs registered operations only.
        certificate_subject: distinguished name (RFC 4514) of its certificate, where an authority
            that the proxy trusts issued it.
        redirect_uris: where a firm is sent back to, compared as they stand.
        grant_types: of `credentials.GRANT_TYPES`.
    """

    client_id: str
    caller_class: CallerClass
    organisation: str | None
    name: str
    quota_per_day: int | None
    purposes: tuple[Purpose, ...] = ()
    may_ask_anything: bool | None = None
    pace: Pace | None = None
    contract_no: str | None = None
    is_sandbox: bool = False
    scopes: tuple[str, ...] = ()
    acts_for: tuple[str, ...] = ()
    may_name_persons: bool | None = None
    certificate_subject: str | None = None
    redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ()


def check_client(client: Client) -> None:
    """Check the terms of a client before they are entered.

    Raises:
        EntitlementRefusedError: TERMS_INVALID.
    """
    if not _CLIENT_ID.fullmatch(client.client_id):
        raise EntitlementRefusedError(
            "the id of a client has 1 to 100 letters, digits and characters of `._:~-`"
        )
    if client.client_id == "public" or client.client_id.startswith(OWN_PREFIX):
        raise EntitlementRefusedError(
            f"`public` and ids that start with `{OWN_PREFIX}` stand for the gateway itself in the "
            "audit log: choose another"
        )
    if client.caller_class is CallerClass.PUBLIC:
        raise EntitlementRefusedError("the public is no client: it sends no token")
    texts = {
        "name": client.name,
        "contract number": client.contract_no,
        "certificate subject": client.certificate_subject,
    }
    for what, text in texts.items():
        if text is not None and not _is_text(text):
            raise EntitlementRefusedError(
                f"the {what} is empty, longer than {_MOST_TEXT} characters, or not plain text"
            )
    if client.quota_per_day is not None and client.quota_per_day < 0:
        raise EntitlementRefusedError("a quota is not below 0")
    _check_codes(client)
    _check_scopes(client.scopes)
    _check_grants(client)


def _check_codes(client: Client) -> None:
    if client.organisation is not None and not is_uscc(client.organisation):
        raise _no_code(client.organisation)
    if client.acts_for and client.caller_class is not CallerClass.PLATFORM:
        raise EntitlementRefusedError("only a platform acts for institutions")
    _check_length("institutions acted for", client.acts_for)
    for code in client.acts_for:
        if not is_uscc(code):
            raise _no_code(code)


def _check_scopes(scopes: tuple[str, ...]) -> None:
    """Source: RFC 6749 section 3.3 leaves the form of a scope to the server; this is ours."""
    _check_length("scopes", scopes)
    for scope in scopes:
        parts = scope.split(":")
        if (
            len(parts) != 3
            or parts[0] != "credit"
            or parts[1] not in _KINDS
            or parts[2] not in SCOPE_USES
        ):
            raise EntitlementRefusedError(
                f"scope `{scope[:_MOST_TEXT]}` is none: expected `credit:<record kind>:read` or "
                "`credit:<record kind>:aggregate`"
            )


def _check_grants(client: Client) -> None:
    _check_length("redirect URIs", client.redirect_uris)
    for grant in client.grant_types:
        if grant not in GRANT_TYPES:
            raise EntitlementRefusedError(
                f"grant type `{grant[:_MOST_TEXT]}` is none of {', '.join(GRANT_TYPES)}"
            )
    if "authorization_code" in client.grant_types and not client.redirect_uris:
        raise EntitlementRefusedError(
            "a client with the grant type `authorization_code` needs a redirect URI"
        )
    for uri in client.redirect_uris:
        if not _may_redirect_to(uri):
            raise EntitlementRefusedError(
                f"redirect URI `{uri[:_MOST_TEXT]}` is no `https` address without fragment and "
                "user (`http` on a loopback address for sandbox clients)"
            )
        if uri.startswith("http:") and not client.is_sandbox:
            raise EntitlementRefusedError("only a sandbox client is redirected without TLS")


def _may_redirect_to(uri: str) -> bool:
    """Source: RFC 9700 section 2.1 (exact matching), FAPI 2.0 section 5.3.2.2 (`https`)."""
    if not (uri.isascii() and uri.isprintable()) or " " in uri or len(uri) > 2_000:
        return False
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or "#" in uri or "*" in uri or "\\" in uri:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def _check_length(what: str, listed: tuple[str, ...]) -> None:
    if len(listed) > _MOST_LISTED or len(set(listed)) < len(listed):
        raise EntitlementRefusedError(f"{what}: more than {_MOST_LISTED}, or one twice")


def _is_text(text: str) -> bool:
    return 0 < len(text.strip()) <= len(text) <= _MOST_TEXT and text.isprintable()


def _no_code(stated: str) -> EntitlementRefusedError:
    return EntitlementRefusedError(f"`{stated[:_MOST_TEXT]}` is no unified social credit code")
