"""The client's side of proofs and statements, for the demonstration, commands and benchmarks.

Source: RFC 9449 section 4.2 (what a proof says); `gateway.identity.statement` for statements.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from joserfc.jwk import ECKey, OKPKey
from joserfc.jws import JWSRegistry

from gateway.identity.dpop import PROOF_TYPE, token_hash
from gateway.identity.statement import STATEMENT_TYPE, content_digest


class Prover:
    """Signs with one key.

    Args:
        clock: seconds since the epoch.
        new_id: unguessable, another one each time.
    """

    def __init__(
        self, key: ECKey | OKPKey, clock: Callable[[], float], new_id: Callable[[], str]
    ) -> None:
        self._key = key
        self._algorithm = "ES256" if isinstance(key, ECKey) else "Ed25519"
        public = key.as_dict(private=False)
        self._jwk = {name: public[name] for name in ("kty", "crv", "x", "y") if name in public}
        self._clock = clock
        self._new_id = new_id
        self.jkt = key.thumbprint()

    def headers(
        self, method: str, url: str, token: str, nonce: str | None = None
    ) -> dict[str, str]:
        """Return the headers that send a token bound to the key, good for one request.

        Args:
            url: as the gateway knows itself, without query.
            nonce: of the gateway's last answer; None before the first.
        """
        says: dict[str, Any] = {
            "jti": self._new_id(),
            "htm": method,
            "htu": url,
            "iat": int(self._clock()),
            "ath": token_hash(token),
        }
        if nonce is not None:
            says["nonce"] = nonce
        head = {"typ": PROOF_TYPE, "alg": self._algorithm, "jwk": self._jwk}
        return {"authorization": f"DPoP {token}", "dpop": self._sign(head, says)}

    def proof(self, method: str, url: str, nonce: str | None = None) -> str:
        """Return a proof for a request without a token, such as one for a token.

        Args:
            url: without query. nonce: of the server's last answer; None before the first.
        """
        says: dict[str, Any] = {
            "jti": self._new_id(),
            "htm": method,
            "htu": url,
            "iat": int(self._clock()),
        }
        if nonce is not None:
            says["nonce"] = nonce
        return self._sign({"typ": PROOF_TYPE, "alg": self._algorithm, "jwk": self._jwk}, says)

    def statement(
        self,
        kid: str,
        method: str,
        url: str,
        content: bytes,
        claims: Mapping[str, str],
    ) -> dict[str, str]:
        """Return the header that states for whom and what for a request is made.

        Args:
            kid: under which the key is registered.
            content: body of the request, or its query string for `GET`.
            claims: `iss` and `aud`, and what is stated.
        """
        says = {
            **claims,
            "jti": self._new_id(),
            "htm": method,
            "htu": url,
            "iat": int(self._clock()),
            "content_sha256": content_digest(content),
        }
        head = {"typ": STATEMENT_TYPE, "alg": self._algorithm, "kid": kid}
        return {"credit-request": self._sign(head, says)}

    def _sign(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        signed = f"{_b64(orjson.dumps(header))}.{_b64(orjson.dumps(claims))}"
        signature = JWSRegistry.algorithms[self._algorithm].sign(signed.encode(), self._key)
        return f"{signed}.{_b64(signature)}"


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
