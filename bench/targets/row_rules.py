"""Row rules of the measured callers on native columns: what the policies say, written by hand.

Source: `shared`, `published` and `published-grades` in policies/rules/groups.toml.
"""

from __future__ import annotations

from bench.subjects import TODAY
from bench.workloads import LENDER


def _not_before_today(column: str) -> str:
    return f"({column} IS NULL OR {column} >= DATE '{TODAY}')"


def market_rule(caller: str) -> str:
    """Condition on a table `r` of the market regulator."""
    if caller == LENDER:
        return f"r.gszt = '3' AND {_not_before_today('r.gsjzq')}"
    return f"r.gszt IN ('3', '4') AND {_not_before_today('r.plqx')}"


def tax_rule(caller: str) -> str:
    """Condition on a table `r` of the tax bureau."""
    if caller == LENDER:
        return f"r.fbzt_dm = 'GS' AND {_not_before_today('r.gsjz_rq')}"
    return f"r.fbzt_dm IN ('GS', 'GX') AND {_not_before_today('r.pljz_rq')}"


def arrears_rule(caller: str) -> str:
    """The same for arrears, which are dishonest information: five years at most."""
    return tax_rule(caller) + f" AND r.gg_rq >= DATE '{TODAY}' - INTERVAL '5 years'"


def grade_rule(caller: str) -> str:
    """The same for grades: a lender without consent sees grade A only."""
    return tax_rule(caller) + (" AND r.xyjb_dm = '10'" if caller == LENDER else "")


def courts_rule(caller: str) -> str:
    """Condition on a table `r` of the courts."""
    if caller == LENDER:
        return f"r.zt = '公示中' AND {_not_before_today('r.gsq')}"
    return f"r.zt IN ('公示中', '共享中') AND {_not_before_today('r.plq')}"
