"""The construction bureau's tables as record kinds of the unified schema: code lists, then tables.

Every line says which native column fills which field, in which unit and with which codes. What
is not here the bureau does not supply.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.sources.mapping import (
    Amount,
    Code,
    CodeList,
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
    "10": "RECEIVED",
    "11": "RETURNED",
    "20": "VERIFIED",
    "30": "PUBLISHED",
    "40": "SHARED",
    "50": "ENDED",
    "60": "WITHDRAWN",
    "90": "ARCHIVED",
}
SEVERITY = {"0": "NONE", "1": "MINOR", "2": "GENERAL", "3": "SERIOUS"}
COUNTERPART_TYPE = {
    "1": "LEGAL_PERSON",
    "2": "UNINCORPORATED",
    "3": "INDIVIDUAL_BUSINESS",
    "4": "NATURAL_PERSON",
}
LICENCE_CATEGORY = {"1": "ORDINARY", "2": "CONCESSION", "3": "RECOGNITION", "4": "APPROVAL"}
LICENCE_STATUS = {"1": "VALID", "2": "CHANGED", "3": "REVOKED", "4": "EXPIRED"}
PENALTY_CATEGORY = {
    "1": "P11",
    "2": "P21",
    "3": "P22",
    "4": "P32",
    "5": "P42",
    "6": "P33",
    "9": "P99",
}
LEGAL_STATUS = {"1": "EFFECTIVE", "2": "UNDER_REVIEW", "3": "CHANGED", "4": "REVOKED"}

COMMITMENT_TYPE = {"1": "APPROVAL", "2": "CERTIFICATE", "3": "MISSING_DOC"}
COMMITMENT_CHECK = {"0": "NOT_CHECKED", "1": "TRUE_AND_KEPT", "2": "UNTRUE"}
COMMITMENT_PERFORMANCE = {
    "0": "PENDING",
    "1": "OVERDUE",
    "2": "KEPT",
    "3": "BROKEN",
    "4": "EXEMPT",
    "5": "REPAIRED",
}
CONTRACT_KIND = {"1": "PROCUREMENT", "2": "CONCESSION", "3": "LAND", "4": "SUBSIDY", "5": "SALE"}
CONTRACT_STATE = {"0": "NORMAL", "1": "LATE", "2": "BREACHED", "3": "DONE", "4": "TERMINATED"}

# Columns that every table of the bureau has.
_META: Mapping[str, Column] = {
    "meta.recordId": Text("bh"),
    "meta.severity": Code("sxcd", SEVERITY),
    "meta.decidingDepartmentCode": Text("jgdm"),
    "meta.decidingDepartmentName": Text("jgmc"),
    "meta.decidedOn": DateColumn("jdrq"),
    "meta.reportedAt": LocalTimestamp("bssj"),
    "meta.verifiedAt": LocalTimestamp("hcsj"),
    "meta.publishedOn": DateColumn("gsrq"),
    "meta.publishFloorUntil": DateColumn("zdgsrq"),
    "meta.publishUntil": DateColumn("gsjzq"),
    "meta.discloseUntil": DateColumn("plqx"),
    "meta.disclosureState": Code("gszt", DISCLOSURE_STATE),
    "meta.objectionMark": Flag("yybz", true_values=("1",)),
    "meta.version": Integer("bbh"),
    "meta.supersedes": Text("ygz"),
}
# Columns of licences, penalties and awards.
_ACT: Mapping[str, Column] = {
    **_META,
    "counterpartName": Text("mc"),
    "counterpartType": Code("lb", COUNTERPART_TYPE),
    "counterpartUscc": Text("tyshxydm"),
    "documentNo": Text("wsh"),
    "content": Text("nr"),
    "decidedOn": DateColumn("jdrq"),
    "authorityName": Text("jgmc"),
    "authorityCode": Text("jgdm"),
}

LICENCE = KindMapping(
    kind=RecordKind.ADMINISTRATIVE_LICENCE,
    table="jz_xk",
    record_id="bh",
    organisation="tyshxydm",
    person="rybs",
    columns={
        **_ACT,
        "legalRepresentative": Text("fddbr"),
        "legalRepresentativeIdNo": Text("zjhm"),
        "documentName": Text("wsmc"),
        "category": Code("xklb", LICENCE_CATEGORY),
        "certificateName": Text("wsmc"),
        "certificateNo": Text("zsbh"),
        "validFrom": DateColumn("yxqz"),
        "validTo": DateColumn("yxqzi"),
        "sourceUnit": Text("jgmc"),
        "sourceUnitCode": Text("jgdm"),
        "status": Code("zt", LICENCE_STATUS),
    },
)

PENALTY = KindMapping(
    kind=RecordKind.ADMINISTRATIVE_PENALTY,
    table="jz_cf",
    record_id="bh",
    organisation="tyshxydm",
    person="rybs",
    columns={
        **_ACT,
        "legalRepresentative": Text("fddbr"),
        "personIdNo": Text("zjhm"),
        "violationType": Text("wfxw"),
        "facts": Text("sy"),
        "basis": Text("yj"),
        "categories": CodeList("cflb", PENALTY_CATEGORY),
        "fineAmount": Amount("fk_wy", yuan_per_unit=10_000),
        "publishUntil": DateColumn("gsjzq"),
        "sourceUnit": Text("jgmc"),
        "sourceUnitCode": Text("jgdm"),
        "performed": Flag("lxwb", true_values=("1",)),
        "performedOn": DateColumn("lxrq"),
        "legalStatus": Code("xl", LEGAL_STATUS),
    },
)

AWARD = KindMapping(
    kind=RecordKind.OTHER_ADMINISTRATIVE_ACT,
    table="jz_jl",
    record_id="bh",
    organisation="tyshxydm",
    columns={
        **_ACT,
        "actType": Constant("REWARD"),
        "basis": Text("yj"),
        "amount": Amount("je_wy", yuan_per_unit=10_000),
    },
)

COMMITMENT = KindMapping(
    kind=RecordKind.COMMITMENT,
    table="jz_cn",
    record_id="bh",
    organisation="tyshxydm",
    columns={
        **_META,
        "commitmentNo": Text("cnsbh"),
        "type": Code("cnlx", COMMITMENT_TYPE),
        "matterCode": Text("sxbm"),
        "matterName": Text("sxmc"),
        "promisorUscc": Text("tyshxydm"),
        "promisorName": Text("cnr"),
        "content": Text("cnnr"),
        "breachLiability": Text("wnzr"),
        "committedOn": DateColumn("jdrq"),
        "validUntil": DateColumn("yxqz"),
        "receivingUnit": Text("jgmc"),
        "receivingUnitCode": Text("jgdm"),
        "missingDocuments.name": Part("rqcl", "mc"),
        "missingDocuments.dueOn": Part("rqcl", "jzrq"),
        "missingDocuments.suppliedOn": Part("rqcl", "bjrq"),
        "verifiedOn": DateColumn("hcrq"),
        "verification": Code("hcqk", COMMITMENT_CHECK),
        "performance": Code("lxzt", COMMITMENT_PERFORMANCE),
        "fileHash": Text("wjzy"),
    },
)

CONTRACT = KindMapping(
    kind=RecordKind.CONTRACT_PERFORMANCE,
    table="jz_ht",
    record_id="bh",
    organisation="tyshxydm",
    columns={
        **_META,
        "contractNo": Text("htbh"),
        "projectName": Text("xmmc"),
        "isPublic": Flag("gght", true_values=("1",)),
        "partyUscc": Text("tyshxydm"),
        "partyName": Text("lyf"),
        "counterpartyName": Text("xdf"),
        "signedOn": DateColumn("qdrq"),
        "amount": Amount("je_wy", yuan_per_unit=10_000),
        "kind": Code("htlx", CONTRACT_KIND),
        "performance": Code("lyzt", CONTRACT_STATE),
        "breachParty": Text("wyf"),
        "evidence": Text("rdyj"),
    },
)

MAPPINGS: tuple[KindMapping, ...] = (LICENCE, PENALTY, AWARD, COMMITMENT, CONTRACT)
