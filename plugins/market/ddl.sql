-- Market regulator (市场监督管理局). Its own names, units (万元) and code lists, which mapping.py
-- translates. Run as the owner of the database; indexes.sql follows after the first load.
-- Keys carry COLLATE "C", so that order by code point can use their indexes.

CREATE SCHEMA IF NOT EXISTS scjg;
-- Complaints with their complainants. The gateway's login gets no right on this schema.
CREATE SCHEMA IF NOT EXISTS scjg_ts;

-- Registrations (登记信息), one per organisation; extracts are imported into it as well.
CREATE TABLE IF NOT EXISTS scjg.qy_djxx (
    tyshxydm text COLLATE "C" PRIMARY KEY,   -- 统一社会信用代码
    qymc     text COLLATE "C",               -- 名称
    clrq     date,                           -- 成立日期
    qylx     text,                           -- 类型
    fddbr    text,                           -- 法定代表人、负责人、经营者
    zczb_wy  numeric(20,6),                  -- 注册资本, 万元 (万 of its currency)
    zczb_bz  text DEFAULT '156',             -- 币种, ISO 4217 number
    zczb_yw  text,                           -- 注册资本 as it was published
    jyfw     text,                           -- 经营范围
    zs       text,                           -- 住所
    szd      text COLLATE "C",               -- 所在地, six-digit division
    djzt     text NOT NULL DEFAULT 'K',      -- 登记状态: K D X Q Y
    sjly     text NOT NULL DEFAULT 'CITY',   -- 数据来源
    gxsj     timestamptz NOT NULL DEFAULT now(),
    bbh      integer NOT NULL DEFAULT 1,     -- 版本号
    bs       text[],                         -- 标识, flags of an import
    hzrq     date,                           -- 核准日期
    jyqx_q   date,                           -- 经营期限自
    jyqx_z   date,                           -- 经营期限至; null is long term
    djjg     text,                           -- 登记机关
    djjgdm   text,                           -- 登记机关统一社会信用代码
    hydm     text COLLATE "C",               -- 行业代码
    hymc     text,                           -- 行业名称
    zch      text,                           -- 注册号 (old)
    zzjgdm   text,                           -- 组织机构代码 (old)
    nsrsbh   text,                           -- 纳税人识别号
    fr_zjhm  text,                           -- 法定代表人证件号码
    fr_lxdh  text,                           -- 法定代表人联系电话
    gdxx     jsonb,                          -- 股东 [{xm, lx, rjcze_wy, sjcze_wy}]
    zyry     jsonb,                          -- 主要人员 [{xm, zw}]
    syr      jsonb,                          -- 受益所有人 [{xm, pdyj}]
    -- Life cycle of publication. A registration is shown without end.
    gszt     text NOT NULL DEFAULT '3',
    gsrq     date,
    zdgsrq   date,
    gsjzq    date,
    plqx     date,
    sxcd     text NOT NULL DEFAULT '0',
    yybz     boolean NOT NULL DEFAULT false,
    bssj     timestamptz,
    hcsj     timestamptz,
    ygzjl    text,
    -- What the department derives itself: date that counts, and type of subject.
    jdrq     date GENERATED ALWAYS AS (coalesce(hzrq, clrq)) STORED,
    ztlx     text GENERATED ALWAYS AS (
        CASE
            WHEN left(tyshxydm, 2) = '11' THEN '05'
            WHEN left(tyshxydm, 2) = '92' THEN '04'
            WHEN left(tyshxydm, 1) = '3' THEN '03'
            WHEN qylx LIKE '%合伙%' OR qylx LIKE '%个人独资%' OR qylx LIKE '%分公司%'
                OR qylx LIKE '%分支机构%' OR qylx LIKE '%非法人%' THEN '03'
            ELSE '02'
        END
    ) STORED
);

