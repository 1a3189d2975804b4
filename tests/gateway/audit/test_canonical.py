"""What is stored is canonical JSON as another implementation of RFC 8785 writes it."""

import json
from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.entry import EntryReferences, encode_entry
from gateway.audit.events import LogEvent, append_event
from gateway.audit.types import AuditEntry, ConsentUse, DepartmentOutcome
from gateway.errors import InternalError
from gateway.identity.principal import Principal
from gateway.store.pool import LightPool
from policies.model import Caller, CallerClass, Purpose
from tests.support.entries import audit_entry

# every character but halves of surrogate pairs and NUL, which entries refuse
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
NUMBERS = st.integers(0, 2**53 - 1)
CONSENTS = st.builds(
    ConsentUse, TEXTS, NUMBERS, st.none() | st.lists(TEXTS, max_size=3).map(tuple), st.none()
)
PRINCIPALS = st.builds(
    Principal,
    st.builds(Caller, st.sampled_from(CallerClass), st.none() | TEXTS, st.sampled_from(Purpose)),
    TEXTS,
    st.none() | TEXTS,
    st.none() | TEXTS,
    st.none() | TEXTS,
)


@st.composite
def entries(draw: st.DrawFn) -> AuditEntry:
    return replace(
        audit_entry(draw(TEXTS), principal=draw(PRINCIPALS), operation_name=draw(TEXTS)),
        consents=tuple(draw(st.lists(CONSENTS, max_size=3))),
        departments=tuple(
            draw(st.lists(st.builds(DepartmentOutcome, TEXTS, TEXTS, NUMBERS), max_size=3))
        ),
        outcome=draw(st.sampled_from(["ANSWERED", "FIELD_UNKNOWN"])),
        units=draw(NUMBERS),
        warnings=tuple(draw(st.lists(TEXTS, max_size=2))),
    )


@settings(max_examples=300, deadline=None)
@given(entry=entries(), references=st.lists(TEXTS, max_size=3))
def test_entry_is_canonical(entry: AuditEntry, references: list[str]) -> None:
    encoded = encode_entry(entry, EntryReferences(references, None, references), entry.outcome)
    assert encoded == rfc8785.dumps(json.loads(encoded))


VALUES = st.recursive(
    st.none() | TEXTS | st.integers(-(2**53) + 1, 2**53 - 1),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abcXYZ09_-~ ", max_size=6), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(members=st.dictionaries(st.text("ghijkl", min_size=1, max_size=5), VALUES, max_size=4))
def test_event_is_canonical(members: dict[str, object]) -> None:
    event = LogEvent("ALARM", "2026-03-02T01:02:03Z", "a-1", "controls", "RAISED", members)
    encoded = event.encode()
    assert encoded == rfc8785.dumps(json.loads(encoded))
    assert json.loads(encoded).items() >= json.loads(json.dumps(members)).items()


@pytest.mark.parametrize(
    "members",
    [
        {"at": "2026"},
        {"rate": 0.5},
        {"is_open": True},
        {"großes": 1},
        {"size": 2**53},
        {"names": {"a"}},
        {"text": "\ud800"},
        {"text": "\0"},
    ],
    ids=str,
)
def test_event_with_members_without_one_canonical_form_is_refused(
    members: dict[str, object],
) -> None:
    with pytest.raises(InternalError):
        LogEvent("ALARM", "2026-03-02T01:02:03Z", "a-1", "controls", "RAISED", members).encode()


async def test_append_event_stands_in_the_log_beside_requests(store_pool: LightPool) -> None:
    event = LogEvent("ALARM", "2026-03-02T01:02:03Z", "a-1", "controls", "RAISED", {"rule": "x"})
    async with store_pool.connection() as connection:
        entry_no = await append_event(connection, event)
        row = await connection.fetchrow("SELECT * FROM audit_entry WHERE entry_no = $1", entry_no)
    assert row is not None
    assert row["entry"] == event.encode()
    assert (row["request_id"], row["client_id"], row["purpose"]) == ("a-1", "controls", "ALARM")
