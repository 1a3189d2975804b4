"""Scalars of the unified schema and the one wire form of each value.

Record values travel through the gateway in their wire form already (`str`, `int`, `bool`,
lists of them, or None), so that nothing is converted between a source and the answer.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from schema.identifiers.uscc import UsccError, parse_uscc

Uscc = NewType("Uscc", str)
Money = NewType("Money", str)
DecimalNumber = NewType("DecimalNumber", str)
Date = NewType("Date", str)
DateTime = NewType("DateTime", str)
PersonReference = NewType("PersonReference", str)

_MONEY = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,2})?\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_PERSON_REFERENCE = re.compile(r"p\.[A-Za-z0-9_-]{1,200}\Z")
_UTC_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z\Z")


def parse_uscc_value(value: object) -> str:
    """Return the normalised 18-character code, or refuse it with the reason."""
    if not isinstance(value, str):
        raise GraphQLError("USCC cannot represent a value that is not a string")
    try:
        return parse_uscc(value).code
    except UsccError as error:
        raise GraphQLError(f"USCC is not valid: {error}") from None


def parse_money_value(value: object) -> str:
    """Return an amount in yuan with exactly two decimals, from a string such as `"1200.5"`."""
    if not isinstance(value, str) or not _MONEY.match(value):
        raise GraphQLError("Money is a string of yuan with at most two decimals, such as `1200.50`")
    try:
        return f"{Decimal(value):.2f}"
    except InvalidOperation:  # pragma: no cover - the pattern admits only decimals
        raise GraphQLError("Money is a string of yuan with at most two decimals") from None


def parse_decimal_value(value: object) -> str:
    """Return a decimal number, from a string such as `"92.5"`, as it was written."""
    if not isinstance(value, str) or not _DECIMAL.match(value):
        raise GraphQLError("Decimal is a string of a decimal number, such as `92.50`")
    return value


def parse_date_value(value: object) -> str:
    """Return an ISO 8601 calendar date `YYYY-MM-DD`."""
    if isinstance(value, str) and _DATE.match(value):
        try:
            return dt.date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise GraphQLError("Date is an ISO 8601 calendar date, such as `2026-09-22`")


def parse_datetime_value(value: object) -> str:
    """Return a UTC time in the form `YYYY-MM-DDTHH:MM:SSZ`, fraction of a second dropped."""
    if isinstance(value, str) and _UTC_TIME.match(value):
        try:
            moment = dt.datetime.fromisoformat(value).replace(microsecond=0, tzinfo=None)
            return f"{moment.isoformat()}Z"
        except ValueError:
            pass
    raise GraphQLError("DateTime is a UTC time in ISO 8601, such as `2026-09-22T08:00:00Z`")


def parse_person_reference_value(value: object) -> str:
    """Return a person reference as it was written; whether it is valid here shows later."""
    if not isinstance(value, str) or not _PERSON_REFERENCE.match(value):
        raise GraphQLError("PersonReference is a reference that this gateway gave, as it was given")
    return value


def _wire(value: object) -> object:
    return value


SCALARS: dict[object, ScalarDefinition] = {
    Uscc: strawberry.scalar(
        name="USCC",
        description="统一社会信用代码 / unified social credit code, GB 32100-2015, 18 characters",
        serialize=_wire,
        parse_value=parse_uscc_value,
    ),
    Money: strawberry.scalar(
        name="Money",
        description="金额（元） / amount in yuan, a string with two decimals",
        serialize=_wire,
        parse_value=parse_money_value,
    ),
    DecimalNumber: strawberry.scalar(
        name="Decimal",
        description="小数 / decimal number as a string",
        serialize=_wire,
        parse_value=parse_decimal_value,
    ),
    Date: strawberry.scalar(
        name="Date",
        description="日期 / ISO 8601 calendar date",
        serialize=_wire,
        parse_value=parse_date_value,
    ),
    DateTime: strawberry.scalar(
        name="DateTime",
        description="时间 / ISO 8601 time in UTC, ending in Z",
        serialize=_wire,
        parse_value=parse_datetime_value,
    ),
    PersonReference: strawberry.scalar(
        name="PersonReference",
        description="人员标识 / reference of a natural person, bound to its client and matter",
        serialize=_wire,
        parse_value=parse_person_reference_value,
    ),
}
