"""The commands of an author: new, introspect, try, sheet, test, key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.cli.adapter_test import package_files
from gateway.conformance_report import public_key, read_report, require_proof
from gateway.demo.postgres import PostgresAddress, RunningPostgres
from gateway.scaffold.package import AuthorPackage, open_package
from gateway.scaffold.refresh import fixture_subjects
from gateway.store.connect import postgres_url
from tests.support.author import WATER, water_package
from tests.support.postgres import DatabaseFactory

NEW = (
    *("--slug", WATER.slug, "--code", WATER.code, "--name-zh", WATER.name_zh),
    *("--name-en", WATER.name_en, "--contact", WATER.contact, "--source", "postgres"),
    *("--kinds", "行政处罚,行政许可", "--legal-basis", WATER.legal_basis),
)


def run(*arguments: str, given: str | None = None) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["adapter", *arguments], input=given)
    return done.exit_code, done.output


def execute(address: PostgresAddress, sql: str) -> None:
    async def inside() -> None:
        connection = await asyncpg.connect(**address.connect_arguments())
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    asyncio.run(inside())


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> AuthorPackage:
    return water_package(tmp_path_factory.mktemp("author"))


@pytest.fixture(scope="module")
def source(databases: DatabaseFactory, package: AuthorPackage) -> Iterator[PostgresAddress]:
    """A database with the fixture, as a department's own would be."""
    address = databases.create()
    execute(address, (package.fixtures / "fixture.sql").read_text(encoding="utf-8"))
    yield address
    databases.drop(address.database)


@pytest.fixture
def settings(source: PostgresAddress, tmp_path: Path) -> Path:
    path = tmp_path / "settings.toml"
    url = postgres_url(**source.connect_arguments())
    path.write_text(f"[adapters.water]\nurl = {json.dumps(url)}\n", encoding="utf-8")
    return path


def test_new_writes_a_package_of_several_kinds(tmp_path: Path) -> None:
    code, output = run("new", str(tmp_path / "water"), *NEW)
    assert code == 0, output
    assert len(open_package(tmp_path / "water").declared().sheets) == 2
    assert "credit-gateway adapter test" in output


def test_new_asks_for_what_no_option_says(tmp_path: Path) -> None:
    answers = "\n".join(
        ("water", WATER.code, "样例", "Sample", "a@example.com", "", "", "水法", "")
    )
    code, output = run("new", str(tmp_path / "water"), given=answers)
    assert code == 0, output
    assert open_package(tmp_path / "water").declared().manifest.slug == "water"


def test_new_refuses_an_unknown_kind_by_its_name(tmp_path: Path) -> None:
    code, output = run("new", str(tmp_path / "w"), *NEW, "--kinds", "天气")
    assert code == 1
    assert "record kind `天气` is unknown, expected one of 市场主体登记信息" in output


def test_try_prints_records_and_hides_secrets(package: AuthorPackage, settings: Path) -> None:
    (key, *_), _ = fixture_subjects(package)
    code, output = run("try", key, "--package", str(package.root), "--settings", str(settings))
    assert code == 0, output
    assert "行政处罚 AdministrativePenalty: 8 records" in output
    assert "证件号码: （保密，未显示）" in output


def test_try_tells_a_subject_without_records(package: AuthorPackage, settings: Path) -> None:
    _, unknown = fixture_subjects(package)
    code, output = run("try", unknown, "--package", str(package.root), "--settings", str(settings))
    assert code == 0
    assert "0 records" in output


BAD_ROWS = """
UPDATE water.administrative_penalty SET cf_xdr_lb = '77' WHERE record_id = 'R-0002';
UPDATE water.administrative_penalty SET cf_sy = '' WHERE record_id = 'R-0008';
UPDATE water.administrative_penalty SET cf_jdrq = 'infinity' WHERE record_id = 'R-0014';
UPDATE water.administrative_penalty SET cf_nr_fk = 'NaN' WHERE record_id = 'R-0020';
UPDATE water.administrative_penalty SET cf_xdr_shxym = lower(cf_xdr_shxym)
    WHERE record_id = 'R-0026';
"""


def test_try_gives_a_reason_for_every_rejected_row(
    package: AuthorPackage, source: PostgresAddress, settings: Path
) -> None:
    execute(source, BAD_ROWS)
    key = fixture_subjects(package)[0][1]
    code, output = run("try", key, "--package", str(package.root), "--settings", str(settings))
    assert code == 1
    assert "2 withheld" in output
    for told in (
        "R-0002 UNKNOWN_CODE (shown in part 部分展示) 行政相对人类别: code `77` is not in",
        "R-0008 MISSING_ITEM (shown in part 部分展示) 违法事实: a required item is missing",
        "R-0014 BAD_DATE (rejected 拒收) 处罚决定日期:",
        "R-0020 BAD_NUMBER (rejected 拒收) 罚款金额（元）:",
        "R-0026 BAD_USCC (rejected 拒收)",
    ):
        assert told in output


def test_try_tells_a_code_that_is_none(package: AuthorPackage, settings: Path) -> None:
    code, output = run("try", "123", "--package", str(package.root), "--settings", str(settings))
    assert code == 1
    assert "`123` is no unified social credit code" in output


