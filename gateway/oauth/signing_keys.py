"""Keys that sign access tokens: in the store, sealed, and replaced without a failed request.

A new key is published at once and signs only after `LEAD_S`, when every worker and every outside
resource server has had the time to read it. The key before it is accepted until the last token
that it signed has ended.

Source: RFC 7517 section 5 (key sets), RFC 9864 (`Ed25519`).
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc.jwk import OKPKey

from gateway.errors import InternalError
from gateway.identity.keys import CURVE, generate_key, public_jwks
from gateway.oauth.types import LONGEST_TOKEN_LIFETIME_S
from gateway.store.pool import CONNECTION_ERRORS, Connection, LightPool, NoConnectionError

SEAL_KEY_BYTES = 32
LEAD_S = 120
"""From the publication of a key to its first signature; readers keep a key set for at most half."""
OVERLAP_S = LONGEST_TOKEN_LIFETIME_S + 60
"""How long a replaced key is accepted: the longest token and what clocks may differ."""
REFRESH_S = 2.0
_NONCE_BYTES = 12
_KEPT_DAYS = 30

_READ = """
SELECT generation, kid, sealed_jwk, made_at, signs_from, revoked_at
FROM oauth_signing_key ORDER BY generation
"""
_ADD = """
INSERT INTO oauth_signing_key (generation, kid, sealed_jwk, made_at, signs_from)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
_REVOKE = """
UPDATE oauth_signing_key SET revoked_at = $1 WHERE revoked_at IS NULL AND generation < $2
"""
_FORGET = """
DELETE FROM oauth_signing_key AS k WHERE k.generation < (
    SELECT max(n.generation) FROM oauth_signing_key AS n WHERE n.signs_from < $1
)
"""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as the store holds it.

    Attributes:
        sealed: nonce and ciphertext of the private key.
    """

    generation: int
    kid: str
    sealed: bytes
    made_at: datetime
    signs_from: datetime
    revoked_at: datetime | None


class KeySeal:
    """Seals private keys for the store.

    Whoever reads the store alone cannot sign, and whoever writes it alone cannot have a key of
    its own accepted: public keys are taken from what was sealed.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != SEAL_KEY_BYTES:
            raise InternalError(f"the key that seals signing keys has {SEAL_KEY_BYTES} bytes")
        self._cipher = AESGCM(key)

    def seal(self, key: OKPKey) -> bytes:
        """Return nonce and ciphertext, bound to the key's id."""
        nonce = os.urandom(_NONCE_BYTES)
        content = json.dumps(key.as_dict(private=True)).encode()
        return nonce + self._cipher.encrypt(nonce, content, str(key.kid).encode())

    def open(self, stored: StoredKey) -> OKPKey:
        """Return the private key.

        Raises:
            InternalError: it was sealed under another key, or altered.
        """
        nonce, content = stored.sealed[:_NONCE_BYTES], stored.sealed[_NONCE_BYTES:]
        try:
            plain = self._cipher.decrypt(nonce, content, stored.kid.encode())
        except InvalidTag as error:
            raise InternalError(
                f"signing key `{stored.kid}` was sealed under another key than the settings name"
            ) from error
        key = OKPKey.import_key(json.loads(plain))
        if key.curve_name != CURVE or not key.is_private:
            raise InternalError(f"signing key `{stored.kid}` is no private {CURVE} key")
        return key


class KeyRegister:
    """The store's keys."""

    def __init__(self, pool: LightPool) -> None:
        self._pool = pool

    async def read(self) -> Sequence[StoredKey]:
        """Return all keys, the oldest first."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_READ)
        return [StoredKey(*row.values()) for row in rows]

    async def add(self, key: OKPKey, sealed: bytes, generation: int, at: datetime) -> None:
        """Publish a key; nothing happens if another of its generation was faster."""
        # nobody holds a set of keys without the first one
        signs_from = at + timedelta(seconds=LEAD_S if generation > 1 else -LEAD_S)
        async with self._pool.connection() as connection:
            await _add(connection, key, sealed, generation, at, signs_from)

    async def replace(self, key: OKPKey, sealed: bytes, at: datetime) -> None:
        """Let a key sign at once, and accept nothing that an earlier one signed."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute("LOCK TABLE oauth_signing_key IN EXCLUSIVE MODE")
            newest = await connection.fetchval("SELECT max(generation) FROM oauth_signing_key")
            generation = (newest or 0) + 1
            await _add(connection, key, sealed, generation, at, at)
            await connection.execute(_REVOKE, at, generation)

    async def forget(self, at: datetime) -> None:
        """Delete keys that were replaced long ago."""
        async with self._pool.connection() as connection:
            await connection.execute(_FORGET, at - timedelta(days=_KEPT_DAYS))


