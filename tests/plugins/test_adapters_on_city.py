"""The three adapters over the generated city: units, codes and dates as the schema wants them."""

import re
import time
from collections.abc import Sequence
from decimal import Decimal

import asyncpg
import pytest

import plugins.courts
import plugins.market
import plugins.tax
from gateway.contract import (
    Adapter,
    AdapterSettings,
    FetchContext,
    OrderKey,
    RecordRequest,
    RecordSelection,
    RowBatch,
)
from gateway.demo.city.cases import CASES
from gateway.demo.departments import Departments
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from schema.model import FieldModel, ValueType
from schema.predicate import WireValue
from schema.records import MODEL

HOOKS = {"market": plugins.market, "tax": plugins.tax, "courts": plugins.courts}
FORMS = {
    ValueType.DATE: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    ValueType.DATETIME: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"),
    ValueType.MONEY: re.compile(r"-?[0-9]+\.[0-9]{2}"),
    ValueType.DECIMAL: re.compile(r"-?[0-9]+\.[0-9]+"),
    ValueType.USCC: re.compile(r"[0-9ANY][0-9]410199[0-9A-Z]{10}"),
}
# What has no end or is no correction, and numbers of kinds of organisations that few records have.
MAY_BE_EMPTY = {
    "meta.publishFloorUntil",
    "meta.publishUntil",
    "meta.discloseUntil",
    "meta.supersedes",
    "counterpartInstNo",
    "counterpartSocNo",
}
CODE_OF_IMPORT = make_uscc("9", "1", "410199", "MA9XTRA1").code
LATEST = (OrderKey("meta.decidedOn", True),)


def adapter_of(departments: Departments, slug: str) -> Adapter:
    settings = AdapterSettings(departments.access[slug].adapter_values)
    adapter: Adapter = HOOKS[slug].register_adapter(settings)
    return adapter


async def rows_of(
    departments: Departments,
    slug: str,
    kind: RecordKind,
    fields: tuple[str, ...],
    keys: tuple[str, ...] | None,
    first: int = 50,
) -> Sequence[Sequence[WireValue]]:
    adapter = adapter_of(departments, slug)
    await adapter.open()
    try:
        selection = RecordSelection(kind, fields, order=LATEST, first=first)
        context = FetchContext("test", time.monotonic() + 30, "2026-11-02T00:00:00Z")
        (batch,) = await adapter.fetch([RecordRequest("test", selection, keys)], context)
    finally:
        await adapter.aclose()
    assert isinstance(batch, RowBatch)
    (group,) = batch.groups
    return group


def fits(field: FieldModel, value: WireValue) -> bool:
    if value is None:
        return True
    if field.is_list:
        assert isinstance(value, Sequence)
        return all(member is None or fits_one(field, member) for member in value)
    return fits_one(field, value)


def fits_one(field: FieldModel, value: WireValue) -> bool:
    if field.value_type is ValueType.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    if field.value_type is ValueType.BOOLEAN:
        return isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if field.value_type is ValueType.ENUM:
        return value in field.enum_values
    form = FORMS.get(field.value_type)
    return form is None or form.fullmatch(value) is not None


EACH_KIND = [
    pytest.param(slug, entry.kind, id=f"{slug}-{entry.kind.value}")
    for slug, hook in HOOKS.items()
    for entry in hook.register_adapter(
        AdapterSettings({"url": "postgresql://nobody@/nothing?host=/nowhere"})
    ).manifest.entries
]


@pytest.mark.parametrize(("slug", "kind"), EACH_KIND)
async def test_every_mapped_field_arrives_in_its_wire_form_and_is_filled_somewhere(
    departments: Departments, slug: str, kind: RecordKind
) -> None:
    entry = adapter_of(departments, slug).manifest.entry(kind)
    assert entry is not None
    rows = await rows_of(departments, slug, kind, entry.items, None, first=5_000)
    assert rows
    empty = set(entry.items)
    for row in rows:
        for name, value in zip(entry.items, row, strict=True):
            assert fits(MODEL.kinds[kind].by_name[name], value), name
            if value is not None:
                empty.discard(name)
    assert empty <= MAY_BE_EMPTY


