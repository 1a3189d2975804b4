"""The generator: determinism, codes, identifiers, amounts of records, vocabulary."""

import re
from collections import Counter

from stdnum.cn import ric

from gateway.demo.city.calendar import iso
from gateway.demo.city.cases import CASES
from gateway.demo.city.copy_text import Row
from gateway.demo.city.courts_rows import SEVERITIES as COURTS_SEVERITIES
from gateway.demo.city.courts_rows import STATES as COURTS_STATES
from gateway.demo.city.courts_tables import Defaulter
from gateway.demo.city.generate import SLUGS, TABLES, CityBatch, make_batch, subject
from gateway.demo.city.market_rows import STATES as MARKET_STATES
from gateway.demo.city.market_tables import AbnormalEntry, Licence, MarketPenalty, Registration
from gateway.demo.city.settings import CitySettings
from gateway.demo.city.tax_rows import STATES as TAX_STATES
from gateway.demo.city.tax_tables import Grade
from plugins.courts.mapping import DISCLOSURE_STATE as COURTS_CODES
from plugins.courts.mapping import SEVERITY as COURTS_SEVERITY_CODES
from plugins.market.mapping import DISCLOSURE_STATE as MARKET_CODES
from plugins.tax.mapping import DISCLOSURE_STATE as TAX_CODES
from schema.identifiers import parse_uscc

CODE = re.compile(r"(?<![0-9A-Z])[0-9ANY][0-9]410199[0-9A-Z]{10}(?![0-9A-Z])")
RESIDENT = re.compile(r"(?<![0-9A-Z])[0-9]{17}[0-9X](?![0-9A-Z])")


def content(batch: CityBatch) -> bytes:
    return b"".join(batch.of(slug).content(kind) for slug in SLUGS for kind in TABLES[slug])


def column(batch: CityBatch, slug: str, kind: type[Row], name: str) -> list[str]:
    position = kind._fields.index(name)  # type: ignore[attr-defined]
    return [line.split("\t")[position] for line in batch.of(slug).lines(kind)]


def test_same_settings_make_the_same_bytes(city_settings: CitySettings) -> None:
    some = range(200)
    assert content(make_batch(city_settings, some)) == content(make_batch(city_settings, some))


def test_other_seed_makes_other_bytes(city_settings: CitySettings) -> None:
    other = CitySettings(subjects=city_settings.subjects, seed=2)
    some = range(50, 100)
    assert content(make_batch(city_settings, some)) != content(make_batch(other, some))


def test_larger_city_begins_with_the_smaller_one() -> None:
    some = range(40, 60)
    small, large = CitySettings(subjects=1_000), CitySettings(subjects=50_000)
    assert content(make_batch(small, some)) == content(make_batch(large, some))


def test_every_code_is_valid_and_under_the_unassigned_division(city_rows: CityBatch) -> None:
    codes = set(CODE.findall(content(city_rows).decode()))
    assert len(codes) >= 1_000
    for code in codes:
        assert parse_uscc(code).division == "410199"
    assert set(column(city_rows, "market", Registration, "tyshxydm")) <= codes


def test_codes_of_a_large_city_are_unique() -> None:
    settings = CitySettings(subjects=100_000)
    some = [*range(5_000), *range(95_000, 100_000)]
    assert len({subject(settings, index).code for index in some}) == len(some)


def test_all_registration_authorities_occur(city_settings: CitySettings) -> None:
    prefixes = {subject(city_settings, index).code[:2] for index in range(6_000)}
    assert {"11", "12", "31", "51", "52", "81", "91", "92", "93", "N1", "N2", "N3", "Y1"} <= (
        prefixes
    )


def test_resident_numbers_are_valid_and_of_2099(city_rows: CityBatch) -> None:
    numbers = {
        number
        for number in RESIDENT.findall(content(city_rows).decode())
        if number[2:8] != "410199"
    }
    assert len(numbers) >= 1_000
    assert all(ric.is_valid(number) and number[6:10] == "2099" for number in numbers)


