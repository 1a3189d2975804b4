"""How a line of a sheet says in which form a column holds its item, and the mapping of it.

The words are Chinese, with an English one beside each; both are read, the Chinese one is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from gateway.sources.declared.errors import DeclarationError
from gateway.sources.declared.lines import Line
from gateway.sources.mapping import (
    Amount,
    Code,
    CodeColumns,
    CodeList,
    Column,
    Constant,
    DateColumn,
    DecimalColumn,
    Flag,
    Integer,
    LocalTimestamp,
    Part,
    Text,
    TextDate,
    TextList,
    Timestamp,
)
from schema.model import FieldModel, ValueType

UNITS = {"元": 1, "万元": 10_000}
CodeLists = Mapping[str, Mapping[str, str]]
"""Native codes with the official term, by the name of the list."""


class Form(Enum):
    """Form of a column: Chinese word and English word."""

    TEXT = ("文本", "text")
    DATE = ("日期", "date")
    TEXT_DATE = ("八位日期", "text-date")
    TIMESTAMP = ("带时区时间", "timestamp")
    LOCAL_TIME = ("北京时间", "local-time")
    AMOUNT = ("金额", "amount")
    DECIMAL = ("小数", "decimal")
    INTEGER = ("整数", "integer")
    FLAG = ("是否", "flag")
    CODE = ("代码", "code")
    TEXT_LIST = ("文本数组", "text-list")
    CODE_LIST = ("代码数组", "code-list")
    CODE_COLUMNS = ("多列代码", "code-columns")
    PART = ("部分", "part")
    CONSTANT = ("固定值", "constant")

    @property
    def zh(self) -> str:
        return self.value[0]


_TEXTS = (ValueType.TEXT, ValueType.USCC, ValueType.PERSON)
_SINGLE: Mapping[ValueType, tuple[Form, ...]] = {
    ValueType.TEXT: (Form.TEXT, Form.CODE),
    ValueType.USCC: (Form.TEXT,),
    ValueType.PERSON: (Form.TEXT,),
    ValueType.DATE: (Form.DATE, Form.TEXT_DATE),
    ValueType.DATETIME: (Form.LOCAL_TIME, Form.TIMESTAMP),
    ValueType.MONEY: (Form.AMOUNT,),
    ValueType.DECIMAL: (Form.DECIMAL,),
    ValueType.INTEGER: (Form.INTEGER,),
    ValueType.BOOLEAN: (Form.FLAG,),
    ValueType.ENUM: (Form.CODE,),
}


def forms_for(field: FieldModel) -> tuple[Form, ...]:
    """Forms in which a source may hold this item, the usual one first."""
    if field.nested_list is not None:
        return (Form.PART,)
    if field.is_list:
        is_code = field.value_type is ValueType.ENUM
        return (Form.CODE_LIST, Form.CODE_COLUMNS) if is_code else (Form.TEXT_LIST,)
    return (*_SINGLE[field.value_type], Form.CONSTANT)


def read_form(word: str | None, field: FieldModel) -> Form:
    """The form that a line states; without a word the only one that is possible.

    Raises:
        DeclarationError: the word is unknown, does not fit the item, or is needed.
    """
    possible = forms_for(field)
    words = "、".join(form.zh for form in possible)
    if word is None:
        usual = possible[0]
        if usual in (Form.DATE, Form.LOCAL_TIME):
            raise DeclarationError(f"`form` is missing, expected one of {words}")
        return usual
    for form in Form:
        if word in form.value:
            if form in possible:
                return form
            raise DeclarationError(f"`form` is `{word}`, which this item cannot have: {words}")
    raise DeclarationError(f"`form` is `{word}`, expected one of {words}")


@dataclass(frozen=True, slots=True)
class _Reading:
    line: Line
    field: FieldModel
    codes: CodeLists

    def translation(self) -> Mapping[str, str]:
        """Native code to what is shown: a member of the field's list, or the text as it stands."""
        stated = self.line.raw("codes")
        if isinstance(stated, str):
            if stated not in self.codes:
                raise self.line.defect(f"code list `{stated}` is not in codes.toml")
            stated = self.codes[stated]
        if not isinstance(stated, Mapping) or not stated:
            raise self.line.defect("`codes` is missing, expected the name of a code list")
        return {native: self._member(native, word) for native, word in stated.items()}

    def _member(self, native: str, word: object) -> str:
        if not isinstance(word, str) or not word:
            raise self.line.defect(f"code `{native}` has no meaning, expected an official term")
        if self.field.value_type is not ValueType.ENUM:
            return word
        members = dict(zip(self.field.enum_terms, self.field.enum_values, strict=True))
        if word in members:
            return members[word]
        if word in self.field.enum_values:
            return word
        raise self.line.defect(
            f"code `{native}` means `{word}`, expected one of {'、'.join(members)}"
        )

    def unit(self) -> int:
        """Yuan per unit; must be said, since 万元 read as 元 is the usual mistake."""
        word = self.line.text("unit")
        if word not in UNITS:
            raise self.line.defect(f"`unit` is `{word}`, expected 元 or 万元")
        return UNITS[word]

    def column(self) -> str:
        return self.line.text("column")


def _flag(reading: _Reading) -> Column:
    return Flag(reading.column(), reading.line.texts("true"))


def _part(reading: _Reading) -> Column:
    line, field = reading.line, reading.field
    is_code = field.value_type is ValueType.ENUM or line.has("codes")
    return Part(
        reading.column(),
        line.text("key"),
        reading.translation() if is_code else None,
        reading.unit() if field.value_type is ValueType.MONEY else None,
    )


def _constant(reading: _Reading) -> Column:
    value, kind = reading.line.raw("value"), reading.field.value_type
    if kind is ValueType.BOOLEAN and isinstance(value, bool):
        return Constant(value)
    if kind is ValueType.INTEGER and type(value) is int:
        return Constant(value)
    if kind is ValueType.ENUM and isinstance(value, str):
        return Constant(reading._member("value", value))
    if kind in _TEXTS and isinstance(value, str) and value:
        return Constant(value)
    raise reading.line.defect("`value` is missing or does not fit the item")


_READERS: Mapping[Form, Callable[[_Reading], Column]] = {
    Form.TEXT: lambda r: Text(r.column()),
    Form.DATE: lambda r: DateColumn(r.column()),
    Form.TEXT_DATE: lambda r: TextDate(r.column()),
    Form.TIMESTAMP: lambda r: Timestamp(r.column()),
    Form.LOCAL_TIME: lambda r: LocalTimestamp(r.column()),
    Form.AMOUNT: lambda r: Amount(r.column(), r.unit()),
    Form.DECIMAL: lambda r: DecimalColumn(r.column(), r.line.number("decimals", 2, 8)),
    Form.INTEGER: lambda r: Integer(r.column()),
    Form.FLAG: _flag,
    Form.CODE: lambda r: Code(r.column(), r.translation()),
    Form.TEXT_LIST: lambda r: TextList(r.column()),
    Form.CODE_LIST: lambda r: CodeList(r.column(), r.translation()),
    Form.CODE_COLUMNS: lambda r: CodeColumns(r.line.texts("columns"), r.translation()),
    Form.PART: _part,
    Form.CONSTANT: _constant,
}


def read_column(line: Line, field: FieldModel, codes: CodeLists) -> Column:
    """The mapping that a line states.

    Raises:
        DeclarationError: a key is missing, unknown or does not fit the item.
    """
    word = line.raw("form")
    try:
        form = read_form(word, field)
    except DeclarationError as error:
        raise line.defect(str(error)) from error
    column = _READERS[form](_Reading(line, field, codes))
    line.finish()
    return column
