"""From network references to the subject keys by which the gateway knows persons, and back.

Inside the gateway a person's subject key is `P:` and the person id, which no change of keys
touches. What departments hold and tokens name is the network reference.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.contract import PERSON_KEY_PREFIX
from schema.identifiers.network_reference import (
    NetworkKey,
    opened_reference,
    person_id,
    sealed_person_id,
)
from schema.identifiers.person_document import PersonDocument


class NetworkKeys:
    """The keys of the network that are in force.

    Args:
        keys: the newest first; at least one.
    """

    def __init__(self, keys: Sequence[NetworkKey]) -> None:
        if not keys:
            raise ValueError("persons need at least one network key")
        self._keys = tuple(keys)

    def __len__(self) -> int:
        return len(self._keys)

    def key_of_document(self, document: PersonDocument) -> str:
        """Subject key of whoever has the document, known here or not."""
        identity = self._keys[0].identity
        return PERSON_KEY_PREFIX + person_id(identity, document.type.name, document.number)

    def key_of_reference(self, reference: str) -> str | None:
        """Subject key of the person with this network reference; None under no key in force."""
        for key in self._keys:
            person = opened_reference(key.seal, reference)
            if person is not None:
                return PERSON_KEY_PREFIX + person
        return None

    def key_of_named(self, key: str) -> str | None:
        """Subject key of the person whom `P:` and a network reference name."""
        return self.key_of_reference(key.removeprefix(PERSON_KEY_PREFIX))

    def references(self, subject_key: str) -> tuple[str, ...]:
        """Network references of a person, one under each key, the newest first.

        Raises:
            ValueError: the subject key is no person's.
        """
        person = subject_key.removeprefix(PERSON_KEY_PREFIX)
        return tuple(sealed_person_id(key.seal, person) for key in self._keys)
