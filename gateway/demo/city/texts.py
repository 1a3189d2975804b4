"""Sentences of the city's records: facts, contents, duties. Invented, and never alike for long.

In some of them stand invented document and telephone numbers, as they do in real notices; they
are there to be found by whoever shows free text.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from gateway.demo.city.subjects import Subject


@dataclass(frozen=True, slots=True)
class Offence:
    """A violation that occurs in the city: its type, its facts, its legal basis."""

    kind: str
    facts: str
    basis: str


MARKET_OFFENCES: tuple[Offence, ...] = (
    Offence("经营超过保质期的食品", "货架上摆放超过保质期的预包装食品{n}件", "食品安全法"),
    Offence("标签不符合规定", "销售的商品标签缺少生产日期，涉及{n}件", "产品质量法"),
    Offence("发布虚假广告", "在经营场所和网络店铺发布与事实不符的宣传{n}条", "广告法"),
    Offence("未按规定明码标价", "在售商品{n}种未标明价格", "价格法"),
    Offence("无证经营", "未取得许可从事经营活动{n}天", "行政许可法"),
    Offence("使用未经检定的计量器具", "使用未经检定的电子秤{n}台", "计量法"),
    Offence("侵犯注册商标专用权", "销售侵犯注册商标专用权的商品{n}件", "商标法"),
    Offence("特种设备未经检验", "使用未经定期检验的电梯{n}部", "特种设备安全法"),
)
TAX_OFFENCES: tuple[Offence, ...] = (
    Offence("未按期申报", "连续{n}期未按规定期限办理纳税申报", "税收征收管理法"),
    Offence("少缴税款", "在账簿上少列收入{n}笔，造成少缴税款", "税收征收管理法"),
    Offence("未按规定开具发票", "向购买方开具与实际经营情况不符的发票{n}份", "发票管理办法"),
    Offence("未按规定保管账簿", "丢失应当保管的记账凭证{n}册", "税收征收管理法"),
)
_FOUND = ("检查发现", "经群众反映并现场核实", "日常巡查中发现", "抽样检验后查明")
_DUTIES = ("支付货款", "偿还借款本金及利息", "支付工程款", "腾退房屋", "支付租金及违约金")


def facts(rng: Random, subject: Subject, offence: Offence) -> str:
    """What a decision says that was done; the party is named in it."""
    amount = 1 + int(rng.random() * 60)
    text = f"{rng.choice(_FOUND)}，当事人{offence.facts.format(n=amount)}。"
    if subject.has_leaks:
        head = subject.head
        text += f"负责人{head.name}（身份证号码{head.id_no}，联系电话{head.phone}）到场确认。"
    return text


def legal_basis(rng: Random, offence: Offence) -> str:
    """Law and article."""
    return f"《中华人民共和国{offence.basis}》第{20 + int(rng.random() * 70)}条"


def duty(rng: Random, subject: Subject, name: str, cents: int) -> str:
    """What a judgment orders."""
    text = f"{name}于判决生效后十日内{rng.choice(_DUTIES)}共计{cents / 100:.2f}元。"
    if subject.has_leaks:
        text += f"收款账户62170000{subject.index % 10**11:011d}。"
    return text


def licence_content(subject: Subject) -> str:
    """What a licence allows."""
    return f"准予从事：{subject.industry.scope}"


def remark(rng: Random, subject: Subject) -> str | None:
    """Remark of an officer, mostly none."""
    if subject.has_leaks:
        return f"经办联系：{subject.head.phone}，邮箱office{subject.index}@example.com"
    return "已电话告知当事人" if rng.random() < 0.05 else None
