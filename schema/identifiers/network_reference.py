"""Network references: how natural persons are known between departments, without their numbers.

A department computes the reference of each person in its records once and keeps it in an indexed
column. Keys, and who may turn a document into a reference, are not decided here.
"""

from __future__ import annotations

import hashlib
import hmac


def network_reference(key: bytes, document_type: str, document_no: str) -> str:
    """Return the reference of a person: 64 hexadecimal digits, lower case.

    Args:
        key: the key that the departments of the network share, at least 32 bytes.
        document_type: member name of the schema's code list of identity documents.
        document_no: number as it is printed; blanks are dropped and letters raised.

    Raises:
        ValueError: the key is too short, or the number is empty.
    """
    if len(key) < 32:
        raise ValueError(f"network key has {len(key)} bytes, expected at least 32")
    number = "".join(document_no.split()).upper()
    if not number:
        raise ValueError("document number is empty")
    message = f"{document_type}:{number}".encode()
    return hmac.digest(key, message, hashlib.sha256).hex()
