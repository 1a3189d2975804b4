"""Mixed requests of everybody: each subject's log is what was really read, and nothing else.

What was read is taken from the answers themselves: from what they say of access, and from the
data. The log is taken from the server, asked by each subject for itself.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from gateway.demo.city.cases import CASES
from gateway.demo.provision import AUDIENCE, ISSUER, Provisioned
from gateway.identity.issuer import LocalIssuer, TokenRequest
from gateway.identity.keys import load_key
from policies.model import Caller, CallerClass, Purpose
from tests.e2e.serving import Client, sender_headers

QUIET_PROFILES = frozenset({"inspector"})
PROFILES = (
    *("public", "inspector", "licence-officer", "tax-officer", "bank", "platform"),
    *("credit-centre", "association", "auditor", "self"),
)
POOL = tuple(case.code for case in CASES.all())
SELECTIONS: Mapping[str, Sequence[str]] = {
    "registration { name address legalRepresentativePhone }": (
        "Registration.name",
        "Registration.address",
        "Registration.legalRepresentativePhone",
    ),
    "taxpayerCredit { grade score }": ("TaxpayerCredit.grade", "TaxpayerCredit.score"),
    "penalties(first: 2) { nodes { facts } }": ("AdministrativePenalty.facts",),
    "taxPayments(first: 2) { nodes { paidAmount item } }": (
        "TaxPayment.paidAmount",
        "TaxPayment.item",
    ),
    "judgmentDefaulters { nodes { caseNo idNo } }": (
        "JudgmentDefaulter.caseNo",
        "JudgmentDefaulter.idNo",
    ),
}
PATHS = {
    coordinate: path
    for coordinates, path in (
        (("Registration.name", "Registration.address"), "registration"),
        (("Registration.legalRepresentativePhone",), "registration"),
        (("TaxpayerCredit.grade", "TaxpayerCredit.score"), "taxpayerCredit"),
        (("AdministrativePenalty.facts",), "penalties.nodes"),
        (("TaxPayment.paidAmount", "TaxPayment.item"), "taxPayments.nodes"),
        (("JudgmentDefaulter.caseNo", "JudgmentDefaulter.idNo"), "judgmentDefaulters.nodes"),
    )
    for coordinate in coordinates
}
LOG = """query($u: USCC!, $after: String) { subject(uscc: $u) {
    accessLog(first: 100, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes {
        requestId isOwn purpose outcome fields { coordinate use shown } } } } }"""

Shown = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Line:
    """What the log must say of one request and one subject: kinds refused are left out."""

    is_own: bool
    shown: Shown


class Readers:
    """Asks in everybody's name, and keeps what each subject's log must say."""

    def __init__(self, client: Client, provisioned: Provisioned, seed: int) -> None:
        self._client = client
        assert provisioned.settings.identity.jwks is not None
        secrets = provisioned.settings.identity.jwks.parent / "secrets"
        numbers = count(1)
        self._issuer = LocalIssuer(
            ISSUER,
            AUDIENCE,
            load_key(secrets / "issuer.jwk"),
            time.time,
            lambda: f"mixed-{next(numbers)}",
        )
        self._chance = random.Random(seed)
        self.expected: dict[str, dict[str, Line]] = {code: {} for code in POOL}
        self.hidden: set[str] = set()

    def token(self, code: str) -> str:
        caller = Caller(CallerClass.SUBJECT, code, Purpose.SELF_QUERY)
        return self._issuer.mint(TokenRequest(caller, "citizen-portal"))

    def read(self) -> None:
        """One request about some subjects."""
        profile = self._chance.choice(PROFILES)
        asked = self._chance.sample(POOL, self._chance.randint(1, 4))
        chosen = self._chance.sample(list(SELECTIONS), self._chance.randint(1, 3))
        own = self._chance.choice(asked) if profile == "self" else None
        token = self._client.tokens[profile] if own is None else self.token(own)
        headers = {
            "accept": "application/graphql-response+json",
            **sender_headers(self._client.settings, token),
        }
        document = f"query($u: [USCC!]!) {{ subjects(usccs: $u) {{ {' '.join(chosen)} }} }}"
        response = self._client.http.post(
            f"http://127.0.0.1:{self._client.port}/graphql",
            json={"query": document, "variables": {"u": asked}},
            headers=headers,
        )
        assert response.status_code == 200, response.text
        request_id, answer = response.headers["x-request-id"], response.json()
        coordinates = [name for selection in chosen for name in SELECTIONS[selection]]
        for position, code in enumerate(asked):
            line = Line(code == own, _shown(answer, position, coordinates))
            _agrees_with_the_data(answer["data"]["subjects"][position], line.shown)
            if profile in QUIET_PROFILES or (own is not None and code != own):
                self.hidden.add(request_id)
            else:
                self.expected[code][request_id] = line
        if own is not None:
            self.hidden.discard(request_id)

    def log(self, code: str) -> dict[str, Line]:
        """What the log says to a subject."""
        token, after = self.token(code), None
        found: dict[str, Line] = {}
        while True:
            answer = self._client.ask(LOG, {"u": code, "after": after}, token=token)
            assert answer.codes == []
            page = answer.data["subject"]["accessLog"]
            for node in page["nodes"]:
                shown = frozenset(
                    (field["coordinate"], field["shown"])
                    for field in node["fields"]
                    if field["use"] == "READ" and "." in field["coordinate"]
                )
                found[node["requestId"]] = Line(node["isOwn"], shown)
                asked = [field["shown"] for field in node["fields"]]
                # others, who share the server, may have asked for no field at all
                is_open = not asked or any(shown != "REFUSED" for shown in asked)
                assert (node["outcome"] == "ANSWERED") == is_open
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]


def _shown(answer: Any, position: int, coordinates: Sequence[str]) -> Shown:
    """What the answer says of access to the fields of one subject."""
    access = answer["extensions"]["access"]
    found = set()
    for outcome, word in (("clear", "CLEAR"), ("masked", "MASKED"), ("denied", "REFUSED")):
        for entry in access[outcome]:
            told = {"path": entry} if isinstance(entry, str) else entry
            if position not in told.get("positions", [position]):
                continue
            for coordinate in coordinates:
                leaf = coordinate.partition(".")[2]
                if told["path"] == f"subjects.{PATHS[coordinate]}.{leaf}":
                    found.add((coordinate, word))
    return frozenset(found)


def _agrees_with_the_data(subject: Any, shown: Shown) -> None:
    """A field that was not shown is not in the data."""
    for coordinate, path in PATHS.items():
        if (coordinate, "CLEAR") in shown or (coordinate, "MASKED") in shown:
            continue
        leaf = coordinate.partition(".")[2]
        assert all(value is None for value in _values(subject, path.split("."), leaf))


def _values(found: Any, path: Sequence[str], leaf: str) -> Iterator[Any]:
    if isinstance(found, list):
        for each in found:
            yield from _values(each, path, leaf)
    elif isinstance(found, Mapping):
        if path:
            yield from _values(found.get(path[0]), path[1:], leaf)
        else:
            yield found.get(leaf)


def check(client: Client, provisioned: Provisioned, requests: int, seed: int) -> None:
    readers = Readers(client, provisioned, seed)
    for _ in range(requests):
        readers.read()
    assert readers.hidden
    words = {
        word
        for lines in readers.expected.values()
        for line in lines.values()
        for _, word in line.shown
    }
    assert words == {"CLEAR", "MASKED", "REFUSED"}
    every = {request_id for lines in readers.expected.values() for request_id in lines}
    for code in POOL:
        log = readers.log(code)
        told = {name: line for name, line in log.items() if name in every | readers.hidden}
        assert told == readers.expected[code], code


def test_log_of_each_subject_is_what_was_read(client: Client, provisioned: Provisioned) -> None:
    check(client, provisioned, 120, 20261130)


@pytest.mark.long
def test_log_of_each_subject_is_what_was_read_of_many(
    client: Client, provisioned: Provisioned
) -> None:
    check(client, provisioned, 5_000, 20261201)
