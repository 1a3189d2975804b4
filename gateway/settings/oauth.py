"""The gateway's own authorization server: its address, and the lifetimes of what it issues."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.settings.addresses import is_origin
from gateway.settings.reading import Section, SettingsError, read_secret

_SEAL_BYTES = 32


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """The gateway's own authorization server.

    Attributes:
        issuer: address under which clients reach this gateway, an https URL without a path (http
            on a loopback address).
        seal: key that seals signing keys in the store, 32 bytes.
        token_lifetime_s, code_lifetime_s, request_lifetime_s: of access tokens, codes and pushed
            requests.
        refresh_days: after which an unused refresh token ends.
        rotation_days: after which a signing key is replaced.
    """

    issuer: str
    seal: bytes = field(repr=False)
    token_lifetime_s: int = 300
    code_lifetime_s: int = 60
    request_lifetime_s: int = 90
    refresh_days: int = 30
    rotation_days: int = 30

    @property
    def resource(self) -> str:
        """The gateway's own identifier: the audience of its tokens."""
        return f"{self.issuer}/graphql"


def read_oauth(section: Section) -> OAuthSettings:
    issuer = section.text("issuer")
    if not is_origin(issuer):
        raise SettingsError(
            f"setting `oauth.issuer` is `{issuer}`, expected an https URL without path, query and "
            "trailing slash (http on a loopback address)"
        )
    seal = read_secret(section.folder / section.text("seal_file"))
    if len(seal) != _SEAL_BYTES:
        raise SettingsError(f"setting `oauth.seal_file` names no file of {_SEAL_BYTES} bytes")
    usual = OAuthSettings(issuer, seal)
    return OAuthSettings(
        issuer,
        seal,
        section.number("token_lifetime_s", usual.token_lifetime_s, 60, 300),
        section.number("code_lifetime_s", usual.code_lifetime_s, 10, 60),
        section.number("request_lifetime_s", usual.request_lifetime_s, 10, 600),
        section.number("refresh_days", usual.refresh_days, 1, 90),
        section.number("rotation_days", usual.rotation_days, 1, 90),
    )
