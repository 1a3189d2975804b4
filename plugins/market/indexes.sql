-- Indexes of the market regulator's tables, made after the first load: per organisation and per
-- person newest first, over all subjects newest first, and what registrations are searched by and
-- followed by.

CREATE INDEX IF NOT EXISTS qy_djxx_jdrq ON scjg.qy_djxx (jdrq DESC NULLS LAST, tyshxydm);
CREATE INDEX IF NOT EXISTS qy_djxx_qymc ON scjg.qy_djxx (qymc, tyshxydm);
CREATE INDEX IF NOT EXISTS qy_djxx_gxsj ON scjg.qy_djxx (gxsj, tyshxydm);
CREATE INDEX IF NOT EXISTS qy_djxx_szd ON scjg.qy_djxx (szd, hydm);

CREATE INDEX IF NOT EXISTS xzxk_zz ON scjg.xzxk (xk_xdr_shxym, xk_jdrq DESC NULLS LAST, jlbh);
CREATE INDEX IF NOT EXISTS xzxk_rq ON scjg.xzxk (xk_jdrq DESC NULLS LAST, jlbh);
CREATE INDEX IF NOT EXISTS xzxk_zrr ON scjg.xzxk (zrrbs, xk_jdrq DESC NULLS LAST, jlbh)
    WHERE zrrbs IS NOT NULL;

CREATE INDEX IF NOT EXISTS xzcf_zz ON scjg.xzcf (cf_xdr_shxym, cf_jdrq DESC NULLS LAST, jlbh);
CREATE INDEX IF NOT EXISTS xzcf_rq ON scjg.xzcf (cf_jdrq DESC NULLS LAST, jlbh);
CREATE INDEX IF NOT EXISTS xzcf_zrr ON scjg.xzcf (zrrbs, cf_jdrq DESC NULLS LAST, jlbh)
    WHERE zrrbs IS NOT NULL;

CREATE INDEX IF NOT EXISTS qtxzxw_zz ON scjg.qtxzxw (xdr_shxym, jdrq DESC NULLS LAST, jlbh);
CREATE INDEX IF NOT EXISTS qtxzxw_rq ON scjg.qtxzxw (jdrq DESC NULLS LAST, jlbh);
CREATE INDEX IF NOT EXISTS qtxzxw_zrr ON scjg.qtxzxw (zrrbs, jdrq DESC NULLS LAST, jlbh)
    WHERE zrrbs IS NOT NULL;

CREATE INDEX IF NOT EXISTS jyyc_zz ON scjg.jyyc (tyshxydm, lrrq DESC NULLS LAST, jlbh);
CREATE INDEX IF NOT EXISTS jyyc_rq ON scjg.jyyc (lrrq DESC NULLS LAST, jlbh);

CREATE INDEX IF NOT EXISTS yzwf_zz ON scjg.yzwf (tyshxydm, lrrq DESC NULLS LAST, jlbh);
CREATE INDEX IF NOT EXISTS yzwf_rq ON scjg.yzwf (lrrq DESC NULLS LAST, jlbh);

CREATE INDEX IF NOT EXISTS tsjb_btsr ON scjg_ts.tsjb (btsr_dm, sdrq);
