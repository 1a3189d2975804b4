"""A department behind a service from nothing to records: package, OpenAPI, sample answer, trial."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.contract import OrderKey
from gateway.scaffold.create import create_package, write_sheets
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.introspection import introspect
from gateway.scaffold.openapi import read_tables
from gateway.scaffold.package import AuthorPackage
from gateway.scaffold.rest_service import served, service
from gateway.scaffold.workbook import read_workbook, write_workbook
from gateway.sources.declared import DeclarationError
from gateway.sources.declared.lines import Line
from gateway.sources.declared.service import read_resource
from gateway.sources.mapping import DateColumn, KindMapping, Text
from gateway.sources.rest import Choice, PageNumbers, PageTokens, Range
from schema.codes import RecordKind
from schema.identifiers import make_uscc
from tests.support.author import TODAY, WATER

FIRM = make_uscc("9", "1", "410199", "MA9FXT01").code
PENALTY = RecordKind.ADMINISTRATIVE_PENALTY
MAPPING = KindMapping(
    PENALTY,
    "penalties",
    "id",
    "party.code",
    {"meta.decidedOn": DateColumn("day"), "decidedOn": DateColumn("day"), "documentNo": Text("n")},
)
RECORD = {
    "type": "object",
    "description": "行政处罚信息",
    "properties": {
        "id": {"type": "string"},
        "party": {"$ref": "#/components/schemas/Party"},
        "decision": {
            "type": "object",
            "properties": {
                "documentNo": {"type": "string", "title": "行政处罚决定书文号"},
                "decidedOn": {"type": "string", "format": "date", "title": "处罚决定日期"},
                "fine": {"type": "number", "title": "罚款金额（元）"},
                "kinds": {"type": "array", "items": {"type": "string"}},
            },
        },
        "facts": {"type": ["string", "null"], "title": "违法事实"},
        "parts": {"type": "array", "items": {"type": "object", "properties": {"a": {}}}},
        "valid": {"type": "boolean", "title": "处罚有效期"},
    },
}
PARTY = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "行政相对人名称"},
        "code": {"type": "string", "title": "统一社会信用代码"},
        "kind": {"type": "string", "enum": ["01", "02", "99"], "title": "行政相对人类别"},
    },
}


def answer(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    page = {"type": "object", "properties": {"data": {"type": "array", "items": schema}, **more}}
    return {"200": {"content": {"application/json": {"schema": page}}}}


@pytest.fixture
def document() -> dict[str, Any]:
    record = {"$ref": "#/components/schemas/Record"}
    body = {"properties": {"creditCodes": {"type": "array", "items": {"type": "string"}}}}
    return {
        "openapi": "3.1.0",
        "paths": {
            "/v1/penalties": {
                "get": {
                    "parameters": [
                        {"name": "pageNo", "in": "query"},
                        {"name": "pageSize", "in": "query"},
                    ],
                    "responses": answer(record),
                }
            },
            "/v1/penalties/search": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": body}}},
                    "responses": answer(record),
                }
            },
            "/v1/health": {"get": {"responses": {"200": {"description": "well"}}}},
        },
        "components": {"schemas": {"Record": RECORD, "Party": PARTY}},
    }


@pytest.fixture
def package(tmp_path: Path) -> AuthorPackage:
    return create_package(replace(WATER, source="rest"), tmp_path / "water", TODAY)


def test_workbook_read_back_is_the_same_declaration(package: AuthorPackage, tmp_path: Path) -> None:
    before = package.declared()
    write_workbook(package, tmp_path / "m.xlsx")
    write_sheets(package.module, read_workbook(tmp_path / "m.xlsx"))
    assert package.declared() == before


def test_openapi_tells_columns_and_how_to_ask(document: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    tables = read_tables(str(path))
    (covered,) = introspect(tables, (PENALTY,), None, "水法 第六十五条")
    options = {line.item.name: line.options for line in covered.draft.items}
    assert options["documentNo"]["column"] == "decision.documentNo"
    assert options["decidedOn"]["form"] == "日期"
    assert options["fineAmount"] == {"column": "decision.fine", "form": "金额", "unit": "元"}
    assert covered.unknown_codes == {"行政相对人类别": ("99",)}
    assert covered.draft.source == {
        "table": "penalties",
        "record_id": "id",
        "organisation": "party.code",
        "by_keys": {
            "path": "/v1/penalties/search",
            "method": "POST",
            "items": "data",
            "parameter": "creditCodes",
        },
        "list": {
            "path": "/v1/penalties",
            "method": "GET",
            "items": "data",
            "paging": {"kind": "pages", "number": "pageNo", "size": "pageSize", "records": 500},
        },
    }
    assert [match.item.name for match in covered.conflicts] == ["validUntil"]


def test_pages_by_tokens_are_seen(document: dict[str, Any], tmp_path: Path) -> None:
    get = document["paths"]["/v1/penalties"]["get"]
    get["parameters"] = [{"name": "cursor", "in": "query"}]
    get["responses"] = answer({"$ref": "#/components/schemas/Record"}, nextCursor={})
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    (table,) = read_tables(str(path))
    listed = table.source["list"]
    assert isinstance(listed, dict)
    assert listed["paging"] == {"kind": "tokens", "parameter": "cursor", "next": "nextCursor"}


def test_sample_answer_tells_columns_and_leaves_addresses_open(tmp_path: Path) -> None:
    records = [
        {"id": 7, "party": {"xydm": FIRM}, "cfwh": "水罚1号", "cfrq": "2026-10-09", "fkje": 1.5},
        {"id": 8, "party": {"xydm": FIRM}, "cfwh": "水罚2号", "cfrq": "2026-10-10", "fkje": None},
    ]
    path = tmp_path / "penalties.json"
    path.write_text(json.dumps({"code": 0, "data": {"rows": records}}), encoding="utf-8")
    (covered,) = introspect(read_tables(str(path)), (PENALTY,), "penalties", "")
    options = {line.item.name: line.options for line in covered.draft.items}
    assert options["counterpartUscc"]["column"] == "party.xydm"
    assert options["decidedOn"]["form"] == "日期"
    by_keys = covered.draft.source["by_keys"]
    assert isinstance(by_keys, dict)
    assert (by_keys["items"], by_keys["path"]) == ("data.rows", "/待填写")


@pytest.mark.parametrize("content", ["{}", "[]", "openapi: 3.0.0", '{"openapi": "3.1.0"}'])
def test_document_without_records_is_told(content: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(ScaffoldError, match=r"no JSON|no list of records"):
        read_tables(str(path))


def test_addresses_that_are_still_open_keep_the_package_from_running(
    package: AuthorPackage,
) -> None:
    path = package.module / "mapping" / "administrative_penalty.toml"
    path.write_text(path.read_text("utf-8").replace("/administrative_penalty/search", "/待填写"))
    with pytest.raises(ScaffoldError, match="`path` is `/待填写`, expected a path"):
        package.declared()


def resource(**stated: Any) -> Any:
    by_keys = {"path": "/p", "parameter": "codes"}
    return read_resource(Line("[source]", {"by_keys": by_keys, **stated}), MAPPING)


def test_sheet_says_how_a_list_is_asked() -> None:
    listing = resource(
        list={
            "path": "/list",
            "order": "处罚决定日期",
            "paging": {"kind": "tokens", "next": "page.next"},
            "filters": {"处罚决定日期": {"from": "a", "to": "b"}, "documentNo": {"one_of": "no"}},
        }
    ).listing
    assert listing.sorted_by == OrderKey("decidedOn", descending=True)
    assert listing.endpoint.paging == PageTokens("cursor", "page.next")
    assert listing.filters == (Range("decidedOn", "a", "b"), Choice("documentNo", "no"))


def test_sheet_without_a_list_offers_none() -> None:
    assert resource().listing is None
    assert resource(list={"path": "/l", "paging": {"kind": "pages"}}).listing.endpoint.paging == (
        PageNumbers()
    )


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"list": {"path": "list"}}, "`path` is `list`"),
        ({"list": {"path": "/l", "paging": {"kind": "x"}}}, "of kind `x`, expected one of one"),
        ({"list": {"path": "/l", "order": "没有"}}, "没有"),
        ({"list": {"path": "/l", "filters": {"违法事实": {"from": "a"}}}}, "is not mapped"),
        ({"list": {"path": "/l", "method": "PUT"}}, "`method` is `PUT`"),
        ({"list": {"path": "/l", "colour": 1}}, "`colour` is unknown"),
        ({"by_keys": {"path": "/p"}}, "`parameter` is missing"),
        ({"changes": {"path": "/c", "parameter": "since"}}, "`at` is missing"),
    ],
)
def test_sheet_that_cannot_be_is_told(stated: dict[str, Any], told: str) -> None:
    with pytest.raises(DeclarationError, match=told):
        resource(**stated)


@pytest.fixture
def running(package: AuthorPackage) -> Iterator[str]:
    """The author's own service: one good record, one with a day that is none."""
    declared = package.declared()
    records = json.loads((package.fixtures / "service.json").read_text("utf-8"))
    (name,) = records
    good, bad = [dict(records[name][0], record_id=each) for each in ("good", "bad")]
    bad["cf_jdrq"] = "2026-02-30"
    resources = [sheet.resource for sheet in declared.sheets if sheet.resource is not None]
    with served(service(resources, declared.health, {name: [good, bad]})) as port:
        yield f"http://127.0.0.1:{port}"


def test_try_reads_the_authors_service_and_gives_reasons(
    package: AuthorPackage, running: str, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[adapters.water]\nurl = "{running}"\ntimeout_s = "20"\n')
    tried = CliRunner().invoke(
        main,
        ["adapter", "try", FIRM, "--package", str(package.root), "--settings", str(settings)],
    )
    assert "1 records 条记录, 1 withheld" in tried.output
    assert "! bad BAD_DATE (rejected 拒收)" in tried.output
    assert tried.exit_code == 1
