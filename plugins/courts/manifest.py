"""What the department says about itself: one catalogue entry per record kind it supplies.

The code is invented under a division that is not assigned. The items follow from the mapping.
"""

from __future__ import annotations

from gateway.contract import CatalogueEntry, Manifest
from plugins.courts.mapping import MAPPINGS
from schema.codes import DisclosureWay, Nature, RecordKind, SharingAttribute

ORGANISATIONS = ("法人", "非法人组织", "个体工商户")
ALL_SUBJECTS = (*ORGANISATIONS, "自然人")
_FORMAT = "PostgreSQL 数据表，日期为八位文本"
_ITEMS = {mapping.kind: tuple(mapping.columns) for mapping in MAPPINGS}

_ENTRIES = (
    CatalogueEntry(
        kind=RecordKind.JUDGMENT_DEFAULTER,
        catalogue_code="C06-03",
        name_zh="失信被执行人信息",
        data_format=_FORMAT,
        subject_types=ALL_SUBJECTS,
        nature=Nature.DISHONEST,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="全市法院纳入失信被执行人名单的自然人、法人和其他组织",
        update_cycle="实时",
        items=_ITEMS[RecordKind.JUDGMENT_DEFAULTER],
        legal_basis="最高人民法院关于公布失信被执行人名单信息的若干规定 第四条",
        retention="披露期限届满后转为档案保存",
        lists=True,
        statistics=True,
        json=True,
    ),
    CatalogueEntry(
        kind=RecordKind.CONSUMPTION_RESTRICTION,
        catalogue_code="C02-01",
        name_zh="限制消费令信息",
        data_format=_FORMAT,
        subject_types=ALL_SUBJECTS,
        nature=Nature.DISHONEST,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="全市法院发出的限制消费令",
        update_cycle="实时",
        items=_ITEMS[RecordKind.CONSUMPTION_RESTRICTION],
        legal_basis="最高人民法院关于限制被执行人高消费及有关消费的若干规定",
        retention="披露期限届满后转为档案保存",
        lists=True,
        statistics=True,
        json=True,
    ),
)

MANIFEST = Manifest(
    slug="courts",
    department_code="11410199MB0F00004M",
    department_name_zh="郑州市中级人民法院",
    department_name_en="Zhengzhou Intermediate People's Court (invented code)",
    adapter_version="1.0.0",
    contact="fy@example.com",
    entries=_ENTRIES,
)
