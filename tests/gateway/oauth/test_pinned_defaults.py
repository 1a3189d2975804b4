"""What the libraries accept by default and we do not: each is shown in the library first.

If a library changes its mind, the first half of a test fails; if our override is lost, the second.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from authlib.oauth2.rfc6749.grants import (  # type: ignore[import-untyped]
    AuthorizationCodeGrant,
    RefreshTokenGrant,
)
from authlib.oauth2.rfc6750.token import BearerTokenGenerator  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import CodeChallenge  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey

from gateway.entitlements.credentials import ClientCredentials, ClientKey
from gateway.errors import Unauthenticated
from gateway.identity.access_token import AccessTokenValidator, TokenRules
from gateway.oauth.assertion import BadAssertionError, check_assertion
from gateway.oauth.types import OAuthClient, OAuthRules
from gateway.settings import SettingsError, load_settings
from policies.model import CallerClass
from tests.gateway.oauth.conftest import SetClock
from tests.support.oauth import ISSUER, TestClients

KEY = OKPKey.generate_key("Ed25519", private=True)
NOW = 1_793_584_800
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": ISSUER,
    "sub": "s",
    "client_id": "c",
    "jti": "j",
    "iat": NOW,
    "exp": NOW + 300,
}
DAY_S = 86_400


def signed(header: dict[str, Any] | None = None, **claims: Any) -> str:
    members = {"alg": "Ed25519", "kid": "k", **(header or {})}
    return jwt.encode(members, {**CLAIMS, **claims}, KEY, algorithms=["Ed25519"], default_type=None)


TYPED = {"typ": "at+jwt"}


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (signed(), "TOKEN_INVALID"),
        (signed({"typ": "JWT"}), "TOKEN_INVALID"),
        (signed(TYPED, aud=[ISSUER]), "TOKEN_INVALID"),
        (signed(TYPED, aud=[ISSUER, "https://other.example"]), "TOKEN_INVALID"),
        (signed(TYPED, exp=NOW + 301), "TOKEN_INVALID"),
        (signed(TYPED, exp=NOW + 10 * DAY_S), "TOKEN_INVALID"),
        (signed(TYPED, exp=NOW - 60, iat=NOW - 120), "TOKEN_EXPIRED"),
        (signed(TYPED, nbf=NOW + 60), "TOKEN_NOT_YET_VALID"),
        (signed(TYPED, exp=float(NOW + 60)), "TOKEN_INVALID"),
    ],
    ids=[
        "no typ", "typ JWT", "aud a list", "aud several", "exp 301 s", "exp 10 days", "ended",
        "not yet", "exp a fraction",
    ],
)  # fmt: skip
def test_joserfc_reads_tokens_that_we_refuse(token: str, code: str) -> None:
    assert jwt.decode(token, KEY, algorithms=["Ed25519"]).claims["sub"] == "s"
    validator = AccessTokenValidator(TokenRules(ISSUER, ISSUER, {"k": KEY}), lambda: NOW)
    with pytest.raises(Unauthenticated) as raised:
        validator.validate(token)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("key", "alg"),
    [(OctKey.generate_key(256), "HS256"), (ECKey.generate_key("P-256"), "ES256")],
)
def test_joserfc_takes_any_of_its_algorithms_if_it_is_not_told(key: Any, alg: str) -> None:
    token = jwt.encode({"alg": alg, "kid": "k", **TYPED}, CLAIMS, key)
    assert jwt.decode(token, key).claims["sub"] == "s"
    validator = AccessTokenValidator(TokenRules(ISSUER, ISSUER, {"k": KEY}), lambda: NOW)
    with pytest.raises(Unauthenticated):
        validator.validate(token)


async def test_assertions_have_the_algorithm_of_their_client_alone(
    known_clients: TestClients,
) -> None:
    """The rule is the client's, not the header's and not the key's."""
    bank = known_clients.bank
    bank.clock = SetClock(NOW)
    public = {name: str(value) for name, value in bank.key.as_dict(private=False).items()}
    public.pop("kid", None)
    key = ClientKey("bank-1", public)

    def client(algorithm: str | None) -> OAuthClient:
        credentials = ClientCredentials(algorithm, (key,))
        return OAuthClient(
            "bank-1", CallerClass.INSTITUTION, "", "", False, frozenset(), None, frozenset(),
            credentials,
        )  # fmt: skip

    types: frozenset[str | None] = frozenset({None})
    assert check_assertion(bank.jwt(), client("ES256"), ISSUER, NOW, types).claims
    for other in (None, "Ed25519", "PS256"):
        with pytest.raises(BadAssertionError):
            check_assertion(bank.jwt(), client(other), ISSUER, NOW, types)


