"""The environment bureau's service as record kinds of the unified schema: codes, then resources.

Columns are paths into the JSON of one record. What is not here the bureau does not supply.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.contract import OrderKey
from gateway.sources.mapping import (
    Amount,
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
from gateway.sources.rest import (
    ByKeys,
    Choice,
    Endpoint,
    Listing,
    PageNumbers,
    Range,
    Resource,
    RestApi,
)
from schema.codes import RecordKind

DISCLOSURE_STATE = {
    "received": "RECEIVED",
    "sent-back": "RETURNED",
    "checked": "VERIFIED",
    "public": "PUBLISHED",
    "internal": "SHARED",
    "repaired": "ENDED",
    "withdrawn": "WITHDRAWN",
    "archived": "ARCHIVED",
}
SEVERITY = {"0": "NONE", "1": "MINOR", "2": "GENERAL", "3": "SERIOUS"}
COUNTERPART_TYPE = {
    "person": "NATURAL_PERSON",
    "company": "LEGAL_PERSON",
    "organisation": "UNINCORPORATED",
    "shop": "INDIVIDUAL_BUSINESS",
}
IDENTITY_DOCUMENT = {"id": "RESIDENT_ID", "passport": "PASSPORT"}
LICENCE_CATEGORY = {"permit": "ORDINARY", "approval": "APPROVAL"}
LICENCE_STATUS = {
    "valid": "VALID",
    "changed": "CHANGED",
    "revoked": "REVOKED",
    "expired": "EXPIRED",
}
PENALTY_CATEGORY = {
    "WARN": "P11",
    "FINE": "P21",
    "CONFISCATE": "P22",
    "REVOKE": "P33",
    "LIMIT": "P41",
    "STOP": "P42",
    "OTHER": "P99",
}
LEGAL_STATUS = {
    "in-force": "EFFECTIVE",
    "under-review": "UNDER_REVIEW",
    "changed": "CHANGED",
    "revoked": "REVOKED",
}

COMMITMENT_TYPE = {"approval": "APPROVAL", "repair": "REPAIR", "disclosure": "DISCLOSURE"}
COMMITMENT_CHECK = {
    "not-checked": "NOT_CHECKED",
    "true-and-kept": "TRUE_AND_KEPT",
    "untrue": "UNTRUE",
}
COMMITMENT_PERFORMANCE = {
    "pending": "PENDING",
    "overdue": "OVERDUE",
    "kept": "KEPT",
    "broken": "BROKEN",
    "exempt": "EXEMPT",
    "repaired": "REPAIRED",
}

# The same in all resources.
_META: Mapping[str, Column] = {
    "meta.recordId": Text("id"),
    "meta.severity": Code("lifecycle.level", SEVERITY),
    "meta.decidingDepartmentCode": Text("decision.organ.code"),
    "meta.decidingDepartmentName": Text("decision.organ.name"),
    "meta.decidedOn": DateColumn("decision.date"),
    "meta.reportedAt": Timestamp("lifecycle.reportedAt"),
    "meta.verifiedAt": Timestamp("lifecycle.checkedAt"),
    "meta.publishedOn": TextDate("lifecycle.publishedOn"),
    "meta.publishFloorUntil": TextDate("lifecycle.notRepairedBefore"),
    "meta.publishUntil": TextDate("lifecycle.publicUntil"),
    "meta.discloseUntil": TextDate("lifecycle.shownUntil"),
    "meta.disclosureState": Code("lifecycle.state", DISCLOSURE_STATE),
    "meta.objectionMark": Flag("lifecycle.objected"),
    "meta.version": Integer("lifecycle.revision"),
    "meta.supersedes": Text("lifecycle.corrects"),
}
_PARTY: Mapping[str, Column] = {
    "counterpartName": Text("party.name"),
    "counterpartType": Code("party.kind", COUNTERPART_TYPE),
    "counterpartUscc": Text("party.code"),
    "legalRepresentative": Text("party.head.name"),
    "legalRepresentativeIdNo": Text("party.head.idNo"),
    "personIdType": Code("party.document.kind", IDENTITY_DOCUMENT),
    "personIdNo": Text("party.document.no"),
}
_DECISION: Mapping[str, Column] = {
    "decidedOn": DateColumn("decision.date"),
    "authorityName": Text("decision.organ.name"),
    "authorityCode": Text("decision.organ.code"),
    "sourceUnit": Text("decision.organ.name"),
    "sourceUnitCode": Text("decision.organ.code"),
}

LICENCE = KindMapping(
    kind=RecordKind.ADMINISTRATIVE_LICENCE,
    table="licences",
    record_id="id",
    organisation="party.code",
    person="party.personRef",
    columns={
        **_META,
        **_PARTY,
        **_DECISION,
        "documentName": Text("licence.title"),
        "documentNo": Text("licence.no"),
        "category": Code("licence.kind", LICENCE_CATEGORY),
        "certificateName": Text("licence.title"),
        "certificateNo": Text("licence.certificateNo"),
        "content": Text("licence.allows"),
        "validFrom": DateColumn("licence.from"),
        "validTo": DateColumn("licence.to"),
        "status": Code("licence.status", LICENCE_STATUS),
    },
)

PENALTY = KindMapping(
    kind=RecordKind.ADMINISTRATIVE_PENALTY,
    table="penalties",
    record_id="id",
    organisation="party.code",
    person="party.personRef",
    columns={
        **_META,
        **_PARTY,
        **_DECISION,
        "documentNo": Text("penalty.no"),
        "violationType": Text("penalty.offence"),
        "facts": Text("penalty.facts"),
        "basis": Text("penalty.basis"),
        "categories": CodeList("penalty.measures", PENALTY_CATEGORY),
        "content": Text("penalty.content"),
        "fineAmount": Amount("penalty.fineYuan"),
        "publishUntil": TextDate("lifecycle.publicUntil"),
        "performed": Flag("penalty.performed"),
        "performedOn": DateColumn("penalty.performedOn"),
        "legalStatus": Code("penalty.force", LEGAL_STATUS),
    },
)

COMMITMENT = KindMapping(
    kind=RecordKind.COMMITMENT,
    table="commitments",
    record_id="id",
    organisation="party.code",
    columns={
        **_META,
        "commitmentNo": Text("promise.no"),
        "type": Code("promise.kind", COMMITMENT_TYPE),
        "matterCode": Text("promise.matter.code"),
        "matterName": Text("promise.matter.name"),
        "promisorUscc": Text("party.code"),
        "promisorName": Text("party.name"),
        "content": Text("promise.text"),
        "breachLiability": Text("promise.liability"),
        "committedOn": DateColumn("decision.date"),
        "validUntil": DateColumn("promise.until"),
        "receivingUnit": Text("decision.organ.name"),
        "receivingUnitCode": Text("decision.organ.code"),
        "verifiedOn": DateColumn("promise.check.date"),
        "verification": Code("promise.check.result", COMMITMENT_CHECK),
        "performance": Code("promise.kept", COMMITMENT_PERFORMANCE),
        "fileHash": Text("promise.sha256"),
    },
)

MAPPINGS: tuple[KindMapping, ...] = (LICENCE, PENALTY, COMMITMENT)


def _resource(mapping: KindMapping) -> Resource:
    """All resources are asked alike; the service gives lists with the newest decision first."""
    path = f"/v2/{mapping.table}"
    own_day = "committedOn" if mapping is COMMITMENT else "decidedOn"
    return Resource(
        mapping,
        ByKeys(
            Endpoint(f"{path}/search", "POST", items="records"),
            organisations="codes",
            persons="personRefs" if mapping.person else None,
            most_keys=100,
        ),
        Listing(
            Endpoint(path, items="records", paging=PageNumbers(records=500)),
            (
                Range("meta.decidedOn", "from", "to"),
                Range(own_day, "from", "to"),
                Choice("meta.disclosureState", "states"),
            ),
            sorted_by=OrderKey("meta.decidedOn", descending=True),
        ),
    )


API = RestApi(tuple(_resource(mapping) for mapping in MAPPINGS), health="/v2/health")
