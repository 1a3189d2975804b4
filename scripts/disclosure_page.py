"""Writes `docs/reference/disclosure.md`: the clock's numbers, by version, with their sources."""

import sys
from collections.abc import Iterator
from pathlib import Path

from policies.disclosure.clock import LEVELS, Clock
from policies.disclosure.loader import packaged_clock
from policies.disclosure.types import Confidence, Regime, Version

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "disclosure.md"

INTRODUCTION = """\
# 公示与披露期限 / The disclosure clock

本页由 `make docs` 根据 `policies/disclosure/versions/` 生成。适用哪一版本，看决定日期；\
新版本施行后，凡注明“适用于此前的决定”的，此前作出的决定也按新版本。\
推算某条信息的日期：`credit-gateway clock`。

This page is made by `make docs` from `policies/disclosure/versions/`. The day of the decision \
says which version goes; once in force, a version marked for earlier decisions goes for those \
too. Dates of one record: `credit-gateway clock`. How to change a number: \
[change-a-disclosure-number.md](../how-to/change-a-disclosure-number.md).

| 可靠程度 / confidence | |
|---|---|
| READ | 已核法律原文 / the text of the law was read |
| SECONDARY | 据二手来源，使用前应核原文 / a secondary source; check the original |
| ASSUMED | 凭一般了解 / general knowledge |
| OWN | 法律未定之处本系统的取舍 / our own choice where the law leaves room |

期间自事件次日起算，末日仍计入；公示、披露期限的末日不因节假日顺延。\
来源自定的日期早于法定期限的，从其日期；晚于的，从法定期限。

Periods begin the day after the event and their last day still counts; the end of publication or \
disclosure is not put off by holidays. Where a department states an earlier day it counts; where \
it states a later one the law's counts.
"""
_REGIMES = {
    Regime.GENERAL: "一般规定 / general",
    Regime.MARKET_REGULATION: "市场监管 / market regulation",
}
_ROWS = {
    "publish": "行政行为公示 / acts are published within",
    "publish-otherwise": "其他信息公示 / other records are published within",
    "withdraw": "变更、撤销后撤回 / changed or annulled ones are withdrawn within",
    "start": "公示期起算 / publication runs from",
    "ends": "未纠正的 / uncorrected conduct",
    "corrected": "已纠正的 / corrected conduct",
    "repair": "修复 / repair ends all",
    "outer-limit": "失信信息披露 / dishonest information is disclosed at most",
    "outer-start": "披露期起算 / which runs from",
    "listed": "仍在名单内的 / while the subject is listed",
    "archive": "期满未归档 / not archived by then",
    "good": "守信信息 / good information",
    "court-kinds": "法院自行决定的 / ended by the courts alone",
    "unlevelled-kinds": "不分程度的 / dishonest records without level",
    "public-persons": "公示自然人的 / natural persons are on public display",
    "act-kinds": "行政行为 / administrative acts",
    "for-earlier-decisions": "适用于此前的决定 / for earlier decisions",
}


def main() -> int:
    """Write the page, or with `--check` compare it; return 0 when all is well."""
    text = render(packaged_clock())
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") != text:
        sys.stderr.write(f"`{PAGE.name}` does not match the numbers: run `make docs`\n")
        return 1
    return 0


def render(clock: Clock) -> str:
    """Return the page as Markdown."""
    parts = [INTRODUCTION, *("\n".join(_version(version)) for version in reversed(clock.versions))]
    return "".join(f"{part}\n" for part in parts)


def _version(version: Version) -> Iterator[str]:
    yield f"\n## {version.since} {version.title}\n"
    yield "| 失信程度 / level | 最短 / least | 最长 / most | 规则 / rule | 来源 / source | |"
    yield "|---|---|---|---|---|---|"
    for regime in Regime:
        for level in LEVELS:
            periods = version.levels[regime][level]
            term = level.value
            least = str(periods.least) if periods.least else "随时 / at once"
            key = f"levels.{regime.value}.{level.value}.most"
            yield f"| {_REGIMES[regime]} {term} | {least} | {periods.most} | {_why(version, key)} |"
        shown = "公示 / yes" if version.publishes_warnings[regime] else "不公示 / no"
        key = f"levels.{regime.value}.publishes-warnings"
        yield f"| {_REGIMES[regime]} 仅警告 / mere warnings | | {shown} | {_why(version, key)} |"
    yield "\n| | 规定 / number | 规则 / rule | 来源 / source | |"
    yield "|---|---|---|---|---|"
    for key, words in _ROWS.items():
        yield f"| {words} | {_value(version, key)} | {_why(version, key)} |"


def _value(version: Version, key: str) -> str:
    values: dict[str, object] = {
        "publish": f"{version.publish_working_days} 工作日 / working days",
        "publish-otherwise": f"{version.publish_otherwise_working_days} 工作日 / working days",
        "withdraw": f"{version.withdraw_working_days} 工作日 / working days",
        "start": version.start.value,
        "ends": "至最长公示期 / the level's most",
        "corrected": "至最长公示期自动停止 / ends by itself then",
        "repair": "立即 / at once",
        "outer-limit": version.outer_limit,
        "outer-start": "行为终了日，不明的自决定日 / the end of conduct, else the decision",
        "listed": "至移出名单 / until removal",
        "archive": "期满次日起可要求归档 / the subject may demand it from the next day",
        "good": "无期限 / without limit",
        "for-earlier-decisions": "是 / yes" if version.for_earlier else "否 / no",
    }
    kinds = {
        "court-kinds": version.court_kinds,
        "unlevelled-kinds": version.unlevelled_kinds,
        "public-persons": version.public_person_kinds,
        "act-kinds": version.act_kinds,
    }
    if key in kinds:
        return ", ".join(sorted(f"`{kind.value}`" for kind in kinds[key]))
    return str(values[key])


def _why(version: Version, key: str) -> str:
    reference = version.references[key]
    confidence: Confidence = reference.confidence
    return f"{reference.rule} | {reference.source} | {confidence.value}"


if __name__ == "__main__":
    sys.exit(main())
