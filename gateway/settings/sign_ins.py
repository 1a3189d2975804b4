"""The systems at which people sign in to the pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gateway.settings.addresses import is_safe_address
from gateway.settings.reading import Reader, Section, SettingsError, read_bytes, read_secret


@dataclass(frozen=True, slots=True)
class SignInSettings:
    """A system at which people sign in to the pages: `[sign_in.<name>]`.

    Attributes:
        kind: `oidc`, an OpenID provider; `ticket`, a program that gives signed tickets.
        issuer: exact `iss` of what is signed.
        key: JSON Web Key, as JSON: `oidc`, our own private Ed25519 key; `ticket`, the public
            Ed25519 key of the program.
        url: of `ticket`, where people sign in; else empty.
        client_id, algorithm, scope: of `oidc`; else empty.
    """

    name: str
    kind: str
    title_zh: str
    title_en: str
    issuer: str
    key: bytes = field(repr=False)
    url: str = ""
    client_id: str = ""
    algorithm: str = ""
    scope: str = ""


def read_sign_ins(reader: Reader) -> tuple[SignInSettings, ...]:
    found = []
    for name, section in reader.sections_of("sign_in").items():
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name) or name == "demo":
            raise SettingsError(
                f"section `sign_in.{name}` is named otherwise than by lower-case letters, digits "
                "and hyphens, or `demo`"
            )
        found.append(_read_sign_in(name, section))
        section.finish()
    return tuple(found)


def _read_sign_in(name: str, section: Section) -> SignInSettings:
    kind = section.text("kind")
    if kind not in ("oidc", "ticket"):
        raise SettingsError(
            f"setting `{section.name}.kind` is `{kind}`, expected `oidc` or `ticket`"
        )
    titles = section.text("title_zh"), section.text("title_en")
    issuer, file = section.text("issuer"), section.folder / section.text("key_file")
    if kind == "ticket":
        url = section.text("url")
        if not is_safe_address(url):
            raise SettingsError(
                f"setting `{section.name}.url` is `{url}`, expected an https address (http on a "
                "loopback address)"
            )
        # a public key: nothing to keep secret
        return SignInSettings(name, kind, *titles, issuer, read_bytes(file), url)
    if not is_safe_address(issuer):
        raise SettingsError(
            f"setting `{section.name}.issuer` is `{issuer}`, expected an https address (http on a "
            "loopback address)"
        )
    return SignInSettings(
        name,
        kind,
        *titles,
        issuer,
        read_secret(file),
        "",
        section.text("client_id"),
        section.text("algorithm", "ES256"),
        section.text("scope", "openid"),
    )
