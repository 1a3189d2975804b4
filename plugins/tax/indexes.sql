-- Indexes of the tax bureau's tables, made after the first load: per organisation and per person
-- newest first, and over all subjects newest first.

CREATE INDEX IF NOT EXISTS xydj_zz ON sw.xydj (shxydm, pd_rq DESC NULLS LAST, lsh);
CREATE INDEX IF NOT EXISTS xydj_rq ON sw.xydj (pd_rq DESC NULLS LAST, lsh);

CREATE INDEX IF NOT EXISTS qsgg_zz ON sw.qsgg (shxydm, gg_rq DESC NULLS LAST, lsh);
CREATE INDEX IF NOT EXISTS qsgg_rq ON sw.qsgg (gg_rq DESC NULLS LAST, lsh);
CREATE INDEX IF NOT EXISTS qsgg_zrr ON sw.qsgg (zrr_bs, gg_rq DESC NULLS LAST, lsh)
    WHERE zrr_bs IS NOT NULL;

CREATE INDEX IF NOT EXISTS jkmx_zz ON sw.jkmx (shxydm, rtk_rq DESC NULLS LAST, lsh);
CREATE INDEX IF NOT EXISTS jkmx_rq ON sw.jkmx (rtk_rq DESC NULLS LAST, lsh);

CREATE INDEX IF NOT EXISTS zdwf_zz ON sw.zdwf (shxydm, qd_rq DESC NULLS LAST, lsh);
CREATE INDEX IF NOT EXISTS zdwf_rq ON sw.zdwf (qd_rq DESC NULLS LAST, lsh);

CREATE INDEX IF NOT EXISTS swcf_zz ON sw.swcf (shxydm, cfjd_rq DESC NULLS LAST, lsh);
CREATE INDEX IF NOT EXISTS swcf_rq ON sw.swcf (cfjd_rq DESC NULLS LAST, lsh);
CREATE INDEX IF NOT EXISTS swcf_zrr ON sw.swcf (zrr_bs, cfjd_rq DESC NULLS LAST, lsh)
    WHERE zrr_bs IS NOT NULL;
