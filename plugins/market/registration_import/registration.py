"""From a published row to a registration, or to the reason why it is none. Pure functions."""

import re
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from gateway.sources.files.code_rules import judge_code
from gateway.sources.files.refusals import Refusal, Rule
from plugins.market.registration_import.capital import parse_capital
from plugins.market.registration_import.records import PublishedRow
from schema.identifiers import DivisionStatus, Uscc, division_name, division_status

#: Longest name; names are indexed, and an index entry holds 2,704 bytes.
MAX_NAME_CHARACTERS = 500

_NOTHING = frozenset({"", "N/A", "n/a", "-", "--", "—", "——", "null", "NULL"})
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_DATE = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日)"
    r"(?:[ T]00:00(?::00(?:\.0+)?)?)?",
    re.ASCII,
)


class Flag(Enum):
    """What is remarkable about a loaded row, beside the flags of its code."""

    CAPITAL_UNPARSED = "CAPITAL_UNPARSED"
    DATE_REWRITTEN = "DATE_REWRITTEN"
    DIVISION_DISAGREES = "DIVISION_DISAGREES"


class Registration(NamedTuple):
    """One registration in the department's terms; None where nothing was published.

    Capital stands in units of ten thousand (万), with its ISO 4217 number; both are None where the
    published text could not be read. Flags are sorted.
    """

    code: str
    name: str
    established_on: date | None
    enterprise_type: str | None
    legal_representative: str | None
    capital_wan: Decimal | None
    currency: str | None
    capital_as_published: str | None
    scope: str | None
    address: str | None
    division: str | None
    flags: list[str]


def judge_row(published: PublishedRow) -> Registration | Refusal:
    """Turn a published row into a registration, or name the rule that keeps it out."""
    if any(value is not None and _UNSTORABLE.search(value) for value in published):
        reason = "row has a zero character or half of a surrogate pair"
        return Refusal(Rule.BAD_CHARACTER, reason)
    row = PublishedRow._make(_value_or_none(value) for value in published)
    uscc = judge_code(row.code)
    if isinstance(uscc, Refusal):
        return uscc
    if row.name is None:
        return Refusal(Rule.MISSING_NAME, "row has no name")
    if len(row.name) > MAX_NAME_CHARACTERS:
        reason = f"name has {len(row.name)} characters, expected {MAX_NAME_CHARACTERS} at most"
        return Refusal(Rule.NAME_TOO_LONG, reason)
    flags = {flag.value for flag in uscc.flags}
    established_on = None
    if row.established_on is not None:
        established_on = _parse_date(row.established_on)
        if established_on is None:
            return Refusal(Rule.BAD_DATE, "registration date is no calendar date")
        if established_on.isoformat() != row.established_on:
            flags.add(Flag.DATE_REWRITTEN.value)
    capital = parse_capital(row.capital) if row.capital is not None else None
    if capital is None and row.capital is not None:
        flags.add(Flag.CAPITAL_UNPARSED.value)
    division = _division_of(uscc, row, flags)
    return Registration(
        code=uscc.code,
        name=row.name,
        established_on=established_on,
        enterprise_type=row.enterprise_type,
        legal_representative=row.legal_representative,
        capital_wan=capital.amount_wan if capital else None,
        currency=capital.currency if capital else None,
        capital_as_published=row.capital,
        scope=row.scope,
        address=row.address,
        division=division,
        flags=sorted(flags),
    )


def _value_or_none(value: str | None) -> str | None:
    stripped = value.strip() if value is not None else ""
    return None if stripped in _NOTHING else stripped


def _parse_date(text: str) -> date | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups() if part is not None)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _division_of(uscc: Uscc, row: PublishedRow, flags: set[str]) -> str | None:
    """Return the division of the registering authority where the published city agrees with it.

    A code keeps the division of its first registration, and national and provincial authorities
    register for every place, so what cannot be confirmed is left out.
    """
    division = uscc.division
    if division_status(division) is DivisionStatus.UNKNOWN or division.endswith("0000"):
        return None
    if row.city is not None:
        names = (division, f"{division[:4]}00", f"{division[:2]}0000")
        if not any((division_name(code) or "").startswith(row.city) for code in names):
            flags.add(Flag.DIVISION_DISAGREES.value)
            return None
    return division
