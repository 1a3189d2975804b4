"""What the tour asks, and which lines of the answers it shows."""

from __future__ import annotations

from dataclasses import dataclass

from policies.model import Use
from schema.records import MODEL

ONE_FIRM = """\
query OneFirm($uscc: USCC!) {
  subject(uscc: $uscc) {
    uscc
    registration { name status legalRepresentativeName legalRepresentativeIdNo taxNo }
    penalties(first: 1, orderBy: [{ field: FINE_AMOUNT, direction: DESC }]) {
      totalCount
      nodes { fineAmount facts performed }
    }
    taxpayerCredit { year grade score }
    taxArrears(first: 1) { totalCount nodes { balance } }
    taxPayments(first: 1) { nodes { taxKind item paidAmount } }
    judgmentDefaulters(first: 1) { totalCount }
  }
}"""

GRADE_AND_PAYMENTS = """\
query LoanCheck($uscc: USCC!) {
  subject(uscc: $uscc) {
    registration { name legalRepresentativeIdNo }
    taxpayerCredit { grade score }
    taxPayments(first: 1) { nodes { taxKind item paidAmount } }
  }
}"""

LOAN_PAYMENTS = """\
query LoanPayments($uscc: USCC!) {
  subject(uscc: $uscc) {
    taxpayerCredit { grade score }
    taxPayments(first: 3) { nodes { taxKind paidAmount } }
  }
}"""

THREE_DEPARTMENTS = """\
query ThreeDepartments($uscc: USCC!) {
  subject(uscc: $uscc) {
    registration { name status }
    taxpayerCredit { grade }
    judgmentDefaulters(first: 1) { totalCount nodes { caseNo } }
    consumptionRestrictions(first: 1) { totalCount nodes { caseNo } }
  }
}"""

COMMITMENTS = """\
query Commitments($uscc: USCC!) {
  subject(uscc: $uscc) {
    commitments(first: 4) {
      totalCount
      nodes { receivingUnit performance meta { decidedOn } }
    }
  }
}"""
LICENCES = """\
query Licences($uscc: USCC!) {
  subject(uscc: $uscc) {
    licences(first: 4) {
      totalCount
      nodes { certificateName meta { decidedOn sourceDepartmentName } }
    }
  }
}"""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer.

    Attributes:
        path: response path.
        label: what it is called in a table.
        title_zh: official Chinese name.
        coordinate, use: what is decided for it.
    """

    path: str
    label: str
    title_zh: str
    coordinate: str
    use: Use


def _leaf(path: str, coordinate: str) -> Line:
    type_name, _, field = coordinate.partition(".")
    kind = next(kind for kind in MODEL.kinds.values() if kind.type_name == type_name)
    title = kind.by_name[field].declaration.name_zh
    return Line(f"subject.{path}", path.rpartition(".")[2], title, coordinate, Use.READ)


def _count(path: str, type_name: str) -> Line:
    kind = next(kind for kind in MODEL.kinds.values() if kind.type_name == type_name)
    title = f"{kind.declaration.name_zh}条数"
    return Line(f"subject.{path}.totalCount", path, title, type_name, Use.COUNT)


ONE_FIRM_LINES = (
    _leaf("registration.name", "Registration.name"),
    _leaf("registration.status", "Registration.status"),
    _leaf("registration.legalRepresentativeName", "Registration.legalRepresentativeName"),
    _leaf("registration.legalRepresentativeIdNo", "Registration.legalRepresentativeIdNo"),
    _leaf("registration.taxNo", "Registration.taxNo"),
    _count("penalties", "AdministrativePenalty"),
    _leaf("penalties.nodes.fineAmount", "AdministrativePenalty.fineAmount"),
    _leaf("penalties.nodes.facts", "AdministrativePenalty.facts"),
    _leaf("penalties.nodes.performed", "AdministrativePenalty.performed"),
    _leaf("taxpayerCredit.year", "TaxpayerCredit.year"),
    _leaf("taxpayerCredit.grade", "TaxpayerCredit.grade"),
    _leaf("taxpayerCredit.score", "TaxpayerCredit.score"),
    _count("taxArrears", "TaxArrears"),
    _leaf("taxArrears.nodes.balance", "TaxArrears.balance"),
    _leaf("taxPayments.nodes.taxKind", "TaxPayment.taxKind"),
    _leaf("taxPayments.nodes.item", "TaxPayment.item"),
    _leaf("taxPayments.nodes.paidAmount", "TaxPayment.paidAmount"),
    _count("judgmentDefaulters", "JudgmentDefaulter"),
)
