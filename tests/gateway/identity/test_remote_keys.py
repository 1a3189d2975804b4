"""Keys of an outside issuer: fetched with care, kept while the issuer is away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.errors import InternalError
from gateway.identity.remote_keys import MOST_BYTES, RemoteKeys

URL = "https://as.example/jwks"


def document(*keys: Any, **more: Any) -> dict[str, Any]:
    return {
        "keys": [{**k.as_dict(private=False), "kid": f"k{n}", **more} for n, k in enumerate(keys)]
    }


def es256() -> ECKey:
    return ECKey.generate_key("P-256", private=True)


def keys_from(answer: Callable[[httpx.Request], httpx.Response], **more: Any) -> RemoteKeys:
    transport = httpx.MockTransport(answer)
    return RemoteKeys(URL, "ES256", soonest_s=0.01, transport=transport, **more)


async def test_keys_of_the_algorithm_are_read() -> None:
    rsa, okp = RSAKey.generate_key(2048), OKPKey.generate_key("Ed25519")
    keys = keys_from(lambda _: httpx.Response(200, json=document(es256(), rsa, okp)))
    await keys.open()
    assert list(keys) == ["k0"]
    await keys.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(302, headers={"location": "https://evil.example/"}),
        httpx.Response(200, text="no json"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"keys": []}),
        httpx.Response(200, json=document(OKPKey.generate_key("Ed25519"))),
        httpx.Response(200, json=document(ECKey.generate_key("P-256"), use="enc")),
        httpx.Response(200, json=document(ECKey.generate_key("P-256"), alg="ES384")),
        httpx.Response(200, content=b" " * (MOST_BYTES + 1)),
    ],
)
async def test_what_is_no_key_set_stops_the_start(answer: httpx.Response) -> None:
    keys = keys_from(lambda _: answer)
    with pytest.raises(InternalError):
        await keys.open()


async def test_server_that_is_away_stops_the_start_and_not_a_running_gateway() -> None:
    served = [httpx.Response(200, json=document(es256()))]

    def answer(_: httpx.Request) -> httpx.Response:
        if served:
            return served.pop()
        raise httpx.ConnectError("away")

    keys = keys_from(answer, every_s=0.02)
    await keys.open()
    await asyncio.sleep(0.1)
    assert "k0" in keys
    await keys.aclose()
    with pytest.raises(InternalError):
        await keys_from(answer).open()


async def test_unknown_key_has_them_read_again() -> None:
    sets = [document(es256()), document(es256(), es256())]
    asked: list[int] = []

    def answer(_: httpx.Request) -> httpx.Response:
        asked.append(1)
        return httpx.Response(200, content=json.dumps(sets[min(len(asked), 2) - 1]).encode())

    keys = keys_from(answer)
    await keys.open()
    assert keys.get("k1") is None
    async with asyncio.timeout(10):
        while keys.get("k1") is None:  # noqa: ASYNC110 - it is read, and tells nobody
            await asyncio.sleep(0.01)
    await keys.aclose()
    assert len(asked) >= 2
