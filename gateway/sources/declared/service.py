"""How a sheet says at which addresses a service is asked: `by_keys` and `list` of `[source]`.

[source.by_keys]            # records of some subjects
path = "/penalties/search"
method = "POST"             # parameters as a JSON object; GET: in the address
items = "records"           # path to the array of records; empty: the answer is that array
parameter = "codes"         # takes the codes of the subjects
most_keys = 50

[source.list]               # records over all subjects; may be left out
path = "/penalties"
items = "records"
paging = { kind = "pages", number = "page", size = "size", records = 500 }
order = "处罚决定日期"        # comes with the newest first; may be left out
filters = { "处罚决定日期" = { from = "from", to = "to" } }

    [source.changes]            # records from a time of change on; may be left out
    path = "/penalties/changes"
    items = "records"
    parameter = "since"
    at = "updatedAt"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.contract import OrderKey
from gateway.sources.declared.errors import DeclarationError
from gateway.sources.declared.items import find_item
from gateway.sources.declared.lines import Line
from gateway.sources.mapping import KindMapping
from gateway.sources.rest import (
    ByKeys,
    Changed,
    Choice,
    Endpoint,
    Listing,
    OnePage,
    PageNumbers,
    PageTokens,
    Range,
    Resource,
)
from gateway.sources.rest.mapping import Paging
from schema.records import MODEL

PLACEHOLDER = "/待填写"
_MOST_KEYS, _MOST_RECORDS = 1_000, 10_000


def read_resource(table: Line, mapping: KindMapping) -> Resource:
    """The resource that `[source]` of a sheet describes.

    Raises:
        DeclarationError: a key is missing, unknown or does not fit.
    """
    keys = Line("[source.by_keys]", table.raw("by_keys"))
    by_keys = ByKeys(
        _endpoint(keys, OnePage()),
        keys.text("parameter"),
        keys.text("person_parameter") if keys.has("person_parameter") else None,
        max(1, keys.number("most_keys", 50, _MOST_KEYS)),
    )
    keys.finish()
    changes = _changes(table)
    if not table.has("list"):
        return Resource(mapping, by_keys, changes=changes)
    line = Line("[source.list]", table.raw("list"))
    listing = Listing(
        _endpoint(line, _paging(line)),
        tuple(_filters(line, mapping)),
        _order(line, mapping),
    )
    line.finish()
    return Resource(mapping, by_keys, listing, changes)


def _changes(table: Line) -> Changed | None:
    if not table.has("changes"):
        return None
    line = Line("[source.changes]", table.raw("changes"))
    found = Changed(
        _endpoint(line, _paging(line)),
        line.text("parameter"),
        line.text("at"),
        line.number("settle_s", 30, 3_600),
    )
    line.finish()
    return found


def service_path(line: Line, key: str) -> str:
    """A path below the service's address.

    Raises:
        DeclarationError: it is none, or still to be filled in.
    """
    path = line.text(key)
    if not path.startswith("/") or path == PLACEHOLDER:
        raise line.defect(f"`{key}` is `{path}`, expected a path such as /penalties")
    return path


def _endpoint(line: Line, paging: Paging) -> Endpoint:
    method = line.text("method", "GET")
    if method not in ("GET", "POST"):
        raise line.defect(f"`method` is `{method}`, expected GET or POST")
    items = line.raw("items")
    fixed = line.raw("fixed") or {}
    if not isinstance(items, str | None) or not _are_texts(fixed):
        raise line.defect("`items` is no path, or `fixed` is no table of texts")
    # mypy does not see that the comparison above leaves two texts.
    return Endpoint(
        service_path(line, "path"),
        "POST" if method == "POST" else "GET",
        items or "",
        paging,
        fixed,
    )


def _are_texts(values: object) -> bool:
    return isinstance(values, Mapping) and all(isinstance(v, str) for v in values.values())


def _paging(line: Line) -> Paging:
    stated = line.raw("paging")
    if stated is None:
        return OnePage()
    table = Line("`paging`", stated)
    kind = table.text("kind")
    read = _PAGINGS.get(kind)
    if read is None:
        raise line.defect(f"`paging` is of kind `{kind}`, expected one of {', '.join(_PAGINGS)}")
    found = read(table)
    table.finish()
    return found


_PAGINGS: Mapping[str, Callable[[Line], Paging]] = {
    "one": lambda table: OnePage(),
    "pages": lambda table: PageNumbers(
        table.text("number", "page"),
        table.text("size", "size"),
        table.number("records", 500, _MOST_RECORDS),
        table.number("first", 1, 1),
    ),
    "tokens": lambda table: PageTokens(
        table.text("parameter", "cursor"),
        table.text("next", "next"),
        table.text("size", "") if table.has("size") else "",
        table.number("records", 500, _MOST_RECORDS),
    ),
}


def _filters(line: Line, mapping: KindMapping) -> list[Range | Choice]:
    stated = line.raw("filters") or {}
    if not isinstance(stated, Mapping):
        raise line.defect("`filters` is no table, expected an item and its parameters")
    found: list[Range | Choice] = []
    for item, values in stated.items():
        field = _field(line, mapping, item)
        table = Line(f"filter of `{item}`", values)
        if table.has("one_of"):
            found.append(Choice(field, table.text("one_of")))
        else:
            ends = [table.text(end) if table.has(end) else "" for end in ("from", "to")]
            found.append(Range(field, *ends))
        table.finish()
    return found


def _order(line: Line, mapping: KindMapping) -> OrderKey | None:
    """The list's own order, with the greatest first unless `ascending` says otherwise."""
    is_ascending = line.raw("ascending") is True
    if not line.has("order"):
        return None
    return OrderKey(_field(line, mapping, line.text("order")), descending=not is_ascending)


def _field(line: Line, mapping: KindMapping, item: str) -> str:
    try:
        name = find_item(MODEL.kinds[mapping.kind], item, None).name
    except DeclarationError as error:
        raise line.defect(str(error)) from error
    if name not in mapping.columns:
        raise line.defect(f"item `{item}` is not mapped, so no list can go by it")
    return name
