"""Checking SM2 signatures. Signing is the cryptographic device's: no private key comes here.

Source: GB/T 32918.2-2016 (signature), GB/T 32918.5-2017 (curve), with the identity that GM/T
0009-2012 section 7.3 names for keys without one.
"""

from __future__ import annotations

from gateway.translog.suites import SM3

SIGNATURE_BYTES = 64
PUBLIC_KEY_BYTES = 64

_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
_IDENTITY = b"1234567812345678"

_Point = tuple[int, int] | None
"""None is the point at infinity."""


def _add(one: _Point, other: _Point) -> _Point:
    if one is None or other is None:
        return other if one is None else one
    if one[0] == other[0]:
        if (one[1] + other[1]) % _P == 0:
            return None
        slope = (3 * one[0] * one[0] + _A) * pow(2 * one[1], -1, _P) % _P
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, _P) % _P
    x = (slope * slope - one[0] - other[0]) % _P
    return x, (slope * (one[0] - x) - one[1]) % _P


def _multiply(factor: int, point: _Point) -> _Point:
    product: _Point = None
    while factor:
        if factor & 1:
            product = _add(product, point)
        point = _add(point, point)
        factor >>= 1
    return product


def digest(public: bytes, message: bytes) -> int:
    """Return the number that is signed: over curve, key, identity and message."""
    content = len(_IDENTITY * 8).to_bytes(2) + _IDENTITY
    content += b"".join(number.to_bytes(32) for number in (_A, _B, *_G)) + public
    return int.from_bytes(SM3.digest(SM3.digest(content) + message))


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature is of this key over this message.

    Args:
        public: x and y of the public key, 32 bytes each.
        signature: r and s, 32 bytes each.
    """
    if len(public) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    x, y = int.from_bytes(public[:32]), int.from_bytes(public[32:])
    if not (x < _P and y < _P and (y * y - x * x * x - _A * x - _B) % _P == 0):
        return False
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    total = (r + s) % _N
    if not (0 < r < _N and 0 < s < _N and total):
        return False
    point = _add(_multiply(s, _G), _multiply(total, (x, y)))
    return point is not None and (digest(public, message) + point[0]) % _N == r