-- Administrative licences (行政许可), national layout XK_*.
CREATE TABLE IF NOT EXISTS scjg.xzxk (
    jlbh        text COLLATE "C" PRIMARY KEY,  -- 记录编号
    xk_xdr_mc   text NOT NULL,
    xk_xdr_lb   text NOT NULL,                 -- 01 02 03 04
    xk_xdr_shxym text COLLATE "C",             -- null where about a person
    xk_xdr_gszc text,
    xk_xdr_zzjg text,
    xk_xdr_swdj text,
    xk_xdr_sydw text,
    xk_xdr_shzz text,
    xk_frdb     text,
    xk_fr_zjhm  text,
    xk_xdr_zjlx text,                          -- 01 to 05
    xk_xdr_zjhm text,
    xk_xkws     text NOT NULL,
    xk_wsh      text NOT NULL,
    xk_xklb     text NOT NULL,                 -- 01 to 06
    xk_xkzs     text,
    xk_xkbh     text,
    xk_nr       text,
    xk_jdrq     date NOT NULL,
    xk_yxqz     date,
    xk_yxqzi    date,                          -- null is long term
    xk_xkjg     text NOT NULL,
    xk_xkjgdm   text NOT NULL,
    xk_lydw     text NOT NULL,
    xk_lydwdm   text NOT NULL,
    xk_zt       text NOT NULL,                 -- 1 有效 2 变更 3 撤销 0 失效
    bz          text,
    zrrbs       text COLLATE "C",              -- 自然人标识, network reference of a person
    gszt        text NOT NULL,                 -- 公示状态: 0 1 2 3 4 5 6 9
    gsrq        date,                          -- 公示日期
    zdgsrq      date,                          -- 最短公示期届满日
    gsjzq       date,                          -- 公示截止期
    plqx        date,                          -- 披露期限届满日
    sxcd        text NOT NULL DEFAULT '0',     -- 失信程度: 0 1 2 3
    yybz        boolean NOT NULL DEFAULT false,  -- 异议标注
    bssj        timestamptz,                   -- 报送时间
    hcsj        timestamptz,                   -- 核查时间
    bbh         integer NOT NULL DEFAULT 1,
    ygzjl       text                           -- 原更正记录, record that this one corrects
);

-- Administrative penalties (行政处罚), national layout CF_*; amounts in 万元.
CREATE TABLE IF NOT EXISTS scjg.xzcf (
    jlbh        text COLLATE "C" PRIMARY KEY,
    cf_xdr_mc   text NOT NULL,
    cf_xdr_lb   text NOT NULL,
    cf_xdr_shxym text COLLATE "C",
    cf_xdr_gszc text,
    cf_xdr_zzjg text,
    cf_xdr_swdj text,
    cf_xdr_sydw text,
    cf_xdr_shzz text,
    cf_frdb     text,
    cf_fr_zjhm  text,
    cf_xdr_zjlx text,
    cf_xdr_zjhm text,
    cf_wsh      text NOT NULL,
    cf_wfxw     text NOT NULL,
    cf_sy       text NOT NULL,
    cf_yj       text NOT NULL,
    cf_cflb     text[] NOT NULL,               -- 01 to 13, 99
    cf_nr       text NOT NULL,
    cf_nr_fk    numeric(16,6),                 -- 万元
    cf_nr_wfff  numeric(16,6),                 -- 万元
    cf_nr_zkdx  text,
    cf_jdrq     date NOT NULL,
    cf_yxq      date,
    cf_gsjzq    date,
    cf_cfjg     text NOT NULL,
    cf_cfjgdm   text NOT NULL,
    cf_sjly     text NOT NULL,
    cf_sjlydm   text NOT NULL,
    jycx        boolean NOT NULL,              -- 是否简易程序
    lxwb        boolean NOT NULL,              -- 是否履行完毕
    lxrq        date,                          -- 履行日期
    xlzt        text NOT NULL,                 -- 效力状态: 1 2 3 4
    bz          text,
    zrrbs       text COLLATE "C",
    gszt        text NOT NULL,
    gsrq        date,
    zdgsrq      date,
    plqx        date,
    sxcd        text NOT NULL,
    yybz        boolean NOT NULL DEFAULT false,
    bssj        timestamptz,
    hcsj        timestamptz,
    bbh         integer NOT NULL DEFAULT 1,
    ygzjl       text
);

-- Other administrative acts (其他行政行为); amounts in 万元.
CREATE TABLE IF NOT EXISTS scjg.qtxzxw (
    jlbh        text COLLATE "C" PRIMARY KEY,
    xwlx        text NOT NULL,                 -- QZ QR ZS JF CJ BC JL JC
    xdr_mc      text NOT NULL,
    xdr_lb      text NOT NULL,
    xdr_shxym   text COLLATE "C",
    xdr_gszc    text,
    xdr_zzjg    text,
    xdr_swdj    text,
    xdr_sydw    text,
    xdr_shzz    text,
    frdb        text,
    fr_zjhm     text,
    xdr_zjlx    text,
    xdr_zjhm    text,
    wsh         text NOT NULL,
    nr          text NOT NULL,
    yj          text,
    jdrq        date NOT NULL,
    jgmc        text NOT NULL,
    jgdm        text NOT NULL,
    je_wy       numeric(16,6),                 -- 金额, 万元
    zrrbs       text COLLATE "C",
    gszt        text NOT NULL,
    gsrq        date,
    zdgsrq      date,
    gsjzq       date,
    plqx        date,
    sxcd        text NOT NULL DEFAULT '0',
    yybz        boolean NOT NULL DEFAULT false,
    bssj        timestamptz,
    hcsj        timestamptz,
    bbh         integer NOT NULL DEFAULT 1,
    ygzjl       text
);

