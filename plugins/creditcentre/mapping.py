"""The credit centre's entries as record kinds of the unified schema; the views make them ready."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.sources.mapping import (
    Code,
    Column,
    Constant,
    DateColumn,
    Integer,
    KindMapping,
    Part,
    Text,
    TextList,
    Timestamp,
)
from schema.codes import DisclosureState, ListExitReason, RecordKind, ResponsibleRole, Severity


def _same(codes: Mapping[str, object]) -> Mapping[str, str]:
    """Our own tables hold the codes of the schema."""
    return {name: name for name in codes}


_META: Mapping[str, Column] = {
    "meta.recordId": Text("case_no"),
    "meta.severity": Code("severity", _same(Severity.__members__)),
    "meta.decidingDepartmentCode": Text("unit"),
    "meta.decidedOn": DateColumn("decided_on"),
    "meta.reportedAt": Timestamp("opened_at"),
    "meta.publishedOn": DateColumn("published_on"),
    "meta.disclosureState": Code("disclosure_state", _same(DisclosureState.__members__)),
    "meta.objectionMark": Constant(False),
    "meta.version": Integer("version"),
}

LIST_ENTRY = KindMapping(
    kind=RecordKind.LIST_ENTRY,
    table="public.punish_entry",
    record_id="case_no",
    organisation="subject_key",
    columns={
        **_META,
        "uscc": Text("subject_key"),
        "subjectName": Text("subject_name"),
        "listCode": Text("list_code"),
        "listName": Text("list_name"),
        "facts": Text("facts"),
        "basis": Text("list_basis"),
        "determiningUnitCode": Text("unit"),
        "noticeNo": Text("notice_no"),
        "noticeServedOn": DateColumn("notice_served_on"),
        "decisionNo": Text("decision_no"),
        "decidedOn": DateColumn("decided_on"),
        "measures": TextList("measures"),
        "responsiblePersons.name": Part("persons", "name"),
        "responsiblePersons.role": Part(
            "persons", "role", translation=_same(ResponsibleRole.__members__)
        ),
        "responsiblePersons.responsibleFor": Part("persons", "determination"),
        "validUntil": DateColumn("valid_until"),
        "removedOn": DateColumn("exited_on"),
        "exitReason": Code("exit_reason", _same(ListExitReason.__members__)),
    },
)

HONOUR = KindMapping(
    kind=RecordKind.HONOUR,
    table="public.reward_entry",
    record_id="case_no",
    organisation="subject_key",
    columns={
        **_META,
        "name": Text("list_name"),
        "holderUscc": Text("subject_key"),
        "holderName": Text("subject_name"),
        "facts": Text("facts"),
        "basis": Text("list_basis"),
        "decisionNo": Text("decision_no"),
        "awardedOn": DateColumn("decided_on"),
        "validUntil": DateColumn("valid_until"),
        "awardedByCode": Text("unit"),
        "withdrawnOn": DateColumn("exited_on"),
    },
)

MAPPINGS: tuple[KindMapping, ...] = (LIST_ENTRY, HONOUR)
