"""The environment bureau's HTTP service, which knows nothing of the gateway that asks it.

Tokens by client credentials; records of some parties by POST, lists in pages by GET, newest first.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import sqlite3
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

CLIENT = "credit-gateway"
PATHS = {name: f"/v2/{name}" for name in ("penalties", "licences", "commitments")}
_TOKEN_S = 600
_MOST_KEYS, _MOST_RECORDS = 100, 1_000


class EnvironmentService:
    """The application over one database file."""

    def __init__(self, database: Path, client_secret: str) -> None:
        self._database = sqlite3.connect(
            f"{database.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
        )
        self._login = f"{CLIENT}:{client_secret}"
        self._tokens: dict[str, float] = {}
        routes = [
            Route("/oauth/token", self._token, methods=["POST"]),
            Route("/v2/health", self._health),
        ]
        for resource, path in PATHS.items():
            routes += [
                Route(path, partial(self._list, resource=resource)),
                Route(f"{path}/search", partial(self._search, resource=resource), methods=["POST"]),
            ]
        self.app = Starlette(routes=routes)

    def close(self) -> None:
        self._database.close()

    async def _token(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme != "Basic" or not self._knows(encoded):
            return _json(b'{"error": "invalid_client"}', 401)
        if form.get("grant_type") != ["client_credentials"]:
            return _json(b'{"error": "unsupported_grant_type"}', 400)
        now = time.monotonic()
        self._tokens = {token: until for token, until in self._tokens.items() if until > now}
        token = secrets.token_urlsafe(24)
        self._tokens[token] = now + _TOKEN_S
        answer = f'{{"access_token": "{token}", "token_type": "Bearer", "expires_in": {_TOKEN_S}}}'
        return _json(answer.encode())

    def _knows(self, encoded: str) -> bool:
        try:
            login = unquote(base64.b64decode(encoded, validate=True).decode())
        except ValueError:
            return False
        return hmac.compare_digest(login.encode(), self._login.encode())

    def _is_let_in(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and self._tokens.get(token, 0.0) > time.monotonic()

    async def _health(self, request: Request) -> Response:
        return _json(b'{"status": "up"}')

    async def _search(self, request: Request, resource: str) -> Response:
        if not self._is_let_in(request):
            return _json(b'{"error": "unauthorised"}', 401)
        asked = await request.json()
        codes, persons = asked.get("codes", []), asked.get("personRefs", [])
        if len(codes) + len(persons) > _MOST_KEYS:
            return _json(b'{"error": "too many keys"}', 400)
        found = self._by("code", resource, codes) + self._by("person", resource, persons)
        return _json(_page(found))

    def _by(self, column: str, resource: str, keys: Sequence[str]) -> list[str]:
        if not keys:
            return []
        marks = ", ".join("?" * len(keys))
        statement = f"SELECT content FROM records WHERE resource = ? AND {column} IN ({marks})"  # noqa: S608
        return [row[0] for row in self._database.execute(statement, (resource, *keys))]

    async def _list(self, request: Request, resource: str) -> Response:
        if not self._is_let_in(request):
            return _json(b'{"error": "unauthorised"}', 401)
        asked = request.query_params
        size = min(int(asked.get("size", "100")), _MOST_RECORDS)
        start = (int(asked.get("page", "1")) - 1) * size
        conditions, values = ["resource = ?"], [resource]
        for name, condition in (("from", "decided >= ?"), ("to", "decided <= ?")):
            if name in asked:
                conditions.append(condition)
                values.append(asked[name])
        states = asked["states"].split(",") if "states" in asked else []
        if states:
            conditions.append(f"state IN ({', '.join('?' * len(states))})")
            values += states
        statement = (
            f"SELECT content FROM records WHERE {' AND '.join(conditions)} "  # noqa: S608
            "ORDER BY decided DESC, id LIMIT ? OFFSET ?"
        )
        rows = self._database.execute(statement, (*values, size, start))
        return _json(_page([row[0] for row in rows]))


def _page(contents: Sequence[str]) -> bytes:
    return f'{{"records": [{", ".join(contents)}]}}'.encode()


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")
