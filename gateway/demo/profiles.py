"""Who the demonstration's callers are: one profile per kind of reader, with its client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.demo.city.authorities import MARKET_BUREAU, TAX_BUREAU
from gateway.demo.city.cases import CASES, DEMO_BANK
from gateway.demo.city.organisations import case_code
from gateway.demo.tour.questions import (
    GRADE_AND_PAYMENTS,
    LOAN_PAYMENTS,
    ONE_FIRM,
    THREE_DEPARTMENTS,
)
from gateway.entitlements.client import Client
from gateway.identity.authenticate import MUST_BE_BOUND
from gateway.identity.issuer import TokenRequest
from policies.model import Caller, CallerClass, Purpose

PLATFORM = case_code("91", "MA9DEMP1")
"""Code of the invented financing platform."""
LICENCE_BUREAU = case_code("11", "MB0L0000")
CREDIT_CENTRE = case_code("12", "MB0C0000")
ASSOCIATION = case_code("51", "MJ0A0000")
AUDIT_BUREAU = case_code("11", "MB0A0000")

_BANK_QUOTA = 100_000
_LENDER_OPERATIONS = (ONE_FIRM, GRADE_AND_PAYMENTS, LOAN_PAYMENTS, THREE_DEPARTMENTS)


@dataclass(frozen=True, slots=True)
class Profile:
    """One caller of the demonstration.

    Attributes:
        name: for scripts, and the file of its token.
        title_en, title_zh: for people.
        request: what its token says; None for the public, which sends none.
        quota_per_day: subjects a day; None: no limit.
        operations: documents that are registered for its purpose.
    """

    name: str
    title_en: str
    title_zh: str
    request: TokenRequest | None
    quota_per_day: int | None = None
    operations: tuple[str, ...] = ()

    @property
    def client(self) -> Client | None:
        """The client to register."""
        if self.request is None:
            return None
        caller = self.request.caller
        return Client(
            self.request.client_id,
            caller.caller_class,
            caller.organisation,
            self.title_zh,
            self.quota_per_day,
            (caller.purpose,) if self.operations else (),
            acts_for=() if caller.acting_for is None else (caller.acting_for,),
        )

    @property
    def is_bound(self) -> bool:
        """Whether its token is bound to a key of its own."""
        return self.request is not None and self.request.caller.caller_class in MUST_BE_BOUND


@dataclass(frozen=True, slots=True)
class Profiles:
    """All profiles."""

    public: Profile
    inspector: Profile
    licence_officer: Profile
    tax_officer: Profile
    bank: Profile
    firm: Profile
    platform: Profile
    credit_centre: Profile
    association: Profile
    auditor: Profile

    def by_name(self) -> Mapping[str, Profile]:
        """Every profile by its name."""
        found = [getattr(self, name) for name in self.__slots__]
        return {profile.name: profile for profile in found}


def _officer(organ: str, purpose: Purpose, client: str, matter_no: str) -> TokenRequest:
    caller = Caller(CallerClass.DEPARTMENT, organ, purpose)
    return TokenRequest(caller, client, matter_no, user_ref=f"{client}-officer-07")


def _other(
    caller_class: CallerClass,
    organisation: str,
    purpose: Purpose,
    client: str,
    acting_for: str | None = None,
) -> TokenRequest:
    return TokenRequest(Caller(caller_class, organisation, purpose, acting_for), client)


PROFILES = Profiles(
    public=Profile("public", "public", "社会公众", None),
    inspector=Profile(
        "inspector",
        "market inspector",
        "市场监管执法人员",
        _officer(MARKET_BUREAU.code, Purpose.INSPECTION, "market-inspection", "双随机-2026-0117"),
    ),
    licence_officer=Profile(
        "licence-officer",
        "licence officer",
        "行政审批人员",
        _officer(LICENCE_BUREAU, Purpose.LICENCE_REVIEW, "licence-hall", "许可-2026-3305"),
    ),
    tax_officer=Profile(
        "tax-officer",
        "tax officer",
        "税务人员",
        _officer(TAX_BUREAU.code, Purpose.TAX_ADMIN, "tax-bureau", "税管-2026-0042"),
    ),
    bank=Profile(
        "bank",
        "bank before a loan",
        "银行（贷前审查）",
        _other(CallerClass.INSTITUTION, DEMO_BANK, Purpose.PRE_LOAN, "demo-bank"),
        _BANK_QUOTA,
        _LENDER_OPERATIONS,
    ),
    firm=Profile(
        "firm",
        "the firm itself",
        "企业本人",
        _other(
            CallerClass.SUBJECT, CASES.penalised_firm.code, Purpose.SELF_QUERY, "citizen-portal"
        ),
    ),
    platform=Profile(
        "platform",
        "platform acting for the bank",
        "融资信用服务平台（代银行）",
        _other(CallerClass.PLATFORM, PLATFORM, Purpose.PRE_LOAN, "financing-platform", DEMO_BANK),
        _BANK_QUOTA,
        _LENDER_OPERATIONS,
    ),
    credit_centre=Profile(
        "credit-centre",
        "credit centre",
        "信用中心",
        _other(CallerClass.CREDIT_CENTRE, CREDIT_CENTRE, Purpose.EVALUATION, "credit-centre"),
    ),
    association=Profile(
        "association",
        "industry association",
        "行业协会",
        _other(CallerClass.ASSOCIATION, ASSOCIATION, Purpose.EVALUATION, "trade-association"),
    ),
    auditor=Profile(
        "auditor",
        "auditor",
        "审计人员",
        _other(CallerClass.AUDITOR, AUDIT_BUREAU, Purpose.AUDIT, "audit-bureau"),
    ),
)
