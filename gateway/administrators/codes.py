"""One-time codes: secrets sealed for the store, and which codes are good.

Source: RFC 6238 (TOTP: HMAC-SHA-1, 6 digits, 30 seconds, what authenticator apps take).
"""

from __future__ import annotations

import os

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import InternalError

STEP_S = 30
_NONCE_BYTES = 12
_SKEW = (-1, 0, 1)
_ISSUER = "credit-gateway"


class CodeSeal:
    """Seals secrets of codes, so that whoever reads the store alone can make no code.

    Args:
        key: the audit's record key, which every worker has for as long as the log is kept; the
            sealing key is derived from it.
    """

    def __init__(self, key: bytes) -> None:
        derived = HKDF(SHA256(), 32, None, b"credit-gateway administrators' codes").derive(key)
        self._cipher = AESGCM(derived)

    def seal(self, name: str, secret: str) -> bytes:
        """Return the sealed secret, bound to the account."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), name.encode())

    def open(self, name: str, sealed: bytes) -> str:
        """Return the secret.

        Raises:
            InternalError: it was sealed under another key or for another account.
        """
        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, content, name.encode()).decode()
        except InvalidTag as error:
            raise InternalError(
                f"the codes of administrator `{name}` were sealed under another key than the "
                "settings name"
            ) from error


def new_code_secret() -> str:
    """Return a secret of 160 random bits, in base 32."""
    return pyotp.random_base32(32)


def code_address(name: str, secret: str) -> str:
    """Return what an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=_ISSUER)


def code_now(secret: str, now: float) -> str:
    """Return the code of this moment."""
    return pyotp.TOTP(secret).at(int(now))


def step_of(secret: str, code: str, now: float, last_step: int) -> int | None:
    """Return the number of the code, if it is good now and newer than the last one used.

    Args:
        now: seconds since the epoch; a clock may be half a minute off.
    """
    codes, current = pyotp.TOTP(secret), int(now) // STEP_S
    for step in (current + skew for skew in _SKEW):
        if step > last_step and pyotp.utils.strings_equal(codes.at(step * STEP_S), code):
            return step
    return None
