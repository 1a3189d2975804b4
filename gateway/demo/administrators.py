"""The demonstration's administrators: three invented people, whose keys and codes lie in files.

Real administrators keep the key on a machine of their own and the codes on a telephone.
"""

from __future__ import annotations

import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.administrators import register
from gateway.administrators.codes import CodeSeal
from gateway.administrators.signing_in import Proof, SigningIn
from gateway.administrators.statements import Statement, message_of
from gateway.administrators.types import Appointment, Role
from gateway.demo.files import DemoFiles
from gateway.store.pool import LightPool
from gateway.translog.signers import private_key_pem

NAMES = {Role.SYSTEM: "system-admin", Role.SECURITY: "security-admin", Role.AUDIT: "audit-admin"}


async def appoint_administrators(pool: LightPool, files: DemoFiles, audit_key: bytes) -> None:
    """Appoint the three, once per store, and write their keys and the secrets of their codes."""
    async with pool.connection() as connection:
        if await register.accounts(connection):
            return
        private = {role: Ed25519PrivateKey.generate() for role in NAMES}
        public = {role: key.public_key().public_bytes_raw() for role, key in private.items()}
        first = [
            Appointment(name, f"DEMO-{role.value}", role, public[role])
            for role, name in NAMES.items()
        ]
        async with connection.transaction():
            await register.begin(connection, first, is_demanded=False)
    signing = SigningIn(pool, CodeSeal(audit_key), time.time)
    for role, name in NAMES.items():
        challenge = await signing.challenge()
        signature = private[role].sign(message_of(Statement.ENROL, name, challenge))
        secret = await signing.enrol(Proof(name, challenge, signature))
        files.write_secret_bytes(f"{name}.pem", private_key_pem(private[role]))
        files.write_secret(f"{name}.codes", secret)
