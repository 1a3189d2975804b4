-- Courts (人民法院). Its own names; code lists are Chinese words, case dates are text YYYYMMDD as
-- the case system exports them. Run as the owner of the database; indexes.sql follows after the
-- first load. Keys carry COLLATE "C", so that order by code point can use their indexes.

CREATE SCHEMA IF NOT EXISTS fy;

-- Judgment defaulters (失信被执行人), organisations and natural persons.
CREATE TABLE IF NOT EXISTS fy.sxbzxr (
    bh         text COLLATE "C" PRIMARY KEY,  -- 编号
    mc         text NOT NULL,                 -- 姓名或名称
    xz         text NOT NULL,                 -- 性质: 自然人, 法人或其他组织
    zzdm       text COLLATE "C",              -- 统一社会信用代码; null for a person
    wlbs       text COLLATE "C",              -- 网络标识, network reference of a person
    sfzh       text,                          -- 身份证号码
    xb         text,                          -- 男, 女
    nl         integer,                       -- 年龄
    fzr        text,                          -- 法定代表人或负责人
    zxfy       text NOT NULL,                 -- 执行法院
    fydm       text NOT NULL,                 -- 法院代码
    fyxydm     text NOT NULL,                 -- 法院统一社会信用代码
    ah         text NOT NULL,                 -- 案号
    yjwh       text NOT NULL,                 -- 执行依据文号
    yjdw       text NOT NULL,                 -- 作出执行依据单位
    larq       text NOT NULL,                 -- 立案日期 YYYYMMDD
    yw         text NOT NULL,                 -- 生效法律文书确定的义务
    lxqk       text NOT NULL,                 -- 全部未履行, 部分未履行, 全部已履行
    ylx        text,                          -- 已履行部分
    wlx        text,                          -- 未履行部分
    qx         text[] NOT NULL,               -- 具体情形: 1 to 6
    fbrq       text COLLATE "C" NOT NULL,     -- 发布日期 YYYYMMDD
    jzrq       text,                          -- 期限届满 YYYYMMDD; null has no fixed end
    zt         text NOT NULL,                 -- 已接收 已退回 已核查 公示中 共享中 已修复 已撤回 已归档
    zdq        date,                          -- 最短公示期届满
    gsq        date,                          -- 公示截止
    plq        date,                          -- 披露截止
    cd         text NOT NULL,                 -- 无 轻微 一般 严重
    yy         text NOT NULL DEFAULT '无',      -- 异议: 异议中, 无
    bssj       timestamptz,
    hcsj       timestamptz,
    bb         integer NOT NULL DEFAULT 1,
    ybh        text                           -- 原编号, record that this one corrects
);

-- Consumption restrictions (限制消费令), organisations and natural persons.
CREATE TABLE IF NOT EXISTS fy.xzxf (
    bh         text COLLATE "C" PRIMARY KEY,
    mc         text NOT NULL,
    zzdm       text COLLATE "C",
    wlbs       text COLLATE "C",
    sfzh       text,
    ah         text NOT NULL,
    zxfy       text NOT NULL,
    fyxydm     text NOT NULL,
    fbrq       text COLLATE "C" NOT NULL,     -- 发布日期 YYYYMMDD
    jcrq       text,                          -- 解除日期 YYYYMMDD
    zt         text NOT NULL,
    zdq        date,
    gsq        date,
    plq        date,
    cd         text NOT NULL,
    yy         text NOT NULL DEFAULT '无',
    bssj       timestamptz,
    hcsj       timestamptz,
    bb         integer NOT NULL DEFAULT 1,
    ybh        text
);
