"""Rows of the tax bureau's tables as they are copied: one tuple type per table.

Field names are the native columns; every cell is the text that COPY reads, None for null.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.demo.city.copy_text import Cell


class Grade(NamedTuple):
    """纳税缴费信用级别."""

    lsh: Cell
    shxydm: Cell
    nsrsbh: Cell
    nsrmc: Cell
    pd_nd: Cell
    xyjb_dm: Cell
    pdjg_mc: Cell
    pdjg_dm: Cell
    pd_rq: Cell
    yxq_q: Cell
    yxq_z: Cell
    fbzt_dm: Cell
    sxdj_dm: Cell = "W"
    yy_bz: Cell = "N"
    bb: Cell = "1"
    pd_fs: Cell = None
    zjpj_yy: Cell = None
    fb_rq: Cell = None
    zdgs_rq: Cell = None
    gsjz_rq: Cell = None
    pljz_rq: Cell = None
    bs_sj: Cell = None
    hc_sj: Cell = None
    gzlsh: Cell = None


class Arrears(NamedTuple):
    """欠税公告."""

    lsh: Cell
    nsrsbh: Cell
    nsrmc: Cell
    sz_dm: Cell
    qs_ye: Cell
    fbdw_mc: Cell
    fbdw_dm: Cell
    gg_rq: Cell
    fbzt_dm: Cell
    sxdj_dm: Cell
    yy_bz: Cell = "N"
    bb: Cell = "1"
    shxydm: Cell = None
    zrr_bs: Cell = None
    jydd: Cell = None
    fb_rq: Cell = None
    zdgs_rq: Cell = None
    gsjz_rq: Cell = None
    pljz_rq: Cell = None
    bs_sj: Cell = None
    hc_sj: Cell = None
    gzlsh: Cell = None


class Payment(NamedTuple):
    """缴款明细."""

    lsh: Cell
    shxydm: Cell
    sssq_q: Cell
    sssq_z: Cell
    sz_dm: Cell
    pm_mc: Cell
    sj_je: Cell
    rtk_rq: Cell
    fbzt_dm: Cell = "GX"
    sxdj_dm: Cell = "W"
    yy_bz: Cell = "N"
    bb: Cell = "1"
    gsjz_rq: Cell = None
    pljz_rq: Cell = None
    bs_sj: Cell = None
    hc_sj: Cell = None
    gzlsh: Cell = None


class MajorViolation(NamedTuple):
    """重大税收违法失信主体."""

    lsh: Cell
    shxydm: Cell
    nsrsbh: Cell
    nsrmc: Cell
    ajxz_dm: Cell
    wfss: Cell
    clcf: Cell
    qdjg_mc: Cell
    qdjg_dm: Cell
    qd_rq: Cell
    fbzt_dm: Cell
    sxdj_dm: Cell
    yy_bz: Cell = "N"
    bb: Cell = "1"
    zcdz: Cell = None
    fr_xm: Cell = None
    fr_xb: Cell = None
    fr_zjhm: Cell = None
    cwry: Cell = None
    tzgb_rq: Cell = None
    fb_rq: Cell = None
    zdgs_rq: Cell = None
    gsjz_rq: Cell = None
    pljz_rq: Cell = None
    bs_sj: Cell = None
    hc_sj: Cell = None
    gzlsh: Cell = None


class TaxPenalty(NamedTuple):
    """税务行政处罚."""

    lsh: Cell
    nsrmc: Cell
    nsrlx_dm: Cell
    cfjds_wh: Cell
    wfxw_mc: Cell
    wfss: Cell
    cf_yj: Cell
    cf_cflb1: Cell
    cf_jg: Cell
    cfjd_rq: Cell
    cfjg_mc: Cell
    cfjg_dm: Cell
    jycx_bz: Cell
    lx_bz: Cell
    xl_dm: Cell
    fbzt_dm: Cell
    sxdj_dm: Cell
    yy_bz: Cell = "N"
    bb: Cell = "1"
    shxydm: Cell = None
    zrr_bs: Cell = None
    nsrsbh: Cell = None
    fr_xm: Cell = None
    fr_zjhm: Cell = None
    zjlx_dm: Cell = None
    zjhm: Cell = None
    cf_cflb2: Cell = None
    fk_je: Cell = None
    ms_je: Cell = None
    cfyx_rq: Cell = None
    lx_rq: Cell = None
    bz: Cell = None
    fb_rq: Cell = None
    zdgs_rq: Cell = None
    gsjz_rq: Cell = None
    pljz_rq: Cell = None
    bs_sj: Cell = None
    hc_sj: Cell = None
    gzlsh: Cell = None


TAX_TABLES: dict[type[tuple[Cell, ...]], str] = {
    Grade: "sw.xydj",
    Arrears: "sw.qsgg",
    Payment: "sw.jkmx",
    MajorViolation: "sw.zdwf",
    TaxPenalty: "sw.swcf",
}
