"""One organisation of the city: who it is, who stands for it, and how many records it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from gateway.demo.city.calendar import YEAR, Day
from gateway.demo.city.names import (
    RESIDENT_ID,
    gender_of,
    home_address,
    office_address,
    person_name,
    phone,
    place,
    resident_number,
)
from gateway.demo.city.organisations import (
    INDUSTRIES,
    PRIVATE_PREFIXES,
    Industry,
    OrganisationKind,
    code_of,
    draw_kind,
    organisation_name,
)
from gateway.demo.city.settings import NETWORK_KEY, CitySettings
from schema.identifiers.network_reference import network_reference


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person.

    Attributes:
        reference: network reference over document type and number.
    """

    name: str
    id_no: str
    gender: str
    phone: str
    reference: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records of each kind a subject has; `person_*` are about its head personally."""

    licences: int = 0
    market_penalties: int = 0
    tax_penalties: int = 0
    other_acts: int = 0
    abnormal: int = 0
    serious: int = 0
    complaints: int = 0
    grades: int = 0
    arrears: int = 0
    payments: int = 0
    major_violations: int = 0
    defaults: int = 0
    restrictions: int = 0
    person_licences: int = 0
    person_penalties: int = 0
    person_tax_penalties: int = 0
    person_arrears: int = 0
    person_defaults: int = 0
    person_restrictions: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """An organisation.

    Attributes:
        conduct: 0 is spotless, 1 is poor; draws grades and severities.
        grade: level of every year, where a named case fixes it.
        penalty_state: disclosure state of every penalty, where a named case fixes it.
        currency: ISO 4217 number of the capital.
        capital_wan: registered capital in 万 of its currency; None where there is none.
    """

    index: int
    code: str
    kind: OrganisationKind
    name: str
    head: Person
    founded: Day
    division: str
    district: str
    address: str
    industry: Industry
    status: str
    conduct: float
    counts: Counts
    capital_wan: int | None
    currency: str = "156"
    grade: str | None = None
    penalty_state: str | None = None
    has_leaks: bool = field(default=False)


def random_of(settings: CitySettings, index: int, room: str) -> Random:
    """Randomness of one subject for one purpose; the same in a city of any size."""
    return Random(f"{settings.seed}/{index}/{room}")  # noqa: S311 - sample data


def person(rng: Random, number: int, name: str | None = None) -> Person:
    """Invented person `number`."""
    id_no = resident_number(number)
    return Person(
        name=name or person_name(rng),
        id_no=id_no,
        gender=gender_of(id_no),
        phone=phone(number),
        reference=network_reference(NETWORK_KEY, RESIDENT_ID, id_no),
    )


def ordinary_subject(settings: CitySettings, index: int) -> Subject:
    """Draw the subject with this number."""
    rng = random_of(settings, index, "subject")
    kind = draw_kind(rng)
    division, district = place(rng)
    industry = rng.choice(INDUSTRIES)
    is_private = kind.prefix in PRIVATE_PREFIXES
    conduct = rng.random() ** 2 if is_private else rng.random() ** 4
    founded = settings.today - 40 - int(rng.random() ** 1.7 * 26 * YEAR)
    # Long tail: most subjects are small, one in a thousand is forty times as large.
    size = min(rng.paretovariate(1.25), 90.0) / 3.3
    is_shop_at_home = kind.prefix == "92" and rng.random() < 0.3
    return Subject(
        index=index,
        code=code_of(kind, index),
        kind=kind,
        name=organisation_name(rng, kind, district, industry),
        head=person(rng, index),
        founded=founded,
        division=division,
        district=district,
        address=(home_address if is_shop_at_home else office_address)(rng, district),
        industry=industry,
        status=rng.choices("KDXQY", (900, 25, 55, 10, 10))[0] if is_private else "K",
        conduct=conduct,
        counts=_draw_counts(rng, is_private, conduct, size, (settings.today - founded) / YEAR),
        capital_wan=int(10 ** (1 + rng.random() * 2.7)) if kind.capital else None,
        currency=rng.choices(("156", "840", "344"), (985, 10, 5))[0],
        has_leaks=rng.random() < 0.02,
    )


def _draw_counts(rng: Random, is_private: bool, conduct: float, size: float, age: float) -> Counts:
    def about(mean: float) -> int:
        return int(mean * size + rng.random())

    if not is_private:
        return Counts(
            licences=about(1.2),
            other_acts=about(0.5),
            complaints=about(0.1),
            market_penalties=about(0.04),
            tax_penalties=about(0.02),
            payments=about(2.0),
        )
    bad = conduct if conduct > 0.35 else 0.0
    return Counts(
        licences=1 + about(1.1),
        market_penalties=about(1.6 * bad),
        tax_penalties=about(0.7 * bad),
        other_acts=about(0.7),
        abnormal=about(0.55 * bad),
        serious=int(0.09 * bad + rng.random()),
        complaints=about(0.35 + 1.2 * bad),
        grades=min(int(age), 5),
        arrears=about(0.45 * bad),
        payments=min(int(age * 12), 4 + about(2.6)),
        major_violations=int(0.03 * bad + rng.random()),
        defaults=about(0.28 * bad),
        restrictions=about(0.30 * bad),
        person_licences=about(0.05),
        person_penalties=about(0.18 * bad),
        person_tax_penalties=about(0.05 * bad),
        person_arrears=about(0.05 * bad),
        person_defaults=about(0.13 * bad),
        person_restrictions=about(0.16 * bad),
    )
