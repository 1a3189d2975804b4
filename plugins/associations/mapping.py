"""The associations' tables as record kinds of the unified schema: code lists, then tables.

The column names are those of the reporting sheets; what is not here associations do not supply.
Only authorised associations may report.

Source: 河南省社会信用条例, articles 10 and 14 (market credit information of industry associations
has a catalogue of its own).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.sources.mapping import (
    Code,
    Column,
    Constant,
    DateColumn,
    Flag,
    Integer,
    KindMapping,
    LocalTimestamp,
    Part,
    Text,
)
from schema.codes import RecordKind

DISCLOSURE_STATE = {
    "已报送": "RECEIVED",
    "已退回": "RETURNED",
    "已核查": "VERIFIED",
    "公示": "PUBLISHED",
    "仅共享": "SHARED",
    "撤回": "WITHDRAWN",
    "归档": "ARCHIVED",
}
COMMITMENT_TYPE = {
    "行业自律": "INDUSTRY",
    "主动公示": "DISCLOSURE",
    "信用修复": "REPAIR",
    "容缺受理": "MISSING_DOC",
}
PERFORMANCE = {
    "履行中": "PENDING",
    "逾期": "OVERDUE",
    "已履行": "KEPT",
    "违诺": "BROKEN",
    "免责": "EXEMPT",
    "已修复": "REPAIRED",
}
CHECK = {"未核查": "NOT_CHECKED", "属实": "TRUE_AND_KEPT", "不属实": "UNTRUE"}
LEVEL = {
    "国家级": "NATIONAL",
    "省级": "PROVINCIAL",
    "市级": "MUNICIPAL",
    "区县级": "DISTRICT",
    "行业级": "INDUSTRY",
}

REQUIRED = {
    RecordKind.COMMITMENT.value: (
        "commitmentNo",
        "type",
        "promisorName",
        "content",
        "receivingUnitCode",
        "performance",
        "meta.disclosureState",
    ),
    RecordKind.HONOUR.value: (
        "name",
        "level",
        "holderName",
        "awardedByCode",
        "meta.disclosureState",
    ),
}
"""Items without which a row is refused."""


def _life_cycle(decided: str) -> Mapping[str, Column]:
    """Columns that both sheets have, and the date of the decision."""
    return {
        "meta.recordId": Text("记录编号"),
        "meta.severity": Constant("NONE"),
        "meta.decidedOn": DateColumn(decided),
        "meta.reportedAt": LocalTimestamp("报送时间"),
        "meta.verifiedAt": LocalTimestamp("核查时间"),
        "meta.publishedOn": DateColumn("公示日期"),
        "meta.publishUntil": DateColumn("公示截止期"),
        "meta.disclosureState": Code("披露状态", DISCLOSURE_STATE),
        "meta.objectionMark": Flag("异议", true_values=("是",)),
        "meta.version": Integer("版本"),
    }


def mappings(authorised: Sequence[str]) -> tuple[KindMapping, ...]:
    """Mappings that take rows of these associations only.

    Args:
        authorised: their codes.
    """
    association = Code("协会统一社会信用代码", {code: code for code in authorised})
    unit: dict[str, Column] = {
        "meta.decidingDepartmentCode": association,
        "meta.decidingDepartmentName": Text("协会名称"),
    }
    return (_commitments(association, unit), _honours(association, unit))


def _commitments(association: Column, unit: Mapping[str, Column]) -> KindMapping:
    return KindMapping(
        kind=RecordKind.COMMITMENT,
        table="commitments",
        record_id="记录编号",
        organisation="承诺人统一社会信用代码",
        columns={
            **_life_cycle("作出日期"),
            **unit,
            "commitmentNo": Text("承诺书编号"),
            "type": Code("承诺类型", COMMITMENT_TYPE),
            "matterName": Text("事项名称"),
            "promisorUscc": Text("承诺人统一社会信用代码"),
            "promisorName": Text("承诺人"),
            "content": Text("承诺内容"),
            "breachLiability": Text("违诺责任"),
            "committedOn": DateColumn("作出日期"),
            "validUntil": DateColumn("有效期至"),
            "receivingUnit": Text("协会名称"),
            "receivingUnitCode": association,
            "missingDocuments.name": Part("容缺材料", "材料"),
            "verifiedOn": DateColumn("核查日期"),
            "verification": Code("核查情况", CHECK),
            "performance": Code("履行状态", PERFORMANCE),
            "fileHash": Text("承诺书摘要"),
        },
    )


def _honours(association: Column, unit: Mapping[str, Column]) -> KindMapping:
    return KindMapping(
        kind=RecordKind.HONOUR,
        table="honours",
        record_id="记录编号",
        organisation="获得者统一社会信用代码",
        columns={
            **_life_cycle("授予日期"),
            **unit,
            "name": Text("荣誉名称"),
            "level": Code("荣誉级别", LEVEL),
            "holderUscc": Text("获得者统一社会信用代码"),
            "holderName": Text("获得者名称"),
            "facts": Text("认定事实"),
            "basis": Text("认定依据"),
            "decisionNo": Text("认定文号"),
            "awardedOn": DateColumn("授予日期"),
            "validUntil": DateColumn("有效期至"),
            "awardedBy": Text("协会名称"),
            "awardedByCode": association,
            "withdrawnOn": DateColumn("撤销日期"),
            "withdrawReason": Text("撤销原因"),
        },
    )


MAPPINGS = mappings(())
"""Which fields the sheets fill, whoever is authorised."""
