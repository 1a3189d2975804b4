"""The promises of the contract, and the marking of suites that say which one they prove.

A promise that builds on another is not judged while the other is broken: an adapter that breaks
one promise is told that one, and not everything that follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])
_MARK = "__promise__"


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise.

    Attributes:
        needs: promises without which it says nothing.
    """

    id: str
    zh: str
    en: str
    needs: tuple[str, ...] = ()


_BASICS = ("BATCHING", "FIELDS", "TYPES", "KEYS", "RECORD_IDS", "RECORDS")
_SELECTING = (*_BASICS, "NULLS", "PREDICATES")
_ORDERED = (*_BASICS, "NULLS", "ORDER", "LIMITS")

_PROMISES = (
    Promise("MANIFEST", "目录十要素齐全", "the manifest has no defect"),
    Promise("HEALTH", "正常的数据源报告正常", "a healthy source says so"),
    Promise("BATCHING", "每个请求一批，每个主体一组", "one batch per request, one group per key"),
    Promise(
        "FIELDS", "只返回所请求的字段", "only the fields asked for, in their order", ("BATCHING",)
    ),
    Promise("TYPES", "值符合统一模型的类型", "values fit the declared types", ("FIELDS",)),
    Promise(
        "KEYS", "每组只有该主体的记录", "each group holds records of its key only", ("FIELDS",)
    ),
    Promise("RECORD_IDS", "记录标识唯一", "record ids are unique", ("FIELDS", "KEYS")),
    Promise("RECORDS", "样例主体有记录", "the subjects named have records", ("FIELDS", "KEYS")),
    Promise(
        "NULLS",
        "空值排在最后，且不等于任何值",
        "missing values come last and equal nothing",
        _BASICS,
    ),
    Promise("ORDER", "排序与平台一致", "orders agree with Python", (*_BASICS, "NULLS")),
    Promise("LIMITS", "遵守条数上限", "`first` and lookahead limit the rows", _BASICS),
    Promise(
        "PREDICATES",
        "筛选与平台一致",
        "predicates hold where they hold in Python",
        (*_BASICS, "NULLS"),
    ),
    Promise(
        "PAGING", "分页连起来就是全部", "pages one after the other are the whole list", _ORDERED
    ),
    Promise(
        "TOTALS",
        "总数与分页无关",
        "totals count what the predicate selects",
        (*_SELECTING, "LIMITS"),
    ),
    Promise(
        "EFFECTS",
        "异议标注与隐藏生效",
        "marked and hidden records behave so",
        (*_SELECTING, *_ORDERED),
    ),
    Promise("LISTS", "跨主体列表完整", "lists over all subjects are whole", _SELECTING),
    Promise(
        "JSON",
        "数据源生成的 JSON 与逐行一致",
        "built JSON equals the rows",
        (*_SELECTING, *_ORDERED),
    ),
    Promise("STATISTICS", "统计与逐行一致", "counts and sums are those of the rows", _SELECTING),
    Promise(
        "CONCURRENCY",
        "并发请求互不影响",
        "calls at the same time do not disturb each other",
        _BASICS,
    ),
    Promise(
        "CANCELLATION",
        "请求被放弃后仍可继续",
        "the adapter works on after a call was given up",
        _BASICS,
    ),
    Promise("STABLE_IDS", "重新打开后记录标识不变", "record ids survive a reopening", _BASICS),
    Promise(
        "STABLE_PAGING",
        "翻页时有新记录也不重不漏",
        "pages stay whole while records are added",
        (*_ORDERED, "PAGING", "STABLE_IDS"),
    ),
    Promise(
        "DEADLINE",
        "数据源不应答时按时结束",
        "a call that is given up ends, though the source hangs",
        _BASICS,
    ),
    Promise(
        "RECONNECT", "数据源重启后自动恢复", "reading goes on after the source restarted", _BASICS
    ),
    Promise("READ_ONLY", "不向数据源写入", "no statement writes", _BASICS),
    Promise(
        "ROUND_TRIPS", "查询次数不随主体数增加", "round trips do not grow with the keys", _BASICS
    ),
    Promise("LEAKS", "关闭后不留连接和任务", "nothing is left open after closing", _BASICS),
    Promise(
        "LOAD", "并发负载下正确且及时", "right and in time under load", (*_BASICS, "CONCURRENCY")
    ),
)

PROMISES: Mapping[str, Promise] = {promise.id: promise for promise in _PROMISES}
"""In the order in which they are judged."""


def proves(promise: str) -> Callable[[F], F]:
    """Mark a test of a suite as a proof of a promise."""
    assert promise in PROMISES

    def mark(test: F) -> F:
        setattr(test, _MARK, promise)
        return test

    return mark


def promise_of(test: object) -> str | None:
    """The promise that a test of a suite proves; None: it is no proof."""
    return getattr(test, _MARK, None)


def proofs_of(suite: type) -> Mapping[str, tuple[str, ...]]:
    """Names of a suite's tests by the promise that they prove, in the order of the promises."""
    found: dict[str, list[str]] = {promise: [] for promise in PROMISES}
    for name in dir(suite):
        promise = promise_of(getattr(suite, name))
        if promise is not None:
            found[promise].append(name)
    return {promise: tuple(tests) for promise, tests in found.items() if tests}
