"""Whose tokens are accepted, and which of them need no binding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gateway.settings.addresses import is_loopback_url
from gateway.settings.clients import read_classes
from gateway.settings.reading import Section, SettingsError
from policies.model import CallerClass

_ALGORITHMS = ("Ed25519", "ES256", "PS256")
_CLAIMS = (
    "caller_class",
    "organisation",
    "purpose",
    "acting_for",
    "role",
    "matter_no",
    "user_ref",
    "client_id",
    "scope",
    "authorization_details",
)
"""Claims that an issuer may call otherwise; those that make a token good have one name only."""


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    """
    Attributes:
        issuer: accepted issuer of access tokens.
        audience: this gateway's name in the tokens.
        jwks: file with the issuer's public keys; None where they are fetched.
        is_demo: accept the week-long tokens of a demonstration.
        jwks_url: where they are fetched; None where they are in a file.
        algorithm: with which the issuer signs.
        bearer_classes: caller classes whose tokens need not be bound to a key or certificate;
            never institutions and platforms.
        claim_names: what the issuer calls claims, by what they are called here.
    """

    issuer: str
    audience: str
    jwks: Path | None
    is_demo: bool = False
    jwks_url: str | None = None
    algorithm: str = "Ed25519"
    bearer_classes: frozenset[CallerClass] = frozenset()
    claim_names: Mapping[str, str] = field(default_factory=dict)


def read_identity(section: Section, claims: Section) -> IdentitySettings:
    jwks, url = section.path("jwks"), section.value("jwks_url")
    if (jwks is None) == (url is None):
        raise SettingsError(
            "settings `identity.jwks` and `identity.jwks_url`: expected one of the two"
        )
    algorithm = section.text("algorithm", "Ed25519")
    if algorithm not in _ALGORITHMS:
        raise SettingsError(
            f"setting `identity.algorithm` is `{algorithm}`, expected one of "
            f"{', '.join(_ALGORITHMS)}"
        )
    return IdentitySettings(
        issuer=section.text("issuer"),
        audience=section.text("audience"),
        jwks=jwks,
        is_demo=section.flag("is_demo"),
        jwks_url=None if url is None else _keys_url(section.text("jwks_url")),
        algorithm=algorithm,
        bearer_classes=_bearer_classes(section),
        claim_names=_claim_names(claims),
    )


def _keys_url(stated: str) -> str:
    parts = urlsplit(stated)
    host = parts.hostname or ""
    is_safe = parts.scheme == "https" or is_loopback_url(parts.scheme, host)
    if not host or "@" in parts.netloc or not is_safe:
        raise SettingsError(
            "setting `identity.jwks_url` is no `https` URL (`http` on a loopback address)"
        )
    return stated


def _bearer_classes(section: Section) -> frozenset[CallerClass]:
    found = read_classes(section, "bearer_classes", frozenset())
    bound = found & {CallerClass.INSTITUTION, CallerClass.PLATFORM}
    if bound:
        raise SettingsError(
            f"setting `identity.bearer_classes` names `{min(each.value for each in bound)}`: "
            "tokens of institutions and platforms are always bound to their senders"
        )
    return found


def _claim_names(section: Section) -> Mapping[str, str]:
    return {ours: section.text(ours) for ours in _CLAIMS if section.value(ours) is not None}
