"""The view `access_log` of the gateway's own database as the record kind LOOK_UP."""

from __future__ import annotations

from gateway.contract import CatalogueEntry, Manifest
from gateway.sources.mapping import (
    Code,
    DateColumn,
    Flag,
    KindMapping,
    Part,
    Text,
    TextList,
    Timestamp,
)
from policies.model import CallerClass
from schema.codes import (
    AccessorClass,
    DisclosureWay,
    LookUpOutcome,
    Nature,
    RecordKind,
    SharingAttribute,
    ShownAs,
)
from schema.why import FieldUse

SLUG = "accesslog"
ENTRY_HASH, PROOF = "entryHash", "proof"
"""Fields whose column says which entry it is; `gateway.accesslog.adapter` fills them."""

_CALLER_CLASS = {member.value: AccessorClass[member.name].value for member in CallerClass}
_SAME = {
    codes: {member.value: member.value for member in codes}
    for codes in (LookUpOutcome, FieldUse, ShownAs)
}

LOOK_UPS = KindMapping(
    kind=RecordKind.LOOK_UP,
    table="access_log",
    record_id="look_up",
    # persons too: inside, their keys stand in the same column
    organisation="subject_key",
    columns={
        "meta.recordId": Text("look_up"),
        "meta.decidedOn": DateColumn("looked_on"),
        "at": Timestamp("at"),
        "callerClass": Code("caller_class", _CALLER_CLASS),
        "organisation": Text("organisation"),
        "actingFor": Text("acting_for"),
        "clientId": Text("client_id"),
        "isOwn": Flag("is_own"),
        "purpose": Text("purpose"),
        "matterNo": Text("matter_no"),
        "consentNos": TextList("consents"),
        "outcome": Code("outcome", _SAME[LookUpOutcome]),
        "refusal": Text("refusal"),
        "fields.coordinate": Part("fields", "coordinate"),
        "fields.use": Part("fields", "use", _SAME[FieldUse]),
        "fields.shown": Part("fields", "shown", _SAME[ShownAs]),
        "closedOn": DateColumn("closed_on"),
        "requestId": Text("request_id"),
        ENTRY_HASH: Text("entry_no"),
        PROOF: Text("entry_no"),
    },
)

MANIFEST = Manifest(
    slug=SLUG,
    department_code="11410199MB0G00005B",
    department_name_zh="公共信用信息网关（访问日志）",
    department_name_en="the gateway's own log (invented code)",
    adapter_version="1.0.0",
    contact="audit@example.com",
    entries=(
        CatalogueEntry(
            kind=RecordKind.LOOK_UP,
            catalogue_code="Z01-01",
            name_zh="访问日志",
            data_format="JSON",
            subject_types=("法人", "非法人组织", "个体工商户", "自然人"),
            nature=Nature.OTHER,
            sharing_attribute=SharingAttribute.NONE,
            disclosure_way=DisclosureWay.NOT_DISCLOSED,
            coverage="经本网关查询信用主体的全部记录",
            update_cycle="实时",
            items=tuple(LOOK_UPS.columns),
            legal_basis="河南省社会信用条例 第三十九条、第四十条",
            retention="不少于五年",
        ),
    ),
)
