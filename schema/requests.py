"""Answer types of `accessLog`: an organisation's own requests, and what auditors search."""

from __future__ import annotations

import strawberry

from schema.scalars import DateTime
from schema.why import AccessOutcome, FieldUse


@strawberry.type(description="请求涉及的数据项 / how one use of a field was decided")
class RequestedField:
    coordinate: str
    use: FieldUse
    outcome: AccessOutcome


@strawberry.type(description="访问请求 / one request as the log has it; no contents of records")
class LoggedRequest:
    entry_no: str = strawberry.field(description="日志编号 / accepted by `after`")
    at: DateTime
    request_id: str = strawberry.field(description="请求编号")
    organisation: str | None = strawberry.field(
        description="访问单位 / null for the public and for subjects themselves"
    )
    acting_for: str | None = strawberry.field(description="所代理机构")
    client_id: str = strawberry.field(description="接入系统")
    user_ref: str | None = strawberry.field(description="经办人 / as the client states it")
    purpose: str = strawberry.field(description="用途 / code")
    matter_no: str | None = strawberry.field(description="事项编号")
    consent_nos: list[str] = strawberry.field(description="授权编号")
    operation_name: str | None = strawberry.field(description="操作名称")
    outcome: str = strawberry.field(description="结果 / `ANSWERED`, or the code of the refusal")
    subject_count: int = strawberry.field(description="主体数量 / subjects named, never which")
    row_count: int = strawberry.field(description="记录数量 / rows that departments supplied")
    fields: list[RequestedField] = strawberry.field(description="数据项及结果")
    warnings: list[str] = strawberry.field(description="预警 / such as `QUERY_SWEEP`")
    policy_version: str = strawberry.field(description="规则版本")
    entry_hash: str | None = strawberry.field(description="日志条目摘要 / hash of the leaf, base64")
    proof: str = strawberry.field(
        description="日志证明 / c2sp.org/tlog-proof@v1, or `NOT_YET_COVERED`"
    )
