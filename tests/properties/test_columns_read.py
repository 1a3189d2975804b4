"""No column is read for a subject that did not consent to it.

Real PostgreSQL, 200 firms under five different consents of one bank and 20 under none, asked for
together. A statement has a branch for each set of firms that are treated alike; as it goes to the
database, the branch may name columns of those fields only that every one of its firms consented to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.contract import Manifest
from gateway.entitlements.types import ConsentTerms
from gateway.sources.mapping import Amount, Column, Constant, DateColumn, KindMapping, Text
from gateway.sources.postgres.adapter import PostgresAdapter, PostgresSource
from policies.loader import load_policies
from policies.model import Caller, CallerClass, Purpose
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from schema.records import MODEL
from tests.gateway.sources.odd_table import OddSource
from tests.policies.records import TODAY
from tests.support.awkward_department import CODE, entry_for
from tests.support.small_gateway import HandEntitlements, SmallGateway

BANK = Caller(CallerClass.INSTITUTION, "91410199MA9DEM028G", Purpose.PRE_LOAN)
FIRMS = [make_uscc("9", "1", "410199", f"MA9T{number:04}").code for number in range(220)]
FIELDS: dict[str, str] = {
    "item": "c_item",
    "taxKind": "c_tax_kind",
    "paidAmount": "c_paid",
    "periodFrom": "c_from",
    "periodTo": "c_to",
    "entryDate": "c_entry",
}
CONSENTS = [
    {"item"},
    {"taxKind", "paidAmount"},
    {"periodFrom", "periodTo"},
    {"entryDate", "item"},
    set(FIELDS),
]
CONSENTED = {firm: CONSENTS[number % 5] for number, firm in enumerate(FIRMS[:200])}
COLUMNS: dict[str, Column] = {
    "meta.recordId": Text("id"),
    "meta.decidedOn": DateColumn("day"),
    "meta.objectionMark": Constant(False),
    "meta.disclosureState": Constant("SHARED"),
    "meta.discloseUntil": DateColumn("until"),
    "item": Text("c_item"),
    "taxKind": Text("c_tax_kind"),
    "paidAmount": Amount("c_paid"),
    "periodFrom": DateColumn("c_from"),
    "periodTo": DateColumn("c_to"),
    "entryDate": DateColumn("c_entry"),
}
TABLE = """
CREATE TABLE odd.payments (id text PRIMARY KEY, code text, day date, until date, c_item text,
    c_tax_kind text, c_paid numeric, c_from date, c_to date, c_entry date);
INSERT INTO odd.payments SELECT 'r' || code, code, '2026-01-01', NULL, '甲', '乙', 5, '2025-01-01',
    '2025-12-31', '2026-01-02' FROM unnest('{%s}'::text[]) AS code
"""


class Watched(PostgresAdapter):
    """Notes every branch of its statements as sent, and the firms whose records it reads."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.sent: list[tuple[str, list[str]]] = []

    async def _run(self, pool: Any, text: str, arguments: Sequence[object]) -> Sequence[Any]:
        for branch in text.split("\nUNION ALL\n"):
            (number,) = re.findall(r"string_to_array\(\$(\d+)::text", branch)
            self.sent.append((branch, str(arguments[int(number) - 1]).split(",")))
        return await super()._run(pool, text, arguments)


def entitlements() -> HandEntitlements:
    terms = {
        firm: ConsentTerms(firm, 1, frozenset({"TaxPayment", *(f"TaxPayment.{f}" for f in given)}))
        for firm, given in CONSENTED.items()
    }
    return HandEntitlements(consented=terms)


@pytest.mark.parametrize("selected", ["nodes", "edges { node"])
def test_statements_name_columns_that_every_firm_consented_to(
    odd: OddSource, selected: str
) -> None:
    odd.execute("DROP TABLE IF EXISTS odd.payments;" + TABLE % ",".join(FIRMS))
    entry = entry_for(RecordKind.TAX_PAYMENT)
    manifest = Manifest("payments", CODE, "样例", "Sample", "1", "a@example.com", (entry,))
    mapping = KindMapping(RecordKind.TAX_PAYMENT, "odd.payments", "id", "code", COLUMNS)
    adapter = Watched(manifest, [mapping], PostgresSource(odd.url, 2))
    gateway = SmallGateway(
        {"payments": adapter}, rules=load_policies(MODEL, TODAY), entitlements=entitlements()
    )
    leaves = f"{selected} {{ {' '.join(FIELDS)} }}" + " }" * selected.count("{")
    members = f"uscc taxPayments {{ {leaves} }}"
    answers = []
    for start in range(0, len(FIRMS), 44):
        codes = ", ".join(f'"{firm}"' for firm in FIRMS[start : start + 44])
        document = f"{{ subjects(usccs: [{codes}]) {{ {members} }} }}"
        answers += odd.runner.run(gateway.ask(document, caller=BANK))["data"]["subjects"]
    odd.runner.run(adapter.aclose())

    met: set[str] = set()
    for text, firms in adapter.sent:
        assert set(firms) <= set(FIRMS)
        for name, column in FIELDS.items():
            if re.search(rf"\b{column}\b", text):
                assert all(name in CONSENTED.get(firm, ()) for firm in firms), (name, firms)
        met.update(firms)
    assert met == set(CONSENTED)
    for answer in answers:
        shown = answer["taxPayments"]
        given = CONSENTED.get(answer["uscc"])
        if given is None:
            assert shown is None
            continue
        (record,) = shown["nodes"] if "nodes" in shown else [e["node"] for e in shown["edges"]]
        assert {name for name, value in record.items() if value is not None} == given
