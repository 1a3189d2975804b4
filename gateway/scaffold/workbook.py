"""The mapping as a workbook, for those who would rather fill a table than a TOML file.

A worksheet per record kind with a line per official item, and one with the code lists. The
package's TOML files are what runs: a workbook is written from them and read back into them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils.exceptions import InvalidFileException

from gateway.scaffold.catalogue_page import CLASS_ZH
from gateway.scaffold.drafts import ItemDraft, SheetDraft
from gateway.scaffold.errors import ScaffoldError
from gateway.scaffold.package import AuthorPackage
from gateway.sources.declared.department import CODES_FILE, read_toml, sheet_names
from gateway.sources.declared.errors import DeclarationError
from gateway.sources.declared.forms import Form, forms_for
from gateway.sources.declared.items import find_item, find_kind, items_of
from gateway.sources.declared.sheet import PLACEHOLDER
from schema.classification import MaskKind
from schema.model import KindModel
from schema.records import MODEL
from schema.required import required_items

CODES_SHEET = "代码表"
_HEADER = (
    "官方名称",
    "国家编码",
    "必填",
    "保护级别",
    "遮蔽",
    "列名",
    "形式",
    "单位",
    "代码表",
    "取值",
)
_CODES_HEADER = ("代码表", "本单位代码", "官方名称")
_CATALOGUE = {
    "code": "数据代码",
    "name": "数据名称",
    "format": "数据格式",
    "subjects": "主体类型",
    "nature": "信息性质",
    "sharing": "共享属性",
    "disclosure": "披露方式",
    "coverage": "覆盖范围",
    "update_cycle": "更新周期",
    "legal_basis": "依据",
    "retention": "保存期限",
}
_SOURCE = {
    "table": "表名",
    "record_id": "记录标识列",
    "record_id_form": "记录标识形式",
    "organisation": "统一社会信用代码列",
    "person": "人员网络标识列",
    "changed_at": "变更时间列",
    "by_keys": "按主体查询接口",
    "list": "列表接口",
    "changes": "变更接口",
}
_SERVICE = ("by_keys", "list", "changes")
"""What a cell holds as JSON."""
_MARK = "、"
_VALUE_OF = {
    Form.FLAG: "true",
    Form.CONSTANT: "value",
    Form.PART: "key",
    Form.DECIMAL: "decimals",
}
_MOST_LINES = 2_000


def write_workbook(package: AuthorPackage, path: Path) -> None:
    """Write the package's sheets and code lists as a workbook.

    Raises:
        ScaffoldError: a sheet cannot be read.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    try:
        for name in sheet_names(package.module):
            document = read_toml(package.module / "mapping", name)
            kind = find_kind(str(document.get("kind")))
            _fill(book.create_sheet(kind.declaration.name_zh[:31]), kind, document)
        codes = book.create_sheet(CODES_SHEET)
        _row(codes, _CODES_HEADER, is_header=True)
        for listed, entries in read_toml(package.module, CODES_FILE).items():
            for native, term in dict(entries).items():  # type: ignore[call-overload]
                _row(codes, (listed, native, term))
    except DeclarationError as error:
        raise ScaffoldError(str(error)) from error
    book.save(path)


def _fill(sheet: Any, kind: KindModel, document: Mapping[str, Any]) -> None:
    for title, names, values in (
        ("目录十要素", _CATALOGUE, document.get("catalogue", {})),
        ("数据源", _SOURCE, document.get("source", {})),
    ):
        _row(sheet, (title,), is_header=True)
        for key, word in names.items():
            found = values.get(key, "")
            if isinstance(found, dict):
                found = json.dumps(found, ensure_ascii=False)
            _row(sheet, (word, _MARK.join(found) if isinstance(found, list) else found))
    _row(sheet, _HEADER, is_header=True)
    stated = document.get("items", {})
    needed = required_items(kind.kind)
    for name, item in items_of(kind.kind).items():
        if item.name == "meta.recordId":
            continue
        declared = item.declaration
        mask = "" if declared.mask is MaskKind.NONE else declared.mask.value
        own = stated.get(name, {})
        form = str(own.get("form", ""))
        _row(
            sheet,
            (
                name,
                declared.national_code or "",
                "是" if item.name in needed else "",
                CLASS_ZH[declared.field_class],
                mask,
                _MARK.join(own.get("columns", [])) or own.get("column", ""),
                form or (forms_for(item)[0].zh if own else ""),
                own.get("unit", ""),
                own.get("codes", ""),
                _value_cell(own, form),
            ),
        )
    sheet.freeze_panes = "B1"
    for letter, width in zip("ABCDEFGHIJ", (30, 16, 6, 10, 14, 26, 12, 8, 16, 18), strict=True):
        sheet.column_dimensions[letter].width = width