def test_try_tells_a_source_that_is_not_there_without_its_password(
    package: AuthorPackage, tmp_path: Path
) -> None:
    path = tmp_path / "s.toml"
    url = "postgresql://reader:geheim@127.0.0.1:1/none"
    path.write_text(f'[adapters.water]\nurl = "{url}"\n', encoding="utf-8")
    (key, *_), _ = fixture_subjects(package)
    code, output = run("try", key, "--package", str(package.root), "--settings", str(path))
    assert code == 1
    assert "cannot be reached" in output
    assert "geheim" not in output


OWN_TABLES = """
CREATE SCHEMA sl;
CREATE TABLE sl.xzcf (
    id bigint PRIMARY KEY, dsrmc text, dsrlx text, shxydm text, cfwh text, ay text, wfss text,
    cfyj text, cflb text, cfnr text, fkje numeric(18,4), cfjdrq text, cfyxq date, gsjzq date,
    zfjg text, zfjgdm text, sjly text, sjlydm text, gszt text, sfzhm text, gxsj timestamp
);
COMMENT ON TABLE sl.xzcf IS '行政处罚信息';
COMMENT ON COLUMN sl.xzcf.zfjgdm IS '处罚机关统一社会信用代码';
COMMENT ON COLUMN sl.xzcf.fkje IS '罚款金额（万元）';
INSERT INTO sl.xzcf (id, dsrlx, cflb, gszt, cfjdrq)
SELECT n, '02', CASE n % 2 WHEN 0 THEN '罚款' ELSE '警告' END, '公示中', '20260301'
FROM generate_series(1, 10) n;
"""


def test_introspect_drafts_sheets_that_the_kit_can_read(
    package: AuthorPackage, fresh_database: PostgresAddress, tmp_path: Path
) -> None:
    execute(fresh_database, OWN_TABLES)
    own = water_package(tmp_path)
    url_file = tmp_path / "source.url"
    url_file.touch(mode=0o600)
    url_file.write_text(postgres_url(**fresh_database.connect_arguments()), encoding="utf-8")
    code, output = run("introspect", f"@{url_file}", "--package", str(own.root), "--write")
    assert code == 0, output
    assert "sl.xzcf → 行政处罚" in output
    assert "罚款金额（元） ← fkje" in output
    (sheet,) = own.declared().sheets
    assert sheet.mapping.table == "sl.xzcf"
    assert sheet.missing == ()
    code, output = run("fixtures", str(own.root))
    assert code == 0, output
    assert "table sl.xzcf" in output


def test_introspect_refuses_a_url_file_open_to_others(
    package: AuthorPackage, tmp_path: Path
) -> None:
    path = tmp_path / "source.url"
    path.write_text("postgresql://h/d", encoding="utf-8")
    path.chmod(0o644)
    code, output = run("introspect", f"@{path}", "--package", str(package.root))
    assert code == 1
    assert "is open to others" in output


def test_sheet_goes_to_a_workbook_and_back(tmp_path: Path) -> None:
    own = water_package(tmp_path)
    before = own.declared()
    book = str(tmp_path / "m.xlsx")
    assert run("sheet", book, "--package", str(own.root))[0] == 0
    code, output = run("sheet", book, "--package", str(own.root), "--read")
    assert code == 0, output
    assert own.declared() == before


def test_key_is_secret_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "kit.key"
    assert run("key", str(path))[0] == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"PUBLIC KEY" in Path(f"{path}.pub").read_bytes()
    code, output = run("key", str(path))
    assert code == 1
    assert "cannot be written" in output


def test_report_and_key_belong_together(package: AuthorPackage, tmp_path: Path) -> None:
    code, output = run("test", str(package.root), "--report", str(tmp_path / "r.json"))
    assert code == 2
    assert "belong together" in output


@pytest.mark.long
def test_kit_judges_a_new_package_and_signs_what_it_found(
    package: AuthorPackage, tmp_path: Path
) -> None:
    key, report = tmp_path / "kit.key", tmp_path / "report.json"
    run("key", str(key))
    code, output = run(
        "test", str(package.root), "--seed", "7", "--report", str(report), "--sign-with", str(key)
    )
    assert code == 0, output
    assert "seed 7" in output
    signer = public_key(Path(f"{key}.pub").read_bytes())
    found = read_report(report.read_bytes(), [signer])
    require_proof(found, package.declared().manifest, package_files(package))
    assert set(found.files) >= {f"{package.module.name}/department.toml"}


@pytest.mark.long
def test_kit_names_the_promise_that_a_fixture_breaks(
    tmp_path: Path, embedded_postgres: RunningPostgres
) -> None:
    own = water_package(tmp_path)
    sheet = own.module / "mapping" / "administrative_penalty.toml"
    text = sheet.read_text(encoding="utf-8")
    # Not unique: several records have the same document number.
    sheet.write_text(text.replace('record_id = "record_id"', 'record_id = "cf_wsh"'), "utf-8")
    code, output = run("test", str(own.root))
    assert code == 1
    assert "BROKEN      RECORD_IDS" in output
    assert ", 1 BROKEN, " in output
