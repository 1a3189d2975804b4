"""Entries to bytes: canonical, complete, and without names of subjects."""

import hmac
import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.entry import EntryReferences, RecordHasher, encode_entry
from gateway.audit.types import (
    AuditEntry,
    ConsentUse,
    DecisionDigest,
    DepartmentOutcome,
    EntryKind,
    SubjectDecisions,
)
from gateway.errors import InternalError
from gateway.identity.principal import Principal
from policies.model import Caller, CallerClass, Purpose, Role
from tests.support.entries import BANK, audit_entry

REFERENCES = EntryReferences(["aa" * 16], None, ["bb" * 16])
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


def canonical(value: object) -> bytes:
    """Canonical JSON by the plain rules: sorted names, no blanks, shortest escapes, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@settings(deadline=None)
@given(matter=TEXTS, user=TEXTS, address=TEXTS, rows=st.integers(0, 10**9))
def test_encode_entry_bytes_are_canonical(matter: str, user: str, address: str, rows: int) -> None:
    caller = Caller(CallerClass.DEPARTMENT, BANK, Purpose.INSPECTION)
    entry = replace(
        audit_entry(principal=Principal(caller, "c", matter, user, "t", 7)),
        address_class=address,
        departments=(DepartmentOutcome("tax", "ANSWERED", rows),),
    )
    encoded = encode_entry(entry, REFERENCES, entry.outcome)
    assert encoded == canonical(json.loads(encoded))


def test_encode_entry_equal_entries_give_equal_bytes() -> None:
    first, second = (encode_entry(audit_entry(), REFERENCES, "ANSWERED") for _ in range(2))
    assert first == second


CHANGES: dict[str, object] = {
    "request_id": "other",
    "at": "2026-03-02T01:02:04Z",
    "principal": Principal(Caller(CallerClass.PUBLIC, None, Purpose.PUBLIC_DISPLAY), "public"),
    "address_class": "other",
    "operation_hash": "cd" * 32,
    "operation_name": None,
    "decisions": DecisionDigest(b"[]"),
    "departments": (),
    "consents": (ConsentUse("C-1", 2),),
    "policy_version": "2",
    "outcome": "OTHER",
    "duration_class": "OTHER",
    "units": 2,
    "warnings": ("QUERY_SWEEP",),
    "shares": (SubjectDecisions(DecisionDigest(b"[]"), (0,)),),
    "kind": EntryKind.ACT,
    "grounds": DecisionDigest(b"{}"),
    "day": "2026-03-02",
}


def test_encode_entry_every_member_of_the_entry_is_in_the_bytes() -> None:
    # subjects and released records stand there as references; marks and quota are for the fence
    # alone
    assert {field.name for field in fields(AuditEntry)} == {
        *CHANGES,
        "subjects",
        "released",
        "marks",
        "quota",
    }
    entry = audit_entry()
    encoded = {encode_entry(entry, REFERENCES, entry.outcome)}
    for name, value in CHANGES.items():
        changed = replace(entry, **{name: value})  # type: ignore[arg-type]
        encoded.add(encode_entry(changed, REFERENCES, changed.outcome))
    reviewer = replace(entry.principal.caller, role=Role.REVIEWER)
    changed = replace(entry, principal=replace(entry.principal, caller=reviewer))
    encoded.add(encode_entry(changed, REFERENCES, changed.outcome))
    encoded.add(encode_entry(entry, replace(REFERENCES, subjects=[]), entry.outcome))
    encoded.add(encode_entry(entry, replace(REFERENCES, released=[]), entry.outcome))
    assert len(encoded) == len(CHANGES) + 4


def test_encode_entry_members_are_those_of_the_documentation() -> None:
    page = Path(__file__).parents[3] / "docs" / "audit-events.md"
    text = page.read_text("utf-8")
    members = json.loads(encode_entry(audit_entry(), REFERENCES, "ANSWERED"))
    missing = [name for name in members if f"| `{name}` |" not in text]
    assert missing == []


def test_encode_entry_text_that_cannot_be_stored_is_refused() -> None:
    for text in ("\ud800", "a\0b"):
        with pytest.raises(InternalError):
            encode_entry(replace(audit_entry(), address_class=text), REFERENCES, "ANSWERED")


@settings(deadline=None)
@given(key=st.binary(min_size=32, max_size=100), record=TEXTS)
def test_record_hasher_is_truncated_hmac_sha256(key: bytes, record: str) -> None:
    expected = hmac.digest(key, record.encode(), "sha256")[:16].hex()
    assert RecordHasher(key).hash(record) == expected


def test_record_hasher_short_key_is_refused() -> None:
    with pytest.raises(InternalError, match="31 bytes"):
        RecordHasher(bytes(31))
