"""A server with pages and a registered bank, and a reader of pages that runs no script."""

from __future__ import annotations

import asyncio
import html
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from gateway.demo.people import PEOPLE
from gateway.demo.provision import Provisioned
from gateway.settings import Settings
from gateway.store.connect import StoreAddress, connector
from gateway.store.pool import LightPool
from tests.e2e.serving import Client, served
from tests.support.oauth import (
    Caller,
    TestClients,
    consent_details,
    make_clients,
    register_clients,
)

BACK = "https://bank.example/back?from=credit"


@dataclass
class Platform:
    """A server with pages, and a bank that is registered.

    Attributes:
        client: asks as those who have a token of the demonstration.
    """

    url: str
    settings: Settings
    clients: TestClients
    client: Client
    opened: list[httpx.Client] = field(default_factory=list)

    def browser(self) -> Browser:
        """A browser that has not been here before."""
        self.opened.append(httpx.Client(base_url=self.url, timeout=30.0))
        return Browser(self.opened[-1])

    def push(self, **asked: Any) -> str:
        """The bank pushes a request; returns its `request_uri`."""
        details = consent_details(time.time, **asked)
        answer = asyncio.run(
            self._bank_sends("push", redirect_uri=BACK, authorization_details=[details])
        )
        assert answer.status_code == 201, answer.text
        uri: str = answer.json()["request_uri"]
        return uri

    def token(self, **parameters: Any) -> httpx.Response:
        """The bank asks for a token."""
        return asyncio.run(self._bank_sends("token", **parameters))

    async def _bank_sends(self, what: str, **parameters: Any) -> httpx.Response:
        bank = self.clients.bank
        async with httpx.AsyncClient(base_url=self.url, timeout=30.0) as http:
            caller = Caller(http)
            for _ in range(2):
                assertion = bank.jwt(claims={"aud": self.url})
                answer: httpx.Response = await getattr(caller, what)(
                    bank, client_assertion=assertion, **parameters
                )
                if answer.status_code < 400 or answer.json()["error"] != "use_dpop_nonce":
                    break
        return answer


@dataclass
class Browser:
    """Reads pages and sends their forms."""

    http: httpx.Client

    def open(self, path: str) -> httpx.Response:
        """Follow redirects of this site."""
        answer = self.http.get(path)
        for _ in range(5):
            if not answer.has_redirect_location:
                break
            answer = self.http.get(answer.headers["location"])
        return answer

    def send(self, page: httpx.Response, action: str, **fields: Any) -> httpx.Response:
        """Send a form of a page, with what it brings, and follow redirects."""
        answer = self.http.post(action, data={**hidden(page, action), **fields})
        for _ in range(5):
            if not answer.has_redirect_location:
                break
            answer = self.http.get(answer.headers["location"])
        return answer

    def sign_in(self, person: str, goes_to: str = "/my") -> httpx.Response:
        """Sign in as one of the invented people."""
        page = self.open(f"/sign-in?next={goes_to}")
        return self.send(page, "/sign-in/demo", person=person)


def hidden(page: httpx.Response, action: str) -> dict[str, str]:
    """Hidden fields of the form with this action."""
    form = re.search(
        rf'<form method="post" action="{re.escape(action)}">(.*?)</form>', page.text, re.S
    )
    assert form, f"no form {action} in {page.text}"
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form[1])
    return {name: html.unescape(value) for name, value in found}


@contextmanager
def running(made: Provisioned, listener: socket.socket) -> Iterator[Platform]:
    """Serve a demonstration with pages for the length of the block."""
    clients = make_clients(time.time)
    asyncio.run(_register(made.settings.store.url, clients))
    with served(made.settings, made.description.tokens, listener, PEOPLE) as client:
        port = listener.getsockname()[1]
        platform = Platform(f"http://127.0.0.1:{port}", made.settings, clients, client)
        yield platform
        for browser in platform.opened:
            browser.close()


async def _register(store_url: str, clients: TestClients) -> None:
    pool = LightPool(connector(StoreAddress(store_url)), 1)
    try:
        await register_clients(pool, clients, datetime.now(UTC), BACK)
    finally:
        await pool.aclose()
