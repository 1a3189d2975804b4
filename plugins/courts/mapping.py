"""The courts' tables as record kinds of the unified schema: code lists, then tables.

Every line says which native column fills which field, in which form and with which codes. What
is not here the courts do not supply.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.sources.mapping import (
    Code,
    CodeList,
    Column,
    DateColumn,
    Flag,
    Integer,
    KindMapping,
    Text,
    TextDate,
    Timestamp,
)
from schema.codes import RecordKind

DISCLOSURE_STATE = {
    "已接收": "RECEIVED",
    "已退回": "RETURNED",
    "已核查": "VERIFIED",
    "公示中": "PUBLISHED",
    "共享中": "SHARED",
    "已修复": "ENDED",
    "已撤回": "WITHDRAWN",
    "已归档": "ARCHIVED",
}
SEVERITY = {"无": "NONE", "轻微": "MINOR", "一般": "GENERAL", "严重": "SERIOUS"}
DEBTOR_KIND = {"自然人": "NATURAL", "法人或其他组织": "ORGANISATION"}
GENDER = {"男": "MALE", "女": "FEMALE"}
PERFORMANCE = {"全部未履行": "NONE", "部分未履行": "PARTIAL", "全部已履行": "FULL"}
CIRCUMSTANCE = {
    "1": "REFUSES_THOUGH_ABLE",
    "2": "OBSTRUCTS",
    "3": "EVADES",
    "4": "BREAKS_PROPERTY_REPORT",
    "5": "BREAKS_CONSUMPTION_ORDER",
    "6": "REFUSES_SETTLEMENT",
}

# The same in both tables. A court order is published on the day that counts as its decision.
_META: Mapping[str, Column] = {
    "meta.recordId": Text("bh"),
    "meta.severity": Code("cd", SEVERITY),
    "meta.decidingDepartmentCode": Text("fyxydm"),
    "meta.decidingDepartmentName": Text("zxfy"),
    "meta.decidedOn": TextDate("fbrq"),
    "meta.reportedAt": Timestamp("bssj"),
    "meta.verifiedAt": Timestamp("hcsj"),
    "meta.publishedOn": TextDate("fbrq"),
    "meta.publishFloorUntil": DateColumn("zdq"),
    "meta.publishUntil": DateColumn("gsq"),
    "meta.discloseUntil": DateColumn("plq"),
    "meta.disclosureState": Code("zt", DISCLOSURE_STATE),
    "meta.objectionMark": Flag("yy", true_values=("异议中",)),
    "meta.version": Integer("bb"),
    "meta.supersedes": Text("ybh"),
}

DEFAULTER = KindMapping(
    kind=RecordKind.JUDGMENT_DEFAULTER,
    table="fy.sxbzxr",
    record_id="bh",
    organisation="zzdm",
    person="wlbs",
    columns={
        **_META,
        "name": Text("mc"),
        "kind": Code("xz", DEBTOR_KIND),
        "uscc": Text("zzdm"),
        "idNo": Text("sfzh"),
        "gender": Code("xb", GENDER),
        "age": Integer("nl"),
        "legalRepresentative": Text("fzr"),
        "court": Text("zxfy"),
        "courtCode": Text("fydm"),
        "caseNo": Text("ah"),
        "basisNo": Text("yjwh"),
        "basisUnit": Text("yjdw"),
        "filedOn": TextDate("larq"),
        "obligation": Text("yw"),
        "performance": Code("lxqk", PERFORMANCE),
        "performedPart": Text("ylx"),
        "unperformedPart": Text("wlx"),
        "circumstances": CodeList("qx", CIRCUMSTANCE),
        "publishedOn": TextDate("fbrq"),
        "listedUntil": TextDate("jzrq"),
    },
)

CONSUMPTION_RESTRICTION = KindMapping(
    kind=RecordKind.CONSUMPTION_RESTRICTION,
    table="fy.xzxf",
    record_id="bh",
    organisation="zzdm",
    person="wlbs",
    columns={
        **_META,
        "name": Text("mc"),
        "uscc": Text("zzdm"),
        "idNo": Text("sfzh"),
        "caseNo": Text("ah"),
        "court": Text("zxfy"),
        "issuedOn": TextDate("fbrq"),
        "liftedOn": TextDate("jcrq"),
    },
)

MAPPINGS: tuple[KindMapping, ...] = (DEFAULTER, CONSUMPTION_RESTRICTION)
