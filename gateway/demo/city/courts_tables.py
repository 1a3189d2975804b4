"""Rows of the courts' tables as they are copied: one tuple type per table.

Field names are the native columns; every cell is the text that COPY reads, None for null.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.demo.city.copy_text import Cell


class Defaulter(NamedTuple):
    """失信被执行人."""

    bh: Cell
    mc: Cell
    xz: Cell
    zxfy: Cell
    fydm: Cell
    fyxydm: Cell
    ah: Cell
    yjwh: Cell
    yjdw: Cell
    larq: Cell
    yw: Cell
    lxqk: Cell
    qx: Cell
    fbrq: Cell
    zt: Cell
    cd: Cell
    yy: Cell = "无"
    bb: Cell = "1"
    zzdm: Cell = None
    wlbs: Cell = None
    sfzh: Cell = None
    xb: Cell = None
    nl: Cell = None
    fzr: Cell = None
    ylx: Cell = None
    wlx: Cell = None
    jzrq: Cell = None
    zdq: Cell = None
    gsq: Cell = None
    plq: Cell = None
    bssj: Cell = None
    hcsj: Cell = None
    ybh: Cell = None


class ConsumptionRestriction(NamedTuple):
    """限制消费令."""

    bh: Cell
    mc: Cell
    ah: Cell
    zxfy: Cell
    fyxydm: Cell
    fbrq: Cell
    zt: Cell
    cd: Cell
    yy: Cell = "无"
    bb: Cell = "1"
    zzdm: Cell = None
    wlbs: Cell = None
    sfzh: Cell = None
    jcrq: Cell = None
    zdq: Cell = None
    gsq: Cell = None
    plq: Cell = None
    bssj: Cell = None
    hcsj: Cell = None
    ybh: Cell = None


COURTS_TABLES: dict[type[tuple[Cell, ...]], str] = {
    Defaulter: "fy.sxbzxr",
    ConsumptionRestriction: "fy.xzxf",
}
