"""What is asked: documents, callers and subjects of each workload. Sends nothing."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from bench.subjects import Subjects
from policies.model import Caller, CallerClass, Purpose

SEED = 20_261_102
OFFICER = "officer"
LENDER = "lender"
CALLERS: Mapping[str, Caller] = {
    OFFICER: Caller(CallerClass.DEPARTMENT, "11410199MB0H00001H", Purpose.LICENCE_REVIEW),
    LENDER: Caller(CallerClass.INSTITUTION, "91410100MA9BENC39D", Purpose.PRE_LOAN),
}

_REGISTRATION = (
    "name status legalRepresentativeName registeredCapital establishedOn divisionCode industryName"
)
_MEMBERS = """
  registration { %s }
  licences(first: 5) { nodes { documentNo certificateName decidedOn validTo status } }
  taxpayerCredit { grade year evaluatedOn validTo }
  taxArrears(first: 5) { nodes { taxKind balance announcedOn publishingOffice%s } }
  judgmentDefaulters(first: 5) { totalCount nodes { caseNo court filedOn performance } }
"""
_CLEAR = _MEMBERS % (_REGISTRATION, "")
_MASKED = _MEMBERS % (_REGISTRATION + " address", " placeOfBusiness")


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of request.

    Attributes:
        document: GraphQL text, with one variable.
        subjects: how many subjects a request names; 1 means the root field `subject`.
        caller: key of `CALLERS`.
        of_individuals: ask about individual businesses, whose addresses are masked for lenders;
            otherwise about other organisations.
        masked: response keys whose values only the gateway masks; not compared.
    """

    name: str
    document: str
    subjects: int
    caller: str = OFFICER
    of_individuals: bool = False
    masked: frozenset[str] = frozenset()

    def bodies(self, subjects: Subjects, count: int) -> Sequence[bytes]:
        """JSON bodies of requests, each with subjects of its own; the same ones every time."""
        codes = subjects.individuals if self.of_individuals else subjects.organisations
        rng = random.Random(f"{SEED} {self.name}")  # noqa: S311 - repeatable, no secret
        made = []
        for _ in range(count):
            chosen = rng.sample(codes, self.subjects)
            variables = {"u": chosen[0]} if self.subjects == 1 else {"us": chosen}
            made.append(orjson.dumps({"query": self.document, "variables": variables}))
        return made


MANY = 200
WORKLOADS: Mapping[str, Workload] = {
    made.name: made
    for made in (
        Workload("W1", "query W1($u: USCC!) { subject(uscc: $u) {" + _CLEAR + "} }", 1),
        Workload("W2", "query W2($us: [USCC!]!) { subjects(usccs: $us) {" + _CLEAR + "} }", MANY),
        Workload(
            "W2_masked",
            "query W2M($us: [USCC!]!) { subjects(usccs: $us) {" + _MASKED + "} }",
            MANY,
            LENDER,
            of_individuals=True,
            masked=frozenset({"address", "placeOfBusiness"}),
        ),
        Workload("W3", "query W3($u: USCC!) { subject(uscc: $u) { registration { name } } }", 1),
    )
}
