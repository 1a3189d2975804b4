"""What the credit centre says about itself. The code is invented under an unassigned division."""

from __future__ import annotations

from gateway.contract import CatalogueEntry, Manifest
from plugins.creditcentre.mapping import MAPPINGS
from schema.codes import DisclosureWay, Nature, RecordKind, SharingAttribute

_ORGANISATIONS = ("法人", "非法人组织", "个体工商户")
_FORMAT = "PostgreSQL 视图"
_ITEMS = {mapping.kind: tuple(mapping.columns) for mapping in MAPPINGS}

_ENTRIES = (
    CatalogueEntry(
        kind=RecordKind.LIST_ENTRY,
        catalogue_code="C06-10",
        name_zh="失信联合惩戒对象名单信息",
        data_format=_FORMAT,
        subject_types=_ORGANISATIONS,
        nature=Nature.DISHONEST,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="本市认定单位依法列入失信联合惩戒对象名单的单位",
        update_cycle="实时",
        items=_ITEMS[RecordKind.LIST_ENTRY],
        legal_basis="河南省社会信用条例 第二十八条、第三十六条",
        retention="披露期限届满后转为档案保存",
        lists=True,
        statistics=True,
        json=True,
    ),
    CatalogueEntry(
        kind=RecordKind.HONOUR,
        catalogue_code="C11-10",
        name_zh="守信联合激励对象名单信息",
        data_format=_FORMAT,
        subject_types=_ORGANISATIONS,
        nature=Nature.GOOD,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="本市认定单位依法列入守信联合激励对象名单的单位",
        update_cycle="实时",
        items=_ITEMS[RecordKind.HONOUR],
        legal_basis="河南省社会信用条例 第二十八条、第三十条",
        retention="长期",
        lists=True,
        statistics=True,
        json=True,
    ),
)

MANIFEST = Manifest(
    slug="creditcentre",
    department_code="12410199MB0C00001H",
    department_name_zh="郑州市信用中心",
    department_name_en="Zhengzhou Credit Centre (invented code)",
    adapter_version="1.0.0",
    contact="xyzx@example.com",
    entries=_ENTRIES,
)
