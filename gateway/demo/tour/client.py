"""The tour's HTTP client, and an answer as the tour reads it."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.demo.errors import DemoError
from gateway.identity.prover import Prover
from policies.model import Missing, Outcome

_TIMEOUT_S = 30.0
_PATH = "/graphql"
_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Access:
    """One entry of `extensions.access`.

    Attributes:
        mask, missing: as the entry says, where it does.
    """

    path: str
    outcome: Outcome
    rules: tuple[str, ...] = ()
    mask: str | None = None
    missing: Missing | None = None


@dataclass(frozen=True, slots=True)
class SourceError:
    """An error of a department: where, which code, which department."""

    path: str
    code: str
    source: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the gateway.

    Attributes:
        sources: outcome per department that was asked.
    """

    request_id: str
    data: Any
    access: tuple[Access, ...]
    sources: Mapping[str, str]
    source_errors: tuple[SourceError, ...]

    def value(self, path: str) -> Any:
        """The value at a response path, of the first member where there is a list."""
        found = self.data
        for key in path.split("."):
            if isinstance(found, list):
                found = found[0] if found else None
            if found is None:
                return None
            found = found[key]
        return found

    def outcomes(self, path: str) -> tuple[Access, ...]:
        """Entries for a path; if it has none, those for what stands above it."""
        entries = tuple(entry for entry in self.access if entry.path == path)
        above, _, key = path.rpartition(".")
        return entries if entries or not key or not above else self.outcomes(above)


class GatewayClient:
    """Asks the server, one connection per question.

    Args:
        tokens: access token per profile, None for the public.
        provers: what signs for a profile whose token is bound to a key.
    """

    def __init__(
        self,
        port: int,
        tokens: Mapping[str, str | None],
        provers: Mapping[str, Prover] | None = None,
    ) -> None:
        self._port = port
        self._tokens = tokens
        self._provers = provers or {}
        self._nonce: str | None = None

    async def ask(self, profile: str, query: str, variables: Mapping[str, object]) -> Answer:
        """Ask as one profile.

        Raises:
            DemoError: the server does not answer, or refused the question.
        """
        body = orjson.dumps({"query": query, "variables": dict(variables)})
        headers = {
            "content-type": "application/json",
            "accept": "application/graphql-response+json",
        }
        return await asyncio.to_thread(self._ask, profile, body, headers)

    def _ask(self, profile: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        known = self._nonce
        request_id, status, content = self._post(body, {**headers, **self._sender(profile)})
        if status == _UNAUTHORIZED and self._nonce != known:
            # the first proof holds no nonce, or an old one; the answer says which to use
            request_id, status, content = self._post(body, {**headers, **self._sender(profile)})
        return read_answer(request_id, status, content)

    def _sender(self, profile: str) -> Mapping[str, str]:
        """The headers that say who asks."""
        token, prover = self._tokens[profile], self._provers.get(profile)
        if token is None:
            return {}
        if prover is None:
            return {"authorization": f"Bearer {token}"}
        url = f"http://127.0.0.1:{self._port}{_PATH}"
        return prover.headers("POST", url, token, self._nonce)

    def _post(self, body: bytes, headers: Mapping[str, str]) -> tuple[str, int, bytes]:
        """Send one request; returns request id, status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
        try:
            connection.request("POST", _PATH, body, dict(headers))
            response = connection.getresponse()
            content = response.read()
            request_id = response.getheader("x-request-id", "")
            self._nonce = response.getheader("dpop-nonce", self._nonce)
        except (OSError, http.client.HTTPException) as error:
            raise DemoError(f"the server stopped answering: {type(error).__name__}") from error
        finally:
            connection.close()
        return request_id, response.status, content


def read_answer(request_id: str, status: int, content: bytes) -> Answer:
    """Read a response.

    Raises:
        DemoError: it is no answer to an operation that ran.
    """
    document = orjson.loads(content)
    errors = document.get("errors", [])
    if status != 200 or "data" not in document:
        message = errors[0]["message"] if errors else "no data"
        raise DemoError(f"the server refused a question of the tour with {status}: {message}")
    extensions = document.get("extensions", {})
    return Answer(
        request_id,
        document["data"],
        _access(extensions.get("access", {})),
        {item["source"]: item["outcome"] for item in extensions.get("sources", ())},
        tuple(
            SourceError(
                ".".join(str(key) for key in error["path"]),
                error["extensions"]["code"],
                error["extensions"]["source"],
            )
            for error in errors
            if "source" in error["extensions"]
        ),
    )


def _access(entries: Mapping[str, Any]) -> tuple[Access, ...]:
    clear = (
        Access(item if isinstance(item, str) else item["path"], Outcome.CLEAR)
        for item in entries.get("clear", ())
    )
    masked = (
        Access(item["path"], Outcome.MASKED, tuple(item["rules"]), item["mask"])
        for item in entries.get("masked", ())
    )
    denied = (
        Access(
            item["path"],
            Outcome.DENIED,
            tuple(item["rules"]),
            missing=Missing(item["missing"]) if item["missing"] else None,
        )
        for item in entries.get("denied", ())
    )
    return (*clear, *masked, *denied)
