"""Rows of the market regulator's tables as they are copied: one tuple type per table.

Field names are the native columns; every cell is the text that COPY reads, None for null.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.demo.city.copy_text import Cell


class Registration(NamedTuple):
    """登记信息."""

    tyshxydm: Cell
    gxsj: Cell
    zczb_bz: Cell = "156"
    djzt: Cell = "K"
    sjly: Cell = "CITY"
    bbh: Cell = "1"
    gszt: Cell = "3"
    sxcd: Cell = "0"
    yybz: Cell = "f"
    qymc: Cell = None
    clrq: Cell = None
    qylx: Cell = None
    fddbr: Cell = None
    zczb_wy: Cell = None
    jyfw: Cell = None
    zs: Cell = None
    szd: Cell = None
    hzrq: Cell = None
    jyqx_q: Cell = None
    jyqx_z: Cell = None
    djjg: Cell = None
    djjgdm: Cell = None
    hydm: Cell = None
    hymc: Cell = None
    zch: Cell = None
    zzjgdm: Cell = None
    nsrsbh: Cell = None
    fr_zjhm: Cell = None
    fr_lxdh: Cell = None
    gdxx: Cell = None
    zyry: Cell = None
    syr: Cell = None
    gsrq: Cell = None
    zdgsrq: Cell = None
    gsjzq: Cell = None
    plqx: Cell = None
    bssj: Cell = None
    hcsj: Cell = None
    ygzjl: Cell = None


class Licence(NamedTuple):
    """行政许可."""

    jlbh: Cell
    xk_xdr_mc: Cell
    xk_xdr_lb: Cell
    xk_xkws: Cell
    xk_wsh: Cell
    xk_xklb: Cell
    xk_jdrq: Cell
    xk_xkjg: Cell
    xk_xkjgdm: Cell
    xk_lydw: Cell
    xk_lydwdm: Cell
    xk_zt: Cell
    gszt: Cell
    sxcd: Cell = "0"
    yybz: Cell = "f"
    bbh: Cell = "1"
    xk_xdr_shxym: Cell = None
    xk_xdr_gszc: Cell = None
    xk_xdr_zzjg: Cell = None
    xk_xdr_swdj: Cell = None
    xk_xdr_sydw: Cell = None
    xk_xdr_shzz: Cell = None
    xk_frdb: Cell = None
    xk_fr_zjhm: Cell = None
    xk_xdr_zjlx: Cell = None
    xk_xdr_zjhm: Cell = None
    xk_xkzs: Cell = None
    xk_xkbh: Cell = None
    xk_nr: Cell = None
    xk_yxqz: Cell = None
    xk_yxqzi: Cell = None
    bz: Cell = None
    zrrbs: Cell = None
    gsrq: Cell = None
    zdgsrq: Cell = None
    gsjzq: Cell = None
    plqx: Cell = None
    bssj: Cell = None
    hcsj: Cell = None
    ygzjl: Cell = None


class MarketPenalty(NamedTuple):
    """行政处罚."""

    jlbh: Cell
    cf_xdr_mc: Cell
    cf_xdr_lb: Cell
    cf_wsh: Cell
    cf_wfxw: Cell
    cf_sy: Cell
    cf_yj: Cell
    cf_cflb: Cell
    cf_nr: Cell
    cf_jdrq: Cell
    cf_cfjg: Cell
    cf_cfjgdm: Cell
    cf_sjly: Cell
    cf_sjlydm: Cell
    jycx: Cell
    lxwb: Cell
    xlzt: Cell
    gszt: Cell
    sxcd: Cell
    yybz: Cell = "f"
    bbh: Cell = "1"
    cf_xdr_shxym: Cell = None
    cf_xdr_gszc: Cell = None
    cf_xdr_zzjg: Cell = None
    cf_xdr_swdj: Cell = None
    cf_xdr_sydw: Cell = None
    cf_xdr_shzz: Cell = None
    cf_frdb: Cell = None
    cf_fr_zjhm: Cell = None
    cf_xdr_zjlx: Cell = None
    cf_xdr_zjhm: Cell = None
    cf_nr_fk: Cell = None
    cf_nr_wfff: Cell = None
    cf_nr_zkdx: Cell = None
    cf_yxq: Cell = None
    cf_gsjzq: Cell = None
    lxrq: Cell = None
    bz: Cell = None
    zrrbs: Cell = None
    gsrq: Cell = None
    zdgsrq: Cell = None
    plqx: Cell = None
    bssj: Cell = None
    hcsj: Cell = None
    ygzjl: Cell = None


class OtherAct(NamedTuple):
    """其他行政行为."""

    jlbh: Cell
    xwlx: Cell
    xdr_mc: Cell
    xdr_lb: Cell
    wsh: Cell
    nr: Cell
    jdrq: Cell
    jgmc: Cell
    jgdm: Cell
    gszt: Cell
    sxcd: Cell = "0"
    yybz: Cell = "f"
    bbh: Cell = "1"
    xdr_shxym: Cell = None
    xdr_gszc: Cell = None
    xdr_zzjg: Cell = None
    xdr_swdj: Cell = None
    xdr_sydw: Cell = None
    xdr_shzz: Cell = None
    frdb: Cell = None
    fr_zjhm: Cell = None
    xdr_zjlx: Cell = None
    xdr_zjhm: Cell = None
    yj: Cell = None
    je_wy: Cell = None
    zrrbs: Cell = None
    gsrq: Cell = None
    zdgsrq: Cell = None
    gsjzq: Cell = None
    plqx: Cell = None
    bssj: Cell = None
    hcsj: Cell = None
    ygzjl: Cell = None


class AbnormalEntry(NamedTuple):
    """经营异常名录."""

    jlbh: Cell
    tyshxydm: Cell
    qymc: Cell
    lrrq: Cell
    lryy: Cell
    lrjg: Cell
    lrjgdm: Cell
    bjzt: Cell
    gszt: Cell
    sxcd: Cell
    yybz: Cell = "f"
    bbh: Cell = "1"
    zch: Cell = None
    ycrq: Cell = None
    ycyy: Cell = None
    ycjg: Cell = None
    gsrq: Cell = None
    zdgsrq: Cell = None
    gsjzq: Cell = None
    plqx: Cell = None
    bssj: Cell = None
    hcsj: Cell = None
    ygzjl: Cell = None


class SeriousEntry(NamedTuple):
    """严重违法失信名单."""

    jlbh: Cell
    tyshxydm: Cell
    qymc: Cell
    lrrq: Cell
    lryy: Cell
    lrjg: Cell
    lrjgdm: Cell
    gszt: Cell
    sxcd: Cell
    yybz: Cell = "f"
    bbh: Cell = "1"
    zch: Cell = None
    ycrq: Cell = None
    ycyy: Cell = None
    ycjg: Cell = None
    gsrq: Cell = None
    zdgsrq: Cell = None
    gsjzq: Cell = None
    plqx: Cell = None
    bssj: Cell = None
    hcsj: Cell = None
    ygzjl: Cell = None


class Complaint(NamedTuple):
    """投诉举报."""

    djbh: Cell
    lx: Cell
    tsr_xm: Cell
    tsr_dh: Cell
    btsr_dm: Cell
    btsr_mc: Cell
    lb: Cell
    nr: Cell
    sdrq: Cell
    bldw: Cell
    tsr_zjhm: Cell = None
    spfw: Cell = None
    zyje_y: Cell = None
    slrq: Cell = None
    bjrq: Cell = None
    jg: Cell = None


MARKET_TABLES: dict[type[tuple[Cell, ...]], str] = {
    Registration: "scjg.qy_djxx",
    Licence: "scjg.xzxk",
    MarketPenalty: "scjg.xzcf",
    OtherAct: "scjg.qtxzxw",
    AbnormalEntry: "scjg.jyyc",
    SeriousEntry: "scjg.yzwf",
    Complaint: "scjg_ts.tsjb",
}