-- Abnormal operations (经营异常名录), marks of individual businesses included.
CREATE TABLE IF NOT EXISTS scjg.jyyc (
    jlbh        text COLLATE "C" PRIMARY KEY,
    tyshxydm    text COLLATE "C" NOT NULL,
    qymc        text NOT NULL,
    zch         text,
    lrrq        date NOT NULL,                 -- 列入日期
    lryy        text NOT NULL,                 -- 列入原因: 1 2 3 4
    lrjg        text NOT NULL,
    lrjgdm      text NOT NULL,
    ycrq        date,                          -- 移出日期
    ycyy        text,
    ycjg        text,
    bjzt        boolean NOT NULL,              -- 标记为经营异常状态
    gszt        text NOT NULL,
    gsrq        date,
    zdgsrq      date,
    gsjzq       date,
    plqx        date,
    sxcd        text NOT NULL,
    yybz        boolean NOT NULL DEFAULT false,
    bssj        timestamptz,
    hcsj        timestamptz,
    bbh         integer NOT NULL DEFAULT 1,
    ygzjl       text
);

-- Serious violations (严重违法失信名单).
CREATE TABLE IF NOT EXISTS scjg.yzwf (
    jlbh        text COLLATE "C" PRIMARY KEY,
    tyshxydm    text COLLATE "C" NOT NULL,
    qymc        text NOT NULL,
    zch         text,
    lrrq        date NOT NULL,
    lryy        text NOT NULL,
    lrjg        text NOT NULL,
    lrjgdm      text NOT NULL,
    ycrq        date,
    ycyy        text,
    ycjg        text,
    gszt        text NOT NULL,
    gsrq        date,
    zdgsrq      date,
    gsjzq       date,
    plqx        date,
    sxcd        text NOT NULL,
    yybz        boolean NOT NULL DEFAULT false,
    bssj        timestamptz,
    hcsj        timestamptz,
    bbh         integer NOT NULL DEFAULT 1,
    ygzjl       text
);

-- Single complaints and reports (投诉举报). They never leave this schema.
CREATE TABLE IF NOT EXISTS scjg_ts.tsjb (
    djbh        text COLLATE "C" PRIMARY KEY,  -- 登记编号
    lx          text NOT NULL,                 -- 1 投诉 2 举报
    tsr_xm      text NOT NULL,                 -- 投诉人
    tsr_dh      text NOT NULL,
    tsr_zjhm    text,
    btsr_dm     text COLLATE "C" NOT NULL,     -- 被投诉人统一社会信用代码
    btsr_mc     text NOT NULL,
    lb          text NOT NULL,
    spfw        text,
    nr          text NOT NULL,
    zyje_y      numeric(14,2),                 -- 争议金额, 元
    sdrq        date NOT NULL,                 -- 收到日期
    slrq        date,
    bjrq        date,                          -- 办结日期
    jg          text,                          -- 结果
    bldw        text NOT NULL                  -- 办理单位
);

-- Yearly totals per respondent; the only thing that the gateway reads of complaints.
CREATE OR REPLACE VIEW scjg.v_tsjb_nd AS
SELECT
    btsr_dm || '-' || nd                                        AS jlbh,
    btsr_dm                                                     AS tyshxydm,
    nd::integer                                                 AS nd,
    count(*)::integer                                           AS tssl,
    count(bjrq)::integer                                        AS bjsl,
    round(count(bjrq)::numeric / count(*), 4)                   AS bjl,
    max(bldw)                                                   AS bldw,
    max(coalesce(bjrq, sdrq))                                   AS tjrq,
    max(sdrq)::timestamp AT TIME ZONE 'Asia/Shanghai'           AS bssj,
    '3'::text                                                   AS gszt,
    NULL::date                                                  AS gsjzq,
    NULL::date                                                  AS plqx
FROM (SELECT *, to_char(sdrq, 'YYYY') AS nd FROM scjg_ts.tsjb) AS ts
GROUP BY btsr_dm, nd;
