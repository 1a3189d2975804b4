"""From an audit entry to the bytes that are stored, and nothing else.

The bytes are canonical JSON: equal entries give equal bytes, and the bytes alone say everything,
so that a hash over them proves the entry. `docs/audit-events.md` lists the members.

Source: RFC 8785; entries hold only strings, integers, null, arrays and objects with ASCII names,
for which sorted names, no blanks and unescaped UTF-8 are the whole of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from gateway.audit.types import ANSWERED, AuditEntry, ConsentUse
from gateway.errors import InternalError
from policies.model import CallerClass

FORMAT_VERSION = 3

_PERSON_PREFIX = "P:"
_RECORD_HASH_BYTES = 16


@dataclass(frozen=True, slots=True)
class EntryReferences:
    """What stands in an entry instead of names.

    Attributes:
        subjects: reference per subject of the entry, same order, lower-case hexadecimal.
        caller: reference of the caller where it is a credit subject itself, else None.
        released: keyed hash per released record, same order.
    """

    subjects: Sequence[str]
    caller: str | None
    released: Sequence[str]


class RecordHasher:
    """Keyed hashes of record references: equal records can be recognised with the key only.

    Source: RFC 2104 (HMAC), here with SHA-256.
    """

    def __init__(self, key: bytes) -> None:
        """
        Args:
            key: at least 32 bytes, the same on every worker and for as long as the log is kept.
        """
        if len(key) < 32:
            raise InternalError(f"the audit's record key has {len(key)} bytes, expected 32 or more")
        # HMAC with its two keyed states kept: half the time of `hmac.HMAC.copy`
        block = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def hash(self, record: str) -> str:
        """Return the first 16 bytes of HMAC-SHA256 over `department/kind/id`, hexadecimal."""
        inner = self._inner.copy()
        inner.update(record.encode())
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()[:_RECORD_HASH_BYTES].hex()


def caller_subject_key(entry: AuditEntry) -> str | None:
    """Return the caller's key where the caller is a credit subject and must not be named."""
    caller = entry.principal.caller
    organisation = caller.organisation
    if organisation is None:
        return None
    if caller.caller_class is CallerClass.SUBJECT or organisation.startswith(_PERSON_PREFIX):
        return organisation
    return None


def _consent_members(use: ConsentUse, is_released: bool) -> dict[str, object]:
    members: dict[str, object] = {"consentNo": use.consent_no, "version": use.version}
    if use.delivered is not None and is_released:
        members["delivered"] = use.delivered
    return members


def encode_entry(entry: AuditEntry, references: EntryReferences, outcome: str) -> bytes:
    """Return the canonical bytes of an entry.

    Args:
        outcome: the entry's own outcome, or the reason why the fence refused it.

    Raises:
        InternalError: a text that is no valid Unicode or holds a NUL.
    """
    principal = entry.principal
    caller = principal.caller
    members = {
        "actingFor": caller.acting_for,
        "addressClass": entry.address_class,
        "at": entry.at,
        "callerClass": caller.caller_class.value,
        "callerReference": references.caller,
        "clientId": principal.client_id,
        "consents": [_consent_members(use, outcome == ANSWERED) for use in entry.consents],
        "day": entry.day,
        "decisions": entry.decisions.sha256.hex(),
        "departments": [
            {"outcome": part.outcome, "rows": part.rows, "slug": part.slug}
            for part in entry.departments
        ],
        "durationClass": entry.duration_class,
        "format": FORMAT_VERSION,
        "grounds": None if entry.grounds is None else entry.grounds.sha256.hex(),
        "kind": entry.kind.value,
        "matterNo": principal.matter_no,
        "operationHash": entry.operation_hash,
        "operationName": entry.operation_name,
        "organisation": caller.organisation if references.caller is None else None,
        "outcome": outcome,
        "policyVersion": entry.policy_version,
        "purpose": caller.purpose.value,
        "released": references.released,
        "requestId": entry.request_id,
        "role": caller.role.value if caller.role is not None else None,
        "shares": [
            {"decisions": share.decisions.sha256.hex(), "subjects": share.positions}
            for share in entry.shares
        ],
        "subjects": references.subjects,
        "tokenId": principal.token_id,
        "units": entry.units,
        "userRef": principal.user_ref,
        "warnings": entry.warnings,
    }
    try:
        encoded = orjson.dumps(members, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise InternalError("an audit entry holds a text that is no valid Unicode") from error
    if b"\\u0000" in encoded:
        raise InternalError("an audit entry holds a text with a NUL character")
    return encoded