async def test_market_amounts_of_ten_thousand_yuan_become_yuan(departments: Departments) -> None:
    code = CASES.clean_firm.code
    (row,) = await rows_of(
        departments, "market", RecordKind.REGISTRATION, ("registeredCapital",), (code,)
    )
    assert list(row) == ["120000000.00"]


async def test_capital_of_the_foreign_firm_names_its_currency(departments: Departments) -> None:
    fields = ("registeredCapital", "currency", "name")
    code = CASES.foreign_firm.code
    (row,) = await rows_of(departments, "market", RecordKind.REGISTRATION, fields, (code,))
    assert list(row) == ["3000000.00", "USD", CASES.foreign_firm.name]


async def test_penalties_of_both_departments_speak_one_language(departments: Departments) -> None:
    fields = ("categories", "fineAmount", "content", "counterpartUscc")
    code = CASES.penalised_firm.code
    fined = 0
    for slug in ("market", "tax"):
        rows = await rows_of(departments, slug, RecordKind.ADMINISTRATIVE_PENALTY, fields, (code,))
        for categories, fine, content, counterpart in rows:
            assert counterpart == code
            assert isinstance(categories, list)
            assert isinstance(content, str)
            if "P21" in categories:
                fined += 1
                assert isinstance(fine, str)
                assert f"罚款{Decimal(fine)}元" in content
    assert fined >= 3


async def test_complaint_totals_add_up(departments: Departments) -> None:
    fields = ("year", "complaintCount", "resolvedCount", "resolvedRate")
    case = CASES.often_penalised_firm
    rows = await rows_of(departments, "market", RecordKind.COMPLAINT_SUMMARY, fields, (case.code,))
    assert sum(int(str(row[1])) for row in rows) == case.counts.complaints
    for _, total, resolved, rate in rows:
        share = Decimal(str(resolved)) / Decimal(str(total))
        assert rate == f"{share:.4f}"


async def test_person_is_found_by_network_reference_only(departments: Departments) -> None:
    case = CASES.defaulter_person
    fields = ("name", "kind", "uscc", "filedOn")
    person = await rows_of(
        departments, "courts", RecordKind.JUDGMENT_DEFAULTER, fields, (case.head_key,)
    )
    firm = await rows_of(departments, "courts", RecordKind.JUDGMENT_DEFAULTER, fields, (case.code,))
    assert [list(row[:3]) for row in person] == [[case.head_name, "NATURAL", None]] * 2
    assert list(firm) == []


async def test_latest_grade_comes_first(departments: Departments) -> None:
    fields = ("year", "grade")
    code = CASES.clean_firm.code
    rows = await rows_of(departments, "tax", RecordKind.TAXPAYER_CREDIT, fields, (code,))
    assert [list(row) for row in rows] == [[year, "A"] for year in range(2025, 2020, -1)]


async def test_imported_row_without_the_departments_own_columns_is_a_registration(
    departments: Departments,
) -> None:
    connection = await asyncpg.connect(departments.access["market"].owner_url)
    try:
        await connection.execute(
            "INSERT INTO scjg.qy_djxx (tyshxydm, qymc, clrq) VALUES ($1, $2, '2020-02-03')",
            CODE_OF_IMPORT,
            "郑州栩岚测试有限公司",
        )
        fields = ("name", "subjectType", "status", "meta.decidedOn", "meta.disclosureState")
        (row,) = await rows_of(
            departments, "market", RecordKind.REGISTRATION, fields, (CODE_OF_IMPORT,)
        )
    finally:
        await connection.execute("DELETE FROM scjg.qy_djxx WHERE tyshxydm = $1", CODE_OF_IMPORT)
        await connection.close()
    assert list(row) == [
        "郑州栩岚测试有限公司",
        "LEGAL_PERSON",
        "ACTIVE",
        "2020-02-03",
        "PUBLISHED",
    ]


async def test_responsible_persons_point_to_the_determination_that_names_them(
    departments: Departments,
) -> None:
    fields = ("meta.recordId", "financeResponsible.responsibleFor")
    kind = RecordKind.MAJOR_TAX_VIOLATION
    rows = await rows_of(departments, "tax", kind, fields, None)
    assert rows
    assert all(named == [record_id] for record_id, named in rows)
