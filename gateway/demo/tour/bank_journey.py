"""Part 5: a bank asks a firm for consent, reads what it granted, and nothing after the withdrawal.

Everything goes over the ways that a bank and a firm use: the bank's own key, the authorization
server, the firm's browser.
"""

from __future__ import annotations

import asyncio
import hashlib
import html
import json
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.demo.city.cases import CASES, DEMO_BANK
from gateway.demo.errors import DemoError
from gateway.demo.tour.context import TourContext, small_table
from gateway.demo.tour.questions import LOAN_PAYMENTS
from gateway.entitlements.client import Client
from gateway.entitlements.client_keys import CredentialRegister, read_jwks
from gateway.entitlements.client_operations import OperationRegister
from gateway.entitlements.registers import ClientRegister
from gateway.identity.prover import Prover
from gateway.operation.registration import Registration
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from policies.model import CallerClass, Purpose
from schema.build import build_schema, core_schema
from schema.codes import RecordKind

_CLIENT = "journey-bank"
_BACK = "https://bank.demo.invalid/back"
_FIRM = CASES.firm_without_consent
_PERSON = "demo-firm-without-consent"
_GRADE, _SCORE = "TaxpayerCredit.grade", "TaxpayerCredit.score"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_DAYS = 30
_KNOWN_WITHIN_S, _AGAIN_AFTER_S = 3.0, 0.1


async def show_bank_journey(context: TourContext) -> None:
    """Register a bank, let it ask, let the firm grant and withdraw.

    Raises:
        DemoError: a step went otherwise than it should.
    """
    context.heading("5. A bank asks for consent", "银行请求授权")
    context.text(
        "A bank registers its public key, pushes a request, and sends the firm's browser here. The"
        " firm leaves out an optional item, grants, and later withdraws 银行登记公钥、推送请求，"
        "企业在页面上同意（不授权可选项），随后撤回:"
    )
    async with httpx.AsyncClient(base_url=context.description.address, timeout=30.0) as http:
        bank = _Bank(http, context.description.address)
        await _register(context, bank.key)
        uri = await bank.push()
        number, back = await _grant(http, uri)
        token = await bank.redeem(back)
        read = await bank.ask(token)
        await _withdraw(http, number)
        after = await bank.ask(token)
    table = small_table("What the bank got 银行所得")
    for heading in ("step 步骤", "outcome 结果"):
        table.add_column(heading)
    table.add_row("pushed 推送请求", "PAR + RAR + PKCE, private_key_jwt, DPoP")
    table.add_row("granted 同意授权", number)
    table.add_row("token 令牌", f"DPoP, {token.lifetime_s} s, {_GRADE}")
    table.add_row("read 查询", _told(read))
    table.add_row("read after withdrawal 撤回后查询", _told(after))
    context.console.print(table)
    if "grade=" not in _told(read) or "grade=" in _told(after):
        raise DemoError("the bank read otherwise than the firm granted")


class _Token:
    def __init__(self, body: Mapping[str, Any]) -> None:
        self.text: str = body["access_token"]
        self.lifetime_s: int = body["expires_in"]


class _Bank:
    """The bank's system: one key, with which it identifies itself and proves possession."""

    def __init__(self, http: httpx.AsyncClient, address: str) -> None:
        self._http = http
        self._address = address
        self._nonce: str | None = None
        self._verifier = secrets.token_urlsafe(32)
        self.key = ECKey.generate_key("P-256", {"kid": _CLIENT}, private=True)
        self._prover = Prover(self.key, time.time, lambda: secrets.token_hex(16))

    async def push(self) -> str:
        """Push a request for two items, one of them optional; returns its `request_uri`."""
        until = datetime.now(UTC) + timedelta(days=_DAYS)
        details = {
            "type": "credit_query",
            "purpose": Purpose.PRE_LOAN.value,
            "record_kinds": [RecordKind.TAXPAYER_CREDIT.value],
            "fields": [_GRADE, _SCORE],
            "optional_fields": [_SCORE],
            "access": "CONTINUOUS",
            "valid_until": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "processing": "自动化查询，用于贷前审查",
            "retention": "查询后保存九十日",
            "institution": {"licence_no": "B0000H000000000", "contact": "0371-00000000"},
        }
        challenge = hashlib.sha256(self._verifier.encode()).digest()
        answer = await self._send(
            "/oauth/par",
            client_id=_CLIENT,
            response_type="code",
            redirect_uri=_BACK,
            code_challenge=urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            code_challenge_method="S256",
            authorization_details=json.dumps([details]),
        )
        uri: str = answer["request_uri"]
        return uri

    async def redeem(self, back: str) -> _Token:
        """Turn what the firm's browser brought back into a token."""
        (code,) = parse_qs(urlsplit(back).query)["code"]
        return _Token(
            await self._send(
                "/oauth/token",
                grant_type="authorization_code",
                code=code,
                redirect_uri=_BACK,
                code_verifier=self._verifier,
            )
        )

    async def ask(self, token: _Token) -> httpx.Response:
        """Ask the bank's registered question about the firm."""
        answer = await self._ask(token)
        if answer.status_code == 401 and answer.headers.get("dpop-nonce") not in (
            None,
            self._nonce,
        ):
            self._nonce = answer.headers["dpop-nonce"]
            answer = await self._ask(token)
        return answer

    async def _ask(self, token: _Token) -> httpx.Response:
        url = f"{self._address}/graphql"
        headers = self._prover.headers("POST", url, token.text, self._nonce)
        body = {"query": LOAN_PAYMENTS, "variables": {"uscc": _FIRM.code}}
        return await self._http.post("/graphql", json=body, headers=headers)

    async def _send(self, path: str, **form: str) -> dict[str, Any]:
        """Send a form; again while the workers have not heard yet of a client just registered."""
        until = time.monotonic() + _KNOWN_WITHIN_S
        answer = await self._post(path, form)
        while _error(answer) == "invalid_client" and time.monotonic() < until:
            await asyncio.sleep(_AGAIN_AFTER_S)
            answer = await self._post(path, form)
        if not answer.is_success:
            raise DemoError(f"the authorization server answered {answer.text} at {path}")
        body: dict[str, Any] = answer.json()
        return body

    async def _post(self, path: str, form: Mapping[str, str]) -> httpx.Response:
        """Send a form with a fresh assertion; once more where the server wants its nonce."""
        nonce: str | None = None
        for _ in range(2):
            identified = {
                "client_assertion_type": _ASSERTION,
                "client_assertion": self._assertion(),
            }
            answer = await self._http.post(
                path, data={**form, **identified}, headers=self._proof(path, nonce)
            )
            nonce = answer.headers.get("dpop-nonce")
            if _error(answer) != "use_dpop_nonce":
                break
        return answer

    def _assertion(self) -> str:
        now = int(time.time())
        claims = {
            "iss": _CLIENT,
            "sub": _CLIENT,
            "aud": self._address,
            "jti": secrets.token_hex(16),
            "iat": now,
            "exp": now + 60,
        }
        return jwt.encode({"alg": "ES256", "kid": _CLIENT}, claims, self.key, algorithms=["ES256"])

    def _proof(self, path: str, nonce: str | None) -> dict[str, str]:
        return {"dpop": self._prover.proof("POST", f"{self._address}{path}", nonce)}