def _value_cell(own: Mapping[str, Any], form: str) -> object:
    key = next((key for each, key in _VALUE_OF.items() if each.zh == form), None)
    found = own.get(key, "") if key else ""
    if isinstance(found, bool):
        return "是" if found else "否"
    return _MARK.join(found) if isinstance(found, list) else found


def _row(sheet: Any, values: Sequence[object], is_header: bool = False) -> None:
    sheet.append(list(values))
    for cell in sheet[sheet.max_row]:
        cell.number_format = "@"
        if is_header:
            cell.font = Font(bold=True)
            cell.fill = PatternFill("solid", fgColor="DDE6F0")


def read_workbook(path: Path) -> list[SheetDraft]:
    """The sheets of a workbook.

    Raises:
        ScaffoldError: it is no workbook, or a cell cannot be used; the text names it.
    """
    try:
        book = load_workbook(path, read_only=True)
    except (OSError, BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise ScaffoldError(f"`{path.name}` is no workbook in the format .xlsx") from error
    codes = _codes(_lines(book, CODES_SHEET)) if CODES_SHEET in book.sheetnames else {}
    names = [name for name in book.sheetnames if name != CODES_SHEET]
    return [_draft(name, list(_lines(book, name)), codes) for name in names]


def _lines(book: Any, name: str) -> Iterator[tuple[str, ...]]:
    """Rows of a worksheet as texts; formulas are refused, since nobody sees what they yield."""
    for number, row in enumerate(book[name].iter_rows(values_only=True, max_col=10), 1):
        if number > _MOST_LINES:
            raise ScaffoldError(f"worksheet `{name}` has more than {_MOST_LINES} lines")
        cells = tuple("" if cell is None else str(cell).strip() for cell in row)
        if any(cell.startswith("=") for cell in cells):
            raise ScaffoldError(f"worksheet `{name}`, line {number}: a formula, expected a text")
        yield cells


def _codes(lines: Iterator[tuple[str, ...]]) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        listed, native, term = (*line, "", "", "")[:3]
        if listed and listed != _CODES_HEADER[0] and native and term:
            found.setdefault(listed, {})[native] = term
    return found


def _draft(
    name: str, lines: list[tuple[str, ...]], codes: Mapping[str, Mapping[str, str]]
) -> SheetDraft:
    try:
        kind = find_kind(name)
        words = {line[0]: line[1] for line in lines if len(line) > 1}
        at = next(number for number, line in enumerate(lines) if line[:1] == _HEADER[:1])
        items = [_item(kind, line) for line in lines[at + 1 :] if line[0] and _is_used(line)]
    except DeclarationError as error:
        raise ScaffoldError(f"worksheet `{name}`: {error}") from error
    except StopIteration:
        raise ScaffoldError(f"worksheet `{name}` has no line that begins with 官方名称") from None
    catalogue: dict[str, object] = {k: words.get(w, PLACEHOLDER) for k, w in _CATALOGUE.items()}
    catalogue["subjects"] = str(catalogue["subjects"]).split(_MARK)
    source = {
        key: _service(name, words[word]) if key in _SERVICE else words[word]
        for key, word in _SOURCE.items()
        if words.get(word)
    }
    return SheetDraft(kind.kind, catalogue, source, tuple(items), codes)


def _service(name: str, cell: str) -> object:
    try:
        return json.loads(cell)
    except ValueError as error:
        raise ScaffoldError(
            f"worksheet `{name}`: an address is no JSON, expected it whole"
        ) from error


def _is_used(line: tuple[str, ...]) -> bool:
    return bool(line[5]) or line[6] == Form.CONSTANT.zh


def _item(kind: KindModel, line: tuple[str, ...]) -> ItemDraft:
    name, code, _, _, _, column, word, unit, listed, value = line
    item = find_item(kind, name, code or None)
    form = next((form for form in forms_for(item) if word in ("", *form.value)), None)
    if form is None:
        words = "、".join(form.zh for form in forms_for(item))
        raise DeclarationError(f"item `{name}`: form `{word}`, expected one of {words}")
    options: dict[str, object] = {"column": column, "form": form.zh}
    if form is Form.CODE_COLUMNS:
        options = {"columns": column.split(_MARK), "form": form.zh}
    if form is Form.CONSTANT:
        options = {"form": form.zh}
    if unit:
        options["unit"] = unit
    if listed:
        options["codes"] = listed
    key = _VALUE_OF.get(form)
    if key is not None and value:
        options[key] = _typed(key, value, item.value_type.value)
    return ItemDraft(item, options)


def _typed(key: str, value: str, kind: str) -> object:
    if key == "true":
        return value.split(_MARK)
    if key == "decimals" or (key == "value" and kind == "INTEGER"):
        return int(value) if value.isdecimal() else value
    if key == "value" and kind == "BOOLEAN":
        return value == "是"
    return value


def kinds_of(drafts: Sequence[SheetDraft]) -> str:
    """Official names of the kinds of the drafts."""
    return _MARK.join(MODEL.kinds[draft.kind].declaration.name_zh for draft in drafts)
