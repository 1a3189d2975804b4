"""Commitments and honours of the members of three associations, as their sheets hold them.

Some rows are damaged as real ones are, so that the quality report has something to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from gateway.demo.city.calendar import YEAR, Day, iso
from gateway.demo.city.cases import CASES
from gateway.demo.city.generate import subject
from gateway.demo.city.organisations import case_code
from gateway.demo.city.settings import CitySettings
from gateway.demo.city.subjects import Subject, random_of

Row = dict[str, str]
MEMBERS = 4_000
"""The first subjects of a city are members, at most so many."""

_STATES = {"PENDING": "履行中", "KEPT": "已履行", "BROKEN": "违诺"}
_CONTENT = "承诺依法诚信经营，不制售假冒伪劣商品，接受协会和社会监督"
_LIABILITY = "违反承诺的，自愿接受行业惩戒并在协会公示"


@dataclass(frozen=True, slots=True)
class Association:
    """An authorised association.

    Attributes:
        lines: beginnings of its members' industry codes.
    """

    code: str
    name: str
    lines: tuple[str, ...]


ASSOCIATIONS = (
    Association(case_code("51", "MB0X0A01"), "郑州市食品餐饮行业协会", ("C14", "F52", "H")),
    Association(case_code("51", "MB0X0A02"), "郑州市建筑装饰行业协会", ("E", "K")),
    Association(case_code("51", "MB0X0A03"), "郑州市中小企业商会", ("",)),
)


@dataclass(frozen=True, slots=True)
class Sheets:
    """Rows of both tables, by column."""

    commitments: list[Row] = field(default_factory=list)
    honours: list[Row] = field(default_factory=list)


def association_sheets(settings: CitySettings) -> Sheets:
    """All rows of a city."""
    made = Sheets()
    for index in range(min(settings.subjects, MEMBERS)):
        who = subject(settings, index)
        rng = random_of(settings, index, "associations")
        made.commitments.extend(_commitments(who, rng, settings.today))
        made.honours.extend(_honours(who, rng, settings.today))
    _damage(made)
    return made


def _association(who: Subject) -> Association:
    return next(each for each in ASSOCIATIONS if who.industry.code.startswith(each.lines))


_NAMED_COMMITMENTS = {
    CASES.clean_firm.code: ("KEPT", "KEPT"),
    CASES.penalised_firm.code: ("BROKEN", "PENDING"),
    CASES.home_business.code: ("PENDING",),
}


def _commitments(who: Subject, rng: Random, today: Day) -> Iterator[Row]:
    states = _NAMED_COMMITMENTS.get(who.code)
    if states is None:
        bad = "BROKEN" if rng.random() < who.conduct * 0.3 else "KEPT"
        states = tuple(rng.choice(("PENDING", "KEPT", bad)) for _ in range(int(rng.random() * 2.2)))
    for number, state in enumerate(states):
        decided = today - 3 - int(rng.random() * 2 * YEAR)
        association = _association(who)
        number_text = f"{association.name[3:5]}承〔{iso(decided)[:4]}〕{who.index:05d}-{number}"
        is_over = state != "PENDING"
        yield {
            **_common(f"CN-{who.index:05d}-{number}", association, decided, rng, today),
            "承诺书编号": number_text,
            "承诺类型": rng.choice(("行业自律", "行业自律", "主动公示")),
            "事项名称": "会员诚信经营承诺",
            "承诺人统一社会信用代码": who.code,
            "承诺人": who.name,
            "承诺内容": _CONTENT,
            "违诺责任": _LIABILITY,
            "作出日期": iso(decided).replace("-", "/"),
            "有效期至": iso(decided + 3 * YEAR),
            "容缺材料": "",
            "核查日期": iso(min(decided + 30, today)) if is_over else "",
            "核查情况": {"KEPT": "属实", "BROKEN": "不属实"}.get(state, "未核查"),
            "履行状态": _STATES[state],
            "承诺书摘要": hashlib.sha256(number_text.encode()).hexdigest(),
        }


def _honours(who: Subject, rng: Random, today: Day) -> Iterator[Row]:
    is_named = who.index < len(CASES.all())
    is_honoured = (
        who.code == CASES.clean_firm.code if is_named else rng.random() < 0.12 * (1 - who.conduct)
    )
    if not is_honoured:
        return
    decided = today - 20 - int(rng.random() * 2 * YEAR)
    association = _association(who)
    yield {
        **_common(f"RY-{who.index:05d}", association, decided, rng, today),
        "荣誉名称": f"{iso(decided)[:4]}年度诚信会员单位",
        "荣誉级别": "行业级",
        "获得者统一社会信用代码": who.code,
        "获得者名称": who.name,
        "认定事实": "连续三年履行信用承诺，无失信记录",
        "认定依据": f"《{association.name}会员信用管理办法》",
        "认定文号": f"{association.name[3:5]}协〔{iso(decided)[:4]}〕{who.index % 97 + 1}号",
        "授予日期": iso(decided),
        "有效期至": iso(decided + 3 * YEAR),
        "撤销日期": "",
        "撤销原因": "",
    }


def _common(record_id: str, association: Association, decided: Day, rng: Random, today: Day) -> Row:
    reported = min(decided + 1 + int(rng.random() * 4), today)
    published = min(reported + int(rng.random() * 9), today)
    return {
        "记录编号": record_id,
        "协会统一社会信用代码": association.code,
        "协会名称": association.name,
        "报送时间": f"{iso(reported)} 09:{int(rng.random() * 60):02d}:00",
        "核查时间": f"{iso(min(reported + int(rng.random() * 7), today))} 17:00:00",
        "公示日期": iso(published),
        "公示截止期": "",
        "披露状态": "公示",
        "异议": "否",
        "版本": "1",
    }


def _damage(made: Sheets) -> None:
    """What happens to real sheets, once each, beside the good rows."""
    pattern = made.commitments[-1]
    changes = (
        {"承诺人统一社会信用代码": "9.14101E+17"},
        {"承诺人统一社会信用代码": ""},
        {"协会统一社会信用代码": case_code("51", "MB0X0B99")},
        {"作出日期": "2026-02-30"},
        {"承诺人": ""},
        {"履行状态": "口头履行"},
    )
    for number, change in enumerate(changes):
        made.commitments.append({**pattern, "记录编号": f"CN-X{number:04d}", **change})
