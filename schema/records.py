"""The list of record types, and the model read off them. A new record kind is added here."""

from __future__ import annotations

from schema.accesslog import LookUp
from schema.conduct import Commitment, ContractPerformance, Honour
from schema.courts import ConsumptionRestriction, JudgmentDefaulter
from schema.lists import ListEntry
from schema.market import (
    AbnormalOperationEntry,
    AdministrativeLicence,
    AdministrativePenalty,
    ComplaintSummary,
    OtherAdministrativeAct,
    Registration,
    SeriousViolationEntry,
)
from schema.model import CreditModel, read_model
from schema.tax import MajorTaxViolation, TaxArrears, TaxpayerCredit, TaxPayment

RECORD_TYPES: tuple[type, ...] = (
    Registration,
    AdministrativeLicence,
    AdministrativePenalty,
    OtherAdministrativeAct,
    TaxpayerCredit,
    TaxArrears,
    TaxPayment,
    MajorTaxViolation,
    JudgmentDefaulter,
    ConsumptionRestriction,
    AbnormalOperationEntry,
    SeriousViolationEntry,
    ComplaintSummary,
    Commitment,
    Honour,
    ContractPerformance,
    ListEntry,
    LookUp,
)

MODEL: CreditModel = read_model(RECORD_TYPES)
