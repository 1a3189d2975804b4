"""Messages are RFC 5424, hold the entry, and say how bad it is."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.syslog.message import MOST_BYTES, Origin, message_of
from tests.support.syslog_receiver import parse

HERE = Origin("gateway-1.example", 32473)
AT = "2026-03-02T01:02:03Z"


def entry(**members: object) -> bytes:
    said = {"at": AT, "kind": "REQUEST", "outcome": "ANSWERED", "requestId": "r-1", **members}
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()


def test_message_holds_the_entry_and_what_receivers_sort_by() -> None:
    content = entry(clientId="bank-1", purpose="PRE_LOAN")
    message = parse(message_of(content, 7, HERE))
    assert (message.facility, message.severity, message.at) == (13, 6, AT)
    assert (message.host, message.app, message.message_id) == (
        "gateway-1.example",
        "credit-gateway",
        "REQUEST",
    )
    assert message.element == "entry@32473"
    assert message.parameters == {
        "leaf": "7",
        "sha256": hashlib.sha256(content).hexdigest(),
        "outcome": "ANSWERED",
        "requestId": "r-1",
        "clientId": "bank-1",
        "purpose": "PRE_LOAN",
    }
    assert message.text == content


@pytest.mark.parametrize(
    ("members", "severity"),
    [
        ({"kind": "ALARM", "outcome": "ALARM_RAISED"}, 4),
        ({"warnings": ["QUERY_SWEEP"]}, 4),
        ({"outcome": "CONSENT_NOT_ACTIVE"}, 5),
        ({"kind": "ADMINISTRATION", "outcome": "ADMINISTRATOR_LOCKED"}, 5),
        ({"kind": "ADMINISTRATION", "outcome": "ADMITTED"}, 6),
    ],
    ids=["alarm", "warning", "refusal", "locked", "admitted"],
)
def test_severity_says_whether_somebody_should_look(
    members: dict[str, object], severity: int
) -> None:
    assert parse(message_of(entry(**members), 0, HERE)).severity == severity


@given(text=st.text(max_size=60))
def test_any_text_is_escaped(text: str) -> None:
    if "\ud800" <= max(text, default="") <= "\udfff":
        return
    try:
        content = entry(requestId=text, clientId=text)
    except UnicodeEncodeError:
        return
    message = parse(message_of(content, 0, Origin(text, 1)))
    assert message.parameters["clientId"] == text
    assert message.text == content


def test_long_entry_comes_with_its_lists_as_lengths() -> None:
    content = entry(subjects=["ab" * 16] * 400, matterNo="M-1")
    raw = message_of(content, 0, HERE)
    assert len(raw) <= MOST_BYTES
    message = parse(raw)
    assert json.loads(message.text)["subjects"] == "400 left out"
    assert message.parameters["sha256"] == hashlib.sha256(content).hexdigest()


def test_entry_that_is_long_without_lists_comes_as_structured_data() -> None:
    raw = message_of(entry(operationName="x" * 9_000), 3, HERE)
    assert len(raw) <= MOST_BYTES
    assert parse(raw).parameters["leaf"] == "3"
