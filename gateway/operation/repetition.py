"""Which queries are the same query again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from gateway.operation.types import ValidatedOperation


def repeat_key(
    idempotency_key: str,
    client_id: str,
    operation: ValidatedOperation,
    variables: Mapping[str, Any],
) -> bytes:
    """Return 32 bytes that are equal for the same query of the same client with the same key only.

    The query is its document, the operation in it, and the variables as they were sent.
    """
    name = operation.operation.name
    parts = (
        idempotency_key,
        client_id,
        operation.document_hash,
        None if name is None else name.value,
        variables,
    )
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).digest()
