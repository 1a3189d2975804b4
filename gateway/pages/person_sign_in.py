"""A person that signs in for itself: named by the reference that departments keep of it.

A sign-in that knows documents holds a network key, as departments do, and tells the gateway the
reference alone: no number of a document comes into a browser, a ticket or the gateway's store.
"""

from __future__ import annotations

import re

from gateway.pages.types import PersonKey, SignedIn, SignInRefusedError

_PERSON = re.compile(r"P:[0-9a-f]{64}")


def nobody(_stated: str) -> str | None:
    """For a network whose departments keep no references of persons."""
    return None


def person_signed_in(
    stated: object, name: str, user_ref: str, login: str, person_key: PersonKey
) -> SignedIn:
    """Return a person that came for itself.

    Args:
        stated: `P:` and its network reference.

    Raises:
        SignInRefusedError: it names nobody who is known to the network.
    """
    is_reference = isinstance(stated, str) and _PERSON.fullmatch(stated)
    key = person_key(stated) if isinstance(stated, str) and is_reference else None
    if key is None:
        raise SignInRefusedError("the sign-in names a person by no reference of this network")
    return SignedIn(key, name, name, False, None, user_ref, login)
