"""The hand-written statements: one per department, which builds the JSON of all its members.

A statement takes the keys of the subjects and returns one array of UTF-8 texts in their order:
the members of each subject that the department supplies. The market regulator's text is null
where the code is not registered.
"""

from __future__ import annotations

from collections.abc import Mapping

from bench.targets.row_rules import arrears_rule, courts_rule, grade_rule, market_rule
from bench.workloads import Workload

_STATUS = """CASE r.djzt WHEN 'K' THEN 'ACTIVE' WHEN 'D' THEN 'REVOKED' WHEN 'X' THEN 'CANCELLED'
 WHEN 'Q' THEN 'MOVED_OUT' WHEN 'Y' THEN 'SUSPENDED' END"""
_LICENCE_STATUS = """CASE r.xk_zt WHEN '1' THEN 'VALID' WHEN '2' THEN 'CHANGED'
 WHEN '3' THEN 'REVOKED' WHEN '0' THEN 'EXPIRED' END"""
_GRADE = """CASE r.xyjb_dm WHEN '10' THEN 'A' WHEN '20' THEN 'B' WHEN '25' THEN 'M'
 WHEN '30' THEN 'C' WHEN '40' THEN 'D' END"""
_TAX_KIND = """CASE r.sz_dm WHEN '10101' THEN '增值税' WHEN '10104' THEN '企业所得税'
 WHEN '10106' THEN '个人所得税' WHEN '10109' THEN '城市维护建设税' WHEN '10110' THEN '房产税'
 WHEN '10111' THEN '印花税' WHEN '10112' THEN '城镇土地使用税' WHEN '30203' THEN '教育费附加' END"""
_PERFORMANCE = """CASE r.lxqk WHEN '全部未履行' THEN 'NONE' WHEN '部分未履行' THEN 'PARTIAL'
 WHEN '全部已履行' THEN 'FULL' END"""
_FILED_ON = "substr(r.larq, 1, 4) || '-' || substr(r.larq, 5, 2) || '-' || substr(r.larq, 7, 2)"

_REGISTRATION: Mapping[str, str] = {
    "name": "nullif(r.qymc, '')",
    "status": _STATUS,
    "legalRepresentativeName": "nullif(r.fddbr, '')",
    "registeredCapital": "(r.zczb_wy * 10000)::numeric(30,2)::text",
    "establishedOn": "r.clrq",
    "divisionCode": "nullif(r.szd, '')",
    "industryName": "nullif(r.hymc, '')",
}
_LICENCE = {
    "documentNo": "nullif(r.xk_wsh, '')",
    "certificateName": "nullif(r.xk_xkzs, '')",
    "decidedOn": "r.xk_jdrq",
    "validTo": "r.xk_yxqzi",
    "status": _LICENCE_STATUS,
}
_CREDIT = {"grade": _GRADE, "year": "r.pd_nd", "evaluatedOn": "r.pd_rq", "validTo": "r.yxq_z"}
_ARREARS: Mapping[str, str] = {
    "taxKind": _TAX_KIND,
    "balance": "r.qs_ye::text",
    "announcedOn": "r.gg_rq",
    "publishingOffice": "nullif(r.fbdw_mc, '')",
}
_DEFAULTER = {
    "caseNo": "nullif(r.ah, '')",
    "court": "nullif(r.zxfy, '')",
    "filedOn": _FILED_ON,
    "performance": _PERFORMANCE,
}


def statements(workload: Workload) -> Mapping[str, str]:
    """Statements of a workload by department."""
    rule = market_rule(workload.caller)
    if workload.name == "W3":
        return {"market": _market({"name": _REGISTRATION["name"]}, rule, "")}
    masked = workload.masked
    registration = {**_REGISTRATION, **({"address": "nullif(r.zs, '')"} if masked else {})}
    arrears = {**_ARREARS, **({"placeOfBusiness": "nullif(r.jydd, '')"} if masked else {})}
    licences = _list(_LICENCE, "scjg.xzxk", "xk_xdr_shxym", "r.xk_jdrq DESC, r.jlbh", rule)
    credit = _first(
        _CREDIT, "sw.xydj", "shxydm", "r.pd_rq DESC, r.lsh", grade_rule(workload.caller)
    )
    visible = arrears_rule(workload.caller)
    owed = _list(arrears, "sw.qsgg", "shxydm", "r.gg_rq DESC, r.lsh", visible)
    visible = courts_rule(workload.caller)
    listed = _list(_DEFAULTER, "fy.sxbzxr", "zzdm", "r.fbrq DESC, r.bh", visible)
    total = f"(SELECT count(*) FROM fy.sxbzxr r WHERE r.zzdm = k.key AND {visible})"
    rest = f""" || ',"licences":{{"nodes":[' || {licences} || ']}}'"""
    tax = f"""'"taxpayerCredit":' || {credit} || ',"taxArrears":{{"nodes":[' || {owed} || ']}}'"""
    courts = (
        f"""'"judgmentDefaulters":{{"totalCount":' || {total}"""
        f""" || ',"nodes":[' || {listed} || ']}}'"""
    )
    return {
        "market": _market(registration, rule, rest),
        "tax": _keyed(tax),
        "courts": _keyed(courts),
    }


def _market(registration: Mapping[str, str], rule: str, rest: str) -> str:
    """Registration and what follows it; a code that is not registered has no text."""
    shown = f"coalesce(CASE WHEN {rule} THEN {_object(registration)} END, 'null')"
    text = f"""'"registration":' || {shown}{rest}"""
    return (
        f"SELECT array_agg(convert_to(CASE WHEN r.tyshxydm IS NOT NULL THEN {text} END, 'UTF8')"
        " ORDER BY k.o) FROM unnest($1::text[]) WITH ORDINALITY k(key, o)"
        " LEFT JOIN scjg.qy_djxx r ON r.tyshxydm = k.key"
    )


def _keyed(text: str) -> str:
    return (
        f"SELECT array_agg(convert_to({text}, 'UTF8') ORDER BY k.o)"
        " FROM unnest($1::text[]) WITH ORDINALITY k(key, o)"
    )


def _columns(members: Mapping[str, str]) -> str:
    return ", ".join(f'{sql} AS "{name}"' for name, sql in members.items())


def _object(members: Mapping[str, str]) -> str:
    return f"(SELECT row_to_json(j)::text FROM (SELECT {_columns(members)}) j)"


def _list(members: Mapping[str, str], table: str, key: str, order: str, rule: str) -> str:
    return (
        "coalesce((SELECT string_agg(row_to_json(j)::text, ',') FROM ("
        f"SELECT {_columns(members)} FROM {table} r WHERE r.{key} = k.key AND {rule}"
        f" ORDER BY {order} LIMIT 5) j), '')"
    )


def _first(members: Mapping[str, str], table: str, key: str, order: str, rule: str) -> str:
    return (
        "coalesce((SELECT row_to_json(j)::text FROM ("
        f"SELECT {_columns(members)} FROM {table} r WHERE r.{key} = k.key AND {rule}"
        f" ORDER BY {order} LIMIT 1) j), 'null')"
    )
