"""Types of the idiomatic server: as much of the schema as the workloads ask for.

No postponed annotations: Strawberry reads them.
"""

import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, NewType, Self

import asyncpg
import strawberry
from strawberry.types.scalar import ScalarDefinition

if TYPE_CHECKING:
    from bench.targets.strawberry_loaders import Loaders

Uscc = NewType("Uscc", str)
USCC: ScalarDefinition = strawberry.scalar(name="USCC", serialize=str, parse_value=str)


@strawberry.enum
class RegistrationStatus(Enum):
    ACTIVE = "K"
    REVOKED = "D"
    CANCELLED = "X"
    MOVED_OUT = "Q"
    SUSPENDED = "Y"


@strawberry.enum
class LicenceStatus(Enum):
    VALID = "1"
    CHANGED = "2"
    REVOKED = "3"
    EXPIRED = "0"


@strawberry.enum
class Grade(Enum):
    A = "10"
    B = "20"
    M = "25"
    C = "30"
    D = "40"


@strawberry.enum
class Performance(Enum):
    NONE = "全部未履行"
    PARTIAL = "部分未履行"
    FULL = "全部已履行"


TAX_KINDS = {
    "10101": "增值税",
    "10104": "企业所得税",
    "10106": "个人所得税",
    "10109": "城市维护建设税",
    "10110": "房产税",
    "10111": "印花税",
    "10112": "城镇土地使用税",
    "30203": "教育费附加",
}


@strawberry.type
class Registration:
    name: str | None
    status: RegistrationStatus | None
    legal_representative_name: str | None
    registered_capital: Decimal | None
    established_on: dt.date | None
    division_code: str | None
    industry_name: str | None
    address: str | None
    is_visible: strawberry.Private[bool]

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        return cls(
            name=row["qymc"],
            status=RegistrationStatus(row["djzt"]),
            legal_representative_name=row["fddbr"],
            registered_capital=row["capital"],
            established_on=row["clrq"],
            division_code=row["szd"],
            industry_name=row["hymc"],
            address=row["zs"],
            is_visible=row["visible"],
        )


@strawberry.type
class TaxpayerCredit:
    grade: Grade | None
    year: int | None
    evaluated_on: dt.date | None
    valid_to: dt.date | None

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        return cls(
            grade=Grade(row["xyjb_dm"]),
            year=row["pd_nd"],
            evaluated_on=row["pd_rq"],
            valid_to=row["yxq_z"],
        )


@strawberry.type
class Licence:
    document_no: str | None
    certificate_name: str | None
    decided_on: dt.date | None
    valid_to: dt.date | None
    status: LicenceStatus | None

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        return cls(
            document_no=row["xk_wsh"],
            certificate_name=row["xk_xkzs"],
            decided_on=row["xk_jdrq"],
            valid_to=row["xk_yxqzi"],
            status=LicenceStatus(row["xk_zt"]),
        )


@strawberry.type
class TaxArrears:
    tax_kind: str | None
    balance: Decimal | None
    announced_on: dt.date | None
    publishing_office: str | None
    place_of_business: str | None

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        return cls(
            tax_kind=TAX_KINDS.get(row["sz_dm"]),
            balance=row["qs_ye"],
            announced_on=row["gg_rq"],
            publishing_office=row["fbdw_mc"],
            place_of_business=row["jydd"],
        )


@strawberry.type
class Defaulter:
    case_no: str | None
    court: str | None
    filed_on: dt.date | None
    performance: Performance | None

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        return cls(
            case_no=row["ah"],
            court=row["zxfy"],
            filed_on=dt.date.fromisoformat(row["larq"]),
            performance=Performance(row["lxqk"]),
        )


@strawberry.type
class LicenceConnection:
    nodes: list[Licence]


@strawberry.type
class TaxArrearsConnection:
    nodes: list[TaxArrears]


@strawberry.type
class DefaulterConnection:
    code: strawberry.Private[str]
    first: strawberry.Private[int]

    @strawberry.field
    async def nodes(self, info: strawberry.Info) -> list[Defaulter]:
        return await loaders(info).defaulters.load((self.code, self.first))

    @strawberry.field
    async def total_count(self, info: strawberry.Info) -> int:
        return await loaders(info).defaulter_count.load(self.code)


@strawberry.type
class Organisation:
    uscc: Uscc
    registration_row: strawberry.Private[Registration]

    @strawberry.field
    def registration(self) -> Registration | None:
        return self.registration_row if self.registration_row.is_visible else None

    @strawberry.field
    async def taxpayer_credit(self, info: strawberry.Info) -> TaxpayerCredit | None:
        return await loaders(info).credit.load(self.uscc)

    @strawberry.field
    async def licences(self, info: strawberry.Info, first: int = 20) -> LicenceConnection:
        return LicenceConnection(nodes=await loaders(info).licences.load((self.uscc, first)))

    @strawberry.field
    async def tax_arrears(self, info: strawberry.Info, first: int = 20) -> TaxArrearsConnection:
        return TaxArrearsConnection(nodes=await loaders(info).arrears.load((self.uscc, first)))

    @strawberry.field
    def judgment_defaulters(self, first: int = 20) -> DefaulterConnection:
        return DefaulterConnection(code=self.uscc, first=first)


@strawberry.type
class Query:
    @strawberry.field
    async def subject(self, info: strawberry.Info, uscc: Uscc) -> Organisation | None:
        row = await loaders(info).registration.load(uscc)
        return None if row is None else Organisation(uscc=uscc, registration_row=row)

    @strawberry.field
    async def subjects(self, info: strawberry.Info, usccs: list[Uscc]) -> list[Organisation | None]:
        rows = await loaders(info).registration.load_many(usccs)
        return [
            None if row is None else Organisation(uscc=code, registration_row=row)
            for code, row in zip(usccs, rows, strict=True)
        ]


def loaders(info: strawberry.Info) -> "Loaders":
    """The loaders of the request."""
    found: Loaders = info.context["loaders"]
    return found
