"""What the department says about itself: one catalogue entry per record kind it supplies.

The code is invented under a division that is not assigned. The items follow from the mapping.
"""

from __future__ import annotations

from gateway.contract import CatalogueEntry, Manifest
from plugins.environment.mapping import MAPPINGS
from schema.codes import DisclosureWay, Nature, RecordKind, SharingAttribute

ORGANISATIONS = ("法人", "非法人组织", "个体工商户")
ALL_SUBJECTS = (*ORGANISATIONS, "自然人")
_FORMAT = "HTTP 接口，JSON，金额单位元"
_ITEMS = {mapping.kind: tuple(mapping.columns) for mapping in MAPPINGS}

_ENTRIES = (
    CatalogueEntry(
        kind=RecordKind.ADMINISTRATIVE_LICENCE,
        catalogue_code="C03-21",
        name_zh="生态环境行政许可信息",
        data_format=_FORMAT,
        subject_types=ALL_SUBJECTS,
        nature=Nature.BASIC,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="排污、危险废物、辐射安全许可和环境影响评价批复",
        update_cycle="七个工作日",
        items=_ITEMS[RecordKind.ADMINISTRATIVE_LICENCE],
        legal_basis="中华人民共和国行政许可法 第四十条",
        retention="长期",
        lists=True,
        statistics=True,
    ),
    CatalogueEntry(
        kind=RecordKind.ADMINISTRATIVE_PENALTY,
        catalogue_code="C03-22",
        name_zh="生态环境行政处罚信息",
        data_format=_FORMAT,
        subject_types=ALL_SUBJECTS,
        nature=Nature.DISHONEST,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="市生态环境局作出的行政处罚",
        update_cycle="七个工作日",
        items=_ITEMS[RecordKind.ADMINISTRATIVE_PENALTY],
        legal_basis="中华人民共和国行政处罚法 第四十八条",
        retention="披露期限届满后转为档案保存",
        lists=True,
        statistics=True,
    ),
    CatalogueEntry(
        kind=RecordKind.COMMITMENT,
        catalogue_code="C08-21",
        name_zh="生态环境信用承诺信息",
        data_format=_FORMAT,
        subject_types=ORGANISATIONS,
        nature=Nature.OTHER,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="环评审批告知承诺和信用修复承诺",
        update_cycle="七个工作日",
        items=_ITEMS[RecordKind.COMMITMENT],
        legal_basis="河南省社会信用条例 第五十八条",
        retention="长期",
        lists=True,
        statistics=True,
    ),
)

MANIFEST = Manifest(
    slug="environment",
    department_code="11410199MB0H000061",
    department_name_zh="郑州市生态环境局",
    department_name_en="Zhengzhou Ecology and Environment Bureau (invented code)",
    adapter_version="1.0.0",
    contact="sthj@example.com",
    entries=_ENTRIES,
    max_keys=100,
)
