"""Named cases: subjects that the tour and the tests can rely on, in a city of any size and seed.

Consents are not departments' data; who gives one to the demo bank is only named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from gateway.demo.city.calendar import YEAR
from gateway.demo.city.names import DISTRICTS, home_address, office_address
from gateway.demo.city.organisations import (
    INDUSTRIES,
    LIMITED,
    SHOP,
    VILLAGE,
    OrganisationKind,
    case_code,
)
from gateway.demo.city.settings import CitySettings
from gateway.demo.city.subjects import Counts, Person, Subject, person, random_of

DEMO_BANK = case_code("91", "MA9DEMB1")
"""Code of the invented bank that banks' profiles of the demonstration act for."""


@dataclass(frozen=True, slots=True)
class Case:
    """A named subject.

    Attributes:
        index: its number in the city.
        code: unified social credit code.
        is_consenting: the demonstration gives it an active consent for the demo bank.
    """

    index: int
    code: str
    kind: OrganisationKind
    name: str
    head_name: str
    counts: Counts
    founded_years_ago: int = 12
    industry: int = 0
    capital_wan: int | None = 1_000
    currency: str = "156"
    conduct: float = 0.0
    grade: str | None = None
    penalty_state: str | None = None
    is_at_home: bool = False
    has_leaks: bool = False
    is_consenting: bool = False

    @property
    def head(self) -> Person:
        """Person who stands for it."""
        return person(Random(0), self.index, self.head_name)  # noqa: S311 - sample data

    @property
    def head_key(self) -> str:
        """Subject key of that person."""
        return f"P:{self.head.reference}"


@dataclass(frozen=True, slots=True)
class Cases:
    """All named cases.

    Attributes:
        clean_firm: large, best grade, no dishonest record; consents to the demo bank.
        penalised_firm: penalties of market and tax, arrears, a fall in grades; consents.
        home_business: individual business run from its owner's flat.
        defaulter_firm: on the list of judgment defaulters; its head is not.
        repaired_firm: all its penalties are repaired, so that only their source shows them.
        defaulter_person: its head is on the list personally; the firm is not.
        often_penalised_firm: hundreds of penalties, for paging.
        village: collective, whose code begins with a letter.
        foreign_firm: Latin name, capital in US dollars.
        firm_without_consent: like the clean firm, but the bank has no consent.
        namesake_one, namesake_two: same name and head's name, different firms and records.
        leaking_firm: free text with invented document and telephone numbers inside.
    """

    clean_firm: Case
    penalised_firm: Case
    home_business: Case
    defaulter_firm: Case
    repaired_firm: Case
    defaulter_person: Case
    often_penalised_firm: Case
    village: Case
    foreign_firm: Case
    firm_without_consent: Case
    namesake_one: Case
    namesake_two: Case
    leaking_firm: Case

    def all(self) -> tuple[Case, ...]:
        """Every case, by number."""
        return tuple(getattr(self, name) for name in self.__slots__)


_CLEAN = Counts(licences=12, other_acts=6, grades=5, payments=60)

