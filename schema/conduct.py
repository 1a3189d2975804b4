"""Record kinds of promised and good conduct: commitments, honours, performance of contracts."""

from __future__ import annotations

import strawberry

from schema.classification import FieldClass, MaskKind
from schema.codes import (
    CommitmentCheck,
    CommitmentPerformance,
    CommitmentType,
    ContractKind,
    ContractState,
    HonourLevel,
    Nature,
    RecordKind,
)
from schema.fields import nested_type, record_field, record_type
from schema.meta import CreditRecord
from schema.scalars import Date, Money, Uscc

P, D, A = FieldClass.PUBLIC, FieldClass.DEPARTMENT, FieldClass.AUTHORISED
M = MaskKind


@nested_type("容缺材料 / document that may be handed in later")
class MissingDocument:
    name: str | None = record_field("材料名称", D)
    due_on: Date | None = record_field("补交期限", D)
    supplied_on: Date | None = record_field("补交日期", D)


@record_type(
    RecordKind.COMMITMENT,
    "信用承诺",
    catalogue="C08",
    nature=Nature.OTHER,
    field_class=P,
    person_class=D,
    description="A promise and how it was kept; a broken one is no penalty by itself.",
)
class Commitment(CreditRecord):
    commitment_no: str | None = record_field("承诺书编号", P)
    type: CommitmentType | None = record_field("承诺类型", P)
    matter_code: str | None = record_field("事项编码", P)
    matter_name: str | None = record_field("事项名称", P)
    promisor_uscc: Uscc | None = record_field("承诺人统一社会信用代码", P)
    promisor_name: str | None = record_field("承诺人", P, person_class=D, person_mask=M.NAME)
    content: str | None = record_field("承诺内容", P, mask=M.DOCUMENT, free_text=True)
    breach_liability: str | None = record_field("违诺责任", P, free_text=True)
    committed_on: Date | None = record_field("作出日期", P)
    valid_until: Date | None = record_field("有效期至", P)
    receiving_unit: str | None = record_field("受理单位", P)
    receiving_unit_code: Uscc | None = record_field("受理单位统一社会信用代码", P)
    missing_documents: list[MissingDocument] | None = strawberry.field(description="容缺材料")
    verified_on: Date | None = record_field("核查日期", D)
    verification: CommitmentCheck | None = record_field("核查情况", D)
    performance: CommitmentPerformance | None = record_field("履行状态", P)
    file_hash: str | None = record_field("承诺书文件摘要", D, note="SHA-256, hexadecimal.")


@record_type(
    RecordKind.HONOUR,
    "守信荣誉",
    catalogue="C11",
    nature=Nature.GOOD,
    field_class=P,
    person_class=D,
    description="An award for honest conduct, or a place on a list of the trustworthy.",
)
class Honour(CreditRecord):
    name: str | None = record_field("荣誉名称", P)
    level: HonourLevel | None = record_field("荣誉级别", P)
    holder_uscc: Uscc | None = record_field("获得者统一社会信用代码", P)
    holder_name: str | None = record_field("获得者名称", P, person_class=D, person_mask=M.NAME)
    facts: str | None = record_field("认定事实", P, mask=M.DOCUMENT, free_text=True)
    basis: str | None = record_field("认定依据", P, free_text=True)
    decision_no: str | None = record_field("认定文号", P)
    awarded_on: Date | None = record_field("授予日期", P)
    valid_until: Date | None = record_field("有效期至", P)
    awarded_by: str | None = record_field("授予单位", P)
    awarded_by_code: Uscc | None = record_field("授予单位统一社会信用代码", P)
    withdrawn_on: Date | None = record_field("撤销日期", P)
    withdraw_reason: str | None = record_field("撤销原因", P, free_text=True)


@record_type(
    RecordKind.CONTRACT_PERFORMANCE,
    "合同履约",
    catalogue="C07",
    nature=Nature.OTHER,
    field_class=P,
    person_class=D,
    description="How a firm performs a contract; one that is not public needs its consent.",
)
class ContractPerformance(CreditRecord):
    contract_no: str | None = record_field("合同编号", D)
    project_name: str | None = record_field("项目名称", P)
    is_public: bool | None = record_field(
        "是否公共合同", P, note="True for contracts with public bodies; missing counts as false."
    )
    party_uscc: Uscc | None = record_field("履约主体统一社会信用代码", P)
    party_name: str | None = record_field("履约主体", P, person_class=D, person_mask=M.NAME)
    counterparty_name: str | None = record_field("合同相对方", P)
    signed_on: Date | None = record_field("签订日期", P)
    amount: Money | None = record_field("合同金额（元）", A, mask=M.AMOUNT_BAND)
    kind: ContractKind | None = record_field("合同类型", P)
    performance: ContractState | None = record_field("履约状态", P)
    breach_party: str | None = record_field("违约方", P, person_class=D, person_mask=M.NAME)
    evidence: str | None = record_field("认定依据", D, free_text=True)


__all__ = ["Commitment", "ContractPerformance", "Honour", "MissingDocument"]
