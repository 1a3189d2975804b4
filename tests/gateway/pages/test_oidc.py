"""Sign-in by OpenID Connect against a provider that signs what it is told to sign."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.errors import Unavailable
from gateway.pages.oidc import OidcLogin, OidcRules
from gateway.pages.types import Begun, LoginTitle, SignInRefusedError

NOW = 1_800_000_000
ISSUER = "https://identity.example"
BACK = "https://gateway.example/sign-in/city/return"
BEGUN = Begun("s" * 43, "n" * 43, "v" * 43, BACK)
OUR_KEY = OKPKey.generate_key("Ed25519", {"kid": "ours"}, private=True)


@dataclass
class Provider:
    """An OpenID provider with one person.

    Attributes:
        claims: changed or left out (`...`) in the ID token.
        tokens: forms that came to the token endpoint.
    """

    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    token_status: int = 200
    signs_with: ECKey | None = None
    tokens: list[dict[str, str]] = field(default_factory=list)
    key: ECKey = field(
        default_factory=lambda: ECKey.generate_key("P-256", {"kid": "p1"}, private=True)
    )

    async def describe(self, _: Request) -> Response:
        found = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
        }
        return JSONResponse({**found, **self.metadata})

    async def keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def token(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        self.tokens.append({name: values[0] for name, values in form.items()})
        if self.token_status != 200:
            return JSONResponse({"error": "invalid_grant"}, self.token_status)
        claims = {
            "iss": ISSUER,
            "aud": "credit-gateway",
            "iat": NOW,
            "exp": NOW + 300,
            "nonce": BEGUN.nonce,
            "sub": "person-1",
            "uscc": "91410199MA9DEM01XG",
            "org_name": "样例机械有限公司",
            "name": "样例人",
            **self.claims,
        }
        said = {name: value for name, value in claims.items() if value is not ...}
        header = {"alg": "ES256", "kid": "p1", **self.header}
        signed = jwt.encode(header, said, self.signs_with or self.key, algorithms=["ES256"])
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": signed})

    def login(self) -> OidcLogin:
        app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.describe),
                Route("/keys", self.keys),
                Route("/token", self.token, methods=["POST"]),
            ]
        )
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), follow_redirects=False)
        title = LoginTitle("city", "市统一身份认证", "City identity")
        return OidcLogin(
            OidcRules(title, ISSUER, "credit-gateway", OUR_KEY), http, lambda: float(NOW)
        )


async def test_the_browser_is_sent_with_challenge_state_and_nonce() -> None:
    url = urlsplit(await Provider().login().begin(BEGUN))
    sent = {name: values[0] for name, values in parse_qs(url.query).items()}
    challenge = urlsafe_b64encode(hashlib.sha256(BEGUN.verifier.encode()).digest())
    assert sent["code_challenge"] == challenge.rstrip(b"=").decode()
    assert sent["code_challenge_method"] == "S256"
    assert (sent["state"], sent["nonce"]) == (BEGUN.state, BEGUN.nonce)
    assert sent["redirect_uri"] == BACK


async def test_whom_the_provider_vouches_for_is_signed_in() -> None:
    provider = Provider()
    who = await provider.login().finish(BEGUN, {"code": "c", "iss": ISSUER})
    assert (who.subject_key, who.subject_name) == ("91410199MA9DEM01XG", "样例机械有限公司")
    assert not who.is_attorney
    (form,) = provider.tokens
    assert form["code_verifier"] == BEGUN.verifier
    assert "client_secret" not in form
    assertion = jwt.decode(form["client_assertion"], OUR_KEY, algorithms=["Ed25519"]).claims
    assert (assertion["aud"], assertion["sub"]) == (ISSUER, "credit-gateway")


async def test_an_attorney_names_its_document() -> None:
    provider = Provider(claims={"role": "ATTORNEY", "proof": "授委1号"})
    who = await provider.login().finish(BEGUN, {"code": "c"})
    assert (who.is_attorney, who.proof) == (True, "授委1号")


async def test_a_person_comes_for_itself_where_the_network_knows_it() -> None:
    claims = {"uscc": ..., "org_name": ..., "person": "P:" + "a" * 64}
    login = Provider(claims=claims).login()
    login._person_key = {"P:" + "a" * 64: "P:inside"}.get
    who = await login.finish(BEGUN, {"code": "c"})
    assert (who.subject_key, who.is_person, who.is_attorney) == ("P:inside", True, False)


BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "of another issuer": {"iss": "https://evil.example"},
    "for another client": {"aud": "somebody"},
    "for several clients": {"aud": ["credit-gateway", "somebody"]},
    "of another sign-in": {"nonce": "m" * 43},
    "without a nonce": {"nonce": ...},
    "that ended": {"iat": NOW - 400, "exp": NOW - 31},
    "from the future": {"iat": NOW + 31},
    "good for days": {"exp": NOW + 90_000},
    "without times": {"exp": ...},
    "without a firm": {"uscc": ...},
    "with a wrong code": {"uscc": "91410199MA9DEM01XX"},
    "without a person": {"sub": ...},
    "of a person that the network does not know": {"uscc": ..., "person": "P:" + "b" * 64},
    "without a name": {"name": ""},
    "of an attorney without a document": {"role": "ATTORNEY"},
}


@pytest.mark.parametrize("name", BAD_CLAIMS)
async def test_nobody_is_signed_in_by_claims(name: str) -> None:
    with pytest.raises(SignInRefusedError):
        await Provider(claims=BAD_CLAIMS[name]).login().finish(BEGUN, {"code": "c"})


async def test_nobody_is_signed_in_by_another_key() -> None:
    other = ECKey.generate_key("P-256", {"kid": "p1"}, private=True)
    with pytest.raises(SignInRefusedError):
        await Provider(signs_with=other).login().finish(BEGUN, {"code": "c"})


@pytest.mark.parametrize(
    "returned",
    [{}, {"error": "access_denied"}, {"code": ""}, {"code": "c", "iss": "https://evil.example"}],
    ids=["nothing", "an error", "an empty code", "from another provider"],
)
async def test_nobody_is_signed_in_who_comes_back_with(returned: dict[str, str]) -> None:
    provider = Provider()
    with pytest.raises(SignInRefusedError):
        await provider.login().finish(BEGUN, returned)
    assert not provider.tokens


async def test_a_provider_that_refuses_the_code_signs_nobody_in() -> None:
    with pytest.raises(SignInRefusedError):
        await Provider(token_status=400).login().finish(BEGUN, {"code": "c"})


@pytest.mark.parametrize(
    "provider",
    [
        Provider(token_status=503),
        Provider(metadata={"issuer": "https://evil.example"}),
        Provider(metadata={"token_endpoint": None}),
        Provider(metadata={"jwks_uri": f"{ISSUER}/nothing"}),
        Provider(metadata={"padding": "x" * 70_000}),
    ],
    ids=["down", "another issuer", "no endpoint", "no keys", "endless"],
)
async def test_a_provider_that_does_not_answer_as_it_should_is_unavailable(
    provider: Provider,
) -> None:
    with pytest.raises((Unavailable, SignInRefusedError)):
        await provider.login().finish(BEGUN, {"code": "c"})
