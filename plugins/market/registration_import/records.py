"""What passes between reading a file and judging its rows. No file and no database here."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

#: Longest record in characters; what is longer is quarantined in pieces of this size.
MAX_RECORD_CHARACTERS = 1_000_000


class Rule(Enum):
    """Why a row was quarantined. The ids are stable: reports and departments refer to them."""

    BAD_ENCODING = "BAD_ENCODING"
    BROKEN_LINE = "BROKEN_LINE"
    BROKEN_RECORD = "BROKEN_RECORD"
    BAD_CHARACTER = "BAD_CHARACTER"
    MISSING_CODE = "MISSING_CODE"
    MISSING_NAME = "MISSING_NAME"
    NAME_TOO_LONG = "NAME_TOO_LONG"
    PRECISION_LOST = "PRECISION_LOST"
    OLD_REGISTRATION_NUMBER = "OLD_REGISTRATION_NUMBER"
    ORGANISATION_CODE_ONLY = "ORGANISATION_CODE_ONLY"
    BAD_USCC_LENGTH = "BAD_USCC_LENGTH"
    BAD_USCC_ALPHABET = "BAD_USCC_ALPHABET"
    BAD_USCC_STRUCTURE = "BAD_USCC_STRUCTURE"
    BAD_USCC_CHECKSUM = "BAD_USCC_CHECKSUM"
    BAD_DATE = "BAD_DATE"
    DUPLICATE_CODE = "DUPLICATE_CODE"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one row is quarantined; the reason never repeats a value of the row."""

    rule: Rule
    reason: str


class PublishedRow(NamedTuple):
    """One registration as published, in the layout's order; None where JSON says null."""

    name: str | None
    code: str | None
    established_on: str | None
    enterprise_type: str | None
    legal_representative: str | None
    capital: str | None
    scope: str | None
    province: str | None
    city: str | None
    address: str | None


#: CSV header of each field of PublishedRow.
CSV_COLUMNS = PublishedRow(
    name="企业名称",
    code="统一社会信用代码",
    established_on="注册日期",
    enterprise_type="企业类型",
    legal_representative="法人代表",
    capital="注册资金",
    scope="经营范围",
    province="所在省份",
    city="地区",
    address="注册地址",
)

#: JSON key of each field of PublishedRow.
JSON_KEYS = PublishedRow(
    name="name",
    code="code",
    established_on="registrationDay",
    enterprise_type="character",
    legal_representative="legalRepresentative",
    capital="capital",
    scope="businessScope",
    province="province",
    city="city",
    address="address",
)


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One record of a file: a row, or the reason why it is none.

    `number` counts the records of the file from 1 and is the same on every reading. `line` is the
    physical line on which the record begins, from 1. `raw` is the record as it stands in the file,
    with undecodable bytes marked (see `encoding`).
    """

    number: int
    line: int
    raw: str
    content: PublishedRow | Refusal