CASES = Cases(
    clean_firm=Case(
        0,
        case_code("91", "MA9DEM01"),
        LIMITED,
        "郑州樟岚沅机械设备有限公司",
        "欧阳澍庭",
        _CLEAN,
        founded_years_ago=18,
        industry=7,
        capital_wan=12_000,
        grade="A",
        is_consenting=True,
    ),
    penalised_firm=Case(
        1,
        case_code("91", "MA9DEM02"),
        LIMITED,
        "郑州霁珩岫食品有限公司",
        "邬砚舟",
        Counts(
            licences=8,
            market_penalties=6,
            tax_penalties=4,
            other_acts=3,
            abnormal=1,
            complaints=14,
            grades=5,
            arrears=3,
            payments=36,
        ),
        industry=8,
        conduct=0.9,
        is_consenting=True,
    ),
    home_business=Case(
        2,
        case_code("92", "MA9DEM03"),
        SHOP,
        "金水区笙禾快餐店",
        "祝栩",
        Counts(licences=2, market_penalties=1, complaints=6, payments=8),
        industry=3,
        capital_wan=None,
        founded_years_ago=4,
        conduct=0.4,
        is_at_home=True,
    ),
    defaulter_firm=Case(
        3,
        case_code("91", "MA9DEM04"),
        LIMITED,
        "郑州潼笠矶建筑工程有限公司",
        "霍筠野",
        Counts(licences=3, market_penalties=2, grades=5, payments=12, defaults=4, restrictions=3),
        industry=5,
        conduct=0.8,
    ),
    repaired_firm=Case(
        4,
        case_code("91", "MA9DEM05"),
        LIMITED,
        "郑州峤澈垣装饰工程有限公司",
        "窦钧川",
        Counts(licences=4, market_penalties=3, tax_penalties=2, grades=4, payments=20),
        industry=6,
        conduct=0.5,
        penalty_state="ENDED",
    ),
    defaulter_person=Case(
        5,
        case_code("91", "MA9DEM06"),
        LIMITED,
        "郑州洄聿楹物流有限公司",
        "苗琰岚",
        Counts(licences=2, grades=3, payments=10, person_defaults=2, person_restrictions=2),
        industry=10,
    ),
    often_penalised_firm=Case(
        6,
        case_code("91", "MA9DEM07"),
        LIMITED,
        "郑州璟钰珞餐饮管理有限公司",
        "凤瑄屿",
        Counts(
            licences=30,
            market_penalties=320,
            tax_penalties=40,
            complaints=160,
            grades=5,
            payments=60,
        ),
        industry=2,
        conduct=1.0,
    ),
    village=Case(
        7,
        case_code("N2", "MA9DEM08"),
        VILLAGE,
        "中牟县樟笠村股份经济合作社",
        "鲍沅禾",
        Counts(licences=1, other_acts=4, payments=2),
        industry=14,
        capital_wan=None,
    ),
    foreign_firm=Case(
        8,
        case_code("91", "MA9DEM09"),
        LIMITED,
        "Lumenfjord Instruments (Zhengzhou) Co., Ltd.",
        "Ingrid Solvang",
        Counts(licences=5, market_penalties=1, grades=4, payments=24),
        industry=12,
        capital_wan=300,
        currency="840",
        conduct=0.2,
    ),
    firm_without_consent=Case(
        9,
        case_code("91", "MA9DEM0A"),
        LIMITED,
        "郑州翊渚栎信息技术有限公司",
        "卞沁麦",
        _CLEAN,
        industry=4,
        grade="B",
    ),
    namesake_one=Case(
        10,
        case_code("91", "MA9DEM0B"),
        LIMITED,
        "郑州沄筱弈商贸有限公司",
        "伏泓稷",
        _CLEAN,
        grade="A",
    ),
    namesake_two=Case(
        11,
        case_code("91", "MA9DEM0C"),
        LIMITED,
        "郑州沄筱弈商贸有限公司",
        "伏泓稷",
        Counts(licences=1, market_penalties=9, abnormal=2, serious=1, grades=3, defaults=2),
        conduct=0.9,
        grade="D",
    ),
    leaking_firm=Case(
        12,
        case_code("91", "MA9DEM0D"),
        LIMITED,
        "郑州槿屿麓汽车服务有限公司",
        "糜漪苒",
        Counts(
            licences=3, market_penalties=5, tax_penalties=3, other_acts=3, grades=3, payments=9,
            defaults=1, person_penalties=2, person_tax_penalties=1, major_violations=1,
        ),
        industry=13,
        conduct=0.7,
        has_leaks=True,
    ),
)  # fmt: skip


def case_subject(settings: CitySettings, case: Case) -> Subject:
    """The subject of a named case; only its dates and words depend on the seed."""
    rng = random_of(settings, case.index, "subject")
    division, district = DISTRICTS[6 if case is CASES.village else 3]
    return Subject(
        index=case.index,
        code=case.code,
        kind=case.kind,
        name=case.name,
        head=case.head,
        founded=settings.today - case.founded_years_ago * YEAR,
        division=division,
        district=district,
        address=(home_address if case.is_at_home else office_address)(rng, district),
        industry=INDUSTRIES[case.industry],
        status="K",
        conduct=case.conduct,
        counts=case.counts,
        capital_wan=case.capital_wan,
        currency=case.currency,
        grade=case.grade,
        penalty_state=case.penalty_state,
        has_leaks=case.has_leaks,
    )
