-- Construction bureau (城乡建设局), MariaDB or MySQL. Its own names, units (万元) and code lists,
-- which mapping.py translates. Run as the owner of the database.

-- Construction permits and qualifications (施工许可、资质).
CREATE TABLE IF NOT EXISTS jz_xk (
    bh       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, -- 编号
    tyshxydm CHAR(18) CHARACTER SET ascii COLLATE ascii_bin,                -- 统一社会信用代码
    rybs     CHAR(64) CHARACTER SET ascii COLLATE ascii_bin,                -- 人员标识
    mc       VARCHAR(200) NOT NULL,   -- 名称
    lb       TINYINT NOT NULL,        -- 相对人类别
    fddbr    VARCHAR(100),            -- 法定代表人
    zjhm     VARCHAR(32),             -- 证件号码
    wsmc     VARCHAR(100),            -- 文书名称
    wsh      VARCHAR(100),            -- 文号
    xklb     TINYINT,                 -- 许可类别
    zsbh     VARCHAR(64),             -- 证书编号
    nr       TEXT,                    -- 许可内容
    jdrq     DATE NOT NULL,           -- 决定日期
    yxqz     DATE, yxqzi DATE,        -- 有效期自、至
    zt       TINYINT,                 -- 当前状态
    jgmc     VARCHAR(100), jgdm CHAR(18),
    sxcd TINYINT, gszt CHAR(2), bssj DATETIME, hcsj DATETIME, gsrq DATE, zdgsrq DATE, gsjzq DATE,
    plqx DATE, yybz TINYINT(1), bbh INT, ygz VARCHAR(40),
    KEY (tyshxydm, jdrq), KEY (rybs, jdrq), KEY (jdrq)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- Penalties (行政处罚).
CREATE TABLE IF NOT EXISTS jz_cf (
    bh       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
    tyshxydm CHAR(18) CHARACTER SET ascii COLLATE ascii_bin,
    rybs     CHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    mc       VARCHAR(200) NOT NULL,
    lb       TINYINT NOT NULL,
    fddbr    VARCHAR(100),
    zjhm     VARCHAR(32),
    wsh      VARCHAR(100),
    wfxw     VARCHAR(200),            -- 违法行为类型
    sy       TEXT,                    -- 违法事实
    yj       TEXT,                    -- 处罚依据
    cflb     JSON,                    -- 处罚类别, array of codes
    nr       TEXT,                    -- 处罚内容
    fk_wy    DECIMAL(16,6),           -- 罚款金额, 万元
    jdrq     DATE NOT NULL,
    lxwb     TINYINT(1), lxrq DATE,   -- 是否履行完毕、履行日期
    xl       TINYINT,                 -- 效力状态
    jgmc     VARCHAR(100), jgdm CHAR(18),
    sxcd TINYINT, gszt CHAR(2), bssj DATETIME, hcsj DATETIME, gsrq DATE, zdgsrq DATE, gsjzq DATE,
    plqx DATE, yybz TINYINT(1), bbh INT, ygz VARCHAR(40),
    KEY (tyshxydm, jdrq), KEY (rybs, jdrq), KEY (jdrq)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- Awards (表彰奖励).
CREATE TABLE IF NOT EXISTS jz_jl (
    bh       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
    tyshxydm CHAR(18) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    mc       VARCHAR(200) NOT NULL,
    lb       TINYINT NOT NULL,
    wsh      VARCHAR(100),
    nr       TEXT,                    -- 奖励内容
    yj       TEXT,
    je_wy    DECIMAL(16,6),           -- 奖金, 万元
    jdrq     DATE NOT NULL,
    jgmc     VARCHAR(100), jgdm CHAR(18),
    sxcd TINYINT, gszt CHAR(2), bssj DATETIME, hcsj DATETIME, gsrq DATE, zdgsrq DATE, gsjzq DATE,
    plqx DATE, yybz TINYINT(1), bbh INT, ygz VARCHAR(40),
    KEY (tyshxydm, jdrq), KEY (jdrq)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- Commitments (信用承诺).
CREATE TABLE IF NOT EXISTS jz_cn (
    bh       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
    tyshxydm CHAR(18) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    cnr      VARCHAR(200) NOT NULL,   -- 承诺人
    cnsbh    VARCHAR(64),             -- 承诺书编号
    cnlx     TINYINT,                 -- 承诺类型
    sxbm     VARCHAR(32),             -- 事项编码
    sxmc     VARCHAR(200),            -- 事项名称
    cnnr     TEXT,                    -- 承诺内容
    wnzr     TEXT,                    -- 违诺责任
    jdrq     DATE NOT NULL,           -- 作出日期
    yxqz     DATE,                    -- 有效期至
    rqcl     JSON,                    -- 容缺材料: name, day due, day supplied
    hcrq     DATE, hcqk TINYINT,      -- 核查日期、核查情况
    lxzt     TINYINT,                 -- 履行状态
    wjzy     CHAR(64),                -- 文件摘要
    jgmc     VARCHAR(100), jgdm CHAR(18),
    sxcd TINYINT, gszt CHAR(2), bssj DATETIME, hcsj DATETIME, gsrq DATE, zdgsrq DATE, gsjzq DATE,
    plqx DATE, yybz TINYINT(1), bbh INT, ygz VARCHAR(40),
    KEY (tyshxydm, jdrq), KEY (jdrq)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;

-- Performance of contracts (合同履约), with public bodies and between firms.
CREATE TABLE IF NOT EXISTS jz_ht (
    bh       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
    tyshxydm CHAR(18) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    lyf      VARCHAR(200) NOT NULL,   -- 履约方
    htbh     VARCHAR(64),             -- 合同编号
    xmmc     VARCHAR(200),            -- 项目名称
    gght     TINYINT(1) NOT NULL,     -- 是否公共合同
    xdf      VARCHAR(200),            -- 合同相对方
    qdrq     DATE,                    -- 签订日期
    je_wy    DECIMAL(16,6),           -- 合同金额, 万元
    htlx     TINYINT,                 -- 合同类型
    lyzt     TINYINT,                 -- 履约状态
    wyf      VARCHAR(200),            -- 违约方
    rdyj     TEXT,                    -- 认定依据
    jdrq     DATE NOT NULL,           -- 履约情况登记日期
    jgmc     VARCHAR(100), jgdm CHAR(18),
    sxcd TINYINT, gszt CHAR(2), bssj DATETIME, hcsj DATETIME, gsrq DATE, zdgsrq DATE, gsjzq DATE,
    plqx DATE, yybz TINYINT(1), bbh INT, ygz VARCHAR(40),
    KEY (tyshxydm, jdrq), KEY (jdrq)
) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
