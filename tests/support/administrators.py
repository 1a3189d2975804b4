"""Administrators for tests: appointed, enrolled, with keys and codes that tests can make."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pyotp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.administrators import register
from gateway.administrators.codes import CodeSeal
from gateway.administrators.signing_in import Proof, SigningIn
from gateway.administrators.statements import Statement, message_of
from gateway.administrators.types import Appointment, Role, SignInLimits
from gateway.store.lending import Lending

AUDIT_KEY = bytes(32)
STEP_S = 30


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self, now: float | None = None) -> None:
        self.now = time.time() if now is None else now

    def __call__(self) -> float:
        return self.now

    def later(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Admin:
    """A person with a key and, once enrolled, codes."""

    name: str
    role: Role
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    secret: str = ""

    @property
    def appointment(self) -> Appointment:
        public = self.key.public_key().public_bytes_raw()
        return Appointment(self.name, f"no-{self.name}", self.role, public)

    def code(self, now: float) -> str:
        return pyotp.TOTP(self.secret).at(int(now))

    async def proof(self, signing: SigningIn, statement: Statement) -> Proof:
        challenge = await signing.challenge()
        return Proof(
            self.name, challenge, self.key.sign(message_of(statement, self.name, challenge))
        )

    async def enrol(self, signing: SigningIn) -> None:
        self.secret = await signing.enrol(await self.proof(signing, Statement.ENROL))

    async def sign_in(self, signing: SigningIn, clock: Clock) -> str:
        """Sign in with the next code; the clock goes on by a step."""
        clock.later(STEP_S)
        proof = await self.proof(signing, Statement.SIGN_IN)
        return await signing.sign_in(proof, self.code(clock()))


def three() -> dict[Role, Admin]:
    return {role: Admin(f"{role.value.lower()}-1", role) for role in Role}


def signing_in(lending: Lending, clock: Clock, **limits: int) -> SigningIn:
    return SigningIn(lending, CodeSeal(AUDIT_KEY), clock, SignInLimits(**limits))


async def appoint_three(lending: Lending, clock: Clock) -> dict[Role, Admin]:
    """Appoint and enrol the first three; administrators are demanded from then on."""
    people = three()
    async with lending.connection() as connection, connection.transaction():
        await register.begin(connection, [each.appointment for each in people.values()])
    for each in people.values():
        await each.enrol(signing_in(lending, clock))
    return people
