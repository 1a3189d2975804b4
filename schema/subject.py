"""Credit subjects: organisations and persons, and the links to their records."""

from __future__ import annotations

import strawberry

from schema.codes import RecordKind
from schema.connections import make_connection, one_record, record_list
from schema.links import Node
from schema.scalars import Uscc


@strawberry.interface(description="信用主体 / organisation or person whose conduct is recorded")
class CreditSubject(Node):
    licences = record_list(RecordKind.ADMINISTRATIVE_LICENCE)
    penalties = record_list(RecordKind.ADMINISTRATIVE_PENALTY)
    other_acts = record_list(RecordKind.OTHER_ADMINISTRATIVE_ACT)
    tax_arrears = record_list(RecordKind.TAX_ARREARS)
    major_tax_violations = record_list(RecordKind.MAJOR_TAX_VIOLATION)
    judgment_defaulters = record_list(RecordKind.JUDGMENT_DEFAULTER)
    consumption_restrictions = record_list(RecordKind.CONSUMPTION_RESTRICTION)
    commitments = record_list(RecordKind.COMMITMENT)
    honours = record_list(RecordKind.HONOUR)
    contracts = record_list(RecordKind.CONTRACT_PERFORMANCE)
    list_entries = record_list(RecordKind.LIST_ENTRY)
    access_log = record_list(RecordKind.LOOK_UP)


@strawberry.federation.type(
    keys=["uscc"], description="法人、非法人组织、个体工商户 / organisation with a code of its own"
)
class Organisation(CreditSubject):
    uscc: Uscc = strawberry.field(description="统一社会信用代码 / unified social credit code")
    registration = one_record(RecordKind.REGISTRATION, "登记信息 / registration")
    taxpayer_credit = one_record(
        RecordKind.TAXPAYER_CREDIT, "最近一次纳税缴费信用评价 / latest taxpayer credit"
    )
    taxpayer_credits = record_list(RecordKind.TAXPAYER_CREDIT)
    tax_payments = record_list(RecordKind.TAX_PAYMENT)
    abnormal_operations = record_list(RecordKind.ABNORMAL_OPERATION_ENTRY)
    serious_violations = record_list(RecordKind.SERIOUS_VIOLATION_ENTRY)
    complaint_summaries = record_list(RecordKind.COMPLAINT_SUMMARY)

    @classmethod
    def resolve_reference(cls, uscc: Uscc) -> Organisation:
        """Never called: the planner answers `_entities`."""
        raise AssertionError("a planned field was resolved by the generic executor")


@strawberry.type(
    description="自然人 / natural person; its `id` is the reference, bound to client and matter"
)
class Person(CreditSubject):
    pass


ORGANISATION_CONNECTION = make_connection("Organisation", Organisation, "法人和其他组织")
