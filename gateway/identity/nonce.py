"""Nonces of DPoP proofs: what all workers agree on without telling each other.

A nonce is a MAC over the number of a time window, under a key that all workers share. The window
of now and the one before it are accepted, so that a nonce is good for one to two windows.

Source: RFC 9449 sections 8 and 9 (`DPoP-Nonce`); RFC 2104 (HMAC).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence

from gateway.errors import InternalError

WINDOW_S = 120
LEAST_KEY_BYTES = 32

_CONTEXT = b"credit-gateway dpop nonce "
_NONCE_BYTES = 24


class Nonces:
    """Gives and recognises nonces.

    Args:
        keys: the newest first, each at least 32 bytes; nonces are made under the first, and
            accepted under each, so that workers may change keys one after the other.
        clock: seconds since the epoch.
    """

    def __init__(self, keys: Sequence[bytes], clock: Callable[[], float]) -> None:
        if not keys or any(len(key) < LEAST_KEY_BYTES for key in keys):
            raise InternalError(f"keys of nonces have {LEAST_KEY_BYTES} bytes or more each")
        self._keys = tuple(keys)
        self._clock = clock
        self._window = -1
        self._current = ""
        self._accepted: frozenset[str] = frozenset()

    def current(self) -> str:
        """Return the nonce to put into the next proof: 32 characters of base64url."""
        self._turn()
        return self._current

    def accepts(self, nonce: str) -> bool:
        """Tell whether a nonce is of this window or the one before it."""
        self._turn()
        return nonce in self._accepted

    def _turn(self) -> None:
        """Make the nonces of the window of now; they are the same until it ends."""
        window = int(self._clock()) // WINDOW_S
        if window == self._window:
            return
        self._current = _nonce(self._keys[0], window)
        self._accepted = frozenset(
            _nonce(key, each) for key in self._keys for each in (window, window - 1)
        )
        self._window = window


def _nonce(key: bytes, window: int) -> str:
    mac = hmac.digest(key, _CONTEXT + str(window).encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac[:_NONCE_BYTES]).decode()
