"""Words of the rules in Chinese and in English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from policies.model import Purpose

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the rules with its official Chinese term."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


PURPOSES: Mapping[Purpose, Word] = {
    Purpose.LICENCE_REVIEW: Word("行政许可审查", "licence review"),
    Purpose.MARKET_ENTRY: Word("市场准入", "market entry"),
    Purpose.QUALIFICATION_REVIEW: Word("资质审查", "qualification review"),
    Purpose.OBJECTION_REVIEW: Word("异议核查", "objection review"),
    Purpose.REPAIR_REVIEW: Word("信用修复审查", "repair review"),
    Purpose.LIST_DETERMINATION: Word("名单认定", "list determination"),
    Purpose.REWARD_REVIEW: Word("守信激励审查", "reward review"),
    Purpose.INSPECTION: Word("监督检查", "inspection"),
    Purpose.PENALTY_CASE: Word("行政处罚办案", "penalty case"),
    Purpose.PROCUREMENT: Word("政府采购", "procurement"),
    Purpose.TENDER: Word("招标投标", "tender"),
    Purpose.FUND_GRANT: Word("财政资金安排", "grant of funds"),
    Purpose.AWARD: Word("评优评先", "award"),
    Purpose.LAND_DEAL: Word("土地交易", "land deal"),
    Purpose.COURT_ENFORCEMENT: Word("法院执行", "court enforcement"),
    Purpose.TAX_ADMIN: Word("税收征管", "tax administration"),
    Purpose.EVALUATION: Word("信用评价", "evaluation"),
    Purpose.RISK_WARNING: Word("风险预警", "risk warning"),
    Purpose.PRE_LOAN: Word("贷前审查", "pre-loan review"),
    Purpose.POST_LOAN: Word("贷后管理", "post-loan management"),
    Purpose.SELF_QUERY: Word("查询自身信息", "query of own data"),
    Purpose.PUBLIC_DISPLAY: Word("社会公示", "public display"),
    Purpose.STATISTICS: Word("统计分析", "statistics"),
    Purpose.AUDIT: Word("审计监督", "audit"),
}
