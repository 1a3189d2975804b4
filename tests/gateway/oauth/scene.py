"""What a row of the table of refusals has at hand, and how rows are run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from gateway.oauth.server import AuthorizationServer
from gateway.oauth.types import ConsentReceipt
from tests.gateway.oauth.conftest import SetClock
from tests.support.oauth import (
    LENDING,
    REDIRECT,
    VERIFIER,
    Caller,
    TestClient,
    TestClients,
    consent_details,
    decision,
    parameters_of,
)


@dataclass
class Scene:
    """One server with its clients."""

    caller: Caller
    server: AuthorizationServer
    clients: TestClients
    clock: SetClock

    @property
    def bank(self) -> TestClient:
        return self.clients.bank

    async def own(self, client: TestClient | None = None, /, **changes: Any) -> httpx.Response:
        """A client asks for itself; good unless something is changed."""
        parameters = {"grant_type": "client_credentials", "authorization_details": [LENDING]}
        return await self.caller.token(client or self.bank, **{**parameters, **changes})

    async def granted(self, **asked: Any) -> tuple[str, ConsentReceipt]:
        """A code of the bank for what a firm granted, and the receipt."""
        details = consent_details(self.clock, **asked)
        pushed = await self.caller.push(self.bank, authorization_details=[details])
        assert pushed.status_code == 201, pushed.text
        uri = pushed.json()["request_uri"]
        await self.server.requests.open(uri, "bank-1")
        receipt = await self.server.requests.grant(uri, decision(), "request-1")
        return parameters_of(receipt.redirect_url)["code"], receipt

    async def redeem(
        self, code: str, client: TestClient | None = None, /, **changes: Any
    ) -> httpx.Response:
        """Redeem a code; good unless something is changed."""
        parameters = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
        }
        return await self.caller.token(client or self.bank, **{**parameters, **changes})

    async def refresh(
        self, token: str, client: TestClient | None = None, /, **changes: Any
    ) -> httpx.Response:
        """Use a refresh token; good unless something is changed."""
        parameters = {"grant_type": "refresh_token", "refresh_token": token}
        return await self.caller.token(client or self.bank, **{**parameters, **changes})


Row = Callable[[Scene], Awaitable[httpx.Response]]
Table = Mapping[str, tuple[str, Row]]
"""Name of a row, the error that is due, and what is sent."""

_STATUS = {"invalid_client": 401}
_ONE_TEXT = frozenset({"invalid_client", "invalid_grant"})


async def wrong_rows(scene: Scene, table: Table) -> list[str]:
    """Send every row; returns what was answered otherwise than is due."""
    wrong: list[str] = []
    texts: dict[str, set[str]] = {}
    for name, (error, row) in table.items():
        started, nonce = scene.clock.now, scene.caller.nonce
        answer = await row(scene)
        scene.clock.now, scene.caller.nonce = started, nonce
        status = _STATUS.get(error, 400)
        body = answer.json() if answer.content else {}
        if answer.status_code != status or body.get("error") != error:
            wrong.append(f"{name}: {answer.status_code} {answer.text}, expected {error}")
            continue
        if body.keys() != {"error", "error_description"}:
            wrong.append(f"{name}: more than an error: {answer.text}")
        texts.setdefault(error, set()).add(body["error_description"])
    # one text for every reason: nothing can be learnt by trying
    told = {error: found for error, found in texts.items() if error in _ONE_TEXT}
    return wrong + [f"{error}: {found}" for error, found in told.items() if len(found) > 1]