async def _register(context: TourContext, key: ECKey) -> None:
    """What `credit-gateway client add` and `client operation add` do."""
    address = StoreAddress(context.settings.store.url, application_name="credit-gateway-tour")
    pool = LightPool(connector(address), 1)
    client = Client(
        _CLIENT,
        CallerClass.INSTITUTION,
        DEMO_BANK,
        "演示银行（在线授权）",
        None,
        (Purpose.PRE_LOAN,),
        redirect_uris=(_BACK,),
    )
    try:
        await ClientRegister(pool).put(client)
        keys = read_jwks(json.dumps({"keys": [key.as_dict(private=False)]}))
        await CredentialRegister(pool).rotate(_CLIENT, keys, datetime.now(UTC), timedelta())
        operation = Registration(core_schema(build_schema())).read(
            LOAN_PAYMENTS, Purpose.PRE_LOAN.value
        )
        await OperationRegister(pool).put(_CLIENT, operation)
    finally:
        await pool.aclose()


async def _grant(http: httpx.AsyncClient, uri: str) -> tuple[str, str]:
    """The firm's browser: sign in, untick what is optional, grant; number and way back."""
    page = await _open(http, "/authorize", {"client_id": _CLIENT, "request_uri": uri})
    page = await _submit(http, page, "/sign-in/demo", person=_PERSON)
    page = await _submit(http, page, "/authorize", decision="grant")
    number = re.search(r"<code>(CO[\w-]+)</code>", page.text)
    link = re.search(r'<a class="button" href="([^"]+)"', page.text)
    if number is None or link is None:
        raise DemoError("the firm got no receipt for its consent")
    return number[1], html.unescape(link[1])


async def _withdraw(http: httpx.AsyncClient, number: str) -> None:
    path = f"/my/consents/{number}"
    await _submit(http, await _open(http, path), f"{path}/withdraw", reason="")


async def _open(
    http: httpx.AsyncClient, path: str, parameters: Mapping[str, str] | None = None
) -> httpx.Response:
    return await http.get(path, params=parameters, follow_redirects=True)


async def _submit(
    http: httpx.AsyncClient, page: httpx.Response, action: str, **fields: str
) -> httpx.Response:
    """Send a form of a page with what it brings."""
    form = re.search(rf'action="{re.escape(action)}">(.*?)</form>', page.text, re.DOTALL)
    if form is None:
        raise DemoError(f"the page `{page.url.path}` has no form `{action}`")
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form[1])
    brought = {name: html.unescape(value) for name, value in found}
    return await http.post(action, data={**brought, **fields}, follow_redirects=True)


def _error(answer: httpx.Response) -> str | None:
    """The code by which the authorization server refuses; None: it does not."""
    return None if answer.is_success else answer.json().get("error")


def _told(answer: httpx.Response) -> str:
    """What an answer shows of the firm's tax credit, or why it shows nothing."""
    body = answer.json()
    credit = (((body.get("data") or {}).get("subject")) or {}).get("taxpayerCredit")
    codes = sorted({each["extensions"]["code"] for each in body.get("errors", ())})
    shown = f"grade={credit['grade']} score={credit['score']}" if credit else "nothing 无"
    return f"HTTP {answer.status_code}: {shown} {', '.join(codes)}".rstrip()
