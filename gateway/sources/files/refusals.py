"""What passes between reading a file and judging its rows: rules, refusals, records.

No file and no database here. The ids of the rules are stable: reports and departments refer to
them, and `docs/reference/file-drops.md` lists them.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

#: Longest record in characters; what is longer is refused in pieces of this size.
MAX_RECORD_CHARACTERS = 1_000_000

RowT = TypeVar("RowT")


class Rule(Enum):
    """Why a row was refused."""

    BAD_ENCODING = "BAD_ENCODING"
    BROKEN_LINE = "BROKEN_LINE"
    BROKEN_RECORD = "BROKEN_RECORD"
    BAD_CHARACTER = "BAD_CHARACTER"
    FORMULA = "FORMULA"
    MISSING_CODE = "MISSING_CODE"
    MISSING_NAME = "MISSING_NAME"
    MISSING_ITEM = "MISSING_ITEM"
    NAME_TOO_LONG = "NAME_TOO_LONG"
    VALUE_TOO_LONG = "VALUE_TOO_LONG"
    PRECISION_LOST = "PRECISION_LOST"
    OLD_REGISTRATION_NUMBER = "OLD_REGISTRATION_NUMBER"
    ORGANISATION_CODE_ONLY = "ORGANISATION_CODE_ONLY"
    BAD_USCC_LENGTH = "BAD_USCC_LENGTH"
    BAD_USCC_ALPHABET = "BAD_USCC_ALPHABET"
    BAD_USCC_STRUCTURE = "BAD_USCC_STRUCTURE"
    BAD_USCC_CHECKSUM = "BAD_USCC_CHECKSUM"
    BAD_PERSON = "BAD_PERSON"
    BAD_DATE = "BAD_DATE"
    FUTURE_DATE = "FUTURE_DATE"
    BAD_TIME = "BAD_TIME"
    BAD_NUMBER = "BAD_NUMBER"
    BAD_LIST = "BAD_LIST"
    UNKNOWN_CODE = "UNKNOWN_CODE"
    DUPLICATE_CODE = "DUPLICATE_CODE"
    DUPLICATE_RECORD = "DUPLICATE_RECORD"


RULES_ZH = {
    Rule.BAD_ENCODING: "含有所用编码不允许的字节",
    Rule.BROKEN_LINE: "行的格式有误，如引号不配对、列数不符或超长",
    Rule.BROKEN_RECORD: "记录的格式有误",
    Rule.BAD_CHARACTER: "含有控制字符或乱码",
    Rule.FORMULA: "单元格是公式，应为值",
    Rule.MISSING_CODE: "没有统一社会信用代码",
    Rule.MISSING_NAME: "没有名称",
    Rule.MISSING_ITEM: "必填项为空",
    Rule.NAME_TOO_LONG: "名称过长",
    Rule.VALUE_TOO_LONG: "内容过长",
    Rule.PRECISION_LOST: "数字被表格软件改写，位数丢失",
    Rule.OLD_REGISTRATION_NUMBER: "是旧的注册号，应为统一社会信用代码",
    Rule.ORGANISATION_CODE_ONLY: "只有组织机构代码，应为统一社会信用代码",
    Rule.BAD_USCC_LENGTH: "统一社会信用代码不是十八位",
    Rule.BAD_USCC_ALPHABET: "统一社会信用代码含有不允许的字符",
    Rule.BAD_USCC_STRUCTURE: "统一社会信用代码的结构有误",
    Rule.BAD_USCC_CHECKSUM: "统一社会信用代码的校验位有误",
    Rule.BAD_PERSON: "人员标识的格式有误",
    Rule.BAD_DATE: "不是存在的日期",
    Rule.FUTURE_DATE: "决定日期晚于数据日期",
    Rule.BAD_TIME: "不是存在的时间，或缺少时区",
    Rule.BAD_NUMBER: "不是数，或过大",
    Rule.BAD_LIST: "列表的格式有误",
    Rule.UNKNOWN_CODE: "代码不在代码表中",
    Rule.DUPLICATE_CODE: "统一社会信用代码重复",
    Rule.DUPLICATE_RECORD: "记录标识重复",
}
"""Each rule in a department's words."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one row is refused; the reason never repeats a value of the row."""

    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True)
class SourceRecord(Generic[RowT]):
    """One record of a file: a row, or the reason why it is none.

    `number` counts the records of the file from 1 and is the same on every reading. `line` is the
    physical line on which the record begins, from 1. `raw` is the record as it stands in the file,
    with undecodable bytes marked (see `encoding`).
    """

    number: int
    line: int
    raw: str
    content: RowT | Refusal
