-- Tax bureau (税务局). Its own names, letters as codes, amounts in 元, times without zone.
-- Run as the owner of the database; indexes.sql follows after the first load.
-- Keys carry COLLATE "C", so that order by code point can use their indexes.

CREATE SCHEMA IF NOT EXISTS sw;

-- Yearly grades (纳税缴费信用级别).
CREATE TABLE IF NOT EXISTS sw.xydj (
    lsh        text COLLATE "C" PRIMARY KEY,  -- 流水号
    shxydm     text COLLATE "C" NOT NULL,     -- 社会信用代码
    nsrsbh     text NOT NULL,                 -- 纳税人识别号
    nsrmc      text NOT NULL,                 -- 纳税人名称
    pd_nd      integer NOT NULL,              -- 评价年度
    xyjb_dm    text NOT NULL,                 -- 信用级别: 10 20 25 30 40
    pd_fs      numeric(5,2),                  -- 得分; null where the level was set directly
    pdjg_mc    text NOT NULL,                 -- 评价机关
    pdjg_dm    text NOT NULL,
    pd_rq      date NOT NULL,                 -- 评定日期
    yxq_q      date NOT NULL,
    yxq_z      date NOT NULL,
    zjpj_yy    text[],                        -- 直接判级原因
    fbzt_dm    text NOT NULL,                 -- 发布状态: JS TH HC GS GX XF CX GD
    fb_rq      date,                          -- 发布日期
    zdgs_rq    date,                          -- 最短公示届满
    gsjz_rq    date,                          -- 公示截止
    pljz_rq    date,                          -- 披露截止
    sxdj_dm    text NOT NULL DEFAULT 'W',     -- 失信等级: W Q Y Z
    yy_bz      char(1) NOT NULL DEFAULT 'N',  -- 异议标志: Y N
    bs_sj      timestamp,                     -- 报送时间, local
    hc_sj      timestamp,                     -- 核查时间, local
    bb         integer NOT NULL DEFAULT 1,
    gzlsh      text                           -- 更正流水号, record that this one corrects
);

-- Announced arrears (欠税公告).
CREATE TABLE IF NOT EXISTS sw.qsgg (
    lsh        text COLLATE "C" PRIMARY KEY,
    shxydm     text COLLATE "C",              -- null where about a person
    zrr_bs     text COLLATE "C",              -- 自然人标识, network reference of a person
    nsrsbh     text NOT NULL,
    nsrmc      text NOT NULL,
    jydd       text,                          -- 经营地点
    sz_dm      text NOT NULL,                 -- 税种: 10101 …
    qs_ye      numeric(18,2) NOT NULL,        -- 欠税余额, 元
    fbdw_mc    text NOT NULL,
    fbdw_dm    text NOT NULL,
    gg_rq      date NOT NULL,                 -- 公告日期
    fbzt_dm    text NOT NULL,
    fb_rq      date,
    zdgs_rq    date,
    gsjz_rq    date,
    pljz_rq    date,
    sxdj_dm    text NOT NULL,
    yy_bz      char(1) NOT NULL DEFAULT 'N',
    bs_sj      timestamp,
    hc_sj      timestamp,
    bb         integer NOT NULL DEFAULT 1,
    gzlsh      text
);

-- Payments (缴款明细), the largest table. Never published, so it has no dates of publication.
CREATE TABLE IF NOT EXISTS sw.jkmx (
    lsh        text COLLATE "C" PRIMARY KEY,
    shxydm     text COLLATE "C" NOT NULL,
    sssq_q     date NOT NULL,                 -- 税款所属期起
    sssq_z     date NOT NULL,                 -- 税款所属期止
    sz_dm      text NOT NULL,                 -- 征收项目
    pm_mc      text NOT NULL,                 -- 征收品目
    sj_je      numeric(18,2) NOT NULL,        -- 实缴金额, 元; negative is a refund
    rtk_rq     date NOT NULL,                 -- 入（退）库日期
    fbzt_dm    text NOT NULL DEFAULT 'GX',
    gsjz_rq    date,
    pljz_rq    date,
    sxdj_dm    text NOT NULL DEFAULT 'W',
    yy_bz      char(1) NOT NULL DEFAULT 'N',
    bs_sj      timestamp,
    hc_sj      timestamp,
    bb         integer NOT NULL DEFAULT 1,
    gzlsh      text
);

