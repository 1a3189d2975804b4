"""The whole city, in batches of subjects that can be made in any order and in any process."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.demo.city.cases import CASES, case_subject
from gateway.demo.city.copy_text import Row, Sheets
from gateway.demo.city.courts_rows import add_court_records
from gateway.demo.city.courts_tables import COURTS_TABLES
from gateway.demo.city.market_rows import add_market_records
from gateway.demo.city.market_tables import MARKET_TABLES
from gateway.demo.city.settings import CitySettings
from gateway.demo.city.subjects import Subject, ordinary_subject, random_of
from gateway.demo.city.tax_rows import add_tax_records
from gateway.demo.city.tax_tables import TAX_TABLES

SLUGS = ("market", "tax", "courts")
"""Departments of the city."""

TABLES: dict[str, dict[type[Row], str]] = {
    "market": MARKET_TABLES,
    "tax": TAX_TABLES,
    "courts": COURTS_TABLES,
}
"""Per department its tables by row type."""

BATCH_SUBJECTS = 1_000


@dataclass(frozen=True, slots=True)
class CityBatch:
    """Rows of some subjects, per department."""

    market: Sheets
    tax: Sheets
    courts: Sheets

    def of(self, slug: str) -> Sheets:
        """The sheets of one department."""
        return {"market": self.market, "tax": self.tax, "courts": self.courts}[slug]

    def counts(self) -> int:
        """Number of rows of all departments."""
        return self.market.counts() + self.tax.counts() + self.courts.counts()


def subject(settings: CitySettings, index: int) -> Subject:
    """The subject with this number; the named cases come first."""
    cases = CASES.all()
    if index < len(cases):
        return case_subject(settings, cases[index])
    return ordinary_subject(settings, index)


def batches(settings: CitySettings) -> list[range]:
    """Numbers of the subjects, cut into batches."""
    starts = range(0, settings.subjects, BATCH_SUBJECTS)
    return [range(start, min(start + BATCH_SUBJECTS, settings.subjects)) for start in starts]


def make_batch(settings: CitySettings, indices: range) -> CityBatch:
    """Make all rows of the subjects with these numbers."""
    made = CityBatch(Sheets(MARKET_TABLES), Sheets(TAX_TABLES), Sheets(COURTS_TABLES))
    for index in indices:
        who = subject(settings, index)
        today = settings.today
        add_market_records(made.market, who, random_of(settings, index, "market"), today)
        add_tax_records(made.tax, who, random_of(settings, index, "tax"), today)
        add_court_records(made.courts, who, random_of(settings, index, "courts"), today)
    return made
