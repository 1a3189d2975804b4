"""Proofs of possession: that whoever sends a request holds the key its token is bound to.

Nothing here knows who asks. The authorization server and the resource server check proofs alike;
that a proof is used once is the business of whoever commits what it proves (`DpopProof.replay_id`).

Source: RFC 9449 section 4.3 (checking proofs), RFC 7638 (thumbprints), RFC 9864 (`Ed25519`).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from joserfc.jws import JWSRegistry

from gateway.errors import GatewayError, InternalError
from gateway.identity.nonce import Nonces

PROOF_TYPE = "dpop+jwt"
MOST_PROOF_CHARACTERS = 4_096
MOST_JTI_CHARACTERS = 256

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
# Nothing that a parser of URLs would leave out in silence.
_VISIBLE = re.compile(r"[!-~]+")
_KEYS_KEPT = 4_096
_PORTS: Final = {"https": 443, "http": 80}
_KEY_OF: Final[dict[str, tuple[type[ECKey] | type[OKPKey], str, str]]] = {
    "ES256": (ECKey, "EC", "P-256"),
    "Ed25519": (OKPKey, "OKP", "Ed25519"),
}
# What a public key may say. Anything else, a private member above all, is refused.
_PUBLIC_MEMBERS = frozenset(("kty", "crv", "x", "y", "kid", "alg", "use", "key_ops", "ext"))
_HEADER_MEMBERS = frozenset(("typ", "alg", "jwk"))


class InvalidProofError(GatewayError):
    """A proof that proves nothing here.

    Attributes:
        description: one ASCII sentence without double quotes; never a part of the proof.
    """

    def __init__(self, description: str) -> None:
        super().__init__(description)
        self.description = description


class NonceNeededError(InvalidProofError):
    """The proof has no nonce, or one that is not accepted any more.

    Attributes:
        nonce: to be put into the next proof.
    """

    def __init__(self, nonce: str) -> None:
        super().__init__("the proof has no nonce that is accepted now")
        self.nonce = nonce


@dataclass(frozen=True, slots=True)
class DpopRules:
    """What a proof must satisfy.

    Attributes:
        algorithms: accepted ones, of `ES256` and `Ed25519`.
        max_age_s: longest time since `iat`.
        leeway_s: how far `iat` may lie in the future, for clients whose clock is ahead.
        nonces: whose nonce every proof must hold; None: no nonce is asked for.
    """

    algorithms: tuple[str, ...] = ("ES256", "Ed25519")
    max_age_s: int = 60
    leeway_s: int = 5
    nonces: Nonces | None = None

    def __post_init__(self) -> None:
        unknown = [each for each in self.algorithms if each not in _KEY_OF]
        if unknown or not self.algorithms:
            raise InternalError(f"proofs are signed with some of {', '.join(_KEY_OF)}")


@dataclass(frozen=True, slots=True)
class DpopProof:
    """A proof that was checked.

    Attributes:
        jkt: thumbprint of the key that signed it, SHA-256 in base64url (RFC 7638).
        jti: chosen by the client, unique among the proofs of this key.
        iat: when it was made, seconds since the epoch.
        good_until: second after which it is too old.
        nonce: that it holds; None without one.
    """

    jkt: str
    jti: str
    iat: int
    good_until: int
    nonce: str | None = None

    @property
    def replay_id(self) -> bytes:
        """Return the 32 bytes by which another use of the same proof is recognised.

        The key is part of it, so that no client can use up the `jti` of another.
        """
        return hashlib.sha256(f"{self.jkt}.{self.jti}".encode()).digest()


@dataclass(frozen=True, slots=True)
class _ProofKey:
    """The key that one header names, ready to verify."""

    key: ECKey | OKPKey
    algorithm: str
    jkt: str


class DpopChecker:
    """Checks proofs; headers are remembered, because a client sends the same one every time."""

    def __init__(self, rules: DpopRules, clock: Callable[[], float]) -> None:
        """
        Args:
            clock: seconds since the epoch.
        """
        self._rules = rules
        self._clock = clock
        self._keys: OrderedDict[str, _ProofKey] = OrderedDict()

    @property
    def rules(self) -> DpopRules:
        return self._rules

    def check(
        self, proof: str, method: str, url: str, *, access_token: str | None = None
    ) -> DpopProof:
        """Return what a good proof says.

        Args:
            proof: value of the only `DPoP` header.
            method: of the request, in capitals.
            url: of the request as its client knows it; query and fragment are left out.
            access_token: sent along; None at the token endpoint, where there is none yet.

        Raises:
            NonceNeededError: everything else is good.
            InvalidProofError: it proves nothing here.
        """
        parts = _COMPACT.fullmatch(proof) if len(proof) <= MOST_PROOF_CHARACTERS else None
        if parts is None:
            raise InvalidProofError("the proof is not a signed JWT")
        header, payload, signature = parts.groups()
        key = self._key(header)
        if not _is_signed(key, f"{header}.{payload}".encode(), signature):
            raise InvalidProofError("the signature of the proof does not hold")
        claims = _object(payload, "payload")
        if claims.get("htm") != method:
            raise InvalidProofError("the proof is for another method")
        if not is_same_url(claims.get("htu"), url):
            raise InvalidProofError("the proof is for another URL")
        self._check_token(claims, access_token)
        jti, iat = self._identify(claims)
        return DpopProof(
            key.jkt, jti, iat, iat + self._rules.max_age_s, self._nonce(claims.get("nonce"))
        )

    def _key(self, header: str) -> _ProofKey:
        """Return the key that a header names; the header alone is checked."""
        known = self._keys.get(header)
        if known is not None:
            self._keys.move_to_end(header)
            return known
        key = _key_of(_object(header, "header"), self._rules.algorithms)
        self._keys[header] = key
        if len(self._keys) > _KEYS_KEPT:
            self._keys.popitem(last=False)
        return key

    def _identify(self, claims: dict[str, Any]) -> tuple[str, int]:
        """Return `jti` and `iat`."""
        jti, iat = claims.get("jti"), claims.get("iat")
        if not isinstance(jti, str) or not 0 < len(jti) <= MOST_JTI_CHARACTERS:
            raise InvalidProofError("the claim `jti` of the proof is missing or malformed")
        if not isinstance(iat, int) or isinstance(iat, bool):
            raise InvalidProofError("the claim `iat` of the proof is no whole number of seconds")
        age = self._clock() - iat
        if age > self._rules.max_age_s:
            raise InvalidProofError(f"the proof is older than {self._rules.max_age_s} s")
        if age < -self._rules.leeway_s:
            raise InvalidProofError("the proof was made in the future")
        return jti, iat

    def _check_token(self, claims: dict[str, Any], access_token: str | None) -> None:
        if access_token is None:
            return
        if claims.get("ath") != token_hash(access_token):
            raise InvalidProofError("the proof is for another access token")

    def _nonce(self, stated: object) -> str | None:
        nonces = self._rules.nonces
        if nonces is None:
            return stated if isinstance(stated, str) else None
        if not isinstance(stated, str) or not nonces.accepts(stated):
            raise NonceNeededError(nonces.current())
        return stated


def check_proof(
    proof: str,
    method: str,
    url: str,
    *,
    rules: DpopRules,
    now: float,
    access_token: str | None = None,
) -> DpopProof:
    """Check one proof; see `DpopChecker.check`, which remembers keys and is cheaper."""
    return DpopChecker(rules, lambda: now).check(proof, method, url, access_token=access_token)


def token_hash(access_token: str) -> str:
    """Return what a proof says in `ath` for a token (RFC 9449 section 4.2)."""
    digest = hashlib.sha256(access_token.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _key_of(header: dict[str, Any], algorithms: tuple[str, ...]) -> _ProofKey:
    if header.get("typ") != PROOF_TYPE:
        raise InvalidProofError(f"the type of the proof is not `{PROOF_TYPE}`")
    algorithm, jwk = header.get("alg"), header.get("jwk")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise InvalidProofError(f"the algorithm of the proof is none of {', '.join(algorithms)}")
    if header.keys() != _HEADER_MEMBERS or not isinstance(jwk, dict):
        raise InvalidProofError("the header of the proof is not typ, alg and jwk alone")
    if not jwk.keys() <= _PUBLIC_MEMBERS:
        raise InvalidProofError("the key of the proof is no public key alone")
    sort, kty, crv = _KEY_OF[algorithm]
    if (jwk.get("kty"), jwk.get("crv"), jwk.get("alg", algorithm)) != (kty, crv, algorithm):
        raise InvalidProofError("the key of the proof does not fit its algorithm")
    members = {name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}
    try:
        key = sort.import_key(members)
        # what is wrong with a point is only found out when the key is first used
        key.get_op_key("verify")
        return _ProofKey(key, algorithm, key.thumbprint())
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise InvalidProofError("the key of the proof cannot be read") from error


def _is_signed(key: _ProofKey, signing_input: bytes, signature: str) -> bool:
    algorithm = JWSRegistry.algorithms[key.algorithm]
    try:
        return algorithm.verify(signing_input, _decoded(signature), key.key)
    except (ValueError, JoseError):
        return False


def _object(segment: str, name: str) -> dict[str, Any]:
    try:
        value = orjson.loads(_decoded(segment))
    except ValueError as error:
        raise InvalidProofError(f"the {name} of the proof cannot be read") from error
    if not isinstance(value, dict):
        raise InvalidProofError(f"the {name} of the proof is no object")
    return value


def _decoded(segment: str) -> bytes:
    """Return the bytes of a base64url segment, of which each has one spelling.

    Raises:
        ValueError: another spelling.
    """
    content = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(content).rstrip(b"=").decode() != segment:
        raise ValueError("no canonical base64url")
    return content


def is_same_url(stated: object, url: str) -> bool:
    """Tell whether `htu` is the URL of the request.

    Source: RFC 9449 section 4.3 number 9 and the paragraph below it: query and fragment are
    ignored, and URLs are compared after syntax-based and scheme-based normalization.
    """
    if not isinstance(stated, str) or len(stated) > MOST_PROOF_CHARACTERS:
        return False
    if stated == url:
        return True
    if not _VISIBLE.fullmatch(stated):
        return False
    normal = _normal_url(stated)
    return normal is not None and normal == _normal_url(url)


def _normal_url(url: str) -> tuple[str, str, int | None, str] | None:
    """Scheme, host, port and path; None for what is no URL of a request."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return (parts.scheme, parts.hostname, port or _PORTS[parts.scheme], parts.path or "/")
