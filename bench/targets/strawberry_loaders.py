"""DataLoaders of the idiomatic server: one batched query per kind of record and request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import asyncpg
from strawberry.dataloader import DataLoader

from bench.targets.row_rules import arrears_rule, courts_rule, grade_rule, market_rule
from bench.targets.strawberry_types import (
    Defaulter,
    Licence,
    Registration,
    TaxArrears,
    TaxpayerCredit,
)

Record = TypeVar("Record")
Pool = asyncpg.Pool

_REGISTRATION = """
SELECT r.tyshxydm AS key, r.qymc, r.djzt, r.fddbr, (r.zczb_wy * 10000)::numeric(30,2) AS capital,
    r.clrq, r.szd, r.hymc, r.zs, {rule} AS visible
FROM scjg.qy_djxx r WHERE r.tyshxydm = ANY($1)
"""
_CREDIT = """
SELECT DISTINCT ON (r.shxydm) r.shxydm AS key, r.xyjb_dm, r.pd_nd, r.pd_rq, r.yxq_z
FROM sw.xydj r WHERE r.shxydm = ANY($1) AND {rule} ORDER BY r.shxydm, r.pd_rq DESC, r.lsh
"""
_LICENCES = """
SELECT k.key, l.* FROM unnest($1::text[]) k(key) CROSS JOIN LATERAL (
    SELECT r.xk_wsh, r.xk_xkzs, r.xk_jdrq, r.xk_yxqzi, r.xk_zt FROM scjg.xzxk r
    WHERE r.xk_xdr_shxym = k.key AND {rule} ORDER BY r.xk_jdrq DESC, r.jlbh LIMIT $2) l
"""
_ARREARS = """
SELECT k.key, l.* FROM unnest($1::text[]) k(key) CROSS JOIN LATERAL (
    SELECT r.sz_dm, r.qs_ye, r.gg_rq, r.fbdw_mc, r.jydd FROM sw.qsgg r
    WHERE r.shxydm = k.key AND {rule} ORDER BY r.gg_rq DESC, r.lsh LIMIT $2) l
"""
_DEFAULTERS = """
SELECT k.key, l.* FROM unnest($1::text[]) k(key) CROSS JOIN LATERAL (
    SELECT r.ah, r.zxfy, r.larq, r.lxqk FROM fy.sxbzxr r
    WHERE r.zzdm = k.key AND {rule} ORDER BY r.fbrq DESC, r.bh LIMIT $2) l
"""
_DEFAULTER_COUNTS = """
SELECT r.zzdm AS key, count(*) AS total FROM fy.sxbzxr r
WHERE r.zzdm = ANY($1) AND {rule} GROUP BY r.zzdm
"""

ListKey = tuple[str, int]
"""Code of a subject, and how many records are wanted."""


class Loaders:
    """Loaders of one request."""

    def __init__(self, pools: Mapping[str, Pool], caller: str) -> None:
        market, tax, courts = pools["market"], pools["tax"], pools["courts"]
        market_visible, owed = market_rule(caller), arrears_rule(caller)
        defaulters = courts_rule(caller)
        self.registration = DataLoader(
            _one(market, _REGISTRATION.format(rule=market_visible), Registration.of)
        )
        self.credit = DataLoader(
            _one(tax, _CREDIT.format(rule=grade_rule(caller)), TaxpayerCredit.of)
        )
        self.licences = DataLoader(
            _lists(market, _LICENCES.format(rule=market_visible), Licence.of)
        )
        self.arrears = DataLoader(_lists(tax, _ARREARS.format(rule=owed), TaxArrears.of))
        self.defaulters = DataLoader(
            _lists(courts, _DEFAULTERS.format(rule=defaulters), Defaulter.of)
        )
        self.defaulter_count = DataLoader(
            _counts(courts, _DEFAULTER_COUNTS.format(rule=defaulters))
        )


def _one(
    pool: Pool, statement: str, make: Callable[[asyncpg.Record], Record]
) -> Callable[[list[str]], Awaitable[Sequence[Record | None]]]:
    async def load(keys: list[str]) -> Sequence[Record | None]:
        found = {row["key"]: make(row) for row in await pool.fetch(statement, keys)}
        return [found.get(key) for key in keys]

    return load


def _lists(
    pool: Pool, statement: str, make: Callable[[asyncpg.Record], Record]
) -> Callable[[list[ListKey]], Awaitable[Sequence[list[Record]]]]:
    async def load(keys: list[ListKey]) -> Sequence[list[Record]]:
        by_size: dict[int, list[str]] = defaultdict(list)
        for code, first in keys:
            by_size[first].append(code)
        found: dict[ListKey, list[Record]] = defaultdict(list)
        for first, codes in by_size.items():
            for row in await pool.fetch(statement, codes, first):
                found[row["key"], first].append(make(row))
        return [found[key] for key in keys]

    return load


def _counts(pool: Pool, statement: str) -> Callable[[list[str]], Awaitable[Sequence[int]]]:
    async def load(keys: list[str]) -> Sequence[int]:
        found = {row["key"]: row["total"] for row in await pool.fetch(statement, keys)}
        return [found.get(key, 0) for key in keys]

    return load
