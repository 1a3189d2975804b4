"""What the department says about itself: one catalogue entry per record kind it supplies.

The code is invented under a division that is not assigned. The items follow from the mapping.
"""

from __future__ import annotations

from gateway.contract import CatalogueEntry, Manifest
from plugins.tax.mapping import MAPPINGS
from schema.codes import DisclosureWay, Nature, RecordKind, SharingAttribute

ORGANISATIONS = ("法人", "非法人组织", "个体工商户")
ALL_SUBJECTS = (*ORGANISATIONS, "自然人")
_FORMAT = "PostgreSQL 数据表，金额单位元"
_ITEMS = {mapping.kind: tuple(mapping.columns) for mapping in MAPPINGS}

_ENTRIES = (
    CatalogueEntry(
        kind=RecordKind.TAXPAYER_CREDIT,
        catalogue_code="C09-01",
        name_zh="纳税缴费信用级别信息",
        data_format=_FORMAT,
        subject_types=ORGANISATIONS,
        nature=Nature.OTHER,
        sharing_attribute=SharingAttribute.CONDITIONAL,
        disclosure_way=DisclosureWay.AUTHORISED_QUERY,
        coverage="参加年度评价的纳税人缴费人，A级名单向社会公开",
        update_cycle="每年四月",
        items=_ITEMS[RecordKind.TAXPAYER_CREDIT],
        legal_basis="河南省社会信用条例 第十一条",
        retention="五年",
        lists=True,
        statistics=True,
        json=True,
    ),
    CatalogueEntry(
        kind=RecordKind.TAX_ARREARS,
        catalogue_code="C03-05",
        name_zh="欠税公告信息",
        data_format=_FORMAT,
        subject_types=ALL_SUBJECTS,
        nature=Nature.DISHONEST,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="税务机关公告的欠缴税款",
        update_cycle="每季度",
        items=_ITEMS[RecordKind.TAX_ARREARS],
        legal_basis="中华人民共和国税收征收管理法 第四十五条",
        retention="披露期限届满后转为档案保存",
        lists=True,
        statistics=True,
        json=True,
    ),
    CatalogueEntry(
        kind=RecordKind.TAX_PAYMENT,
        catalogue_code="C03-06",
        name_zh="纳税信息",
        data_format=_FORMAT,
        subject_types=ORGANISATIONS,
        nature=Nature.BASIC,
        sharing_attribute=SharingAttribute.CONDITIONAL,
        disclosure_way=DisclosureWay.AUTHORISED_QUERY,
        coverage="单位缴纳的各项税费",
        update_cycle="每日",
        items=_ITEMS[RecordKind.TAX_PAYMENT],
        legal_basis="中华人民共和国税收征收管理法 第八条",
        retention="十年",
        lists=True,
        statistics=True,
        json=True,
    ),
    CatalogueEntry(
        kind=RecordKind.MAJOR_TAX_VIOLATION,
        catalogue_code="C06-02",
        name_zh="重大税收违法失信主体信息",
        data_format=_FORMAT,
        subject_types=ORGANISATIONS,
        nature=Nature.DISHONEST,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="确定为重大税收违法失信主体的单位",
        update_cycle="实时",
        items=_ITEMS[RecordKind.MAJOR_TAX_VIOLATION],
        legal_basis="河南省社会信用条例 第三十三条",
        retention="披露期限届满后转为档案保存",
        lists=True,
        statistics=True,
        json=True,
    ),
    CatalogueEntry(
        kind=RecordKind.ADMINISTRATIVE_PENALTY,
        catalogue_code="C03-07",
        name_zh="税务行政处罚信息",
        data_format=_FORMAT,
        subject_types=ALL_SUBJECTS,
        nature=Nature.DISHONEST,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="市、区两级税务机关作出的行政处罚",
        update_cycle="七个工作日",
        items=_ITEMS[RecordKind.ADMINISTRATIVE_PENALTY],
        legal_basis="中华人民共和国行政处罚法 第四十八条",
        retention="披露期限届满后转为档案保存",
        lists=True,
        statistics=True,
        json=True,
    ),
)

MANIFEST = Manifest(
    slug="tax",
    department_code="11410199MB0T00007B",
    department_name_zh="国家税务总局郑州市税务局",
    department_name_en="Zhengzhou Tax Service (invented code)",
    adapter_version="1.0.0",
    contact="sw@example.com",
    entries=_ENTRIES,
)
