"""Sign-ins from settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import httpx
import orjson
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from gateway.pages.oidc import ALGORITHMS, OidcLogin, OidcRules
from gateway.pages.tickets import TicketLogin, TicketRules
from gateway.pages.types import Login, LoginTitle, PersonKey
from gateway.settings import SettingsError, SignInSettings

_PATIENCE_S = 5.0


def http_client() -> httpx.AsyncClient:
    """Return the client that asks OpenID providers: no redirects, no proxies, little patience."""
    return httpx.AsyncClient(timeout=_PATIENCE_S, follow_redirects=False, trust_env=False)


def logins_of(
    settings: Sequence[SignInSettings],
    audience: str,
    http: httpx.AsyncClient,
    clock: Callable[[], float],
    person_key: PersonKey,
) -> tuple[Login, ...]:
    """Return the sign-ins.

    Args:
        audience: for whom tickets are given: the address of the pages.
        clock: seconds since the epoch.
        person_key: reads the network reference by which a sign-in names a person.

    Raises:
        SettingsError: a key or an algorithm cannot be used.
    """
    return tuple(_login(each, audience, http, clock, person_key) for each in settings)


def _login(
    settings: SignInSettings,
    audience: str,
    http: httpx.AsyncClient,
    clock: Callable[[], float],
    person_key: PersonKey,
) -> Login:
    title = LoginTitle(settings.name, settings.title_zh, settings.title_en)
    is_ticket = settings.kind == "ticket"
    key = _key(settings, is_private=not is_ticket)
    if is_ticket:
        given = TicketRules(title, settings.url, settings.issuer, audience, key)
        return TicketLogin(given, clock, person_key)
    if settings.algorithm not in ALGORITHMS:
        raise SettingsError(
            f"setting `sign_in.{settings.name}.algorithm` is `{settings.algorithm}`, expected one "
            f"of {', '.join(ALGORITHMS)}"
        )
    rules = OidcRules(
        title, settings.issuer, settings.client_id, key, settings.algorithm, settings.scope
    )
    return OidcLogin(rules, http, clock, person_key)


def _key(settings: SignInSettings, *, is_private: bool) -> OKPKey:
    """Read the key.

    Raises:
        SettingsError: it is no Ed25519 key of the sort that is needed.
    """
    sort = "private" if is_private else "public"
    refusal = SettingsError(
        f"setting `sign_in.{settings.name}.key_file` names no {sort} Ed25519 key as a JSON Web Key"
    )
    try:
        key = OKPKey.import_key(orjson.loads(settings.key))
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise refusal from error
    if key.curve_name != "Ed25519" or key.is_private != is_private:
        raise refusal
    return key
