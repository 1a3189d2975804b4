"""What a department implements to join: manifest, adapter, requests, batches, commands, hook.

This package imports nothing of the gateway but itself, and starts nothing when imported.
"""

from __future__ import annotations

from gateway.contract.adapter import (
    Adapter,
    ChangesAdapter,
    CommandAdapter,
    ExplainingAdapter,
    Health,
    StatisticsAdapter,
)
from gateway.contract.batches import (
    Batch,
    FieldSummary,
    JsonBatch,
    Row,
    RowBatch,
    StatisticsBatch,
    StatisticsGroup,
)
from gateway.contract.changes import ChangesBatch, ChangesRequest, RecordChange
from gateway.contract.commands import Command, CommandActor, CommandResult, UserError
from gateway.contract.deadlines import (
    ClockedAdapter,
    DeadlineChange,
    DueWork,
    OpenDeadline,
    YearSchedule,
)
from gateway.contract.errors import (
    AdapterError,
    MappingFailed,
    NotSupported,
    QuestionTooBroad,
    SourceRejected,
    SourceTimedOut,
    SourceUnavailable,
)
from gateway.contract.hookspecs import AdapterSettings, hookimpl
from gateway.contract.manifest import CatalogueEntry, Manifest
from gateway.contract.quality import KindQuality, Lag, QualityAdapter, QualityRequest
from gateway.contract.requests import (
    FETCHED_AT,
    PERSON_KEY_PREFIX,
    RECORD_ID,
    SUBJECT_KEY,
    After,
    FetchContext,
    JsonConstant,
    JsonField,
    JsonNode,
    OrderKey,
    RecordRequest,
    RecordSelection,
    StatisticsRequest,
)

__all__ = [
    "FETCHED_AT",
    "PERSON_KEY_PREFIX",
    "RECORD_ID",
    "SUBJECT_KEY",
    "Adapter",
    "AdapterError",
    "AdapterSettings",
    "After",
    "Batch",
    "CatalogueEntry",
    "ChangesAdapter",
    "ChangesBatch",
    "ChangesRequest",
    "ClockedAdapter",
    "Command",
    "CommandActor",
    "CommandAdapter",
    "CommandResult",
    "DeadlineChange",
    "DueWork",
    "ExplainingAdapter",
    "FetchContext",
    "FieldSummary",
    "Health",
    "JsonBatch",
    "JsonConstant",
    "JsonField",
    "JsonNode",
    "KindQuality",
    "Lag",
    "Manifest",
    "MappingFailed",
    "NotSupported",
    "OpenDeadline",
    "OrderKey",
    "QualityAdapter",
    "QualityRequest",
    "QuestionTooBroad",
    "RecordChange",
    "RecordRequest",
    "RecordSelection",
    "Row",
    "RowBatch",
    "SourceRejected",
    "SourceTimedOut",
    "SourceUnavailable",
    "StatisticsAdapter",
    "StatisticsBatch",
    "StatisticsGroup",
    "StatisticsRequest",
    "UserError",
    "YearSchedule",
    "hookimpl",
]
