"""The page on services and files works as it stands, in both languages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gateway.scaffold.package import open_package
from gateway.scaffold.rest_service import served, service
from gateway.sources.declared.lines import Line
from gateway.sources.declared.service import read_resource
from tests.docs.sources import ROOT
from tests.gateway.scaffold.test_files import FIRM, NAMES, ROWS
from tests.gateway.scaffold.test_rest import MAPPING, PARTY, RECORD, answer

PAGES = ("onboard-services-and-files.md", "onboard-services-and-files.zh-CN.md")
PATIENCE_S = 600


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / "how-to" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_both_languages_show_the_same_code() -> None:
    for language in ("sh", "toml"):
        assert blocks(PAGES[0], language) == blocks(PAGES[1], language)
    assert len(blocks(PAGES[0], "sh")) == 6


def test_sheet_of_the_page_can_be_read() -> None:
    (text,) = blocks(PAGES[0], "toml")
    stated = tomllib.loads(text)["source"]
    line = Line("[source]", stated)
    for key in ("table", "record_id", "organisation"):
        line.text(key)
    found = read_resource(line, MAPPING)
    line.finish()
    assert found.listing is not None
    assert found.changes is not None


def type_in(folder: Path, command: str, **variables: str) -> str:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-uc", command],
        cwd=folder,
        env=environment | {"SUBJECT": FIRM, **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert "Error" not in done.stderr, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.long
def test_department_in_files_gets_to_its_records(tmp_path: Path) -> None:
    make, draft, hand_over = blocks(PAGES[0], "sh")[:3]
    text = "".join(",".join(row) + "\n" for row in (NAMES, *ROWS[:2]))
    (tmp_path / "penalties.csv").write_text(text, encoding="utf-8")
    assert "27 KEPT" in type_in(tmp_path, make)
    assert "罚款金额" in type_in(tmp_path, draft)
    assert "2 records 条记录" in type_in(tmp_path, hand_over)


@pytest.mark.long
def test_department_behind_a_service_gets_to_its_records(tmp_path: Path) -> None:
    make, draft, look = blocks(PAGES[0], "sh")[3:]
    assert "27 KEPT" in type_in(tmp_path, make)
    body = {"properties": {"creditCodes": {"type": "array", "items": {"type": "string"}}}}
    search = {
        "requestBody": {"content": {"application/json": {"schema": body}}},
        "responses": answer({"$ref": "#/components/schemas/Record"}),
    }
    document = {
        "openapi": "3.1.0",
        "paths": {"/v1/penalties/search": {"post": search}},
        "components": {"schemas": {"Record": RECORD, "Party": PARTY}},
    }
    (tmp_path / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    assert "penalties → 行政处罚" in type_in(tmp_path, draft)
    declared = open_package(tmp_path / "waterrest").declared()
    (sheet,) = declared.sheets
    assert sheet.resource is not None
    decision = {"documentNo": "水罚1号", "decidedOn": "2026-10-09", "fine": 1}
    party = {"name": "样例甲", "code": FIRM, "kind": "02"}
    record = {"id": "1", "party": party, "decision": decision}
    app = service([sheet.resource], declared.health, {"penalties": [record]})
    with served(app) as port:
        found = type_in(tmp_path, look, SERVICE_URL=f"http://127.0.0.1:{port}")
    assert "1 records 条记录" in found
