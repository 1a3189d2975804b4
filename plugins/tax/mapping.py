"""The tax bureau's tables as record kinds of the unified schema: code lists, then tables.

Every line says which native column fills which field, in which unit and with which codes. What
is not here the department does not supply.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.sources.mapping import (
    Amount,
    Code,
    CodeColumns,
    Column,
    DateColumn,
    DecimalColumn,
    Flag,
    Integer,
    KindMapping,
    LocalTimestamp,
    Part,
    Text,
    TextList,
)
from schema.codes import RecordKind

DISCLOSURE_STATE = {
    "JS": "RECEIVED",
    "TH": "RETURNED",
    "HC": "VERIFIED",
    "GS": "PUBLISHED",
    "GX": "SHARED",
    "XF": "ENDED",
    "CX": "WITHDRAWN",
    "GD": "ARCHIVED",
}
SEVERITY = {"W": "NONE", "Q": "MINOR", "Y": "GENERAL", "Z": "SERIOUS"}
GRADE = {"10": "A", "20": "B", "25": "M", "30": "C", "40": "D"}
TAX_KIND = {
    "10101": "增值税",
    "10104": "企业所得税",
    "10106": "个人所得税",
    "10109": "城市维护建设税",
    "10110": "房产税",
    "10111": "印花税",
    "10112": "城镇土地使用税",
    "30203": "教育费附加",
}
CASE_NATURE = {
    "01": "EVASION",
    "02": "RECOVERY_EVASION",
    "03": "REFUND_FRAUD",
    "04": "RESISTANCE",
    "05": "FALSE_SPECIAL_INVOICES",
    "06": "FALSE_ORDINARY_INVOICES",
    "07": "FORGED_INVOICES",
    "08": "ABSCONDING",
    "99": "OTHER",
}
GENDER = {"1": "MALE", "2": "FEMALE"}
ROLE = {
    "FR": "LEGAL_REP",
    "FZR": "PRINCIPAL",
    "KZR": "ACTUAL_CONTROLLER",
    "ZJ": "DIRECTLY_RESPONSIBLE",
    "CW": "FINANCE_RESPONSIBLE",
}
COUNTERPART_TYPE = {
    "ZRR": "NATURAL_PERSON",
    "QY": "LEGAL_PERSON",
    "QT": "UNINCORPORATED",
    "GT": "INDIVIDUAL_BUSINESS",
}
IDENTITY_DOCUMENT = {
    "201": "RESIDENT_ID",
    "208": "PASSPORT",
    "210": "HK_MACAO_PERMIT",
    "213": "TAIWAN_PERMIT",
    "233": "FOREIGN_PERMANENT_RESIDENT",
}
PENALTY_CATEGORY = {"JG": "P11", "FK": "P21", "MS": "P22", "TZ": "P42", "QT": "P99"}
LEGAL_STATUS = {"YX": "EFFECTIVE", "FY": "UNDER_REVIEW", "BG": "CHANGED", "CX": "REVOKED"}


def _life_cycle(decided_on: str) -> Mapping[str, Column]:
    """Columns that every table of the bureau has, and the date of the decision."""
    return {
        "meta.recordId": Text("lsh"),
        "meta.severity": Code("sxdj_dm", SEVERITY),
        "meta.decidedOn": DateColumn(decided_on),
        "meta.reportedAt": LocalTimestamp("bs_sj"),
        "meta.verifiedAt": LocalTimestamp("hc_sj"),
        "meta.publishUntil": DateColumn("gsjz_rq"),
        "meta.discloseUntil": DateColumn("pljz_rq"),
        "meta.disclosureState": Code("fbzt_dm", DISCLOSURE_STATE),
        "meta.objectionMark": Flag("yy_bz", true_values=("Y",)),
        "meta.version": Integer("bb"),
        "meta.supersedes": Text("gzlsh"),
    }


def _published(decided_on: str, office_code: str, office_name: str) -> Mapping[str, Column]:
    """The same for tables whose records are announced by an office."""
    return {
        **_life_cycle(decided_on),
        "meta.decidingDepartmentCode": Text(office_code),
        "meta.decidingDepartmentName": Text(office_name),
        "meta.publishedOn": DateColumn("fb_rq"),
        "meta.publishFloorUntil": DateColumn("zdgs_rq"),
    }


TAXPAYER_CREDIT = KindMapping(
    kind=RecordKind.TAXPAYER_CREDIT,
    table="sw.xydj",
    record_id="lsh",
    organisation="shxydm",
    columns={
        **_published("pd_rq", "pdjg_dm", "pdjg_mc"),
        "uscc": Text("shxydm"),
        "taxNo": Text("nsrsbh"),
        "taxpayerName": Text("nsrmc"),
        "year": Integer("pd_nd"),
        "grade": Code("xyjb_dm", GRADE),
        "score": DecimalColumn("pd_fs"),
        "evaluatedBy": Text("pdjg_mc"),
        "evaluatedOn": DateColumn("pd_rq"),
        "validFrom": DateColumn("yxq_q"),
        "validTo": DateColumn("yxq_z"),
        "directReasons": TextList("zjpj_yy"),
    },
)

ARREARS = KindMapping(
    kind=RecordKind.TAX_ARREARS,
    table="sw.qsgg",
    record_id="lsh",
    organisation="shxydm",
    person="zrr_bs",
    columns={
        **_published("gg_rq", "fbdw_dm", "fbdw_mc"),
        "uscc": Text("shxydm"),
        "taxpayerName": Text("nsrmc"),
        "taxNo": Text("nsrsbh"),
        "placeOfBusiness": Text("jydd"),
        "taxKind": Code("sz_dm", TAX_KIND),
        "balance": Amount("qs_ye"),
        "publishingOffice": Text("fbdw_mc"),
        "announcedOn": DateColumn("gg_rq"),
    },
)

PAYMENT = KindMapping(
    kind=RecordKind.TAX_PAYMENT,
    table="sw.jkmx",
    record_id="lsh",
    organisation="shxydm",
    columns={
        **_life_cycle("rtk_rq"),
        "periodFrom": DateColumn("sssq_q"),
        "periodTo": DateColumn("sssq_z"),
        "item": Text("pm_mc"),
        "taxKind": Code("sz_dm", TAX_KIND),
        "paidAmount": Amount("sj_je"),
        "entryDate": DateColumn("rtk_rq"),
    },
)

MAJOR_VIOLATION = KindMapping(
    kind=RecordKind.MAJOR_TAX_VIOLATION,
    table="sw.zdwf",
    record_id="lsh",
    organisation="shxydm",
    columns={
        **_published("qd_rq", "qdjg_dm", "qdjg_mc"),
        "uscc": Text("shxydm"),
        "taxpayerName": Text("nsrmc"),
        "taxNo": Text("nsrsbh"),
        "registeredAddress": Text("zcdz"),
        "legalRepresentativeName": Text("fr_xm"),
        "legalRepresentativeGender": Code("fr_xb", GENDER),
        "legalRepresentativeIdNo": Text("fr_zjhm"),
        "financeResponsible.personRef": Part("cwry", "zrr_bs"),
        "financeResponsible.name": Part("cwry", "xm"),
        "financeResponsible.role": Part("cwry", "js", translation=ROLE),
        "financeResponsible.idType": Part("cwry", "zjlx", translation=IDENTITY_DOCUMENT),
        "financeResponsible.idNo": Part("cwry", "zjhm"),
        "financeResponsible.responsibleFor": Part("cwry", "rd_lsh"),
        "caseNature": Code("ajxz_dm", CASE_NATURE),
        "mainFacts": Text("wfss"),
        "legalBasisAndDecision": Text("clcf"),
        "determinedBy": Text("qdjg_mc"),
        "determinedOn": DateColumn("qd_rq"),
        "publishedOn": DateColumn("fb_rq"),
        "removedOn": DateColumn("tzgb_rq"),
    },
)

PENALTY = KindMapping(
    kind=RecordKind.ADMINISTRATIVE_PENALTY,
    table="sw.swcf",
    record_id="lsh",
    organisation="shxydm",
    person="zrr_bs",
    columns={
        **_published("cfjd_rq", "cfjg_dm", "cfjg_mc"),
        "counterpartName": Text("nsrmc"),
        "counterpartType": Code("nsrlx_dm", COUNTERPART_TYPE),
        "counterpartUscc": Text("shxydm"),
        "counterpartTaxNo": Text("nsrsbh"),
        "legalRepresentative": Text("fr_xm"),
        "legalRepresentativeIdNo": Text("fr_zjhm"),
        "personIdType": Code("zjlx_dm", IDENTITY_DOCUMENT),
        "personIdNo": Text("zjhm"),
        "documentNo": Text("cfjds_wh"),
        "violationType": Text("wfxw_mc"),
        "facts": Text("wfss"),
        "basis": Text("cf_yj"),
        "categories": CodeColumns(("cf_cflb1", "cf_cflb2"), PENALTY_CATEGORY),
        "content": Text("cf_jg"),
        "fineAmount": Amount("fk_je"),
        "confiscatedAmount": Amount("ms_je"),
        "decidedOn": DateColumn("cfjd_rq"),
        "validUntil": DateColumn("cfyx_rq"),
        "publishUntil": DateColumn("gsjz_rq"),
        "authorityName": Text("cfjg_mc"),
        "authorityCode": Text("cfjg_dm"),
        "sourceUnit": Text("cfjg_mc"),
        "sourceUnitCode": Text("cfjg_dm"),
        "simpleProcedure": Flag("jycx_bz", true_values=("Y",)),
        "performed": Flag("lx_bz", true_values=("Y",)),
        "performedOn": DateColumn("lx_rq"),
        "legalStatus": Code("xl_dm", LEGAL_STATUS),
        "remark": Text("bz"),
    },
)

MAPPINGS: tuple[KindMapping, ...] = (
    TAXPAYER_CREDIT,
    ARREARS,
    PAYMENT,
    MAJOR_VIOLATION,
    PENALTY,
)
