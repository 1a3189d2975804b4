"""How a department's HTTP service answers for its record kinds, as data.

Columns of the mapping are paths into the JSON object of one record: `decision.date`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.contract import OrderKey
from gateway.sources.mapping import KindMapping


@dataclass(frozen=True, slots=True)
class OnePage:
    """Everything comes at once."""


@dataclass(frozen=True, slots=True)
class PageNumbers:
    """Pages with numbers; the first that is not full is the last.

    Attributes:
        number, size: names of the parameters.
        records: records per page asked for.
        first: number of the first page.
    """

    number: str = "page"
    size: str = "size"
    records: int = 500
    first: int = 1


@dataclass(frozen=True, slots=True)
class PageTokens:
    """Each page tells a token for the next; none, or an empty one, ends the list.

    Attributes:
        parameter: that takes the token.
        next: path to the token of the next page.
        size: name of the parameter for the size; empty: the service decides.
    """

    parameter: str = "cursor"
    next: str = "next"
    size: str = ""
    records: int = 500


Paging = OnePage | PageNumbers | PageTokens


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A question that the service answers, and that changes nothing there.

    Attributes:
        path: below the URL of the service, beginning with `/`.
        method: GET sends parameters in the address, POST as a JSON object.
        items: path to the array of records; empty: the answer is that array.
        fixed: parameters that are always sent.
    """

    path: str
    method: Literal["GET", "POST"] = "GET"
    items: str = "items"
    paging: Paging = OnePage()
    fixed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ByKeys:
    """Records of some subjects.

    Attributes:
        organisations: parameter for their codes; joined by commas in an address.
        persons: parameter for network references without `P:`; None where there are no persons.
        most_keys: keys of one call.
    """

    endpoint: Endpoint
    organisations: str
    persons: str | None = None
    most_keys: int = 50


@dataclass(frozen=True, slots=True)
class Range:
    """The service filters a date field by its first and last day, both included.

    Attributes:
        least, greatest: names of the parameters; empty where there is none.
    """

    field: str
    least: str = ""
    greatest: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The service filters a field of native codes; several are joined by commas, or a list."""

    field: str
    parameter: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Records over all subjects.

    Attributes:
        filters: what the service narrows itself; all else is done here, within a bound.
        sorted_by: order in which records come, missing values last; None: any. A list in this
            order is read no further than the page needs.
    """

    endpoint: Endpoint
    filters: tuple[Range | Choice, ...] = ()
    sorted_by: OrderKey | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """Records from a time of change on, the oldest change first.

    Attributes:
        since: parameter for the time, which is included: `2026-11-02T08:00:00Z`.
        at: path to the time at which the service entered or altered a record.
        settle_s: how long ago a change must be to be told: longer than transactions take there,
            and than the clocks differ.
    """

    endpoint: Endpoint
    since: str
    at: str
    settle_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Resource:
    """One record kind of the service.

    Attributes:
        mapping: `table` is a name for people only.
        listing: None where records can only be asked for by subject.
        changes: None where the service does not tell what changed.
    """

    mapping: KindMapping
    by_keys: ByKeys
    listing: Listing | None = None
    changes: Changed | None = None


@dataclass(frozen=True, slots=True)
class RestApi:
    """The service.

    Attributes:
        health: path that answers quickly, with any JSON object, while the service is well.
        as_of: path in that answer to the time of the newest data; empty: the data are live.
    """

    resources: tuple[Resource, ...]
    health: str
    as_of: str = ""
