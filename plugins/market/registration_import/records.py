"""The layout of a published registration. No file and no database here."""

from typing import NamedTuple

from gateway.sources.files import refusals


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


#: One record of a registration extract.
SourceRecord = refusals.SourceRecord[PublishedRow]
