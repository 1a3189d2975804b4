"""How the kit shows who it is: TLS both ways, and OAuth client credentials."""

import asyncio
import base64
import ssl
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.conformance.department import whole
from gateway.contract import (
    AdapterSettings,
    FetchContext,
    MappingFailed,
    RecordRequest,
    SourceRejected,
    SourceUnavailable,
)
from gateway.sources.rest import ClientCredentials, Endpoint, RestAdapter, RestSource, rest_source
from tests.gateway.sources.rest.test_faults import KIND, adapter_of, always, ask, record
from tests.support.awkward_department import FIRM
from tests.support.certificates import Authority, CertificateFiles
from tests.support.scripted_service import Asked, Scripted, Writer, scripted, write_answer

ANSWER = always({"items": [record()]})
ENDPOINT = Endpoint("/p")


def server_context(own: CertificateFiles, clients_of: str | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    if clients_of is not None:
        context.load_verify_locations(clients_of)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def secure(service: Scripted, **changes: Any) -> RestAdapter:
    return adapter_of(service, ENDPOINT, url=service.url.replace("http", "https"), **changes)


async def test_certificate_of_the_named_authority_is_trusted(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with scripted(ANSWER, server_context(authority.issue("service"))) as service:
        assert (await ask(secure(service, ca_file=authority.file))).groups == [[["a", "1.00"]]]


@pytest.mark.parametrize("fault", ["another authority", "another host", "expired", "clear text"])
async def test_bad_certificate_is_never_talked_to(tmp_path: Path, fault: str) -> None:
    authority = Authority(tmp_path)
    own = None
    if fault != "clear text":
        signer = Authority(tmp_path, "other") if fault == "another authority" else authority
        address = "127.0.0.9" if fault == "another host" else "127.0.0.1"
        own = signer.issue("service", address, age_days=9 if fault == "expired" else 0)
    context = None if own is None else server_context(own)
    async with scripted(ANSWER, context) as service:
        with pytest.raises(SourceUnavailable):
            await ask(secure(service, ca_file=authority.file))
        assert service.asked == []


async def test_mutual_tls_shows_our_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    ours = authority.issue("gateway")
    context = server_context(authority.issue("service"), authority.file)
    async with scripted(ANSWER, context) as service:
        adapter = secure(
            service,
            ca_file=authority.file,
            certificate_file=ours.certificate,
            key_file=ours.key,
        )
        assert (await ask(adapter)).groups == [[["a", "1.00"]]]
        with pytest.raises(SourceUnavailable):
            await ask(secure(service, ca_file=authority.file))


class TokenService:
    """A service with a token endpoint; takes the newest token only."""

    def __init__(self, lifetime_s: int = 3600, answer: Mapping[str, Any] | None = None) -> None:
        self.forms: list[tuple[dict[str, str], str]] = []
        self._lifetime_s = lifetime_s
        self._answer = answer

    async def __call__(self, asked: Asked, writer: Writer) -> None:
        if " /token " in asked.line:
            form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
            self.forms.append((form, asked.headers.get("authorization", "")))
            answer = {"token_type": "Bearer", "expires_in": self._lifetime_s}
            token = {"access_token": f"token-{len(self.forms)}"}
            write_answer(writer, self._answer or {**answer, **token})
        elif asked.headers.get("authorization") == f"Bearer token-{len(self.forms)}":
            write_answer(writer, {"items": [record()]})
        else:
            write_answer(writer, {}, "401 No")

    def forget_tokens(self) -> None:
        """As a service does that restarts."""
        self.forms.append(({}, ""))


def with_token(service: Scripted, **changes: Any) -> RestAdapter:
    credentials = ClientCredentials(f"{service.url}/token", "网关", secret="s&c:r+t", scope="read")
    return adapter_of(service, ENDPOINT, credentials=replace(credentials, **changes), timeout_s=5)


async def _fetch(adapter: RestAdapter) -> None:
    request = RecordRequest("p", whole(KIND, fields=("meta.recordId",)), (FIRM,))
    await adapter.fetch([request], FetchContext("t", time.monotonic() + 5, "2026-11-02T08:00:00Z"))


async def test_one_token_serves_many_calls() -> None:
    tokens = TokenService()
    async with scripted(tokens) as service:
        adapter = with_token(service)
        await asyncio.gather(*(_fetch(adapter) for _ in range(8)))
        await adapter.aclose()
    ((form, login),) = tokens.forms
    assert form == {"grant_type": "client_credentials", "scope": "read"}
    # Both parts are form-encoded before they are joined.
    decoded = base64.b64decode(login.removeprefix("Basic ")).decode()
    assert decoded == "%E7%BD%91%E5%85%B3:s%26c%3Ar%2Bt"


async def test_token_that_is_refused_is_replaced_once() -> None:
    tokens = TokenService()
    async with scripted(tokens) as service:
        adapter = with_token(service)
        await _fetch(adapter)
        tokens.forget_tokens()
        await _fetch(adapter)
        await adapter.aclose()
    assert len(tokens.forms) == 3


async def test_short_token_is_renewed_before_its_end() -> None:
    tokens = TokenService(lifetime_s=1)
    now = [100.0]
    async with scripted(tokens) as service:
        source = RestSource(
            service.url, 5, credentials=ClientCredentials(f"{service.url}/token", "c", secret="s")
        )
        made = adapter_of(service, ENDPOINT)
        adapter = RestAdapter(made.manifest, made._api, source, clock=lambda: now[0])
        await _read(adapter, now[0])
        now[0] += 2
        await _read(adapter, now[0])
        await adapter.aclose()
    assert len(tokens.forms) == 2


async def _read(adapter: RestAdapter, now: float) -> None:
    request = RecordRequest("p", whole(KIND, fields=("meta.recordId",)), (FIRM,))
    await adapter.fetch([request], FetchContext("t", now + 5, "2026-11-02T08:00:00Z"))


async def test_private_key_signs_a_short_assertion_for_this_endpoint() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    tokens = TokenService()
    async with scripted(tokens) as service:
        url = f"{service.url}/token"
        await ask(with_token(service, secret="", private_key=pem, key_id="k1"))
    ((form, login),) = tokens.forms
    assert login == ""
    assert form["client_assertion_type"].endswith(":jwt-bearer")
    public = ECKey.import_key(pem)
    read = jwt.decode(form["client_assertion"], public, algorithms=["ES256"])
    claims = read.claims
    assert read.header["kid"] == "k1"
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("网关", "网关", url)
    assert 0 < claims["exp"] - claims["iat"] <= 60
    assert len(claims["jti"]) == 32


@pytest.mark.parametrize(
    "answer",
    [
        {"access_token": 7, "token_type": "Bearer"},
        {"access_token": "a\r\nb", "token_type": "Bearer"},
        {"access_token": "a", "token_type": "mac"},
        {"error": "x"},
    ],
)
async def test_answer_without_a_usable_token_is_malformed(answer: dict[str, Any]) -> None:
    async with scripted(TokenService(answer=answer)) as service:
        with pytest.raises(MappingFailed):
            await ask(with_token(service))


async def test_login_that_is_refused_is_a_refusal() -> None:
    async with scripted(always({"error": "invalid_client"}, "401 No")) as service:
        with pytest.raises(SourceRejected):
            await ask(with_token(service))


GOOD = {"url": "https://huanbao.example.com/api"}
BAD: dict[str, dict[str, str]] = {
    "url": {},
    "no https": {"url": "http://huanbao.example.com"},
    "password in the url": {"url": "https://:word@huanbao.example.com"},
    "unknown key": {**GOOD, "tokenurl": "x"},
    "connections": {**GOOD, "connections": "0"},
    "timeout": {**GOOD, "timeout_s": "never"},
    "secret without endpoint": {**GOOD, "client_secret": "x"},
    "endpoint in clear": {
        **GOOD,
        "token_url": "http://huanbao.example.com/token",
        "client_id": "c",
        "client_secret": "s",
    },
    "two logins": {
        **GOOD,
        "token_url": "https://huanbao.example.com/token",
        "client_id": "c",
        "client_secret": "top secret",
        "client_key": "k",
    },
}


@pytest.mark.parametrize("name", BAD)
def test_unsafe_settings_are_refused_without_their_values(name: str) -> None:
    with pytest.raises(ValueError) as raised:
        rest_source("environment", AdapterSettings(BAD[name]))
    assert "environment" in str(raised.value)
    assert "top secret" not in str(raised.value)
    assert "example.com" not in str(raised.value)


def test_secrets_do_not_print() -> None:
    source = rest_source(
        "environment",
        AdapterSettings(
            {
                **GOOD,
                "token_url": "https://huanbao.example.com/token",
                "client_id": "c",
                "client_secret": "top secret",
            }
        ),
    )
    assert "top secret" not in repr(source)


def test_certificate_file_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    source = RestSource("https://huanbao.example.com", ca_file=str(tmp_path / "none.pem"))
    described = adapter_of(Scripted(1), ENDPOINT)
    with pytest.raises(ValueError, match="certificate"):
        RestAdapter(described.manifest, described._api, source)
