"""Which item a column holds: by national code, official name, synonym or initials.

Each match says by what it was found and how sure that is. Two items that claim one column equally
well leave it to the author.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from gateway.scaffold.initials import initials
from gateway.scaffold.native import NativeColumn, NativeTable
from gateway.scaffold.samples import SAME_COLUMN
from gateway.scaffold.standard import ignored_words, synonyms_of
from gateway.sources.declared.items import items_of
from schema.codes import RecordKind
from schema.model import FieldModel
from schema.records import MODEL

_LEAST_INITIALS = 3
_DECORATION = re.compile(r"[\s（）()\[\]【】：:，,、。.·_\-]+|（元）|（万元）")
_CODE_PREFIX = re.compile(r"^(cf|xk)_")


class Confidence(IntEnum):
    """How sure a match is. GUESS is told, and not written into the sheet."""

    GUESS = 1
    LIKELY = 2
    SURE = 3

    @property
    def zh(self) -> str:
        return ("", "猜测", "可能", "确定")[self]


@dataclass(frozen=True, slots=True)
class Match:
    """A column for an item.

    Attributes:
        reason: by what it was found, in Chinese.
    """

    item: FieldModel
    column: NativeColumn
    confidence: Confidence
    reason: str


def match_table(table: NativeTable, kind: RecordKind) -> tuple[Match, ...]:
    """The best column for each item of a kind, one item per column but for repeated metadata."""
    candidates = sorted(_candidates(table.columns, kind), key=lambda match: -match.confidence)
    items: dict[str, Match] = {}
    taken: dict[str, Match] = {}
    unclear: set[str] = set()
    for match in candidates:
        item, column = match.item.name, match.column.name
        rival = taken.get(column)
        if rival is not None and rival.item.name != item:
            if rival.confidence is match.confidence:
                unclear.add(column)
            continue
        if item not in items:
            items[item] = taken[column] = match
    found = [_judged(match, unclear) for match in items.values()]
    return tuple(_with_metadata(found, kind))


def _judged(match: Match, unclear: set[str]) -> Match:
    if match.column.name not in unclear or match.confidence is Confidence.SURE:
        return match
    return Match(match.item, match.column, Confidence.GUESS, match.reason + "，另有数据项同样符合")


def _with_metadata(found: Sequence[Match], kind: RecordKind) -> Iterator[Match]:
    """Metadata that tables hold under an item of the kind itself, such as the day of decision."""
    by_name = {match.item.name: match for match in found}
    fields = MODEL.kinds[kind].by_name
    yield from found
    for meta, names in SAME_COLUMN.items():
        own = next((by_name[name] for name in names if name in by_name), None)
        if meta not in by_name and own is not None:
            reason = f"同“{own.item.declaration.name_zh}”"
            yield Match(fields[meta], own.column, own.confidence, reason)


def _candidates(columns: Sequence[NativeColumn], kind: RecordKind) -> Iterator[Match]:
    ignored = ignored_words()
    for column in columns:
        if column.name.lower() in ignored or column.comment in ignored:
            continue
        for item in items_of(kind).values():
            if item.nested_list is None and not _is_derived(item, kind):
                found = _compare(column, item)
                if found is not None:
                    yield Match(item, column, *found)


def _is_derived(item: FieldModel, kind: RecordKind) -> bool:
    """Whether its column follows from that of another item, or from the table's key."""
    twins = SAME_COLUMN.get(item.name, ())
    return item.name == "meta.recordId" or any(n in MODEL.kinds[kind].by_name for n in twins)


def _compare(column: NativeColumn, item: FieldModel) -> tuple[Confidence, str] | None:
    # Of a path into JSON the last member is its name.
    name, comment = column.name.rpartition(".")[2].lower(), _plain(column.comment)
    declared = item.declaration
    official = _plain(declared.name_zh)
    code = (declared.national_code or "").lower()
    own_name = item.name.removeprefix("meta.")
    words = synonyms_of(item.name)
    if code and name == code:
        return Confidence.SURE, f"列名即国家编码 {declared.national_code}"
    if not item.is_meta and official in (comment, _plain(column.name)):
        return Confidence.SURE, "名称与官方名称相同"
    if item.is_meta and official in (comment, _plain(column.name)):
        return Confidence.LIKELY, "名称与官方名称相同"
    if name in (own_name.lower(), _snake(own_name)):
        return Confidence.LIKELY, "列名与统一模型字段相同"
    if comment and comment in {_plain(word) for word in words}:
        return Confidence.LIKELY, "注释为常用名称"
    if name in words or _CODE_PREFIX.sub("", name).replace("_", "") in words:
        return Confidence.LIKELY, "列名为常用缩写"
    short = initials(official)
    if len(short) >= _LEAST_INITIALS and name.replace("_", "") == short:
        return Confidence.LIKELY, f"列名为拼音首字母 {short}"
    if comment and len(official) > 2 and (official in comment or comment in official):
        return Confidence.GUESS, "注释与官方名称相近"
    return None


def _plain(text: str) -> str:
    return _DECORATION.sub("", re.sub(r"[（(].*?[)）]", "", text)).lower()


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", name).lower()


def likely_kind(table: NativeTable, kinds: Sequence[RecordKind]) -> RecordKind | None:
    """The kind that a table holds, judged by its items; None if it is like none of them."""
    scores: Mapping[RecordKind, float] = {kind: _score(table, kind) for kind in kinds}
    best = max(scores, key=lambda kind: scores[kind], default=None)
    return best if best is not None and scores[best] >= 5 else None


def _score(table: NativeTable, kind: RecordKind) -> float:
    """Matches of items that are the kind's own, more for its code prefix and its name."""
    own = [m for m in match_table(table, kind) if not m.item.is_meta]
    sure = sum(match.confidence >= Confidence.LIKELY for match in own)
    coded = sum("国家编码" in match.reason for match in own)
    name = MODEL.kinds[kind].declaration.name_zh
    return sure + coded + (4 if name in table.comment else 0)
