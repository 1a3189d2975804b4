"""A program that signs with SM2 as a cryptographic device does, for tests only: it is not secret.

`python sm2_device.py KEYFILE` reads a message and writes r and s. Its arithmetic is in projective
coordinates and shares nothing with what checks signatures.

Source: GB/T 32918.2-2016 section 6; GB/T 32918.5-2017 for the curve.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

P = 2**256 - 2**224 - 2**96 + 2**64 - 1
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0

Jacobian = tuple[int, int, int]


def _double(point: Jacobian) -> Jacobian:
    x, y, z = point
    s = 4 * x * y * y % P
    m = (3 * x * x + A * pow(z, 4, P)) % P
    x2 = (m * m - 2 * s) % P
    return x2, (m * (s - x2) - 8 * pow(y, 4, P)) % P, 2 * y * z % P


def _add(one: Jacobian, other: Jacobian) -> Jacobian:
    if not one[2] or not other[2]:
        return other if not one[2] else one
    u1, u2 = one[0] * other[2] ** 2 % P, other[0] * one[2] ** 2 % P
    s1, s2 = one[1] * other[2] ** 3 % P, other[1] * one[2] ** 3 % P
    if u1 == u2:
        return _double(one) if s1 == s2 else (1, 1, 0)
    h, r = u2 - u1, s2 - s1
    x = (r * r - h**3 - 2 * u1 * h * h) % P
    return x, (r * (u1 * h * h - x) - s1 * h**3) % P, h * one[2] * other[2] % P


def _times_g(factor: int) -> tuple[int, int]:
    product: Jacobian = (1, 1, 0)
    for bit in f"{factor:b}":
        product = _double(product)
        if bit == "1":
            product = _add(product, (GX, GY, 1))
    inverse = pow(product[2], P - 2, P)
    return product[0] * inverse**2 % P, product[1] * inverse**3 % P


def _sm3(content: bytes) -> bytes:
    return hashlib.new("sm3", content).digest()


def public_key(private: int) -> bytes:
    """Return x and y of the public key."""
    return b"".join(number.to_bytes(32) for number in _times_g(private))


def sign(private: int, message: bytes) -> bytes:
    """Return r and s; the random number is made of key and message."""
    identity = b"1234567812345678"
    head = b"\x00\x80" + identity + b"".join(number.to_bytes(32) for number in (A, B, GX, GY))
    e = int.from_bytes(_sm3(_sm3(head + public_key(private)) + message))
    k = int.from_bytes(_sm3(private.to_bytes(32) + message)) % (N - 1) + 1
    r = (e + _times_g(k)[0]) % N
    s = pow(1 + private, -1, N) * (k - r * private) % N
    return r.to_bytes(32) + s.to_bytes(32)


def plain_signature(encoded: bytes) -> bytes:
    """Return r and s of a signature in DER, as OpenSSL writes it."""
    numbers, rest = [], encoded[2:]
    while rest:
        length = rest[1]
        numbers.append(int.from_bytes(rest[2 : 2 + length]).to_bytes(32))
        rest = rest[2 + length :]
    return b"".join(numbers)


if __name__ == "__main__":
    written = sign(int(Path(sys.argv[1]).read_text(), 16), sys.stdin.buffer.read())
    sys.stdout.buffer.write(written)
