-- Indexes of the courts' tables, made after the first load: per organisation and per person newest
-- first, and over all subjects newest first. Text dates sort as their days do.

CREATE INDEX IF NOT EXISTS sxbzxr_zz ON fy.sxbzxr (zzdm, fbrq DESC NULLS LAST, bh);
CREATE INDEX IF NOT EXISTS sxbzxr_zrr ON fy.sxbzxr (wlbs, fbrq DESC NULLS LAST, bh)
    WHERE wlbs IS NOT NULL;
CREATE INDEX IF NOT EXISTS sxbzxr_rq ON fy.sxbzxr (fbrq DESC NULLS LAST, bh);

CREATE INDEX IF NOT EXISTS xzxf_zz ON fy.xzxf (zzdm, fbrq DESC NULLS LAST, bh);
CREATE INDEX IF NOT EXISTS xzxf_zrr ON fy.xzxf (wlbs, fbrq DESC NULLS LAST, bh)
    WHERE wlbs IS NOT NULL;
CREATE INDEX IF NOT EXISTS xzxf_rq ON fy.xzxf (fbrq DESC NULLS LAST, bh);
