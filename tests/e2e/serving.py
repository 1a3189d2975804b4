"""A real server on loopback in a thread of its own, and a client that checks every answer."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import uvloop

from gateway.app import create_app, server_config
from gateway.demo.serving import DemoServer
from gateway.identity.keys import load_key
from gateway.identity.nonce import Nonces
from gateway.identity.prover import Prover
from gateway.pages.types import SignedIn
from gateway.settings import Settings

START_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Answer:
    """One response.

    Attributes:
        body: as it came.
    """

    status: int
    body: Any

    @property
    def data(self) -> Any:
        return self.body["data"]

    @property
    def errors(self) -> list[Any]:
        return list(self.body.get("errors", ()))

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.errors]

    @property
    def access(self) -> Any:
        return self.body["extensions"]["access"]

    @property
    def sources(self) -> dict[str, str]:
        return {s["source"]: s["outcome"] for s in self.body["extensions"]["sources"]}

    def denied(self, path: str) -> list[str]:
        """Uses denied at a path."""
        return [item["use"] for item in self.access["denied"] if item["path"] == path]


@dataclass
class Client:
    """Asks one server.

    Attributes:
        tokens: per profile; None for the public.
    """

    port: int
    tokens: Mapping[str, str | None]
    settings: Settings
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30.0))

    def ask(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        profile: str = "public",
        token: str | None = None,
    ) -> Answer:
        """Post an operation; no answer may be a defect, every error with a path has a code."""
        token = token or self.tokens[profile]
        headers = {
            "accept": "application/graphql-response+json",
            **sender_headers(self.settings, token),
        }
        body = {"query": document, "variables": dict(variables or {})}
        response = self.http.post(
            f"http://127.0.0.1:{self.port}/graphql", json=body, headers=headers
        )
        answer = Answer(response.status_code, response.json())
        assert answer.status < 500 or answer.status == 503, answer
        for error in answer.errors:
            assert error["extensions"]["code"] == error["extensions"]["code"].upper()
        return answer


def sender_headers(settings: Settings, token: str | None, path: str = "/graphql") -> dict[str, str]:
    """The headers of one `POST` with a token; with a proof, where a demonstration bound it."""
    if token is None:
        return {}
    payload = token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        claims = {}
    if "cnf" not in claims:
        return {"authorization": f"Bearer {token}"}
    assert settings.identity.jwks is not None
    keys = settings.identity.jwks.parent / "secrets"
    prover = next(p for p in map(_prover, keys.glob("*.jwk")) if p.jkt == claims["cnf"]["jkt"])
    nonce = Nonces(settings.keys.nonce, time.time).current()
    url = f"{settings.server.public_url}{path}"
    return prover.headers("POST", url, token, nonce)


def _prover(path: Path) -> Prover:
    return Prover(load_key(path), time.time, lambda: secrets.token_hex(8))


class ThreadServer(DemoServer):
    """Tells another thread when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepts = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepts.set()


@contextmanager
def served(
    settings: Settings,
    tokens: Mapping[str, str | None],
    listener: socket.socket | None = None,
    people: Sequence[SignedIn] = (),
) -> Iterator[Client]:
    """Serve a gateway for the length of the block."""
    listener = listener or socket.create_server(("127.0.0.1", 0))
    app = create_app(settings, logs_requests=False, people=people)
    server = ThreadServer(server_config(app, settings.server))

    def serve() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(server.serve([listener]))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert server.accepts.wait(START_TIMEOUT_S), "the server did not start"
        with httpx.Client(timeout=30.0) as http:
            yield Client(listener.getsockname()[1], tokens, settings, http)
    finally:
        server.should_exit = True
        thread.join(START_TIMEOUT_S)
        listener.close()