class AcceptedKeys(Mapping[str, OKPKey]):
    """Public keys by id, as they are now; the validator of access tokens looks here."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[OKPKey, float]] = {}
        self._clock: Callable[[], float] = lambda: 0.0

    def replace(self, keys: Mapping[str, tuple[OKPKey, float]], clock: Callable[[], float]) -> None:
        """Take other keys, each with the second until which it is accepted."""
        self._keys, self._clock = dict(keys), clock

    def __getitem__(self, kid: str) -> OKPKey:
        key, until = self._keys[kid]
        if self._clock() >= until:
            raise KeyError(kid)
        return key

    def __iter__(self) -> Iterator[str]:
        now = self._clock()
        return (kid for kid, (_, until) in self._keys.items() if now < until)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class SigningKeys:
    """This worker's copy of the keys.

    Args:
        clock: seconds since the epoch.
        rotation_s: age at which a key that signs is replaced.

    Attributes:
        accepted: public keys, always those of now.
        forget_tokens: called when a key was taken away before its tokens had ended.
    """

    def __init__(
        self,
        register: KeyRegister,
        seal: KeySeal,
        clock: Callable[[], float],
        *,
        rotation_s: float,
    ) -> None:
        self._register = register
        self._seal = seal
        self._clock = clock
        self._rotation_s = rotation_s
        self._stored: Sequence[StoredKey] = ()
        self._private: dict[str, OKPKey] = {}
        self._task: asyncio.Task[None] | None = None
        self.accepted = AcceptedKeys()
        self.forget_tokens: Callable[[], None] = lambda: None

    async def open(self) -> None:
        """Read the keys, make the first if there is none, and follow changes until `aclose`.

        Raises:
            InternalError: a key was sealed under another key.
        """
        await self.refresh()
        self._task = asyncio.get_running_loop().create_task(self._follow())

    async def aclose(self) -> None:
        """Stop following."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def signer(self) -> OKPKey:
        """The private key that signs now.

        Raises:
            InternalError: there is none, which `open` rules out.
        """
        now = self._now()
        for stored in reversed(self._stored):
            if stored.revoked_at is None and stored.signs_from <= now:
                return self._private[stored.kid]
        # a worker whose clock is behind
        for stored in self._stored:
            if stored.revoked_at is None:
                return self._private[stored.kid]
        raise InternalError("there is no signing key")

    def jwks(self) -> dict[str, Any]:
        """Public keys that are accepted now or will sign next."""
        return public_jwks(list(self.accepted.values()))

    async def refresh(self) -> None:
        """Read the keys, and publish the next one when its time has come."""
        stored = await self._register.read()
        usable = [key for key in stored if key.revoked_at is None]
        newest = usable[-1] if usable else None
        if newest is None or self._now() >= newest.signs_from + timedelta(
            seconds=self._rotation_s - LEAD_S
        ):
            await self._publish(stored[-1].generation + 1 if stored else 1)
            stored = await self._register.read()
        self._take(stored)

    async def rotate(self) -> None:
        """Publish the next key now."""
        stored = await self._register.read()
        await self._publish(stored[-1].generation + 1 if stored else 1)
        await self.refresh()

    async def _publish(self, generation: int) -> None:
        key = generate_key()
        await self._register.add(key, self._seal.seal(key), generation, self._now())
        await self._register.forget(self._now())

    def _take(self, stored: Sequence[StoredKey]) -> None:
        """Let these keys be the copy; put in place without waiting in between."""
        accepted: dict[str, tuple[OKPKey, float]] = {}
        usable = [key for key in stored if key.revoked_at is None]
        private = {
            each.kid: self._private.get(each.kid) or self._seal.open(each) for each in usable
        }
        for each, following in zip(usable, [*usable[1:], None], strict=True):
            until = float("inf")
            if following is not None:
                until = following.signs_from.timestamp() + OVERLAP_S
            accepted[each.kid] = (_public(private[each.kid]), until)
        is_less = not self._private.keys() <= private.keys()
        self._stored, self._private = stored, private
        self.accepted.replace(accepted, self._clock)
        if is_less:
            self.forget_tokens()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self.refresh()
            except (NoConnectionError, TimeoutError, *CONNECTION_ERRORS) as error:
                _log.warning("signing_keys_not_read", error=type(error).__name__)
            except InternalError as error:
                _log.error("signing_keys_unusable", reason=str(error))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _public(key: OKPKey) -> OKPKey:
    members = dict(key.as_dict(private=False))
    members["kid"] = key.kid or key.thumbprint()
    return OKPKey.import_key(members)


async def _add(
    connection: Connection,
    key: OKPKey,
    sealed: bytes,
    generation: int,
    at: datetime,
    signs_from: datetime,
) -> None:
    await connection.execute(_ADD, generation, key.kid, sealed, at, signs_from)