def test_authlib_gives_tokens_of_ten_days() -> None:
    assert BearerTokenGenerator.DEFAULT_EXPIRES_IN == 3_600
    assert BearerTokenGenerator.GRANT_TYPES_EXPIRES_IN["authorization_code"] == 10 * DAY_S
    assert BearerTokenGenerator.GRANT_TYPES_EXPIRES_IN["client_credentials"] == 10 * DAY_S
    with pytest.raises(ValueError, match="token_lifetime_s"):
        OAuthRules(ISSUER, ISSUER, token_lifetime_s=301)


def test_authlib_accepts_plain_challenges_and_none() -> None:
    assert CodeChallenge.DEFAULT_CODE_CHALLENGE_METHOD == "plain"
    assert "plain" in CodeChallenge.SUPPORTED_CODE_CHALLENGE_METHOD
    # ours: rows `code_challenge_method plain`, `missing` and `code_challenge missing` of the table


def test_authlib_accepts_shared_secrets_and_keeps_refresh_tokens() -> None:
    assert "client_secret_basic" in AuthorizationCodeGrant.TOKEN_ENDPOINT_AUTH_METHODS
    assert RefreshTokenGrant.INCLUDE_NEW_REFRESH_TOKEN is False
    # ours: rows `secret in the header`, `a secret`, `refresh token: used`


@pytest.mark.parametrize(
    ("name", "longest"),
    [
        ("token_lifetime_s", 300),
        ("code_lifetime_s", 60),
        ("request_lifetime_s", 600),
        ("refresh_days", 90),
        ("rotation_days", 90),
    ],
)
def test_the_start_refuses_longer_lifetimes(
    written: Callable[..., Path], name: str, longest: int
) -> None:
    good = load_settings(written(f"{name} = {longest}"), {})
    assert good.oauth is not None
    assert getattr(good.oauth, name) == longest
    for bad in (longest + 1, 0, -1, "1e9", "true", '"9999"'):
        with pytest.raises(SettingsError, match=name):
            load_settings(written(f"{name} = {bad}"), {})


@pytest.mark.parametrize(
    "issuer",
    [
        "http://gateway.example",
        "https://gateway.example/",
        "https://gateway.example/path",
        "https://gateway.example?x=1",
        "https://gateway.example#x",
        "https://gateway.example@other.example",
        "https://Gateway.example",
        "https://",
        "gateway.example",
        "https://gateway.example:port",
    ],
)
def test_the_start_refuses_an_issuer_that_is_no_origin(
    written: Callable[..., Path], issuer: str
) -> None:
    with pytest.raises(SettingsError, match=r"oauth\.issuer"):
        load_settings(written("", issuer), {})


@pytest.mark.parametrize(
    "issuer",
    ["https://gateway.example", "https://gateway.example:8443", "http://127.0.0.1:8480"],
)
def test_an_origin_is_accepted(written: Callable[..., Path], issuer: str) -> None:
    settings = load_settings(written("", issuer), {})
    assert settings.oauth is not None
    assert settings.oauth.resource == f"{issuer}/graphql"


def test_the_start_refuses_a_short_seal(written: Callable[..., Path], tmp_path: Path) -> None:
    path = written("")
    (tmp_path / "seal").write_bytes(bytes(16))
    with pytest.raises(SettingsError, match="seal_file"):
        load_settings(path, {})


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes settings with lines of the section `oauth`."""
    for name, size in (("opaque", 64), ("audit", 32), ("seal", 32)):
        (tmp_path / name).write_bytes(bytes(size))
        (tmp_path / name).chmod(0o600)

    def write(lines: str, issuer: str = ISSUER) -> Path:
        path = tmp_path / "settings.toml"
        path.write_text(
            '[store]\nurl = "postgresql://store"\n'
            '[identity]\nissuer = "https://i.example"\naudience = "a"\njwks = "jwks.json"\n'
            '[keys]\nopaque_files = ["opaque"]\naudit_file = "audit"\n'
            f'[oauth]\nissuer = "{issuer}"\nseal_file = "seal"\n{lines}\n',
            encoding="utf-8",
        )
        return path

    return write
