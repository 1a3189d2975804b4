"""The command `client ask`: one operation, sent as a client sends it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import httpx
import orjson

from gateway.errors import InternalError
from gateway.identity.keys import load_key
from gateway.identity.prover import Prover

_TIMEOUT_S = 30.0
_UNAUTHORIZED = 401
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("url")
@click.option("--token", "token_file", type=_FILE, help="File with the access token.")
@click.option("--key", "key_file", type=_FILE, help="Private key that the token is bound to (JWK).")
@click.option("-e", "--query", help="The operation.")
@click.option("--document-id", help="Or the id of one that is registered for the client.")
@click.option("--variables", default="{}", help="Variables, as JSON.")
def ask(
    url: str,
    token_file: Path | None,
    key_file: Path | None,
    query: str | None,
    document_id: str | None,
    variables: str,
) -> None:
    """Send one operation to the GraphQL endpoint under URL, and print the answer.

    With --key each request carries a proof that its sender holds the key (DPoP), with the nonce
    that the gateway asks for.
    """
    if (query is None) == (document_id is None):
        raise click.UsageError("give either -e QUERY or --document-id ID")
    if key_file is not None and token_file is None:
        raise click.UsageError("--key needs --token")
    body = {"query": query, "documentId": document_id, "variables": _variables(variables)}
    content = orjson.dumps({name: value for name, value in body.items() if value is not None})
    token = None if token_file is None else token_file.read_text("utf-8").strip()
    click.echo(_send(url, content, token, None if key_file is None else _prover(key_file)))


def _variables(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise click.UsageError(f"--variables is no JSON: {error}") from error


def _prover(key_file: Path) -> Prover:
    try:
        key = load_key(key_file)
    except InternalError as error:
        raise click.ClickException(str(error)) from error
    return Prover(key, time.time, lambda: secrets.token_hex(16))


def _send(url: str, content: bytes, token: str | None, prover: Prover | None) -> str:
    """Send once, and again with the nonce where the gateway asks for one."""
    nonce: str | None = None
    try:
        with httpx.Client(timeout=_TIMEOUT_S, trust_env=False) as http:
            response = http.post(url, content=content, headers=_headers(url, token, prover, nonce))
            nonce = response.headers.get("dpop-nonce")
            if prover is not None and nonce and response.status_code == _UNAUTHORIZED:
                headers = _headers(url, token, prover, nonce)
                response = http.post(url, content=content, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise click.ClickException(f"`{url}` does not answer: {type(error).__name__}") from error
    return response.text


def _headers(
    url: str, token: str | None, prover: Prover | None, nonce: str | None
) -> Mapping[str, Any]:
    sent = {"content-type": "application/json", "accept": "application/graphql-response+json"}
    if token is None:
        return sent
    if prover is None:
        return {**sent, "authorization": f"Bearer {token}"}
    return {**sent, **prover.headers("POST", url, token, nonce)}
