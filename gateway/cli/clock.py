"""The command `clock`: the dates that the disclosure clock gives a record, with their rules."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from policies.disclosure.clock import Clock
from policies.disclosure.errors import DisclosureLoadError
from policies.disclosure.loader import VERSIONS, load_clock
from policies.disclosure.types import Answer, Bound, Confidence, Facts, Regime
from policies.disclosure.working_days import load_calendar
from schema.codes import Nature, RecordKind, Severity
from schema.records import MODEL

_NAMES = {
    "publicationDeadline": "应当公示之日 / to be published by",
    "publicationFloor": "最短公示期届满日 / earliest end by repair",
    "publicationEnd": "公示期限届满日 / public display ends",
    "disclosureEnd": "披露期限届满日 / any disclosure ends",
    "archivingDemand": "本人可要求归档之日 / the subject may demand archiving from",
    "withdrawalDeadline": "应当撤回之日 / to be withdrawn by",
}
_WORDS = {
    Bound.UNTIL_REMOVAL: "移出名单之日 / removal from the list",
    Bound.WITHOUT_LIMIT: "无期限 / no limit",
    Bound.NEVER_BEGINS: "不予公示 / not published",
    Bound.AT_ONCE: "随时 / at any time",
}
_CONFIDENCE = {
    Confidence.READ: "已核原文 / text read",
    Confidence.SECONDARY: "据二手来源，待核 / secondary source, to be checked",
    Confidence.ASSUMED: "待核 / to be checked",
    Confidence.OWN: "本系统的取舍 / our own choice",
}
_DAY = click.DateTime(["%Y-%m-%d"])


def _choice(kind: type[Any]) -> click.Choice[str]:
    return click.Choice([member.value for member in kind], case_sensitive=False)


@click.command()
@click.option(
    "--decided-on", type=_DAY, metavar="DAY", required=True, help="决定日期 / day of the decision."
)
@click.option(
    "--kind",
    type=_choice(RecordKind),
    metavar="KIND",
    required=True,
    help="信息类别，如 ADMINISTRATIVE_PENALTY / kind of record.",
)
@click.option(
    "--severity",
    type=_choice(Severity),
    default=Severity.NONE.value,
    show_default=True,
    help="失信程度 / level of dishonesty.",
)
@click.option(
    "--nature",
    type=_choice(Nature),
    show_default="that of the kind",
    help="信息性质 / nature of the record.",
)
@click.option(
    "--regime",
    type=_choice(Regime),
    default=Regime.GENERAL.value,
    show_default=True,
    help="适用规定 / whose measures on publication apply.",
)
@click.option("--published-on", type=_DAY, metavar="DAY", help="公示日期 / day of publication.")
@click.option(
    "--conduct-ended-on", type=_DAY, metavar="DAY", help="行为终了日 / last day of the conduct."
)
@click.option(
    "--repaired-on", type=_DAY, metavar="DAY", help="修复决定日 / day of the decision on repair."
)
@click.option(
    "--changed-on",
    type=_DAY,
    metavar="DAY",
    help="变更、撤销之日 / day it was changed or annulled.",
)
@click.option("--listed-until", type=_DAY, metavar="DAY", help="列入名单至 / last day on the list.")
@click.option("--listed", is_flag=True, help="仍在名单内 / still on a punishment list.")
@click.option("--warning", is_flag=True, help="仅警告 / the penalty is a mere warning.")
@click.option("--person", is_flag=True, help="自然人 / about a natural person.")
@click.option("--corrected", is_flag=True, help="已纠正并履行 / corrected and performed.")
@click.option(
    "--today", type=_DAY, metavar="DAY", show_default="today", help="推算之日 / day of reckoning."
)
@click.option(
    "--schedule",
    "schedules",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="节假日安排文件 / file of a year's announced holidays; can be repeated.",
)
@click.option(
    "--versions",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=VERSIONS,
    show_default="the versions that are shipped",
    help="期限版本目录 / folder of versions of the numbers.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")
def clock(
    decided_on: dt.datetime,
    kind: str,
    severity: str,
    nature: str | None,
    regime: str,
    today: dt.datetime | None,
    schedules: tuple[Path, ...],
    versions: Path,
    as_json: bool,
    **others: Any,
) -> None:
    """推算公示与披露期限 / Reckon how long a record is published and disclosed.

    Prints every date with the rules and laws that it follows from, and how sure they are.
    Deadlines that count days of a year that is not announced yet are provisional.
    """
    try:
        reckoner = load_clock(versions, load_calendar(schedules))
    except DisclosureLoadError as error:
        raise click.ClickException(str(error)) from error
    record_kind = RecordKind(kind.upper())
    days = {name: value and value.date() for name, value in others.items() if name.endswith("_on")}
    changed_on = days.pop("changed_on")
    until = others["listed_until"]
    facts = Facts(
        decided_on=decided_on.date(),
        kind=record_kind,
        nature=Nature(nature.upper()) if nature else MODEL.kinds[record_kind].declaration.nature,
        severity=Severity(severity.upper()),
        regime=Regime(regime.upper()),
        is_warning=others["warning"],
        is_corrected=others["corrected"],
        is_listed=others["listed"] or until is not None,
        listed_until=until and until.date(),
        is_person=others["person"],
        **days,
    )
    asked_on = today.date() if today else dt.datetime.now(ZoneInfo("Asia/Shanghai")).date()
    answers = dict(_answers(reckoner, facts, asked_on, changed_on))
    version = reckoner.version_for(facts.decided_on, asked_on)
    if as_json:
        found = {name: _as_json(answer) for name, answer in answers.items()}
        click.echo(json.dumps({"version": version.name, **found}, ensure_ascii=False, indent=2))
        return
    click.echo(f"适用版本 / version: {version.name} — {version.title}")
    for name, answer in answers.items():
        click.echo(f"\n{_NAMES[name]}: {_words(answer)}")
        for reference in answer.references:
            sure = _CONFIDENCE[reference.confidence]
            click.echo(f"    {reference.rule}  {reference.source}（{sure}）")


def _answers(
    clock: Clock, facts: Facts, today: dt.date, changed_on: dt.date | None
) -> Iterator[tuple[str, Answer]]:
    yield "publicationDeadline", clock.publication_deadline(facts)
    yield "publicationFloor", clock.publication_floor(facts, today)
    yield "publicationEnd", clock.publication_end(facts, today)
    yield "disclosureEnd", clock.disclosure_end(facts, today)
    demand = clock.archiving_demand(facts, today)
    if demand is not None:
        yield "archivingDemand", demand
    if changed_on is not None:
        yield "withdrawalDeadline", clock.withdrawal_deadline(changed_on)


def _words(answer: Answer) -> str:
    if answer.bound is Bound.ON_DAY:
        provisional = "（暂定，节假日安排未公布 / provisional）" if answer.provisional else ""
        return f"{answer.date}{provisional}"
    words = _WORDS[answer.bound]
    return f"{words}（不早于 / not before {answer.date}）" if answer.date else words


def _as_json(answer: Answer) -> dict[str, Any]:
    return {
        "bound": answer.bound.value,
        "date": answer.date.isoformat() if answer.date else None,
        "provisional": answer.provisional,
        "rules": [
            {
                "rule": reference.rule,
                "source": reference.source,
                "confidence": reference.confidence.value,
            }
            for reference in answer.references
        ],
    }