def test_no_cell_needs_escaping_in_copy(city_rows: CityBatch) -> None:
    for slug in SLUGS:
        for kind in TABLES[slug]:
            width = len(kind._fields)  # type: ignore[attr-defined]
            for line in city_rows.of(slug).lines(kind):
                cells = line.split("\t")
                assert len(cells) == width
                assert all("\\" not in cell or cell == "\\N" for cell in cells)
                assert "\n" not in line


def test_fifteen_records_per_subject_with_a_long_tail(city_settings: CitySettings) -> None:
    rows = make_batch(city_settings, range(100, 3_100))
    assert 13 <= rows.counts() / 3_000 <= 17
    licences = Counter(column(rows, "market", Licence, "xk_xdr_shxym"))
    sizes = sorted(licences.values(), reverse=True)
    assert sizes[0] >= 25
    assert sizes[len(sizes) // 2] <= 3


def test_every_disclosure_state_occurs(city_settings: CitySettings) -> None:
    rows = make_batch(city_settings, range(6))
    often = make_batch(city_settings, range(6, 1_500))
    states = set(column(rows, "market", MarketPenalty, "gszt")) | set(
        column(often, "market", MarketPenalty, "gszt")
    )
    assert states >= {"2", "3", "4", "5", "6", "9"}


def test_every_case_of_the_record_gate_occurs(city_settings: CitySettings) -> None:
    batch = make_batch(city_settings, range(100, 6_100))

    def cells(kind: type[Row], *names: str) -> list[tuple[str, ...]]:
        return list(zip(*(column(batch, "market", kind, name) for name in names), strict=True))

    today = iso(city_settings.today)
    five_years_ago = f"{int(today[:4]) - 5}{today[4:]}"
    seen: Counter[str] = Counter()
    names = ("gszt", "cf_jdrq", "cf_gsjzq", "plqx", "yybz", "zrrbs")
    for state, decided, until, end, mark, person in cells(MarketPenalty, *names):
        is_shown, is_old = state == "3", decided < five_years_ago
        seen["expired, state late"] += is_shown and until != "\\N" and until < today
        seen["no end, within the law"] += is_shown and end == "\\N" and not is_old
        seen["no end, beyond the law"] += is_shown and end == "\\N" and is_old
        seen["later end than the law's"] += is_shown and end >= today and is_old
        seen["repaired"] += state == "5"
        seen["revoked"] += state == "6"
        seen["archived"] += state == "9"
        seen["objection"] += mark == "t"
        seen["person"] += person != "\\N"
    for state, entered, removed in cells(AbnormalEntry, "gszt", "lrrq", "ycrq"):
        is_listed = state == "3" and removed == "\\N"
        seen["still listed after five years"] += is_listed and entered < five_years_ago
    assert min(seen.values()) > 0, seen


def test_a_third_of_the_defaulters_are_persons(city_settings: CitySettings) -> None:
    kinds = Counter(column(make_batch(city_settings, range(20, 4_020)), "courts", Defaulter, "xz"))
    assert 0.2 <= kinds["自然人"] / kinds.total() <= 0.45


def test_grades_are_one_per_year(city_rows: CityBatch) -> None:
    owners = column(city_rows, "tax", Grade, "shxydm")
    years = column(city_rows, "tax", Grade, "pd_nd")
    pairs = Counter(zip(owners, years, strict=True))
    assert max(pairs.values()) == 1
    assert max(years) == "2025"


def test_codes_of_the_generator_are_those_of_the_mappings() -> None:
    for made, mapped in (
        (MARKET_STATES, MARKET_CODES),
        (TAX_STATES, TAX_CODES),
        (COURTS_STATES, COURTS_CODES),
        (COURTS_SEVERITIES, COURTS_SEVERITY_CODES),
    ):
        assert {native: member for member, native in made.items()} == mapped


def test_free_text_of_the_leaking_firm_has_its_heads_number(city_rows: CityBatch) -> None:
    case = CASES.leaking_firm
    facts = column(city_rows, "market", MarketPenalty, "cf_sy")
    owners = column(city_rows, "market", MarketPenalty, "cf_xdr_shxym")
    own = [text for text, owner in zip(facts, owners, strict=True) if owner == case.code]
    assert own
    assert all(case.head.id_no in text for text in own)
