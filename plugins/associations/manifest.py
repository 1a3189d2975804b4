"""What the associations say about themselves: one catalogue entry per record kind they supply.

The code is invented under a division that is not assigned. The items follow from the mapping.
"""

from __future__ import annotations

from gateway.contract import CatalogueEntry, Manifest
from plugins.associations.mapping import MAPPINGS
from schema.codes import DisclosureWay, Nature, RecordKind, SharingAttribute

ORGANISATIONS = ("法人", "非法人组织", "个体工商户")
_FORMAT = "CSV、Excel 或 Parquet 文件，附清单和校验值"
_ITEMS = {mapping.kind: tuple(mapping.columns) for mapping in MAPPINGS}

_ENTRIES = (
    CatalogueEntry(
        kind=RecordKind.COMMITMENT,
        catalogue_code="C08-01",
        name_zh="行业信用承诺及履行情况信息",
        data_format=_FORMAT,
        subject_types=ORGANISATIONS,
        nature=Nature.OTHER,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="经授权的行业协会商会受理的会员信用承诺",
        update_cycle="每周",
        items=_ITEMS[RecordKind.COMMITMENT],
        legal_basis="河南省社会信用条例 第十条、第十四条、第五十八条",
        retention="五年",
        lists=True,
        statistics=True,
        changes=True,
    ),
    CatalogueEntry(
        kind=RecordKind.HONOUR,
        catalogue_code="C11-01",
        name_zh="行业守信荣誉信息",
        data_format=_FORMAT,
        subject_types=ORGANISATIONS,
        nature=Nature.GOOD,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="经授权的行业协会商会授予会员的守信荣誉",
        update_cycle="每周",
        items=_ITEMS[RecordKind.HONOUR],
        legal_basis="河南省社会信用条例 第十条、第十四条、第三十条",
        retention="长期",
        lists=True,
        statistics=True,
        changes=True,
    ),
)

MANIFEST = Manifest(
    slug="associations",
    department_code="51410199MB0X000009",
    department_name_zh="郑州市行业协会商会联合会",
    department_name_en="Zhengzhou Federation of Industry Associations (invented code)",
    adapter_version="1.0.0",
    contact="hyxh@example.com",
    entries=_ENTRIES,
)
