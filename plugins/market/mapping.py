"""The market regulator's tables as record kinds of the unified schema: code lists, then tables.

Every line says which native column fills which field, in which unit and with which codes. What
is not here the department does not supply.
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
    DecimalColumn,
    Flag,
    Integer,
    KindMapping,
    Part,
    Text,
    Timestamp,
)
from schema.codes import RecordKind

DISCLOSURE_STATE = {
    "0": "RECEIVED",
    "1": "RETURNED",
    "2": "VERIFIED",
    "3": "PUBLISHED",
    "4": "SHARED",
    "5": "ENDED",
    "6": "WITHDRAWN",
    "9": "ARCHIVED",
}
SEVERITY = {"0": "NONE", "1": "MINOR", "2": "GENERAL", "3": "SERIOUS"}
REGISTRATION_STATUS = {
    "K": "ACTIVE",
    "D": "REVOKED",
    "X": "CANCELLED",
    "Q": "MOVED_OUT",
    "Y": "SUSPENDED",
}
SUBJECT_TYPE = {
    "02": "LEGAL_PERSON",
    "03": "UNINCORPORATED",
    "04": "INDIVIDUAL_BUSINESS",
    "05": "ORGAN",
}
CURRENCY = {
    "156": "CNY",
    "840": "USD",
    "978": "EUR",
    "344": "HKD",
    "392": "JPY",
    "410": "KRW",
    "446": "MOP",
    "702": "SGD",
    "826": "GBP",
    "901": "TWD",
    "036": "AUD",
    "124": "CAD",
    "756": "CHF",
}
SHAREHOLDER_KIND = {"1": "NATURAL", "2": "ORGANISATION"}
COUNTERPART_TYPE = {
    "01": "NATURAL_PERSON",
    "02": "LEGAL_PERSON",
    "03": "UNINCORPORATED",
    "04": "INDIVIDUAL_BUSINESS",
}
IDENTITY_DOCUMENT = {
    "01": "RESIDENT_ID",
    "02": "PASSPORT",
    "03": "HK_MACAO_PERMIT",
    "04": "TAIWAN_PERMIT",
    "05": "FOREIGN_PERMANENT_RESIDENT",
}
LICENCE_CATEGORY = {
    "01": "ORDINARY",
    "02": "CONCESSION",
    "03": "RECOGNITION",
    "04": "APPROVAL",
    "05": "REGISTRATION",
    "06": "OTHER",
}
LICENCE_STATUS = {"1": "VALID", "2": "CHANGED", "3": "REVOKED", "0": "EXPIRED"}
PENALTY_CATEGORY = {
    "01": "P11",
    "02": "P12",
    "03": "P21",
    "04": "P22",
    "05": "P23",
    "06": "P31",
    "07": "P32",
    "08": "P33",
    "09": "P41",
    "10": "P42",
    "11": "P43",
    "12": "P44",
    "13": "P51",
    "99": "P99",
}
LEGAL_STATUS = {"1": "EFFECTIVE", "2": "UNDER_REVIEW", "3": "CHANGED", "4": "REVOKED"}
ACT_TYPE = {
    "QZ": "COERCION",
    "QR": "CONFIRMATION",
    "ZS": "COLLECTION",
    "JF": "PAYMENT",
    "CJ": "ADJUDICATION",
    "BC": "COMPENSATION",
    "JL": "REWARD",
    "JC": "INSPECTION",
}
ABNORMAL_REASON = {"1": "AE1", "2": "AE2", "3": "AE3", "4": "AE4"}


def _meta(
    record_id: str,
    decided_on: str,
    publish_until: str,
    deciding_code: str,
    deciding_name: str,
) -> Mapping[str, Column]:
    """Columns that every table of the department has, and the five that differ by table."""
    return {
        "meta.recordId": Text(record_id),
        "meta.severity": Code("sxcd", SEVERITY),
        "meta.decidingDepartmentCode": Text(deciding_code),
        "meta.decidingDepartmentName": Text(deciding_name),
        "meta.decidedOn": DateColumn(decided_on),
        "meta.reportedAt": Timestamp("bssj"),
        "meta.verifiedAt": Timestamp("hcsj"),
        "meta.publishedOn": DateColumn("gsrq"),
        "meta.publishFloorUntil": DateColumn("zdgsrq"),
        "meta.publishUntil": DateColumn(publish_until),
        "meta.discloseUntil": DateColumn("plqx"),
        "meta.disclosureState": Code("gszt", DISCLOSURE_STATE),
        "meta.objectionMark": Flag("yybz"),
        "meta.version": Integer("bbh"),
        "meta.supersedes": Text("ygzjl"),
    }


REGISTRATION = KindMapping(
    kind=RecordKind.REGISTRATION,
    table="scjg.qy_djxx",
    record_id="tyshxydm",
    organisation="tyshxydm",
    changed_at="gxsj",
    columns={
        **_meta("tyshxydm", "jdrq", "gsjzq", "djjgdm", "djjg"),
        "uscc": Text("tyshxydm"),
        "name": Text("qymc"),
        "subjectType": Code("ztlx", SUBJECT_TYPE),
        "enterpriseType": Text("qylx"),
        "status": Code("djzt", REGISTRATION_STATUS),
        "legalRepresentativeName": Text("fddbr"),
        "legalRepresentativeIdNo": Text("fr_zjhm"),
        "legalRepresentativePhone": Text("fr_lxdh"),
        "registeredCapital": Amount("zczb_wy", yuan_per_unit=10_000),
        "currency": Code("zczb_bz", CURRENCY),
        "establishedOn": DateColumn("clrq"),
        "approvedOn": DateColumn("hzrq"),
        "businessFrom": DateColumn("jyqx_q"),
        "businessTo": DateColumn("jyqx_z"),
        "businessScope": Text("jyfw"),
        "address": Text("zs"),
        "divisionCode": Text("szd"),
        "registrationAuthority": Text("djjg"),
        "industryCode": Text("hydm"),
        "industryName": Text("hymc"),
        "registrationNo": Text("zch"),
        "organisationCode": Text("zzjgdm"),
        "taxNo": Text("nsrsbh"),
        "shareholders.name": Part("gdxx", "xm"),
        "shareholders.kind": Part("gdxx", "lx", translation=SHAREHOLDER_KIND),
        "shareholders.subscribed": Part("gdxx", "rjcze_wy", yuan_per_unit=10_000),
        "shareholders.paid": Part("gdxx", "sjcze_wy", yuan_per_unit=10_000),
        "directorsAndManagers.name": Part("zyry", "xm"),
        "directorsAndManagers.position": Part("zyry", "zw"),
        "beneficialOwners.name": Part("syr", "xm"),
        "beneficialOwners.ground": Part("syr", "pdyj"),
    },
)

LICENCE = KindMapping(
    kind=RecordKind.ADMINISTRATIVE_LICENCE,
    table="scjg.xzxk",
    record_id="jlbh",
    organisation="xk_xdr_shxym",
    person="zrrbs",
    columns={
        **_meta("jlbh", "xk_jdrq", "gsjzq", "xk_xkjgdm", "xk_xkjg"),
        "counterpartName": Text("xk_xdr_mc"),
        "counterpartType": Code("xk_xdr_lb", COUNTERPART_TYPE),
        "counterpartUscc": Text("xk_xdr_shxym"),
        "counterpartRegNo": Text("xk_xdr_gszc"),
        "counterpartOrgCode": Text("xk_xdr_zzjg"),
        "counterpartTaxNo": Text("xk_xdr_swdj"),
        "counterpartInstNo": Text("xk_xdr_sydw"),
        "counterpartSocNo": Text("xk_xdr_shzz"),
        "legalRepresentative": Text("xk_frdb"),
        "legalRepresentativeIdNo": Text("xk_fr_zjhm"),
        "personIdType": Code("xk_xdr_zjlx", IDENTITY_DOCUMENT),
        "personIdNo": Text("xk_xdr_zjhm"),
        "documentName": Text("xk_xkws"),
        "documentNo": Text("xk_wsh"),
        "category": Code("xk_xklb", LICENCE_CATEGORY),
        "certificateName": Text("xk_xkzs"),
        "certificateNo": Text("xk_xkbh"),
        "content": Text("xk_nr"),
        "decidedOn": DateColumn("xk_jdrq"),
        "validFrom": DateColumn("xk_yxqz"),
        "validTo": DateColumn("xk_yxqzi"),
        "authorityName": Text("xk_xkjg"),
        "authorityCode": Text("xk_xkjgdm"),
        "sourceUnit": Text("xk_lydw"),
        "sourceUnitCode": Text("xk_lydwdm"),
        "status": Code("xk_zt", LICENCE_STATUS),
        "remark": Text("bz"),
    },
)

PENALTY = KindMapping(
    kind=RecordKind.ADMINISTRATIVE_PENALTY,
    table="scjg.xzcf",
    record_id="jlbh",
    organisation="cf_xdr_shxym",
    person="zrrbs",
    columns={
        **_meta("jlbh", "cf_jdrq", "cf_gsjzq", "cf_cfjgdm", "cf_cfjg"),
        "counterpartName": Text("cf_xdr_mc"),
        "counterpartType": Code("cf_xdr_lb", COUNTERPART_TYPE),
        "counterpartUscc": Text("cf_xdr_shxym"),
        "counterpartRegNo": Text("cf_xdr_gszc"),
        "counterpartOrgCode": Text("cf_xdr_zzjg"),
        "counterpartTaxNo": Text("cf_xdr_swdj"),
        "counterpartInstNo": Text("cf_xdr_sydw"),
        "counterpartSocNo": Text("cf_xdr_shzz"),
        "legalRepresentative": Text("cf_frdb"),
        "legalRepresentativeIdNo": Text("cf_fr_zjhm"),
        "personIdType": Code("cf_xdr_zjlx", IDENTITY_DOCUMENT),
        "personIdNo": Text("cf_xdr_zjhm"),
        "documentNo": Text("cf_wsh"),
        "violationType": Text("cf_wfxw"),
        "facts": Text("cf_sy"),
        "basis": Text("cf_yj"),
        "categories": CodeList("cf_cflb", PENALTY_CATEGORY),
        "content": Text("cf_nr"),
        "fineAmount": Amount("cf_nr_fk", yuan_per_unit=10_000),
        "confiscatedAmount": Amount("cf_nr_wfff", yuan_per_unit=10_000),
        "suspendedOrRevokedCertificate": Text("cf_nr_zkdx"),
        "decidedOn": DateColumn("cf_jdrq"),
        "validUntil": DateColumn("cf_yxq"),
        "publishUntil": DateColumn("cf_gsjzq"),
        "authorityName": Text("cf_cfjg"),
        "authorityCode": Text("cf_cfjgdm"),
        "sourceUnit": Text("cf_sjly"),
        "sourceUnitCode": Text("cf_sjlydm"),
        "simpleProcedure": Flag("jycx"),
        "performed": Flag("lxwb"),
        "performedOn": DateColumn("lxrq"),
        "legalStatus": Code("xlzt", LEGAL_STATUS),
        "remark": Text("bz"),
    },
)

OTHER_ACT = KindMapping(
    kind=RecordKind.OTHER_ADMINISTRATIVE_ACT,
    table="scjg.qtxzxw",
    record_id="jlbh",
    organisation="xdr_shxym",
    person="zrrbs",
    columns={
        **_meta("jlbh", "jdrq", "gsjzq", "jgdm", "jgmc"),
        "actType": Code("xwlx", ACT_TYPE),
        "counterpartName": Text("xdr_mc"),
        "counterpartType": Code("xdr_lb", COUNTERPART_TYPE),
        "counterpartUscc": Text("xdr_shxym"),
        "counterpartRegNo": Text("xdr_gszc"),
        "counterpartOrgCode": Text("xdr_zzjg"),
        "counterpartTaxNo": Text("xdr_swdj"),
        "counterpartInstNo": Text("xdr_sydw"),
        "counterpartSocNo": Text("xdr_shzz"),
        "legalRepresentative": Text("frdb"),
        "legalRepresentativeIdNo": Text("fr_zjhm"),
        "personIdType": Code("xdr_zjlx", IDENTITY_DOCUMENT),
        "personIdNo": Text("xdr_zjhm"),
        "documentNo": Text("wsh"),
        "content": Text("nr"),
        "basis": Text("yj"),
        "decidedOn": DateColumn("jdrq"),
        "authorityName": Text("jgmc"),
        "authorityCode": Text("jgdm"),
        "amount": Amount("je_wy", yuan_per_unit=10_000),
    },
)

ABNORMAL_ENTRY = KindMapping(
    kind=RecordKind.ABNORMAL_OPERATION_ENTRY,
    table="scjg.jyyc",
    record_id="jlbh",
    organisation="tyshxydm",
    columns={
        **_meta("jlbh", "lrrq", "gsjzq", "lrjgdm", "lrjg"),
        "uscc": Text("tyshxydm"),
        "name": Text("qymc"),
        "registrationNo": Text("zch"),
        "enteredOn": DateColumn("lrrq"),
        "enterReason": Code("lryy", ABNORMAL_REASON),
        "enterAuthority": Text("lrjg"),
        "removedOn": DateColumn("ycrq"),
        "removeReason": Text("ycyy"),
        "removeAuthority": Text("ycjg"),
        "markOnly": Flag("bjzt"),
    },
)

SERIOUS_ENTRY = KindMapping(
    kind=RecordKind.SERIOUS_VIOLATION_ENTRY,
    table="scjg.yzwf",
    record_id="jlbh",
    organisation="tyshxydm",
    columns={
        **_meta("jlbh", "lrrq", "gsjzq", "lrjgdm", "lrjg"),
        "uscc": Text("tyshxydm"),
        "name": Text("qymc"),
        "registrationNo": Text("zch"),
        "enteredOn": DateColumn("lrrq"),
        "enterReason": Text("lryy"),
        "enterAuthority": Text("lrjg"),
        "removedOn": DateColumn("ycrq"),
        "removeReason": Text("ycyy"),
        "removeAuthority": Text("ycjg"),
    },
)

# A view: yearly totals only. The login of the adapter cannot open the table of single complaints.
COMPLAINTS = KindMapping(
    kind=RecordKind.COMPLAINT_SUMMARY,
    table="scjg.v_tsjb_nd",
    record_id="jlbh",
    organisation="tyshxydm",
    columns={
        "meta.recordId": Text("jlbh"),
        "meta.severity": Constant("NONE"),
        "meta.decidingDepartmentName": Text("bldw"),
        "meta.decidedOn": DateColumn("tjrq"),
        "meta.reportedAt": Timestamp("bssj"),
        "meta.publishUntil": DateColumn("gsjzq"),
        "meta.discloseUntil": DateColumn("plqx"),
        "meta.disclosureState": Code("gszt", DISCLOSURE_STATE),
        "meta.objectionMark": Constant(False),
        "meta.version": Constant(1),
        "year": Integer("nd"),
        "complaintCount": Integer("tssl"),
        "resolvedCount": Integer("bjsl"),
        "resolvedRate": DecimalColumn("bjl", decimals=4),
        "handlingUnit": Text("bldw"),
    },
)

MAPPINGS: tuple[KindMapping, ...] = (
    REGISTRATION,
    LICENCE,
    PENALTY,
    OTHER_ACT,
    ABNORMAL_ENTRY,
    SERIOUS_ENTRY,
    COMPLAINTS,
)