-- Subjects of major violations (重大税收违法失信主体).
CREATE TABLE IF NOT EXISTS sw.zdwf (
    lsh        text COLLATE "C" PRIMARY KEY,
    shxydm     text COLLATE "C" NOT NULL,
    nsrsbh     text NOT NULL,
    nsrmc      text NOT NULL,
    zcdz       text,                          -- 注册地址
    fr_xm      text,
    fr_xb      text,                          -- 1 男 2 女
    fr_zjhm    text,
    cwry       jsonb,                         -- 财务人员 [{xm, js, zrr_bs, zjlx, zjhm, rd_lsh}]; js: FR FZR KZR ZJ CW
    ajxz_dm    text NOT NULL,                 -- 案件性质: 01 to 08, 99
    wfss       text NOT NULL,                 -- 主要违法事实
    clcf       text NOT NULL,                 -- 处理处罚情况及依据
    qdjg_mc    text NOT NULL,                 -- 确定机关
    qdjg_dm    text NOT NULL,
    qd_rq      date NOT NULL,                 -- 确定日期
    tzgb_rq    date,                          -- 停止公布日期
    fbzt_dm    text NOT NULL,
    fb_rq      date,                          -- 公布日期
    zdgs_rq    date,
    gsjz_rq    date,
    pljz_rq    date,
    sxdj_dm    text NOT NULL,
    yy_bz      char(1) NOT NULL DEFAULT 'N',
    bs_sj      timestamp,
    hc_sj      timestamp,
    bb         integer NOT NULL DEFAULT 1,
    gzlsh      text
);

-- Penalties (税务行政处罚) in the older layout: two columns of one category each.
CREATE TABLE IF NOT EXISTS sw.swcf (
    lsh        text COLLATE "C" PRIMARY KEY,
    shxydm     text COLLATE "C",
    zrr_bs     text COLLATE "C",
    nsrmc      text NOT NULL,
    nsrlx_dm   text NOT NULL,                 -- 纳税人类型: QY GT ZRR QT
    nsrsbh     text,
    fr_xm      text,
    fr_zjhm    text,
    zjlx_dm    text,                          -- 证件类型: 201 208 210 213 233
    zjhm       text,
    cfjds_wh   text NOT NULL,                 -- 处罚决定书文号
    wfxw_mc    text NOT NULL,                 -- 违法行为
    wfss       text NOT NULL,
    cf_yj      text NOT NULL,
    cf_cflb1   text NOT NULL,                 -- JG FK MS TZ QT
    cf_cflb2   text,
    cf_jg      text NOT NULL,                 -- 处罚结果
    fk_je      numeric(18,2),                 -- 罚款金额, 元
    ms_je      numeric(18,2),                 -- 没收金额, 元
    cfjd_rq    date NOT NULL,
    cfyx_rq    date,
    cfjg_mc    text NOT NULL,
    cfjg_dm    text NOT NULL,
    jycx_bz    char(1) NOT NULL,              -- 简易程序: Y N
    lx_rq      date,                          -- 履行日期; a date means performed
    lx_bz      char(1) NOT NULL,
    xl_dm      text NOT NULL,                 -- 效力: YX FY BG CX
    bz         text,
    fbzt_dm    text NOT NULL,
    fb_rq      date,
    zdgs_rq    date,
    gsjz_rq    date,
    pljz_rq    date,
    sxdj_dm    text NOT NULL,
    yy_bz      char(1) NOT NULL DEFAULT 'N',
    bs_sj      timestamp,
    hc_sj      timestamp,
    bb         integer NOT NULL DEFAULT 1,
    gzlsh      text
);
