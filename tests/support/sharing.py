"""Departments, actors and wishes for tests of grants and consents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.contract import CatalogueEntry, Manifest
from gateway.entitlements.acts import Actor
from gateway.entitlements.grant_desk import GrantWish
from gateway.entitlements.grantable import Grantable
from gateway.mutations.office import Office
from policies.loader import load_policies
from policies.model import Caller, CallerClass, Purpose
from policies.sharing.loader import load_sharing
from schema.codes import DisclosureWay, Nature, RecordKind, SharingAttribute
from schema.records import MODEL
from schema.sharing import SharingMode
from tests.support.entries import BANK, FIRM, ORGAN

TAX = "114101990050000186"
MARKET = "11410199MB0M0000X3"
CENTRE = "12410199MB0C000000"
NOW = dt.datetime(2026, 11, 2, 2, tzinfo=dt.UTC)
SCORE = "TaxpayerCredit.score"
POLICIES = load_policies(MODEL, NOW.date())
SHARING = load_sharing()

assert TAX == ORGAN


def entry(kind: RecordKind, attribute: SharingAttribute, code: str) -> CatalogueEntry:
    """Return a catalogue entry that holds all fields of the kind."""
    return CatalogueEntry(
        kind=kind,
        catalogue_code=code,
        name_zh="样例",
        data_format="表",
        subject_types=("法人",),
        nature=Nature.OTHER,
        sharing_attribute=attribute,
        disclosure_way=DisclosureWay.GOV_SHARING,
        coverage="全市",
        update_cycle="实时",
        items=tuple(field.name for field in MODEL.kinds[kind].fields),
        legal_basis="样例法 第一条",
        retention="样例",
    )


MANIFESTS = (
    Manifest(
        slug="tax",
        department_code=TAX,
        department_name_zh="样例税务局",
        department_name_en="tax",
        adapter_version="1",
        contact="-",
        entries=(
            entry(RecordKind.TAXPAYER_CREDIT, SharingAttribute.CONDITIONAL, "C09-01"),
            entry(RecordKind.TAX_ARREARS, SharingAttribute.UNCONDITIONAL, "C03-05"),
            entry(RecordKind.TAX_PAYMENT, SharingAttribute.NONE, "C03-06"),
            entry(RecordKind.MAJOR_TAX_VIOLATION, SharingAttribute.UNCONDITIONAL, "C06-02"),
        ),
    ),
)


def actor(
    caller_class: CallerClass,
    organisation: str | None,
    purpose: Purpose,
    acting_for: str | None = None,
) -> Actor:
    """Return an actor of a class."""
    caller = Caller(caller_class, organisation, purpose, acting_for)
    return Actor(caller, f"{caller_class.value}-client", "officer-07", "样例-1", "r-1")


CONSUMER = actor(CallerClass.DEPARTMENT, MARKET, Purpose.INSPECTION)
PROVIDER = actor(CallerClass.DEPARTMENT, TAX, Purpose.TAX_ADMIN)
STRANGER = actor(CallerClass.DEPARTMENT, FIRM, Purpose.INSPECTION)
CREDIT_CENTRE = actor(CallerClass.CREDIT_CENTRE, CENTRE, Purpose.EVALUATION)
AUDITOR = actor(CallerClass.AUDITOR, MARKET, Purpose.AUDIT)
LENDER = actor(CallerClass.INSTITUTION, BANK, Purpose.PRE_LOAN)
OWNER = actor(CallerClass.SUBJECT, FIRM, Purpose.SELF_QUERY)


@dataclass
class HandNow:
    """A clock that only a test moves."""

    now: dt.datetime = NOW

    def __call__(self) -> dt.datetime:
        return self.now


@dataclass
class Numbers:
    """Numbers in order: SG-1, SG-2, CL-3 …"""

    given: int = 0

    def __call__(self, prefix: str) -> str:
        self.given += 1
        return f"{prefix}-{self.given}"


@dataclass
class HandOffice:
    """An office on a hand-made clock."""

    clock: HandNow = field(default_factory=HandNow)
    manifests: Sequence[Manifest] = MANIFESTS

    def office(self) -> Office:
        """Return the office."""
        grantable = Grantable(self.manifests, lambda: POLICIES)
        return Office(SHARING, grantable, self.clock, Numbers())


WISH = GrantWish(
    provider=TAX,
    catalogue_code="C09-01",
    purposes=(Purpose.INSPECTION,),
    coordinates=(SCORE, "TaxpayerCredit.grade"),
    legal_basis="样例条例 第一条",
    scenario="双随机抽查",
    scope="被抽查企业",
    mode=SharingMode.SERVICE,
    impact_assessment="PIA-2026-1",
    impact_assessed_on=dt.date(2026, 10, 9),
    valid_until=dt.datetime(2027, 11, 1, tzinfo=dt.UTC),
)
