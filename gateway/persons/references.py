"""Person references: how a caller names a natural person, and nobody else can.

A reference is bound to who got it and to the matter: the same person has another reference for
every other client, organisation and matter, and none of them tells anything without the key.
"""

from __future__ import annotations

import orjson

from gateway.identity.principal import Principal
from gateway.opaque import OpaqueCodec


class PersonReferences:
    """Makes and reads the references of one caller in one matter; made for each request."""

    __slots__ = ("_context", "_opaque", "_principal")

    def __init__(self, opaque: OpaqueCodec, principal: Principal) -> None:
        self._opaque = opaque
        self._principal = principal
        self._context: bytes | None = None

    def reference(self, key: str) -> str:
        """The reference of the person with this subject key."""
        return self._opaque.person_reference(key, self._bound_to())

    def key(self, reference: str) -> str | None:
        """The subject key of a person; None for a reference that is not valid here."""
        return self._opaque.read_person_reference(reference, self._bound_to())

    def _bound_to(self) -> bytes:
        # Most requests meet no person, so this is written when the first one is met.
        if self._context is None:
            self._context = binding(self._principal)
        return self._context


def binding(principal: Principal) -> bytes:
    """What a reference is bound to, see `docs/reference/answers.md`, section 11."""
    caller = principal.caller
    return orjson.dumps(
        [
            "person",
            caller.caller_class.value,
            caller.organisation,
            caller.acting_for,
            principal.client_id,
            principal.matter_no,
        ]
    )
