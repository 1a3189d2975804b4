"""What the department says about itself: one catalogue entry per record kind it supplies.

The code is invented under a division that is not assigned. The items follow from the mapping.
"""

from __future__ import annotations

from gateway.contract import CatalogueEntry, Manifest
from plugins.housing.mapping import MAPPINGS
from schema.codes import DisclosureWay, Nature, RecordKind, SharingAttribute

ORGANISATIONS = ("法人", "非法人组织", "个体工商户")
ALL_SUBJECTS = (*ORGANISATIONS, "自然人")
_FORMAT = "MariaDB 数据表，金额单位万元"
_ITEMS = {mapping.kind: tuple(mapping.columns) for mapping in MAPPINGS}

_ENTRIES = (
    CatalogueEntry(
        kind=RecordKind.ADMINISTRATIVE_LICENCE,
        catalogue_code="C03-31",
        name_zh="建设领域行政许可信息",
        data_format=_FORMAT,
        subject_types=ALL_SUBJECTS,
        nature=Nature.BASIC,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="施工许可、企业资质和商品房预售许可",
        update_cycle="七个工作日",
        items=_ITEMS[RecordKind.ADMINISTRATIVE_LICENCE],
        legal_basis="中华人民共和国行政许可法 第四十条",
        retention="长期",
        lists=True,
        statistics=True,
    ),
    CatalogueEntry(
        kind=RecordKind.ADMINISTRATIVE_PENALTY,
        catalogue_code="C03-32",
        name_zh="建设领域行政处罚信息",
        data_format=_FORMAT,
        subject_types=ALL_SUBJECTS,
        nature=Nature.DISHONEST,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="市城乡建设局作出的行政处罚",
        update_cycle="七个工作日",
        items=_ITEMS[RecordKind.ADMINISTRATIVE_PENALTY],
        legal_basis="中华人民共和国行政处罚法 第四十八条",
        retention="披露期限届满后转为档案保存",
        lists=True,
        statistics=True,
    ),
    CatalogueEntry(
        kind=RecordKind.OTHER_ADMINISTRATIVE_ACT,
        catalogue_code="C03-33",
        name_zh="建设领域表彰奖励信息",
        data_format=_FORMAT,
        subject_types=ORGANISATIONS,
        nature=Nature.GOOD,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="市城乡建设局作出的行政奖励",
        update_cycle="七个工作日",
        items=_ITEMS[RecordKind.OTHER_ADMINISTRATIVE_ACT],
        legal_basis="河南省社会信用条例 第十一条",
        retention="长期",
        lists=True,
        statistics=True,
    ),
    CatalogueEntry(
        kind=RecordKind.COMMITMENT,
        catalogue_code="C08-31",
        name_zh="建设领域信用承诺信息",
        data_format=_FORMAT,
        subject_types=ORGANISATIONS,
        nature=Nature.OTHER,
        sharing_attribute=SharingAttribute.UNCONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="资质认定告知承诺和施工许可容缺受理承诺",
        update_cycle="七个工作日",
        items=_ITEMS[RecordKind.COMMITMENT],
        legal_basis="河南省社会信用条例 第五十八条",
        retention="长期",
        lists=True,
        statistics=True,
    ),
    CatalogueEntry(
        kind=RecordKind.CONTRACT_PERFORMANCE,
        catalogue_code="C07-31",
        name_zh="建设领域合同履约信息",
        data_format=_FORMAT,
        subject_types=ORGANISATIONS,
        nature=Nature.OTHER,
        sharing_attribute=SharingAttribute.CONDITIONAL,
        disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
        coverage="政府投资工程合同、特许经营协议和备案的买卖合同",
        update_cycle="七个工作日",
        items=_ITEMS[RecordKind.CONTRACT_PERFORMANCE],
        legal_basis="河南省社会信用条例 第十一条",
        retention="长期",
        lists=True,
        statistics=True,
    ),
)

MANIFEST = Manifest(
    slug="housing",
    department_code="11410199MB0J00008R",
    department_name_zh="郑州市城乡建设局",
    department_name_en="Zhengzhou Housing and Construction Bureau (invented code)",
    adapter_version="1.0.0",
    contact="zjj@example.com",
    entries=_ENTRIES,
)
